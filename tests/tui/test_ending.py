"""How the application ends when it is told to, or when its terminal goes."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events import Noticed
from tests.tui.fake_engine import FakeEngine
from tests.tui.waiting import until
from tui.app import ArmonicaApp
from tui.bridge import Told

DEADLINE = 30.0

CODE = """
import pathlib, sys
from tests.tui.fake_engine import FakeEngine
from tui.app import run

class Marking(FakeEngine):
    def close(self):
        pathlib.Path(sys.argv[1]).write_text("closed")

run(Marking())
"""

PLAYING = """
import pathlib, sys, threading, time
from engine import commands as c
from engine.events import PlayheadMoved
from tests.tui.fake_engine import FakeEngine
from tui.app import run

class Marking(FakeEngine):
    def close(self):
        pathlib.Path(sys.argv[1]).write_text("closed")

engine = Marking()
engine.send(c.Play())

def play():
    for tick in range(10**9):
        engine.tell(PlayheadMoved(0, tick / 7 % 4))
        time.sleep(0.01)

threading.Thread(target=play, daemon=True).start()
run(engine, rate=60)
"""


@pytest.fixture(params=[CODE, PLAYING], ids=["resting", "playing"])
def running(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """Gives the application on a terminal of its own, its first picture drawn."""
    master, slave = pty.openpty()
    mark = tmp_path / "mark"
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLUMNS": "80",
        "LINES": "24",
        "ARMONICA_HOME": str(tmp_path / "home"),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", request.param, str(mark)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    os.close(slave)
    seen, end = b"", time.monotonic() + DEADLINE
    while b"Kildare" not in seen and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 65536)
    assert b"Kildare" in seen, seen[-2000:]
    yield process, master, mark
    if process.poll() is None:
        process.kill()
        process.wait()


def ended(process: subprocess.Popen[bytes], master: int | None) -> int:
    """Waits for the end, reading what is still written."""
    end = time.monotonic() + DEADLINE
    while process.poll() is None and time.monotonic() < end:
        if master is not None and select.select([master], [], [], 0.05)[0]:
            try:
                os.read(master, 65536)
            except OSError:
                master = None
        elif master is None:
            time.sleep(0.01)
    assert process.returncode is not None, "The application did not end."
    return process.returncode


def test_what_goes_to_a_file_on_standard_error_is_no_picture(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    log = tmp_path / "log"
    environment = os.environ | {
        "TERM": "xterm-256color",
        "COLUMNS": "80",
        "LINES": "24",
        "ARMONICA_HOME": str(tmp_path / "home"),
    }
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", CODE, str(tmp_path / "mark")],
            stdin=slave,
            stdout=slave,
            stderr=file,
            env=environment,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
    os.close(slave)
    try:
        seen, end = b"", time.monotonic() + DEADLINE
        while b"Kildare" not in seen and time.monotonic() < end:
            if select.select([master], [], [], 0.1)[0]:
                seen += os.read(master, 65536)
        assert b"Kildare" in seen, seen[-2000:]
        process.send_signal(signal.SIGTERM)
        assert ended(process, master) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert log.read_bytes() == b""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_closes_the_engine(
    running: tuple[subprocess.Popen[bytes], int, Path], number: signal.Signals
) -> None:
    process, master, mark = running
    process.send_signal(number)
    assert ended(process, master) == 0
    assert mark.read_text() == "closed"
    os.close(master)


FLOOD = b"hjkl+-" * 17_000


def flood(master: int, letters: bytes = FLOOD) -> threading.Event:
    """Types letters as a paste that is not said to be one; tells when that is done."""
    typed = threading.Event()

    def run() -> None:
        rest = letters
        with contextlib.suppress(OSError):
            while rest:
                rest = rest[os.write(master, rest[:1024]) :]
        typed.set()

    threading.Thread(target=run, daemon=True).start()
    return typed


def test_a_signal_is_met_while_letters_flood_in(
    running: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    process, master, mark = running
    typed, end = flood(master, FLOOD[:40_000]), time.monotonic() + DEADLINE
    while not typed.is_set() and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            os.read(master, 65536)
    process.send_signal(signal.SIGTERM)
    assert ended(process, master) == 0
    assert mark.read_text() == "closed"


def test_after_a_flood_it_is_said_and_a_key_ends_it(
    running: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    process, master, mark = running
    typed, seen, end = flood(master), b"", time.monotonic() + DEADLINE
    while not (typed.is_set() and b"left" in seen) and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 65536)
    assert b"left" in seen
    os.write(master, b"\x11")
    assert ended(process, master) == 0
    assert mark.read_text() == "closed"


def test_a_terminal_that_goes_closes_the_engine(
    running: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    process, master, mark = running
    os.close(master)
    # A terminal that is controlled sends this by itself; a session leader without one does not.
    process.send_signal(signal.SIGHUP)
    ended(process, None)
    assert mark.read_text() == "closed"


def test_an_application_whose_terminal_went_unsaid_ends_by_itself(
    running: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    process, master, mark = running
    os.close(master)
    ended(process, None)
    assert mark.read_text() == "closed"


async def test_what_is_told_while_the_screens_go_is_let_fall() -> None:
    engine = FakeEngine()
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.composing.shown.revision == engine.snapshot.revision)
    assert not app.screen_stack
    app.on_told(Told(Noticed("too late", "information")))
    app.on_told(Told(engine.snapshot))
    app.on_due()
