"""From the bars of a tune as printed to measures on the grid, of four quarters or of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from importlib import import_module
from typing import Any

from engine.corpus.table import OWN_METRES
from engine.music.grid import FOUR_QUARTERS, GRIDS, Grid
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure

FOUR = {"4/4": Fraction(4), "2/2": Fraction(4), "2/4": Fraction(2)}
"""The metres that make four-quarter measures, and a bar's length in quarter notes."""

OTHERS = {name: GRIDS[name] for name in OWN_METRES}
"""The metres that make measures of their own, and the grid of each."""

OTHER_LENGTHS = {name: grid.length for name, grid in OTHERS.items()}

Lengths = Mapping[str, Fraction]
"""The metres that are read, and a bar's length in quarter notes."""


@dataclass(frozen=True, slots=True)
class PrintedEvent:
    """A note, or with ``pitch`` None a rest; ``tied`` to the note before it, of the same pitch."""

    length: Fraction
    pitch: int | None
    tied: bool = False


@dataclass(frozen=True)
class PrintedBar:
    """What stands between two bar lines.

    ``number`` counts full bars from 1 and is 0 for a pick-up. ``opens`` says that a repeat
    sign or double bar stands before it, ``ending`` that it begins the first or second
    ending. ``single`` is False if two notes sound at once.
    """

    events: tuple[PrintedEvent, ...] = ()
    metre: str = ""
    number: int = 0
    opens: bool = True
    ending: int = 0
    single: bool = True

    @property
    def length(self) -> Fraction:
        """The length of all that stands in it, in quarter notes."""
        return sum((event.length for event in self.events), Fraction(0))

    def missing(self, lengths: Lengths) -> Fraction:
        """Return how much shorter it is than its metre asks, 0 for a metre that is not read."""
        return lengths[self.metre] - self.length if self.metre in lengths else Fraction(0)


@dataclass
class _Reader:
    """Gathers bars from tokens."""

    bars: list[PrintedBar] = field(default_factory=list)
    events: list[PrintedEvent] = field(default_factory=list)
    next: PrintedBar = PrintedBar()
    metre: str = ""

    def line(self, token: Any) -> None:
        strong = not token.isRegular()
        if self.events:
            bar = replace(self.next, events=tuple(self.events), metre=self.metre)
            self.bars.append(bar)
            self.events, self.next = [], PrintedBar(opens=strong)
        opens = self.next.opens or strong
        self.next = replace(
            self.next, opens=opens, ending=token.isRepeatBracket() or self.next.ending
        )

    def note(self, token: Any) -> None:
        length = Fraction(token.quarterLength).limit_denominator(960)
        if token.activeTuplet is not None:
            length *= Fraction(token.activeTuplet.tupletMultiplier())
        pitch = None if token.isRest else _midi(token.pitchName)
        before = self.events or (self.bars[-1].events if self.bars else ())
        tied = (
            token.tie in ("stop", "continue")
            and pitch is not None
            and bool(before)
            and before[-1].pitch == pitch
        )
        self.events.append(PrintedEvent(length, pitch, tied))

    def chord(self, token: Any) -> None:
        self.events.append(PrintedEvent(Fraction(token.quarterLength).limit_denominator(960), None))
        self.next = replace(self.next, single=False)


def bars(tokens: Iterable[Any], lengths: Lengths = FOUR) -> list[PrintedBar]:
    """Return the bars of one voice from music21's processed ABC tokens.

    Grace notes and chord symbols are dropped. Pick-ups are known in the metres of ``lengths``.
    """
    abc = import_module("music21.abcFormat")
    reader = _Reader()
    for token in tokens:
        if isinstance(token, abc.ABCMetadata) and token.isMeter():
            found = token.getTimeSignatureParameters()
            reader.metre = f"{found[0]}/{found[1]}" if found else ""
        elif isinstance(token, abc.ABCBar):
            reader.line(token)
        elif isinstance(token, abc.ABCChord):
            reader.chord(token)
        elif isinstance(token, abc.ABCNote) and not token.inGrace:
            reader.note(token)
    if reader.events:
        reader.bars.append(replace(reader.next, events=tuple(reader.events), metre=reader.metre))
    return _numbered(_joined(reader.bars, lengths), lengths)


def measures(read: Iterable[PrintedBar]) -> Iterator[tuple[int, Measure]]:
    """Yield each bar, or pair of 2/4 bars, that makes a measure, with its number.

    What is off the grid, out of range, not exactly full, in two voices or silent throughout
    makes none. Pairs of 2/4 bars are counted anew from each repeat sign or double bar, and
    a second ending goes on where the first began.
    """
    first: PrintedBar | None = None
    at_ending: PrintedBar | None = None
    for bar in read:
        if bar.metre != "2/4":
            first = None
            whole = bar
        else:
            if bar.ending == 1:
                at_ending = first
            elif bar.ending == 2:
                first = at_ending
            elif bar.opens:
                first = None
            if bar.missing(FOUR):
                # A pick-up leaves the counting alone; a faulty bar fills its place.
                first = None if bar.number == 0 or first else bar
                continue
            if first is None:
                first = bar
                continue
            whole, first = _put_together(first, bar), None
        measure = _measure(whole, FOUR_QUARTERS) if whole.metre in FOUR else None
        if measure is not None:
            yield whole.number, measure


def other_measures(read: Iterable[PrintedBar], metre: str) -> Iterator[tuple[int, Measure]]:
    """Yield each bar of one of the `OTHERS` that makes a measure, with its number.

    The same bars make none as with `measures`.
    """
    for bar in read:
        if bar.metre == metre:
            measure = _measure(bar, OTHERS[metre])
            if measure is not None:
                yield bar.number, measure


def _joined(read: list[PrintedBar], lengths: Lengths) -> list[PrintedBar]:
    # A strain that begins with a pick-up closes with a bar that lacks it. What completes that
    # bar is the pick-up of the next strain or, where that does not fit, the strain's own:
    # strains are played again, as is the whole tune, whether or not a sign is printed.
    result: list[PrintedBar] = []
    pick_up: PrintedBar | None = None
    index, opens = 0, False
    while index < len(read):
        bar = read[index]
        after = read[index + 1] if index + 1 < len(read) else None
        if bar.opens and not bar.ending:
            pick_up = bar if bar.missing(lengths) > 0 else None
        if opens:
            bar, opens = replace(bar, opens=True), False
        if bar is not pick_up and bar.missing(lengths) > 0 and (after is None or after.opens):
            if after and after.ending != 2 and _complete(bar, after, lengths):
                bar, pick_up, opens = _put_together(bar, after), after, True
                index += 1
            elif pick_up and _complete(bar, pick_up, lengths):
                bar = _put_together(bar, pick_up)
        result.append(bar)
        index += 1
    return result


def _complete(closing: PrintedBar, pick_up: PrintedBar, lengths: Lengths) -> bool:
    return closing.metre == pick_up.metre and closing.missing(lengths) == pick_up.length


def _put_together(first: PrintedBar, second: PrintedBar) -> PrintedBar:
    return replace(
        first,
        events=first.events + second.events,
        single=first.single and second.single,
    )


def _numbered(read: list[PrintedBar], lengths: Lengths) -> list[PrintedBar]:
    result, number = [], 0
    for bar in read:
        if bar.opens and bar.missing(lengths) > 0:
            result.append(replace(bar, number=0))
        else:
            number += 1
            result.append(replace(bar, number=number))
    return result


def _measure(bar: PrintedBar, grid: Grid) -> Measure | None:
    if not bar.single or bar.length != grid.length:
        return None
    tokens = [HOLD] * grid.ticks
    at = Fraction(0)
    for event in bar.events:
        if event.length and not event.tied:
            if at not in grid.onsets:
                return None
            if event.pitch is not None and not LOWEST <= event.pitch <= HIGHEST:
                return None
            tokens[grid.onsets.index(at)] = REST if event.pitch is None else event.pitch
        at += event.length
    measure = Measure.from_tokens(tokens, grid)
    return None if measure.silent else measure


@cache
def _midi(name: str) -> int:
    return int(import_module("music21.pitch").Pitch(name).midi)
