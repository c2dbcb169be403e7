"""Everything a bench of the music needs: JACK, a listener, and the real application on a terminal.

The application is moved by keys alone, and what it plays is read by a process that shares
nothing with it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.bench.jack import JackListener, JackServer, JackStalled
from engine.bench.terminal import PseudoTerminal, application
from engine.common.child_process import child_command
from engine.errors import NotReady
from engine.formats.song_file import SUFFIX, Document, write
from engine.midi.controllers import map_files
from engine.midi.controllers.bindings import DeviceMap
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track

OURS, OTHER = "armonica", "bare"
"""The names of the two clients that play to the listener."""

PLAY = " "
"""The key of the default keymap that starts and stops the loop."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The parts, running and connected."""

    jack: JackServer
    listener: JackListener
    terminal: PseudoTerminal

    def play(self) -> float:
        """Start the loop; gives the moment at which its clock started."""
        heard = len(self.listener.messages)
        self.terminal.press(PLAY)
        started = self.listener.first(lambda data: data == b"\xfa", heard)
        if started is None:
            heard = len(self.listener.messages)
            if not self.jack.reaches("listener:in", lambda: len(self.listener.messages) > heard):
                raise JackStalled("JACK calls its clients no more.", "Run it again.")
            raise NotReady("The loop does not start.", "See `armonica doctor`.")
        return started[0]

    @contextmanager
    def bare(self, module: str, *arguments: str) -> Iterator[PseudoTerminal]:
        """Run a small program of ours that plays to the listener under the other name."""
        with self.beside(module, OTHER, *arguments) as terminal:
            self.jack.connect(f"{OTHER}:out", "listener:in")
            yield terminal

    @contextmanager
    def beside(self, module: str, client: str, *arguments: str) -> Iterator[PseudoTerminal]:
        """Run a small program of ours that has a port under a name."""
        command = child_command(module, client, *arguments)
        with PseudoTerminal(command, self.jack.variables) as terminal:
            terminal.wait_for("ready")
            yield terminal


@contextmanager
def stage(song: Song, device: DeviceMap | None = None) -> Iterator[Stage]:
    """Set the parts up, waits until the gauges can be moved, and take them down again.

    ``device`` is a controller's map that the application finds among the player's own. Raises
    `NotReady` where JACK or a pseudo-terminal is missing.
    """
    with (
        tempfile.TemporaryDirectory() as home,
        JackServer("armonica-bench") as jack,
        JackListener("listener", jack) as listener,
    ):
        file = write(Path(home) / f"bench{SUFFIX}", Document(song))
        if device is not None:
            map_files.write(Path(home) / "config" / "controllers" / "bench.toml", device)
        command = application("--song", str(file), "--port", "virtual", "--keymap", "default")
        with PseudoTerminal(command, {"ARMONICA_HOME": home} | jack.variables) as terminal:
            jack.connect(f"{OURS}:out", "listener:in")
            # A gauge says what it asks for as soon as there is a model that can be asked.
            terminal.wait_for("asks ")
            yield Stage(jack, listener, terminal)


def measure_song(tempo: float) -> Song:
    """Return a song of one measure: the first held-out one of four notes or more, without rests."""
    from engine.corpus.table import shipped

    corpus = shipped()
    for row in corpus.test():
        measure = corpus.measure(int(row))
        if len(measure.notes) >= 4 and sum(n.duration for n in measure.notes) == 4:
            slot = Slot.brought_in(measure, Origin("corpus", "Bench"))
            return Song("Bench", tempo, (Track(slots=(slot,)),))
    raise NotReady("The corpus has no measure without rests.", "Install Armonica anew.")


def load() -> str:
    """Describe how busy the machine is: that makes all figures worse, and their tails most."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
