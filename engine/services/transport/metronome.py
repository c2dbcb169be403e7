"""The clicks of a recording: which beats are struck, and with what.

The beats are the pulses of the metre: dotted quarters in 6/8, groups in 7/8.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.midi import messages as m
from engine.midi.limits import CLICKS
from engine.music.grid import Grid
from engine.music.measure import silence
from engine.music.note_line import Line
from engine.music.track import Track
from engine.protocol.snapshot import RecordSettings
from engine.services.transport.loop_clock import Run

CLICK = 0.05
"""How long a click sounds, in seconds."""

CLICK_CHANNEL, DOWNBEAT, UPBEAT = 9, 76, 77
"""Clicks are the high and the low wood block of General MIDI's percussion channel."""

HIGH_DOWNBEAT, HIGH_UPBEAT = 96, 91
"""Or these of the channel of the track that is recorded into: no measure has them."""

CLICK_VELOCITY, SOFTER = 90, 60
"""How hard a click is struck, and one of the other beats where all have the same note."""

ENDLESS = 10**9
"""Quarter notes of which no loop will see the last."""


class Metronome:
    """Strikes the beats from one position to before another."""

    def __init__(self) -> None:
        self._from, self._to = 0.0, 0.0
        # Before which position a measure of which grid is counted in.
        self._counted: tuple[float, Grid] | None = None
        self._settings = RecordSettings()
        self.track = 0
        """The track whose port it sounds on: the first, or the one that is recorded into."""

    @property
    def on(self) -> bool:
        """Whether any beat is to be struck."""
        return self._to > self._from

    def set(self, settings: RecordSettings, track: int) -> None:
        """Strike as the settings say from now on, while a track is recorded into."""
        self._settings = settings
        # A high note is one of that track's instrument, drums are where the song's first are.
        self.track = track if settings.sound == "high note" else 0

    def strike(self, start: float, end: float, counted: tuple[float, Grid] | None = None) -> None:
        """Strike the beats between two positions, the last one not.

        What lies before the position ``counted`` is counted in by measures of its grid.
        """
        self._from, self._to = start, end
        self._counted = counted

    def rest(self) -> None:
        """Strike no more."""
        self._from, self._to = 0.0, 0.0

    def shift(self, by: float) -> None:
        """Go along where positions are counted anew."""
        self._from, self._to = self._from + by, self._to + by
        if self._counted is not None:
            self._counted = self._counted[0] + by, self._counted[1]

    def clicks(
        self, run: Run, line: Line, track: Track, outlet: int, start: float, end: float
    ) -> list[m.Notes]:
        """Return the beats that are struck from one position of a run to before another.

        They sound on the port of a track, and on its channel where the click is a note of it.
        """
        settings = self._settings
        high = settings.sound == "high note"
        down, up = (HIGH_DOWNBEAT, HIGH_UPBEAT) if high else (DOWNBEAT, UPBEAT)
        channel, soft = track.channel if high else CLICK_CHANNEL, CLICK_VELOCITY
        if settings.note is not None:
            down, up, soft = settings.note, settings.note, SOFTER
        if settings.channel is not None:
            channel = settings.channel
        beats = [
            m.TimedNote(
                run.when(beat),
                run.when(beat) + CLICK,
                channel,
                down if first else up,
                CLICK_VELOCITY if first else soft,
            )
            for beat, first in self._beats(line, max(start, self._from), min(end, self._to))
        ]
        return [m.Notes(tuple(beats), outlet, CLICKS)] if beats else []

    def _beats(self, line: Line, start: float, end: float) -> Iterator[tuple[float, bool]]:
        if self._counted is not None and start < self._counted[0]:
            begins, grid = self._counted
            counted = Line([silence(grid)])
            for beat, first in counted.pulses(start - begins, min(end - begins, 0.0)):
                yield begins + beat, first
            start = begins
        if start < end:
            yield from line.pulses(start, end)
