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
from engine.music.tempo_map import TempoMap
from engine.services.transport.beat_count import BeatCount
from engine.services.transport.clock_output import ClockOutput, interval
from engine.services.transport.course import Course
from engine.services.transport.jump import Jump
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
        # The slots that are played alone; None: the song as its form says.
        self.slots: range | None = None
        self._outlet_of = outlet_of
        self.course = Course.of(song)
        self.voices = voices_of(song, self.course.steps)
        self.run: Run | None = None
        self.count = BeatCount()
        self.clock = ClockOutput()
        # Where the music is to go once it has come to the end of a beat, measure or section.
        self.jump: Jump | None = None
        self.metronome = Metronome()

    @property
    def line(self) -> Line:
        """The line of the first track: all have their measures at the same places."""
        return self.voices[0].line

    def earliest_at(self, position: float) -> float:
        """Return how much earlier than written a note near a position is heard at most."""
        return max(voice.line.earliest_at(position) for voice in self.voices)

    def plan(self, song: Song) -> tuple[Course, list[VoiceNotes]]:
        """Return the course of a song as the loop is set, and the voices that play it."""
        course = Course.of(song, self.slots, self.reach, self.course)
        return course, voices_of(song, course.steps, self.voices)

    def put(self, course: Course, voices: list[VoiceNotes], now: float) -> Messages:
        """Play other voices from now on, and return what silences those that are no more."""
        self.course = course
        for old, new in zip(self.voices, voices, strict=False):
            old.line, old.track, old.heard = new.line, new.track, new.heard
            old.source = new.source
        gone = self.voices[len(voices) :]
        self.voices = [*self.voices[: len(voices)], *voices[len(self.voices) :]]
        return [message for voice in gone for message in voice.drop(now)]

    def begin(self, run: Run) -> None:
        """Start a run of the lines."""
        self.run, self.jump = run, None
        self.count.begin(run)
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
        changes = self.tempo_changes(run.sent, position)
        return changes + notes + self._clicks(start, position)

    def send_ahead(self, time: float, now: float) -> Messages:
        """Send what is heard before a time and was not sent yet, by the jumps on the way."""
        sent: Messages = []
        while (run := self.run) is not None and (jump := self.jump) is not None:
            if jump.leaves > run.at(time):
                break
            sent += self._leap(jump, now)
        return sent + self.send_until(run.at(time), now) if run is not None else []

    def _leap(self, jump: Jump, now: float) -> Messages:
        self.jump = None
        sent = self.send_until(jump.leaves, now)
        course, voices = self.course, self.voices
        return sent + self.go_on(now, jump.leaves, course, voices, course.starts[jump.step])

    def tempo_at(self, position: float) -> tuple[float, TempoMap | None]:
        """Return the pace of our own tempo at a position, and the map where there are several."""
        tempi = self.course.tempi
        if tempi.constant is not None:
            return 60 / tempi.constant, None
        return tempi.pace(position), tempi

    def go_on(
        self, now: float, position: float, course: Course, voices: list[VoiceNotes], to: float
    ) -> Messages:
        """Go on with other voices at ``to``, where the loop would be at ``position``."""
        run = self.run
        assert run is not None  # Only a running loop goes on.
        at, old, past, planned = run.when(position), self.voices, self.course, run
        stays = to == position and course.length == past.length
        begun = [voice.begun_at(position) if stays else -math.inf for voice in old]
        same = [
            stays and (new.line is past.line or new.line.content == past.line.content)
            for new, past in zip(voices, old, strict=False)
        ]
        shift = to - position
        if shift:
            self.count.leap(position, to)
            self.metronome.shift(shift)
            first, sent_to = run.first + shift, run.sent + shift
            place, leapt = run.position + shift, run.leapt + shift
            run = replace(run, position=place, first=first, sent=sent_to, leapt=leapt)
        if run.last < math.inf:
            # It ends with the turn in which it is now.
            run = replace(run, last=(to // course.length + 1) * course.length)
        sent = self.put(course, voices, now)
        pace, tempi = (run.pace, None) if self.clock.following else self.tempo_at(to)
        run, clock = self._paced(run, at, to, pace, tempi, bool(shift), planned.known(now))
        if self.jump is not None and (shift or course.steps != past.steps):
            self.jump = self.jump.anew(course, to)
        self.run = replace(run, sent=max(run.sent, to))
        if clock:
            clock = [*clock, *self.tempo_changes(to, run.sent)]
        anew = self.resend(now, at, to, to, begun, same)
        return clock + sent + anew + self.resend_clicks(at)

    def _paced(
        self,
        run: Run,
        at: float,
        to: float,
        pace: float,
        tempi: TempoMap | None,
        leapt: bool,
        earlier: Run,
    ) -> tuple[Run, Messages]:
        """Return a run that goes on at a pace from ``at`` on, where it is at ``to``."""
        same = (tempi, None if tempi else pace) == (run.tempi, None if run.tempi else run.pace)
        if same and not (leapt and tempi):
            return run, []
        self.count.changed(at, to, pace)
        more = to - earlier.at(at)
        run = replace(
            run, time=at, position=to, pace=pace, tempi=tempi, earlier=earlier, leapt=more
        )
        return run, [m.ClockTempo(at, interval(pace))]

    def tempo_changes(self, start: float, end: float) -> Messages:
        """Return what the clock is told of the tempi past ``start`` and before ``end``."""
        run = self.run
        if run is None or run.tempi is None:
            return []
        sent: Messages = []
        for place, pace in run.tempi.paces(max(start, run.position), end):
            # At the anchor of the run its tempo is told already.
            if place > run.position + 1e-6:
                self.count.changed(run.when(place), place, pace)
                sent.append(m.ClockTempo(run.when(place), interval(pace)))
        return sent

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
        return [*self.drop_clicks(at - 1e-6), *self._clicks(run.at(at), run.sent)]

    def drop_clicks(self, at: float) -> Messages:
        """Drop the clicks from ``at`` on."""
        return [m.Flush(at, outlet=self._click_outlet, voice=CLICKS)]

    def silence(self, now: float) -> Messages:
        """End all that sounds, and drop what is to come."""
        outlets = {self._outlet_of(voice.number) for voice in self.voices if voice.end > now}
        if self.metronome.on:
            outlets.add(self._click_outlet)
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
        track = self.voices[self._click_track].track
        outlet = self._click_outlet
        return [*self.metronome.clicks(run, self.line, track, outlet, start, end)]

    @property
    def _click_track(self) -> int:
        return min(self.metronome.track, len(self.voices) - 1)

    @property
    def _click_outlet(self) -> int:
        return self._outlet_of(self._click_track)
