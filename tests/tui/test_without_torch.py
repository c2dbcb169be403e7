"""Composing where torch cannot be imported: proven in a process of its own, on the real engine."""

import re
import subprocess
import sys

MOST = 150
"""What the screens, the engine and the measure model may hold in memory together, in megabytes."""

SCRIPT = """
import asyncio, re, sys
for name in ("torch", "audiocraft", "transformers"):
    sys.modules[name] = None

from pathlib import Path
from engine.midi.messages import Notes
from engine.protocol.analysis import MapComputed, SensitivityComputed
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.runtime.engine import Engine
from engine.runtime.startup import LoadingAhead
from tui.app import ArmonicaApp

sent, events = [], []

class Listener:
    def send(self, message):
        sent.append(message)
    def close(self):
        pass

def notes():
    return sum(isinstance(each, Notes) for each in sent)

def answered(revision):
    fresh = [e for e in events if getattr(e, "revision", 0) >= revision]
    drawn = any(isinstance(e, MapComputed) and e.done for e in fresh)
    return drawn and any(isinstance(e, SensitivityComputed) for e in fresh)

async def until(pilot, what, holds):
    for _ in range(3000):
        await pilot.pause(0.01)
        if holds():
            print(what)
            return

async def main():
    model = LoadingAhead()
    engine = Engine(model, player=lambda _: Listener())
    engine.start()
    engine.subscribe(events.append)
    app = ArmonicaApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, "ready", lambda: engine.snapshot.model.state == "ready")
        await until(pilot, "painted", lambda: "complexity" in app.export_screenshot())
        await until(pilot, "answered", lambda: answered(0))
        await pilot.press("space")
        await until(pilot, "playing", lambda: engine.snapshot.playing and notes())
        before, heard, revision = engine.snapshot.song.slot(0), notes(), engine.snapshot.revision
        await pilot.press("L")
        await until(pilot, "moved", lambda: engine.snapshot.song.slot(0).measure != before.measure)
        await until(pilot, "heard", lambda: notes() > heard)
        await until(pilot, "answered anew", lambda: answered(revision + 1))
        await pilot.press("space")
    engine.close()
    waited = any(isinstance(each, Snapshot) and each.waiting for each in events)
    failed = [each for each in events if isinstance(each, CommandFailed)]
    print("waited" if waited else "nothing waited", failed or "nothing failed")
    status = Path("/proc/self/status")
    if status.exists():
        print(int(re.search(r"VmRSS:\\s+(\\d+)", status.read_text())[1]) // 1024, "MB")

asyncio.run(main())
"""


def test_a_gauge_moves_and_plays_and_map_and_reasons_come_where_there_is_no_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False
    )
    said = done.stdout.splitlines()
    assert said[:7] == [
        "ready", "painted", "answered", "playing", "moved", "heard", "answered anew"
    ], done.stdout + done.stderr  # fmt: skip
    assert said[7] == "nothing waited nothing failed", said
    memory = re.fullmatch(r"(\d+) MB", said[8]) if len(said) > 8 else None
    assert memory is None or int(memory[1]) < MOST
