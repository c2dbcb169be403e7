"""What passed over the MIDI ports, as far as it is kept, and which of it is to be seen."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Self

from engine.midi.describe import Decoded, Kind, decode
from engine.protocol.devices import MidiLine, MidiTraffic, Way

KEPT = 2000
"""Messages that are kept at most; the oldest go first."""

KEPT_PULSES = 500
"""Clock pulses and the like that are kept beside them: they would drive out all else."""

SPAN = 2.0
"""Seconds over which messages a second are counted."""

RAW = 16
"""Bytes of a message that are kept as they are."""

KINDS: tuple[Kind, ...] = ("note", "controller", "clock", "pulse", "system")
WAYS: tuple[Way | None, ...] = (None, "in", "out")


@dataclass(frozen=True, slots=True)
class Passed:
    """One message as it is shown; ``number`` counts all that came, from 0."""

    number: int
    line: MidiLine
    decoded: Decoded
    size: int


@dataclass(frozen=True, slots=True)
class Filter:
    """What is to be seen: kinds, a direction and a channel (None: any), and words in a line."""

    kinds: frozenset[Kind] = field(default=frozenset(KINDS) - {"pulse"})
    way: Way | None = None
    channel: int | None = None
    words: str = ""

    def toggled(self, kind: Kind) -> Self:
        """Return the filter with one kind let through, or no longer."""
        return replace(self, kinds=self.kinds ^ {kind})

    def lets(self, passed: Passed) -> bool:
        """Return whether a message is to be seen; what goes to all channels is of every one."""
        line, decoded = passed.line, passed.decoded
        return (
            decoded.kind in self.kinds
            and self.way in (None, line.way)
            and (self.channel is None or decoded.channel in (None, self.channel))
            and (
                not self.words
                or self.words.casefold() in f"{line.port} {decoded.text}".casefold()
                or self.words.casefold() in raw(passed, RAW).casefold()
            )
        )


class MidiLog:
    """Keeps the latest messages, and counts."""

    def __init__(self) -> None:
        self.missed = 0
        self._count = 0
        self._rows: deque[Passed] = deque(maxlen=KEPT)
        self._pulses: deque[Passed] = deque(maxlen=KEPT_PULSES)
        self._arrivals: deque[tuple[float, int, int]] = deque()

    @property
    def newest(self) -> int:
        """The number of the newest message; -1 before any."""
        return self._count - 1

    @property
    def empty(self) -> bool:
        """Whether nothing is kept."""
        return not self._rows and not self._pulses

    def add(self, traffic: MidiTraffic, now: float) -> None:
        """Add what the engine sent at ``now``."""
        for line in traffic.lines:
            decoded = decode(line.data)
            kept = replace(line, data=line.data[:RAW])
            rows = self._pulses if decoded.kind == "pulse" else self._rows
            rows.append(Passed(self._count, kept, decoded, len(line.data)))
            self._count += 1
        self.missed += traffic.missed_in + traffic.missed_out
        came = sum(line.way == "in" for line in traffic.lines)
        went = len(traffic.lines) - came
        self._arrivals.append((now, came + traffic.missed_in, went + traffic.missed_out))
        self._drop(now)

    def clear(self) -> None:
        """Forget the messages, and how many were passed over."""
        self._rows.clear()
        self._pulses.clear()
        self.missed = 0

    def rates(self, now: float) -> tuple[float, float]:
        """Return the messages a second that came in and went out lately."""
        self._drop(now)
        came = sum(each for _, each, _ in self._arrivals)
        went = sum(each for _, _, each in self._arrivals)
        return came / SPAN, went / SPAN

    def backwards(self, through: Filter, until: int | None = None) -> Iterator[Passed]:
        """Yield what a filter lets through, the newest first, from a number on downwards."""
        sources = [reversed(self._rows)]
        if "pulse" in through.kinds:
            sources.append(reversed(self._pulses))
        for passed in heapq.merge(*sources, key=lambda each: -each.number):
            if (until is None or passed.number <= until) and through.lets(passed):
                yield passed

    def page(self, through: Filter, count: int, until: int | None = None) -> list[Passed]:
        """Return the last ``count`` that a filter lets through, the newest last."""
        return list(islice(self.backwards(through, until), count))[::-1]

    def moved(self, through: Filter, until: int, by: int, room: int) -> int | None:
        """Return the number at the foot of a page of ``room``, ``by`` messages later than another.

        Below 0 it is earlier, and the first full page is the end. None is past the newest.
        """
        if by < 0:
            older = list(islice(self.backwards(through, until), room - by))
            return older[max(0, min(-by, len(older) - room))].number if older else until
        newer = [each.number for each in self.backwards(through) if each.number > until]
        return newer[-by] if len(newer) > by else None

    def _drop(self, now: float) -> None:
        while self._arrivals and self._arrivals[0][0] <= now - SPAN:
            self._arrivals.popleft()


def raw(passed: Passed, count: int) -> str:
    """Return the first ``count`` bytes of a message in hexadecimal, and whether there are more."""
    shown = passed.line.data[:count].hex(" ").upper()
    return shown + (" …" if passed.size > min(count, len(passed.line.data)) else "")
