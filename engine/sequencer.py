"""The transport: what the player must be told so that a song sounds in time.

Nothing here waits or looks at a clock. Each method is told ``now`` in seconds of the
monotonic clock and gives the messages to send.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from engine.events import PlayheadMoved
from engine.midi import messages as m
from engine.music.line import Line, Stretch
from engine.music.measure import Measure
from engine.music.song import Song

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

LATE = 0.1
"""How late a note may still be sent, in seconds, where the engine was held up."""

FOLLOW_AHEAD, FOLLOW_TOP_UP = 0.25, 0.1
"""The same as the first two while another's clock is followed: what is told may be told anew."""

FOLLOW_MARGIN = 0.05
"""How near a note may be, in seconds, and stay as it was told: a change that reached the player
too late would strike it twice."""

CLOSE = 0.0005
"""How far the music may be off the clock that is followed before it is told anew, in seconds."""

CATCH_UP = 0.25
"""In how many quarters our own clock comes back into phase with the one that is followed."""

Messages = list[m.ToPlayer]


@dataclass(frozen=True, slots=True)
class _Run:
    """A running loop: position ``position`` is heard at ``time``, ``pace`` seconds a quarter.

    Notes that begin before ``first`` do not sound; those before ``told`` are with the player.
    Changes of the loop's length have moved positions by ``moved`` since the start.
    """

    time: float
    position: float
    pace: float
    first: float
    told: float
    moved: float = 0.0

    def at(self, time: float) -> float:
        return self.position + (time - self.time) / self.pace

    def when(self, position: float) -> float:
        return self.time + (position - self.position) * self.pace


class Sequencer:
    """Plays one song in a loop, takes changes while it runs, and sounds single measures."""

    def __init__(self, song: Song) -> None:
        self._song = song
        self._line = Line(song.measures())
        self._run: _Run | None = None
        self._topped = 0.0
        # Where our own clock is while another's is followed; positions before any were moved.
        self._ticks: _Run | None = None
        # What the player holds, as it was told: ends that were cut are cut here too.
        self._sent: list[m.TimedNote] = []

    @property
    def playing(self) -> bool:
        """Whether the loop runs."""
        return self._run is not None

    def wake(self) -> float | None:
        """Gives when `advance` is due next; None where nothing is."""
        if self._run is None:
            return None
        return self._topped + (TOP_UP if self._ticks is None else FOLLOW_TOP_UP)

    def at(self, now: float) -> float | None:
        """Gives the position that is heard now, as it was counted at the start; None at rest."""
        return None if self._run is None else self._run.at(now) - self._run.moved

    def start_of(self, slot: int) -> float:
        """Gives the position at which a slot begins (the first where the loop has no such)."""
        return self._line.starts[slot if slot < len(self._line.starts) else 0]

    def due(self, position: float) -> float | None:
        """Gives when a position, as it was counted at the start, is heard; None where it rests."""
        return None if self._run is None else self._run.when(position + self._run.moved)

    def playhead(self, now: float) -> PlayheadMoved:
        """Gives where the music is."""
        if self._run is None:
            return PlayheadMoved(None, 0.0)
        slot, beat = self._line.place(max(self._run.at(now), self._run.first))
        return PlayheadMoved(slot, beat)

    def play(self, now: float, slot: int = 0) -> Messages:
        """Starts the loop at a slot (at the first where the loop does not reach it)."""
        first, start = self.start_of(slot), now + LEAD
        told = self._silence(now)
        self._ticks = None
        self._run = _Run(start, first, 60 / self._song.tempo, first, first)
        sixteenths = round(first * 4)
        clock = m.ClockRun(start, self._run.pace / 24, sixteenths > 0, sixteenths)
        return [*told, *self.program(now), clock, *self.advance(now)]

    def join(self, now: float, time: float, position: float, pace: float) -> Messages:
        """Starts the loop in step with a clock: at ``position``, which is heard at ``time``.

        From then on `follow` says where that clock is, until `lead`.
        """
        told = self._silence(now)
        self._run = run = _Run(time, position, pace, position, position)
        # A receiver can be put to whole sixteenths only.
        sixteenths = math.ceil(position * 4 - 1e-6)
        start = run.when(sixteenths / 4)
        self._ticks = replace(run, time=start, position=sixteenths / 4)
        place = sixteenths % (m.LAST_POSITION + 1)
        clock = m.ClockRun(start, pace / 24, sixteenths > 0, place)
        return [*told, *self.program(now), clock, *self.advance(now)]

    def follow(self, now: float, time: float, position: float, pace: float) -> Messages:
        """Keeps in step with a clock: ``position`` is heard at ``time``, as in `join`.

        Nothing is said while the music is close enough as it was told.
        """
        run = self._run
        if run is None:
            return []
        if self._ticks is None:
            self._ticks = replace(run, position=run.position - run.moved)
        new = replace(run, time=time, position=position + run.moved, pace=pace)
        told = self._tick_along(now, new)
        edge = max(run.at(now + FOLLOW_MARGIN), run.first)
        if all(abs(new.when(end) - run.when(end)) <= CLOSE for end in (edge, run.told)):
            return told
        self._run = new
        if edge >= run.told:
            # The engine was held up: what the player lacks is told by the new clock.
            return told
        over = self._line.covering(edge)
        under = self._of(over, new) if over is not None and over.start >= run.first else None
        start = max(edge, new.at(now - LATE))
        later = [self._of(stretch, new) for stretch in self._line.between(start, new.told)]
        return told + self._differ(run.when(edge), under, later)

    def lead(self, now: float) -> Messages:
        """Goes on at the song's own tempo, from where the music is."""
        if self._run is None or self._ticks is None:
            return []
        self._ticks = None
        position = max(self._run.at(now + MARGIN), self._run.first)
        pace = 60 / self._song.tempo
        told = self._replan(position, self._line, pace)
        # Said in any case: our clock may just have been catching up.
        clock = m.ClockTempo(self._run.when(position), pace / 24)
        return [clock, *(message for message in told if message != clock)]

    def stop(self, now: float) -> Messages:
        """Stops the loop, and whatever else sounds."""
        running, self._run = self._run, None
        return self._silence(now) + ([m.ClockStop(now)] if running else [])

    def panic(self, now: float) -> Messages:
        """Stops and silences without regard to what should sound."""
        running, self._run = self._run, None
        self._sent = []
        return [m.Panic(), *([m.ClockStop(now)] if running else [])]

    def program(self, now: float) -> Messages:
        """Tells the instrument which program it is; wanted whenever a port opens."""
        track = self._song.track
        return [m.Send(now, bytes((0xC0 | track.channel, track.program)))]

    def advance(self, now: float, ahead: float | None = None) -> Messages:
        """Tells the player the notes up to ``ahead`` seconds from now."""
        run = self._run
        if run is None:
            return []
        if ahead is None:
            ahead = LOOK_AHEAD if self._ticks is None else FOLLOW_AHEAD
        self._topped = now
        return self._tell_until(run.at(now + ahead), now)

    def again(self, now: float) -> Messages:
        """Tells everything once more, to a player that took the place of another."""
        self._sent = []
        if self._run is None:
            return []
        self._run = replace(self._run, told=self._run.at(now))
        return [*self.program(now), *self.advance(now)]

    def audition(self, measures: Sequence[Measure], now: float) -> Messages:
        """Sounds measures once, cutting what sounds, if the loop does not run."""
        if self._run is not None:
            return []
        if not measures:
            return self._silence(now)
        pace, line = 60 / self._song.tempo, Line(measures)
        notes = [
            self._timed(
                now + note.start * pace, now + min(note.end, line.length) * pace, note.pitch
            )
            for note in line.between(0.0, line.length)
        ]
        return self._silence(now) + self._notes(notes)

    def change(self, song: Song, now: float, timing: Literal["now", "beat"] = "now") -> Messages:
        """Goes on with another song; where notes change they are heard as ``timing`` says."""
        old, self._song = self._song, song
        told: Messages = []
        if (song.track.channel, song.track.program) != (old.track.channel, old.track.program):
            told += self.program(now)
        same = tuple(song.measures()) == self._line.measures
        if self._run is None or (same and (song.track, song.tempo) == (old.track, old.tempo)):
            self._line = self._line if same else Line(song.measures())
            return told
        position = self._run.at(now + MARGIN)
        if timing == "beat" and not same:
            position = max(math.ceil(position), self._run.first)
            # The old notes go on to the beat, however far it is.
            told += self._tell_until(position, now)
        position = max(position, self._run.first)
        pace = 60 / song.tempo if self._ticks is None else self._run.pace
        return told + self._replan(position, Line(song.measures()), pace)

    def _replan(self, position: float, line: Line, pace: float) -> Messages:
        run = self._run
        assert run is not None  # Only a running loop is planned.
        at = run.when(position)
        told: Messages = []
        if pace != run.pace:
            run = replace(run, time=at, position=position, pace=pace)
            told.append(m.ClockTempo(at, pace / 24))
        if line.length != self._line.length:
            # The place in the loop stays, or its beat where the loop has become shorter.
            shift = (position % self._line.length) % line.length - position
            run = replace(
                run,
                position=run.position + shift,
                first=run.first + shift,
                told=run.told + shift,
                moved=run.moved + shift,
            )
            position += shift
        self._line = line
        self._run = run = replace(run, told=max(run.told, position))
        over = line.covering(position)
        under = self._of(over, run) if over is not None and over.start >= run.first else None
        later = [self._of(stretch, run) for stretch in line.between(position, run.told)]
        return told + self._differ(at, under, later)

    def _tick_along(self, now: float, run: _Run) -> Messages:
        """Brings our own clock into phase with a run, within `CATCH_UP` and without a leap."""
        ticks = self._ticks
        assert ticks is not None  # Only while another's clock is followed.
        at = now + MARGIN
        position = ticks.at(at)
        goal = position + CATCH_UP
        due = run.when(goal + run.moved)
        # What it was told before its start it forgets.
        if at <= ticks.time or abs(ticks.when(goal) - due) <= CLOSE:
            return []
        pace = min(max((due - at) / CATCH_UP, run.pace / 2), run.pace * 2)
        self._ticks = replace(ticks, time=at, position=position, pace=pace)
        return [m.ClockTempo(at, pace / 24)]

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
        return self._notes([self._of(each, run) for each in self._line.between(start, position)])

    def _silence(self, now: float) -> Messages:
        held = any(note.off > now for note in self._sent)
        self._sent = []
        return [m.Flush(now, cut=True)] if held else []

    def _notes(self, notes: list[m.TimedNote]) -> Messages:
        self._sent += notes
        return [m.Notes(tuple(notes))] if notes else []

    def _of(self, stretch: Stretch, run: _Run) -> m.TimedNote:
        return self._timed(run.when(stretch.start), run.when(stretch.end), stretch.pitch)

    def _timed(self, on: float, off: float, pitch: int) -> m.TimedNote:
        return m.TimedNote(on, off, self._song.track.channel, pitch, self._song.track.velocity)


def _key(note: m.TimedNote) -> tuple[int, int]:
    return note.channel, note.pitch
