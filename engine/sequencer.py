"""The transport: what the player must be told so that a song sounds in time.

Nothing here waits or looks at a clock. Each method is told ``now`` in seconds of the
monotonic clock and gives the messages to send.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from engine.events import Click, PlayheadMoved
from engine.midi import messages as m
from engine.music.beats import Beats, Mark
from engine.music.line import Line, Stretch
from engine.music.measure import SILENCE, Measure
from engine.music.song import Song
from engine.music.touch import Touches

LOOK_AHEAD = 0.75
"""How far ahead the player is told its notes, in seconds: longer than an interpreter may stall."""

TOP_UP = 0.2
"""How often the player is told more, in seconds."""

MARGIN = 0.002
"""How far in the future a change is heard, in seconds: the time a message needs to the player."""

LEAD = 0.01
"""How far in the future the first note of a start lies, in seconds."""

SHORTEST = 0.02
"""The shortest rest of a note, in seconds, that is worth starting in its middle."""

CLICK = 0.05
"""How long a click sounds, in seconds."""

CLICK_CHANNEL, DOWNBEAT, UPBEAT = 9, 76, 77
"""Clicks are the high and the low wood block of General MIDI's percussion channel."""

CLICK_VELOCITY = 90

ENDLESS = 10**9
"""Beats of which no loop will see the last."""

LATE = 0.1
"""How late a note may still be sent, in seconds, where the engine was held up."""

Messages = list[m.ToPlayer]


@dataclass(frozen=True, slots=True)
class _Run:
    """A running loop: position ``position`` is heard at ``time``, ``pace`` seconds a quarter.

    The loop began at position ``bar``. Notes that begin before ``first`` do not sound; those
    before ``told`` are with the player.
    """

    time: float
    position: float
    pace: float
    bar: float
    first: float
    told: float

    def at(self, time: float) -> float:
        return self.position + (time - self.time) / self.pace

    def when(self, position: float) -> float:
        return self.time + (position - self.position) * self.pace


class Sequencer:
    """Plays one song in a loop, takes changes while it runs, and sounds single measures."""

    def __init__(self, song: Song) -> None:
        self._song = song
        # How many measures the loop has at least: those that are recorded into count, too.
        self._reach = 0
        self._line = self._lined(song)
        self._run: _Run | None = None
        self._beats: Beats | None = None
        # By how much positions were counted anew where the loop has become another.
        self._shift = 0.0
        # From where to where beats are struck.
        self._struck = (0.0, 0.0)
        self._topped = 0.0
        # What the player holds, as it was told: ends that were cut are cut here too.
        self._sent: list[m.TimedNote] = []

    @property
    def playing(self) -> bool:
        """Whether the loop runs."""
        return self._run is not None

    @property
    def beats(self) -> Beats | None:
        """The beat of the loop as it runs, or as it ran last; None before it ever did."""
        return self._beats

    def place(self, position: float) -> tuple[int, float]:
        """Gives the slot that a position of the beat falls in, and the quarter notes into it."""
        return self._line.place(position + self._shift)

    def wake(self) -> float | None:
        """Gives when `advance` is due next; None where nothing is."""
        return self._topped + TOP_UP if self._run else None

    def playhead(self, now: float) -> PlayheadMoved:
        """Gives where the music is."""
        if self._run is None:
            return PlayheadMoved(None, 0.0)
        slot, beat = self._line.place(max(self._run.at(now), self._run.bar))
        return PlayheadMoved(slot, beat)

    def play(self, now: float, slot: int = 0, count_in: float = 0.0, clicks: int = 0) -> Messages:
        """Starts the loop at a slot (at the first where the loop does not reach it).

        Before it go ``count_in`` quarter notes in which no note of it is heard. So many beats
        are struck by ``clicks``, from the first of them on.
        """
        self._line = self._lined(self._song)
        slot = slot if slot < len(self._line.starts) else 0
        bar, first, pace = self._line.starts[slot], self._line.entry(slot), 60 / self._song.tempo
        # A first note that is early has its time, too.
        start = now + LEAD + max(bar - first, count_in) * pace
        told = self._silence(now)
        self._struck = (bar - count_in, bar - count_in + clicks)
        self._run = _Run(start, bar, pace, bar, first, min(first, bar - count_in))
        self._beats, self._shift = Beats(Mark(start, bar, pace)), 0.0
        sixteenths = round(bar * 4)
        clock = m.ClockRun(start, self._run.pace / 24, sixteenths > 0, sixteenths)
        return [*told, *self.program(now), clock, *self.advance(now)]

    def record(
        self, now: float, slot: int, measures: int, count_in: int, click: Click
    ) -> tuple[Messages, float]:
        """Lets the loop reach all of ``measures`` slots from ``slot`` on, and starts it there.

        Where it runs already it goes on. Gives also the position of the beat at which the loop
        comes to the slot.
        """
        self._reach = slot + measures
        if self._run is None:
            line = self._lined(self._song)
            beats = int(count_in * line.measures[slot].grid.length)
            clicks = {"recording": ENDLESS, "count-in": beats, "never": 0}[click]
            return self.play(now, slot, beats, clicks), line.starts[slot]
        told = self.change(self._song, now)
        position = self._run.at(now + MARGIN)
        begins = self._line.length * math.floor(position / self._line.length)
        begins += self._line.starts[slot]
        begins += self._line.length if begins < max(position, self._run.bar) else 0.0
        if click == "recording":
            # What is with the player already is not struck to.
            self._struck = (self._run.told, ENDLESS)
        return told, begins - self._shift

    def unrecord(self, now: float) -> Messages:
        """Lets the loop run on as the song is, without clicks."""
        self._reach, self._struck = 0, (0.0, 0.0)
        told = self.change(self._song, now)
        if self._run is not None:
            later = [note for note in self._sent if note.on >= now + MARGIN]
            told.append(m.Flush(now + MARGIN))
            told += [m.Notes(tuple(later))] if later else []
        return told

    def stop(self, now: float) -> Messages:
        """Stops the loop, and whatever else sounds."""
        running = self._end(now)
        return self._silence(now) + ([m.ClockStop(now)] if running else [])

    def panic(self, now: float) -> Messages:
        """Stops and silences without regard to what should sound."""
        running = self._end(now)
        self._sent, self._struck = [], (0.0, 0.0)
        return [m.Panic(), *([m.ClockStop(now)] if running else [])]

    def _end(self, now: float) -> bool:
        running, self._run = self._run is not None, None
        if self._beats is not None and running:
            self._beats.ended = now
        self._reach = 0
        return running

    def program(self, now: float) -> Messages:
        """Tells the instrument which program it is; wanted whenever a port opens."""
        track = self._song.track
        return [m.Send(now, bytes((0xC0 | track.channel, track.program)))]

    def advance(self, now: float, ahead: float = LOOK_AHEAD) -> Messages:
        """Tells the player the notes up to ``ahead`` seconds from now."""
        run = self._run
        if run is None:
            return []
        self._topped = now
        return self._tell_until(run.at(now + ahead), now)

    def again(self, now: float) -> Messages:
        """Tells everything once more, to a player that took the place of another."""
        self._sent = []
        if self._run is None:
            return []
        self._run = replace(self._run, told=self._run.at(now))
        return [*self.program(now), *self.advance(now)]

    def audition(
        self, measures: Sequence[Measure], now: float, touches: Sequence[Touches] = ()
    ) -> Messages:
        """Sounds measures once, cutting what sounds, if the loop does not run."""
        if self._run is not None:
            return []
        if not measures:
            return self._silence(now)
        pace, line = 60 / self._song.tempo, Line(measures, touches)
        notes = [
            self._timed(now + note.start * pace, now + min(note.end, line.length) * pace, note)
            for note in line.once()
        ]
        return self._silence(now) + self._notes(notes)

    def change(self, song: Song, now: float, timing: Literal["now", "beat"] = "now") -> Messages:
        """Goes on with another song; where notes change they are heard as ``timing`` says."""
        old, self._song = self._song, song
        told: Messages = []
        if (song.track.channel, song.track.program) != (old.track.channel, old.track.program):
            told += self.program(now)
        line = self._lined(song)
        same = (line.measures, line.touches) == (self._line.measures, self._line.touches)
        if self._run is None or (same and (song.track, song.tempo) == (old.track, old.tempo)):
            self._line = self._line if same else line
            return told
        position = self._run.at(now + MARGIN)
        if timing == "beat" and not same:
            position = max(math.ceil(position), self._run.bar)
            # The old notes go on to the beat, however far it is.
            told += self._tell_until(position, now)
        position = max(position, self._run.first)
        return told + self._replan(position, line, 60 / song.tempo)

    def _replan(self, position: float, line: Line, pace: float) -> Messages:
        run = self._run
        assert run is not None  # Only a running loop is planned.
        at, before = run.when(position), run
        told: Messages = []
        if pace != run.pace:
            run = replace(run, time=at, position=position, pace=pace)
            if self._beats is not None:
                self._beats.add(Mark(at, position - self._shift, pace))
            told.append(m.ClockTempo(at, pace / 24))
        if line.length != self._line.length:
            # The place in the loop stays, or its beat where the loop has become shorter.
            shift = (position % self._line.length) % line.length - position
            run = replace(
                run,
                position=run.position + shift,
                bar=run.bar + shift,
                first=run.first + shift,
                told=run.told + shift,
            )
            position += shift
            self._shift += shift
            self._struck = (self._struck[0] + shift, self._struck[1] + shift)
            before = replace(before, told=before.told + shift)
        self._line = line
        self._run = run = replace(run, told=max(run.told, position))
        over = line.covering(position)
        under = self._of(over, run) if over is not None and over.start >= run.first else None
        later = [self._of(stretch, run) for stretch in line.between(position, run.told)]
        told += self._differ(at, under, later)
        return told + self._click_again(told, before, at)

    def _click_again(self, told: Messages, before: _Run, at: float) -> Messages:
        """Gives the clicks that a change has dropped or passed over, and those at a new tempo."""
        run = self._run
        if run is None or self._struck[1] <= self._struck[0]:
            return []
        flushes = [each.at for each in told if isinstance(each, m.Flush)]
        first: Messages = []
        if run.pace != before.pace and not flushes:
            first, flushes = [m.Flush(at)], [at]
        start = min([before.told, *map(run.at, flushes)])
        return first + self._clicks(start, run.told)

    def _differ(self, at: float, under: m.TimedNote | None, later: list[m.TimedNote]) -> Messages:
        """Brings the player from what it holds to a note that sounds at ``at`` and later ones."""
        before = [note for note in self._sent if note.on < at]
        last = before[-1] if before and before[-1].off >= at else None
        goes_on = under is not None and last is not None and _key(under) == _key(last)
        sounds_until = under.off if under is not None else at
        settled = sounds_until == (last.off if last is not None else at)
        if (
            settled
            and goes_on == (under is not None)
            and later == [note for note in self._sent if note.on >= at]
        ):
            return []
        told: Messages = [m.Flush(at, cut=not goes_on)]
        if under is not None and last is not None and goes_on:
            before[-1] = replace(last, off=under.off)
            if under.off < last.off:
                # All that started later is gone by now, so this ends the one note sooner.
                told.append(m.Flush(under.off, cut=True))
            elif under.off > last.off:
                told.append(m.Prolong(under.channel, under.pitch, under.off))
        else:
            before = [replace(note, off=min(note.off, at)) for note in before]
            if under is not None and under.off - at >= SHORTEST:
                later = [replace(under, on=at), *later]
        self._sent = before
        return told + self._notes(later)

    def _tell_until(self, position: float, now: float) -> Messages:
        run = self._run
        if run is None or position <= run.told:
            return []
        start = max(run.told, run.at(now - LATE))
        self._run = replace(run, told=position)
        self._sent = [note for note in self._sent if note.off >= now - 1.0]
        heard = self._line.between(max(start, run.first), position)
        return self._notes([self._of(each, run) for each in heard]) + self._clicks(start, position)

    def _clicks(self, start: float, end: float) -> Messages:
        """Gives the beats that are struck from one position to before another."""
        run = self._run
        assert run is not None  # Nothing is struck while the loop rests.
        first = math.ceil(max(start, self._struck[0]) - 1e-6)
        last = math.ceil(min(end, self._struck[1]) - 1e-6)
        beats = [
            m.TimedNote(
                run.when(beat),
                run.when(beat) + CLICK,
                CLICK_CHANNEL,
                UPBEAT if self._line.place(beat)[1] else DOWNBEAT,
                CLICK_VELOCITY,
            )
            for beat in range(first, last)
        ]
        return [m.Notes(tuple(beats))] if beats else []

    def _silence(self, now: float) -> Messages:
        held = any(note.off > now for note in self._sent) or self._struck[1] > self._struck[0]
        self._sent, self._struck = [], (0.0, 0.0)
        return [m.Flush(now, cut=True)] if held else []

    def _lined(self, song: Song) -> Line:
        measures, touches = list(song.measures()), list(song.touches())
        for slot in song.slots[len(measures) : self._reach]:
            measures.append(slot.measure)
            touches.append(slot.touches)
        measures += [SILENCE] * (self._reach - len(measures))
        return Line(measures, touches)

    def _notes(self, notes: list[m.TimedNote]) -> Messages:
        self._sent += notes
        return [m.Notes(tuple(notes))] if notes else []

    def _of(self, stretch: Stretch, run: _Run) -> m.TimedNote:
        return self._timed(run.when(stretch.start), run.when(stretch.end), stretch)

    def _timed(self, on: float, off: float, note: Stretch) -> m.TimedNote:
        track = self._song.track
        velocity = note.velocity or track.velocity
        return m.TimedNote(on, off, track.channel, note.pitch, velocity)


def _key(note: m.TimedNote) -> tuple[int, int]:
    return note.channel, note.pitch
