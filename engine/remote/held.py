"""What a player holds, as it was told: so that another can be told the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.midi import messages as m
from engine.midi.clock import Change, Clock

_PAST = 1.0
"""Seconds after its end for which a note is remembered."""


class Held:
    """The notes, programs and clock that follow from all messages so far, of outlet 0 alone."""

    def __init__(self) -> None:
        self._notes: dict[tuple[float, int, int], m.TimedNote] = {}
        self._programs: dict[int, bytes] = {}
        self._clock = Clock()

    def take(self, message: m.ToPlayer, now: float) -> None:
        """Follows one message that a player is told at ``now``."""
        if m.outlet_of(message):
            return
        match message:
            case m.Notes(notes):
                self._notes = {
                    place: note for place, note in self._notes.items() if note.off > now - _PAST
                }
                self._notes |= {_place(note): note for note in notes}
            case m.Flush(at, cut):
                self._flush(at, cut)
            case m.Prolong(channel, pitch, off):
                self._prolong(channel, pitch, off)
            case m.Send(_, data) if data[0] & 0xF0 == 0xC0:
                self._programs[data[0] & 0x0F] = data
            case m.ClockRun() | m.ClockTempo() | m.ClockStop():
                # Walked up to now, so that what has passed is not remembered for ever.
                self._clock.take(now)
                self._clock.change(message)
            case m.Panic():
                self._notes.clear()

    def notes(self, at: float) -> tuple[m.TimedNote, ...]:
        """Gives the notes that start at ``at`` or later, in order."""
        return tuple(sorted((n for n in self._notes.values() if n.on >= at), key=_place))

    def program(self, at: float) -> tuple[m.Send, ...]:
        """Gives what tells an instrument its programs at ``at``."""
        return tuple(m.Send(at, data) for _, data in sorted(self._programs.items()))

    def clock(self, now: float, at: float) -> tuple[Change, ...]:
        """Gives what sets a clock going that should run from ``at`` on, and its changes to come."""
        self._clock.take(now)
        resume = self._clock.resume(at)
        return (*([resume] if resume else []), *self._clock.pending())

    def interval(self, now: float) -> float | None:
        """Gives the seconds between the ticks of the clock; None where it stands."""
        self._clock.take(now)
        run = self._clock.resume(now)
        return run.interval if run is not None else None

    @property
    def end(self) -> float:
        """When the last note ends; minus infinity where none is held."""
        return max((note.off for note in self._notes.values()), default=float("-inf"))

    def _flush(self, at: float, cut: bool) -> None:
        kept = [note for note in self._notes.values() if note.on < at]
        if cut:
            kept = [replace(note, off=min(note.off, at)) for note in kept]
        self._notes = {_place(note): note for note in kept}

    def _prolong(self, channel: int, pitch: int, off: float) -> None:
        same = [n for n in self._notes.values() if (n.channel, n.pitch) == (channel, pitch)]
        if same and (newest := max(same, key=_place)).off < off:
            self._notes[_place(newest)] = replace(newest, off=off)


def put_right(
    held: Sequence[m.TimedNote], wanted: Sequence[m.TimedNote], at: float
) -> list[m.ToPlayer]:
    """Gives what brings a player from the notes it holds from ``at`` on to those it should hold.

    What it holds and should hold is left alone: it may be about to sound.
    """
    have, want = set(held), set(wanted)
    wrong = [note.on for note in have - want]
    if not wrong:
        missing = [note for note in wanted if note not in have]
        return [m.Notes(tuple(missing))] if missing else []
    first = max(at, min(wrong))
    told: list[m.ToPlayer] = [m.Flush(first)]
    rest = [note for note in wanted if note.on >= first or note not in have]
    return [*told, m.Notes(tuple(rest))] if rest else told


def _place(note: m.TimedNote) -> tuple[float, int, int]:
    return note.on, note.channel, note.pitch
