"""What a player holds, as it was told: so that another can be told the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.midi import messages as m
from engine.midi.clock import Change, Clock

_PAST = 1.0
"""Seconds after its end for which a note is remembered."""


_BANKS, _MODES = (0, 32), 120
_PARAMETERS = (6, 38, *range(96, 102))
"""Controllers that mean something only one after the other."""

_Place = tuple[float, int, int]


class Held:
    """The notes, programs and controllers of each outlet, and the clock, as all messages say."""

    def __init__(self) -> None:
        self._notes: dict[int, dict[_Place, m.TimedNote]] = {}
        # By outlet, channel, and the order in which an instrument is to be told.
        self._settings: dict[tuple[int, int, int, int], bytes] = {}
        self._clock = Clock()

    def take(self, message: m.ToPlayer, now: float) -> None:
        """Follow one message that a player is told at ``now``."""
        held = self._notes.setdefault(m.outlet_of(message), {})
        match message:
            case m.Notes(notes):
                for place in [each for each, note in held.items() if note.off <= now - _PAST]:
                    del held[place]
                held |= {_place(note): note for note in notes}
            case m.Flush(at, cut):
                _flush(held, at, cut)
            case m.Prolong(channel, pitch, off):
                _prolong(held, channel, pitch, off)
            case m.Send(_, data, outlet) if (order := _order(data)) is not None:
                self._settings[outlet, data[0] & 0x0F, *order] = data
            case m.ClockRun() | m.ClockTempo() | m.ClockStop():
                # Walked up to now, so that what has passed is not remembered for ever.
                self._clock.take(now)
                self._clock.change(message)
            case m.SilenceAll():
                self._notes.clear()

    def notes(self, at: float, outlet: int = 0) -> tuple[m.TimedNote, ...]:
        """Return the notes of an outlet that start at ``at`` or later, in order."""
        held = self._notes.get(outlet, {})
        return tuple(sorted((note for note in held.values() if note.on >= at), key=_place))

    def score(self, at: float) -> tuple[m.Notes, ...]:
        """Return the notes of all outlets that start at ``at`` or later."""
        scores = (m.Notes(self.notes(at, outlet), outlet) for outlet in sorted(self._notes))
        return tuple(score for score in scores if score.notes)

    def put_right(self, wanted: Sequence[m.Notes], at: float) -> list[m.ToPlayer]:
        """Return what brings the player that holds this from ``at`` on to what it should hold."""
        named = {score.outlet: score.notes for score in wanted}
        return [
            message
            for outlet in sorted(self._notes.keys() | named)
            for message in _put_right(self.notes(at, outlet), named.get(outlet, ()), at, outlet)
        ]

    def program(self, at: float) -> tuple[m.Send, ...]:
        """Return what tells the instruments their programs and controllers at ``at``."""
        settings = sorted(self._settings.items())
        return tuple(m.Send(at, data, outlet) for (outlet, *_), data in settings)

    def clock(self, now: float, at: float) -> tuple[Change, ...]:
        """Return what starts a clock that should run from ``at`` on, and its changes to come."""
        self._clock.take(now)
        resume = self._clock.resume(at)
        return (*([resume] if resume else []), *self._clock.pending())

    def interval(self, now: float) -> float | None:
        """Return the seconds between the ticks of the clock; None where it stands."""
        self._clock.take(now)
        run = self._clock.resume(now)
        return run.interval if run is not None else None

    @property
    def end(self) -> float:
        """When the last note ends; minus infinity where none is held."""
        ends = (note.off for held in self._notes.values() for note in held.values())
        return max(ends, default=float("-inf"))


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
    same = [note for note in held.values() if (note.channel, note.pitch) == (channel, pitch)]
    if same and (newest := max(same, key=_place)).off < off:
        held[_place(newest)] = replace(newest, off=off)


def _put_right(
    held: Sequence[m.TimedNote], wanted: Sequence[m.TimedNote], at: float, outlet: int
) -> list[m.ToPlayer]:
    # What is held and wanted is left alone: it may be about to sound.
    have, want = set(held), set(wanted)
    wrong = [note.on for note in have - want]
    if not wrong:
        missing = tuple(note for note in wanted if note not in have)
        return [m.Notes(missing, outlet)] if missing else []
    first = max(at, min(wrong))
    rest = tuple(note for note in wanted if note.on >= first or note not in have)
    flush = m.Flush(first, outlet=outlet)
    return [flush, m.Notes(rest, outlet)] if rest else [flush]


def _place(note: m.TimedNote) -> _Place:
    return note.on, note.channel, note.pitch
