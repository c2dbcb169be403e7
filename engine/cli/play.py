"""The word `play`: a song by its form to a MIDI port, without a screen."""

from __future__ import annotations

import argparse
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from engine import config
from engine.cli.options import BadUsage, common, emit
from engine.common.printing import put
from engine.errors import NotReady, PortError

if TYPE_CHECKING:
    from engine.music.song import Song
    from engine.protocol.base import Event
    from engine.protocol.snapshot import Snapshot

OPENS = 15.0
"""Seconds in which a port has to open."""


def add(words: Any) -> None:
    """Add `play` to the parser."""
    play = words.add_parser("play", help="play a song by its form to a MIDI port, to its end")
    common(play)
    play.add_argument("file", type=Path, metavar="SONG", help="the song file")
    play.add_argument(
        "--port", dest="play_to", metavar="NAME", help="the MIDI port (else that of the settings)"
    )
    play.add_argument("--loop", action="store_true", help="go round until Ctrl-C")
    play.set_defaults(run=_play)


def _play(options: argparse.Namespace) -> None:
    from engine.formats import song_file
    from engine.protocol.transport import Play
    from engine.runtime.engine import Engine

    found = song_file.read(str(options.file)).song
    settings = config.load().settings
    port = settings.port if options.play_to is None else options.play_to
    if not port:
        raise BadUsage("No MIDI port is named.", "Name one with --port; armonica ports lists them.")
    # What is played is not changed, so nothing is to be kept.
    settings = replace(settings, port=port, autosave=False, inputs="none", clock="own")
    engine = Engine(_no_model, song=found, settings=settings)
    ends = _Ends(options.loop)
    engine.start()
    try:
        leave = engine.subscribe(ends.receive)
        name = ends.wait_for_port(port)
        if not options.json:
            put(f"{_words(found)}, to {name}.", flush=True)
        engine.send(Play(found.steps[0].slot, once=not options.loop))
        ends.finished.wait()
        leave()
    finally:
        engine.close()
    if ends.lost:
        raise PortError(f"{name} is gone.", "Look for it with armonica ports.")
    if options.json:
        emit(
            {
                "measures": len(found.steps),
                "sections": [
                    found.form.sections[entry.section].name
                    for entry in found.form.order
                    for _ in range(entry.repeats)
                ],
            }
        )


def _words(song: Song) -> str:
    count, seconds = len(song.steps), song.tempo_map(song.steps).turn
    order = " ".join(
        f"{song.form.sections[entry.section].name}{f'*{entry.repeats}' * (entry.repeats > 1)}"
        for entry in song.form.order
    )
    minutes = f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
    return f"{song.title}: {order + ', ' if order else ''}{count} measures, {minutes}"


def _no_model() -> NoReturn:
    raise NotReady("A song is played without the model.")


class _Ends:
    """Waits for a port to open, and for the music to end."""

    def __init__(self, loops: bool) -> None:
        self.finished = threading.Event()
        self.lost = False
        self._loops = loops
        self._settled = threading.Event()
        self._shown: Snapshot | None = None
        self._played = False

    def receive(self, event: Event) -> None:
        """Take what the engine publishes, on its thread."""
        from engine.protocol.snapshot import Snapshot

        if not isinstance(event, Snapshot):
            return
        self._shown = event
        if event.port.state in ("open", "failed"):
            self._settled.set()
        self._played |= event.playing
        self.lost |= self._settled.is_set() and event.port.state == "lost"
        if self.lost or (self._played and not event.playing and not self._loops):
            self.finished.set()

    def wait_for_port(self, wanted: str) -> str:
        """Return the port that has opened; raises `PortError` where none does."""
        self._settled.wait(OPENS)
        port = self._shown.port if self._shown is not None else None
        if port is None or port.state != "open":
            detail = f" ({port.detail})" if port is not None and port.detail else ""
            raise PortError(
                f"The MIDI port {wanted} does not open{detail}.", "armonica ports lists them."
            )
        return port.name or wanted
