"""The notes and clicks of a running loop as the player holds them, and what changes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, repeat

from engine.midi import messages as m
from engine.midi.limits import CLICKS
from engine.midi.player_mirror import Messages
from engine.music.note_line import Line
from engine.music.song import Song
from engine.services.transport.loop_clock import Run
from engine.services.transport.metronome import Metronome
from engine.services.transport.voice_notes import OutletOf, VoiceNotes, voices_of

LATE = 0.1
"""How late a note may still be sent, in seconds, where the engine was held up."""


class LoopNotes:
    """Sends the notes of all tracks as the run goes, and sends them anew where either changes.

    Each method takes ``now`` in seconds of the monotonic clock and gives the messages to send.
    """

    def __init__(self, song: Song, outlet_of: OutletOf = lambda _: 0) -> None:
        # How many measures the loop has at least: those that are recorded into count, too.
        self.reach = 0
        self._outlet_of = outlet_of
        self.voices = voices_of(song)
        self.run: Run | None = None
        self.metronome = Metronome()

    @property
    def line(self) -> Line:
        """The line of the first track: all have their measures at the same places."""
        return self.voices[0].line

    @property
    def earliest(self) -> float:
        """How much earlier than written a note is heard at most, in quarter notes."""
        return max(voice.line.earliest for voice in self.voices)

    def voices_of(self, song: Song) -> list[VoiceNotes]:
        """Return the voices of a song, as far as the loop reaches."""
        return voices_of(song, self.reach, self.voices)

    def put(self, voices: list[VoiceNotes], now: float) -> Messages:
        """Play other voices from now on, and return what silences those that are no more."""
        for old, new in zip(self.voices, voices, strict=False):
            old.line, old.track, old.heard = new.line, new.track, new.heard
            old.source = new.source
        gone = self.voices[len(voices) :]
        self.voices = [*self.voices[: len(voices)], *voices[len(self.voices) :]]
        return [message for voice in gone for message in voice.drop(now)]

    def begin(self, run: Run) -> None:
        """Start a run of the lines."""
        self.run = run
        for voice in self.voices:
            voice.begin()

    def send_until(self, position: float, now: float) -> Messages:
        """Send the notes and clicks that are heard before ``position`` and were not sent yet."""
        run = self.run
        if run is None or position <= run.sent:
            return []
        start = max(run.sent, run.at(now - LATE))
        self.run = replace(run, sent=position)
        notes: Messages = []
        for voice in self.voices:
            stretches = run.of(voice.line.between(start, position))
            notes += voice.send(stretches, run, now, self._outlet_of(voice.number))
        return notes + self._clicks(start, position)

    def resend(
        self,
        now: float,
        at: float,
        position: float,
        start: float,
        begun: Sequence[float],
        same: Sequence[bool],
    ) -> Messages:
        """Send the run anew from ``position`` on, which is at ``at``, notes from ``start`` on.

        Of each voice that there was before, what is written up to ``begun`` has begun, and the
        measures are the ``same``.
        """
        run = self.run
        assert run is not None  # Only a running loop is sent anew.
        sent: Messages = []
        known = chain(zip(begun, same, strict=False), repeat((-math.inf, False)))
        for voice, (past, alike) in zip(self.voices, known, strict=False):
            outlet = self._outlet_of(voice.number)
            sent += voice.resend(run, now, at, position, start, past, alike, outlet)
        return sent

    def resend_clicks(self, at: float) -> Messages:
        """Return the clicks from ``at`` on by the run as it is now."""
        run = self.run
        if run is None or not self.metronome.on:
            return []
        # A little earlier: one that falls on the moment itself is dropped before it comes again.
        return [m.Flush(at - 1e-6, voice=CLICKS), *self._clicks(run.at(at), run.sent)]

    def drop_clicks(self, at: float) -> Messages:
        """Drop the clicks from ``at`` on."""
        return [m.Flush(at, voice=CLICKS)]

    def silence(self, now: float) -> Messages:
        """End all that sounds, and drop what is to come."""
        outlets = {self._outlet_of(voice.number) for voice in self.voices if voice.end > now}
        if self.metronome.on:
            outlets.add(0)
        self.forget()
        self.metronome.rest()
        return [m.Flush(now, True, outlet) for outlet in sorted(outlets)]

    def forget(self) -> None:
        """Take note that the player holds nothing."""
        for voice in self.voices:
            voice.forget()

    def _clicks(self, start: float, end: float) -> Messages:
        run = self.run
        assert run is not None  # Nothing is struck while the loop rests.
        return [*self.metronome.clicks(run, self.line, self.voices[0].track, start, end)]
