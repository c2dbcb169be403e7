"""The screen is up before the model is: proven in a process of its own, on the real engine."""

import subprocess
import sys

SCRIPT = """
import asyncio, sys, threading
from engine.runtime.engine import Engine
from tui.app import ArmonicaApp

gate = threading.Event()

def load():
    gate.wait(60)
    raise RuntimeError("the test is over")

class Silent:
    def send(self, message): pass
    def close(self): pass

async def main():
    engine = Engine(load, player=lambda _: Silent())
    engine.start()
    app = ArmonicaApp(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(1500):
            await pilot.pause(0.02)
            picture = app.export_screenshot()
            if "complexity" in picture and "loading" in picture:
                break
        print("complexity" in picture, "Londonderry" in picture, "loading" in picture)
        print([name for name in ("torch", "numpy", "mido", "rtmidi") if name in sys.modules])
        gate.set()
    engine.close()

asyncio.run(main())
"""


def test_gauges_and_song_are_painted_while_the_model_still_loads() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines()[:2] == ["True True True", "[]"], done.stdout + done.stderr
