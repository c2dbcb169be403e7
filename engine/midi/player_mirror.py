"""The mirror of what a player was sent: how it differs from a plan, and all of it once more."""

from __future__ import annotations

from bisect import insort_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Literal

from engine.midi import messages as m
from engine.midi.clock import Change, Clock

SHORTEST = 0.02
"""The shortest rest of a note, in seconds, that is worth starting in its middle."""

RESUME_AHEAD = 0.05
"""Seconds after which the clock of a player that knows nothing goes on."""

_KEPT = 1.0
"""Seconds after its end for which a note is remembered."""

_SAME = 1e-6
"""Seconds by which what is the same may differ."""

_BANKS, _MODES = (0, 32), 120
_PARAMETERS = (6, 38, *range(96, 102))
"""Controllers that mean something only one after the other."""

Messages = list[m.ToPlayer]
Sounding = tuple[m.TimedNote, ...] | Literal["as it is"]
Standing = m.Listen | m.Thru | m.ExcludeFromThru | m.Monitor
_Place = tuple[float, int, int]
_Lane = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PlayerPlan:
    """What a player should hold from ``at`` (seconds) on.

    ``notes`` start at ``at`` or later, those of each outlet in order; ``program`` are messages
    for its instruments, ``clock`` what its clock is to do.
    """

    at: float
    notes: tuple[m.Notes, ...] = ()
    program: tuple[m.Send, ...] = ()
    clock: tuple[Change, ...] = ()

    @property
    def messages(self) -> tuple[m.ToPlayer, ...]:
        """All of it, for a player that holds nothing."""
        return (*self.program, *self.clock, *self.notes)


class PlayerMirror:
    """The ports, settings, notes, programs and controllers of a player, and its clock.

    It sends nothing: what `diff` and `replay` give is to be sent, and then handed to `apply`.
    """

    def __init__(self) -> None:
        self._ports: dict[int, m.UsePort] = {}
        self._standing: dict[type, Standing] = {}
        # By outlet and voice.
        self._notes: dict[_Lane, dict[_Place, m.TimedNote]] = {}
        # By outlet, channel, and the order in which an instrument is to be set up: the value that
        # holds, and those to come.
        self._program: dict[tuple[int, int, int, int], list[m.Send]] = {}
        self._clock = Clock()

    def apply(self, message: m.ToPlayer, now: float) -> bool:
        """Follow a message that is sent at ``now``; tells whether a `replay` heeds it."""
        match message:
            case m.Notes(notes):
                held = self._notes.setdefault((message.outlet, message.voice), {})
                for place in [each for each, note in held.items() if note.off <= now - _KEPT]:
                    del held[place]
                held |= {_place(note): note for note in notes}
            case m.Flush(at, cut):
                for (outlet, voice), held in self._notes.items():
                    if outlet == message.outlet and message.voice in (None, voice):
                        _flush(held, at, cut)
            case m.Prolong(channel, pitch, off):
                held = self._notes.get((message.outlet, message.voice), {})
                _prolong(held, channel, pitch, off)
            case m.Send(_, data, outlet) if (order := _order(data)) is not None:
                values = self._program.setdefault((outlet, data[0] & 0x0F, *order), [])
                insort_right(values, message, key=attrgetter("at"))
                del values[: max(0, sum(each.at <= now for each in values) - 1)]
            case m.ClockRun() | m.ClockTempo() | m.ClockStop():
                # Walked up to now, so that what has passed is not remembered for ever.
                self._clock.pop_due(now)
                self._clock.change(message)
            case m.SilenceAll():
                self._notes.clear()
            case m.UsePort():
                self._ports[message.outlet] = message
            case m.Listen() | m.Thru() | m.ExcludeFromThru() | m.Monitor():
                self._standing[type(message)] = message
            case _:
                return False
        return True

    @property
    def ports(self) -> tuple[m.UsePort, ...]:
        """The port of each outlet."""
        return tuple(self._ports.values())

    @property
    def standing(self) -> tuple[Standing, ...]:
        """What is heard, passed on and reported until further notice."""
        return tuple(self._standing.values())

    @property
    def outlets(self) -> tuple[int, ...]:
        """The outlets on which any notes are held."""
        return tuple(sorted({outlet for (outlet, _), held in self._notes.items() if held}))

    @property
    def end(self) -> float:
        """When the last note ends; minus infinity where none is held."""
        ends = (note.off for held in self._notes.values() for note in held.values())
        return max(ends, default=float("-inf"))

    def notes(self, at: float, outlet: int = 0, voice: int = 0) -> tuple[m.TimedNote, ...]:
        """Return the notes of a voice on an outlet that start at ``at`` or later, in order."""
        held = self._notes.get((outlet, voice), {})
        return tuple(sorted((note for note in held.values() if note.on >= at), key=_place))

    def sounding(self, at: float, outlet: int = 0, voice: int = 0) -> tuple[m.TimedNote, ...]:
        """Return the notes of a voice that started before ``at`` and have not ended, in order."""
        held = self._notes.get((outlet, voice), {}).values()
        newest: dict[tuple[int, int], m.TimedNote] = {}
        for note in sorted((each for each in held if each.on < at), key=_place):
            newest[_key(note)] = note
        return tuple(sorted((n for n in newest.values() if n.off >= at), key=_place))

    def interval(self, now: float) -> float | None:
        """Return the seconds between the ticks of the clock; None where it stands."""
        self._clock.pop_due(now)
        run = self._clock.resume(now)
        return run.interval if run is not None else None

    def clock(self, now: float, at: float) -> tuple[Change, ...]:
        """Return what starts a clock that should run from ``at`` on, and its changes to come."""
        self._clock.pop_due(now)
        return self._clock.replay(at)

    def program(self, at: float) -> tuple[m.Send, ...]:
        """Return what sets the instruments up at ``at``, and the values to come."""
        sends: list[m.Send] = []
        for _, values in sorted(self._program.items()):
            past = sum(each.at <= at for each in values)
            sends += [replace(each, at=at) for each in values[:past][-1:]] + values[past:]
        return tuple(sends)

    def plan(self, now: float, at: float) -> PlayerPlan:
        """Return what is held from ``at`` on."""
        notes = (m.Notes(self.notes(at, *lane), *lane) for lane in sorted(self._notes))
        held = tuple(each for each in notes if each.notes)
        return PlayerPlan(at, held, self.program(at), self.clock(now, at))

    def diff(self, plan: PlayerPlan, now: float, sounding: Sounding = "as it is") -> Messages:
        """Return what brings the player to a plan.

        ``sounding`` are the notes that should sound at the plan's time in the plan's only voice; as
        it is, they are left alone, and so is what is held and wanted: it may be about to sound.
        """
        messages: Messages = []
        if not _alike(self.clock(now, plan.at), plan.clock):
            messages += plan.clock or (m.ClockStop(now),)
        messages += plan.program
        wanted = {(each.outlet, each.voice): each.notes for each in plan.notes}
        for lane in sorted(self._notes.keys() | wanted):
            later = wanted.get(lane, ())
            if sounding == "as it is":
                messages += self._put_right(later, plan.at, lane)
            else:
                messages += self._go_over(sounding, later, plan.at, lane)
        return messages

    def replay(self, now: float) -> Messages:
        """Return all that is held, for a player that knows nothing and takes another's place."""
        # That one may have left notes sounding.
        ports = (replace(each, hush=True) for each in self.ports)
        music = replace(self.plan(now, now), clock=self.clock(now, now + RESUME_AHEAD))
        return [*ports, *self.standing, *music.messages]

    def _put_right(self, wanted: Sequence[m.TimedNote], at: float, lane: _Lane) -> Messages:
        have = set(self.notes(at, *lane))
        wrong = [note.on for note in have.difference(wanted)]
        first = max(at, min(wrong)) if wrong else float("inf")
        flush: Messages = [m.Flush(first, False, *lane)] if wrong else []
        return flush + _notes([n for n in wanted if n.on >= first or n not in have], lane)

    def _go_over(
        self, wanted: Sequence[m.TimedNote], later: Sequence[m.TimedNote], at: float, lane: _Lane
    ) -> Messages:
        held = {_key(note): note for note in self.sounding(at, *lane)}
        until = {_key(note): note.off for note in wanted}
        ends = {key: until.get(key, at) for key in held}
        same = (
            all(ends[key] == note.off for key, note in held.items()) and until.keys() <= ends.keys()
        )
        if same and (*later,) == self.notes(at, *lane):
            return []
        over = [key for key in held if key in until]
        messages: Messages = [m.Flush(at, not over, *lane)]
        cut = min((ends[key] for key in held if ends[key] < held[key].off), default=float("inf"))
        if over and cut < float("inf"):
            # All that started later is gone by now, so this ends what sounds and nothing else.
            messages.append(m.Flush(max(cut, at), True, *lane))
        messages += [
            m.Prolong(*key, ends[key], *lane) for key in over if ends[key] > min(held[key].off, cut)
        ]
        fresh = [note for note in wanted if _key(note) not in held and note.off - at >= SHORTEST]
        return messages + _notes([*(replace(note, on=at) for note in fresh), *later], lane)


def _notes(notes: Sequence[m.TimedNote], lane: _Lane) -> Messages:
    return [m.Notes(tuple(notes), *lane)] if notes else []


def _order(data: bytes) -> tuple[int, int] | None:
    """Return the place of a message among what sets an instrument up; None for what does not."""
    kind = data[0] & 0xF0
    if kind == 0xC0:
        return 1, 0
    if kind in (0xD0, 0xE0):
        return 2, kind
    if kind != 0xB0 or data[1] >= _MODES or data[1] in _PARAMETERS:
        return None
    # A bank holds from the next change of program on.
    return (0 if data[1] in _BANKS else 2), data[1]


def _flush(held: dict[_Place, m.TimedNote], at: float, cut: bool) -> None:
    for place, note in list(held.items()):
        if note.on >= at:
            del held[place]
        elif cut and note.off > at:
            held[place] = replace(note, off=at)


def _prolong(held: dict[_Place, m.TimedNote], channel: int, pitch: int, off: float) -> None:
    same = [note for note in held.values() if _key(note) == (channel, pitch)]
    if same and (newest := max(same, key=_place)).off < off:
        held[_place(newest)] = replace(newest, off=off)


def _alike(ours: Sequence[Change], theirs: Sequence[Change]) -> bool:
    # Both were reckoned from the same start by other ways, so that they differ by roundings.
    return len(ours) == len(theirs) and all(
        type(a) is type(b)
        and abs(a.at - b.at) < _SAME
        and getattr(a, "position", 0) == getattr(b, "position", 0)
        and abs(getattr(a, "interval", 0.0) - getattr(b, "interval", 0.0)) < _SAME
        for a, b in zip(ours, theirs, strict=True)
    )


def _key(note: m.TimedNote) -> tuple[int, int]:
    return note.channel, note.pitch


def _place(note: m.TimedNote) -> _Place:
    return note.on, note.channel, note.pitch
