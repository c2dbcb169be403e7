"""The clicks of a recording: which beats are struck, and with what."""

from __future__ import annotations

import math

from engine.midi import messages as m
from engine.midi.limits import CLICKS
from engine.music.note_line import Line
from engine.music.track import Track
from engine.protocol.snapshot import RecordSettings
from engine.services.transport.loop_clock import Run

CLICK = 0.05
"""How long a click sounds, in seconds."""

CLICK_CHANNEL, DOWNBEAT, UPBEAT = 9, 76, 77
"""Clicks are the high and the low wood block of General MIDI's percussion channel."""

HIGH_DOWNBEAT, HIGH_UPBEAT = 96, 91
"""Or these of the track's own channel: no measure has them."""

CLICK_VELOCITY = 90

ENDLESS = 10**9
"""Beats of which no loop will see the last."""


class Metronome:
    """Strikes the beats from one position to before another."""

    def __init__(self) -> None:
        self._from, self._to = 0.0, 0.0
        self._high = False

    @property
    def on(self) -> bool:
        """Whether any beat is to be struck."""
        return self._to > self._from

    def set(self, settings: RecordSettings) -> None:
        """Strike as the settings say from now on."""
        self._high = settings.sound == "high note"

    def strike(self, start: float, end: float) -> None:
        """Strike the beats between two positions, the last one not."""
        self._from, self._to = start, end

    def rest(self) -> None:
        """Strike no more."""
        self._from, self._to = 0.0, 0.0

    def shift(self, by: float) -> None:
        """Go along where positions are counted anew."""
        self._from, self._to = self._from + by, self._to + by

    def clicks(self, run: Run, line: Line, track: Track, start: float, end: float) -> list[m.Notes]:
        """Return the beats that are struck from one position of a run to before another."""
        first = math.ceil(max(start, self._from) - 1e-6)
        last = math.ceil(min(end, self._to) - 1e-6)
        down, up = (HIGH_DOWNBEAT, HIGH_UPBEAT) if self._high else (DOWNBEAT, UPBEAT)
        beats = [
            m.TimedNote(
                run.when(beat),
                run.when(beat) + CLICK,
                track.channel if self._high else CLICK_CHANNEL,
                up if line.place(beat)[1] else down,
                CLICK_VELOCITY,
            )
            for beat in range(first, last)
        ]
        return [m.Notes(tuple(beats), voice=CLICKS)] if beats else []
