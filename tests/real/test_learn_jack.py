"""A controller under a real JACK server, learned on the screen as the README says it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.bench.jack import JackServer
from engine.bench.terminal import PseudoTerminal
from engine.locations import MEASURE_VAE, config_folder
from engine.midi.controllers import map_files
from engine.midi.controllers.bindings import Binding, DeviceMap
from engine.midi.controllers.controls import Control
from engine.midi.controllers.targets import Target
from tests.support.jack_terminal import application_on_terminal
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not MEASURE_VAE.exists(), reason="no weights lie in presets/models"),
]

FADER = """
import sys, rtmidi
ring = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="motor-in")
ring.open_virtual_port("fader")
knob = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="motor-out")
knob.open_virtual_port("fader")
ring.set_callback(lambda event, _: print(bytes(event[0]).hex(), flush=True))
print("ready", flush=True)
for line in sys.stdin:
    knob.send_message(bytes.fromhex(line))
"""
DEVICE = "motor-out:fader"


class Fader:
    """An independent device with a knob, whose ring can be told where to stand."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._process = subprocess.Popen(
            [sys.executable, "-c", FADER],
            stdin=subprocess.PIPE,
            stdout=record.open("wb"),
            env=os.environ,
            text=True,
        )
        wait_until(lambda: "ready" in record.read_text())

    def turn(self, *values: int, apart: float = 0.01) -> None:
        """Turn the knob through values."""
        assert self._process.stdin is not None
        for value in values:
            self._process.stdin.write(f"b010{value:02x}\n")
            self._process.stdin.flush()
            time.sleep(apart)

    @property
    def received(self) -> list[str]:
        """What it was told, as hexadecimal digits."""
        return self._record.read_text().split()[1:]

    def close(self) -> None:
        """Go away."""
        self._process.kill()
        self._process.wait()


def stands_at(terminal: PseudoTerminal, value: str) -> None:
    """Wait until the chosen gauge stands at a value: what is typed over is painted whole."""
    for _ in range(20):
        time.sleep(0.2)
        shown = terminal.mark()
        terminal.press("=")
        terminal.wait_for("Set gauge", shown)
        time.sleep(0.2)
        found = f" {value} " in f" {' '.join(terminal.text(shown).split())} "
        terminal.press(b"\x1b")
        if found:
            time.sleep(0.5)
            return
    words = " ".join(terminal.text().split())[-1500:]
    raise AssertionError(f"the gauge does not come to {value}: {words}")


@pytest.fixture
def fader(jack: JackServer, tmp_path: Path) -> Iterator[Fader]:
    """Yield the device, plugged in."""
    assert jack.running
    fader = Fader(tmp_path / "told")
    yield fader
    fader.close()


def test_c_and_a_knob_bind_a_gauge_and_the_map_is_found_again(
    jack: JackServer, fader: Fader
) -> None:
    # A song that was kept would be offered at the second start.
    (config_folder() / "controllers").mkdir(parents=True)
    (config_folder() / "config.toml").write_text("autosave = false\n")
    place = map_files.own_file(DEVICE)
    map_files.write(place, DeviceMap(DEVICE, feedback=True))
    with application_on_terminal(jack) as terminal:
        shown = terminal.mark()
        terminal.press("jjC")
        terminal.wait_for("Move a knob", shown)
        terminal.wait_for(f"jack:{DEVICE}", shown)
        fader.turn(*range(20, 50, 2))
        density = Binding(Control("cc", 0, 16), Target("gauge", "note_density"))
        wait_until(lambda: map_files.read(place).bindings == (density,))
        terminal.wait_for("∙", 0)
        # Past wherever the gauge stands, and back to the other end.
        fader.turn(*range(50, 128), *range(127, -1, -1), apart=0.002)
        stands_at(terminal, "-3.00")
        shown = terminal.mark()
        terminal.press("u")
        terminal.wait_for("Undone: density moved in measure 1", shown)
        # The ring stands where the gauge does again, and it was told so once the hand was off it.
        wait_until(lambda: fader.received and fader.received[-1] not in ("b01000", "b0107f"))
    with application_on_terminal(jack) as terminal:
        terminal.wait_for("∙", 0)
        terminal.press("jj")
        fader.turn(*range(128), apart=0.002)
        stands_at(terminal, "3.00")
