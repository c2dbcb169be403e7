"""The comparison: what was made beside what stands in print, the notes that agree marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from rich.style import Style

from engine.influence.spec import Match
from engine.music.measure import Measure
from engine.music.pitch_names import pitch_name
from engine.protocol.analysis import MatchExcerpt
from tui.formatting import influence as words
from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture
from tui.widgets.piano_roll import GHOSTS, GUTTER, NOTES

APART = 3
"""Columns between two rolls side by side."""

BROAD = 4
"""Columns a beat from which rolls stand side by side where there is room to stack them, too."""

STACKED = 14
"""Rows from which there is room for one roll above the other."""

Side = Literal["ours", "theirs"]


@dataclass(frozen=True, slots=True)
class Sound:
    """A note: from ``start`` to ``end`` in quarter notes of the span, and whether it agrees."""

    start: Fraction
    end: Fraction
    pitch: int
    agrees: bool


@dataclass(frozen=True, slots=True)
class _Panel:
    # Where one roll lies, heading included, and from which pitch upwards it shows.
    x: int
    y: int
    width: int
    height: int
    low: int
    shared: int


class Comparison(Canvas):
    """Two piano rolls: solid notes agree in both, thin ones stand in one alone."""

    BINDING_GROUP_TITLE = "Side by side"
    HELP = """\
Both rolls have the same time axis, and the pitches of the print are moved so that notes that
agree lie at the same height: solid where they agree, thin where they do not.
"""
    DEFAULT_CSS = """
    Comparison {
        & > .comparison--title { color: $foreground; text-style: bold; }
        & > .comparison--words { color: $text-quiet; text-style: $style-quiet; }
        & > .comparison--agrees { color: $notes; text-style: bold; }
        & > .comparison--differs { color: $text-quiet; }
        & > .comparison--line { color: $faint; }
        & > .comparison--heard { color: $playing; text-style: bold; }
    }
    """

    _match: Match | None = None
    _beside = MatchExcerpt()
    _unit = "measure"
    _heard: Side | None = None

    def show(
        self, match: Match | None, beside: MatchExcerpt, unit: str, *, heard: Side | None = None
    ) -> None:
        """Show a match; ``heard`` is the side that was auditioned last."""
        now = (match, beside, unit, heard)
        if now != (self._match, self._beside, self._unit, self._heard):
            self._match, self._beside, self._unit, self._heard = now
            self.redraw()

    def plain(self) -> str:
        """Describe what is compared, and how many notes agree."""
        match = self._match
        if match is None:
            return "Nothing to compare."
        if not self._beside.ours:
            return (
                f"In print: {match.title}, {words.measures(match)}; sound is not compared by notes."
            )
        ours, theirs = (
            sum(len(measure.pitches) for measure in each)
            for each in (self._beside.ours, self._beside.theirs)
        )
        return (
            f"{len(match.pairs)} of {ours} notes agree with {match.title}, "
            f"{words.measures(match)}, which has {theirs}."
        )

    def paint(self, picture: Picture) -> None:
        """Draw the rolls side by side, or one above the other where that shows more."""
        match, beside = self._match, self._beside
        if match is None or picture.height < 3:
            return
        agree = [{pair[side] for pair in match.pairs} for side in (0, 1)]
        ours, theirs = sounds(beside.ours, agree[0]), sounds(beside.theirs, agree[1])
        length = max(_length(beside.ours), _length(beside.theirs))
        if not ours and not beside.ours:
            # Sound is not compared note by note, so that none is marked as differing.
            alone = [replace(each, agrees=True) for each in theirs]
            whole = self._panels(picture, 1, alone, alone)[0]
            self._paint_roll(picture, whole, self._print_title(), alone, length, "theirs")
            return
        moved = [Sound(s.start, s.end, s.pitch + match.transposed, s.agrees) for s in theirs]
        half = (picture.width - APART) // 2
        beside_each_other = self.beat_width(half, length) >= BROAD or picture.height < STACKED
        panels = self._panels(picture, 2 if beside_each_other else -2, ours, moved)
        self._paint_roll(picture, panels[0], self._own_title(), ours, length, "ours")
        print_panel = panels[1]
        shifted = _Panel(
            print_panel.x, print_panel.y, print_panel.width, print_panel.height,
            print_panel.low - match.transposed, print_panel.shared,
        )  # fmt: skip
        self._paint_roll(picture, shifted, self._print_title(), theirs, length, "theirs")

    @staticmethod
    def beat_width(width: int, length: Fraction) -> int:
        """Return the columns of a beat where a span of so many beats has ``width`` columns."""
        return max(1, int((width - GUTTER) // max(Fraction(1), length)))

    @staticmethod
    def _panels(
        picture: Picture, count: int, ours: Sequence[Sound], theirs: Sequence[Sound]
    ) -> list[_Panel]:
        # ``count``: 1, two side by side (2), or two stacked (-2). Both have one scale.
        rows = picture.height // 2 if count == -2 else picture.height
        shared, low = _fold([*ours, *theirs], rows - 1)
        if count == 1:
            return [_Panel(0, 0, picture.width, rows, low, shared)]
        if count == 2:
            half = (picture.width - APART) // 2
            return [_Panel(x, 0, half, rows, low, shared) for x in (0, half + APART)]
        return [_Panel(0, y, picture.width, rows, low, shared) for y in (0, rows)]

    def _own_title(self) -> tuple[str, ...]:
        match = self._match
        assert match is not None
        last = match.asked + match.measures - 1
        where = f"{match.asked}-{last}" if match.measures > 1 else f"{match.asked}"
        return f"yours, measure{'s' * (match.measures > 1)} {where}", f"yours {where}"

    def _print_title(self) -> tuple[str, ...]:
        match = self._match
        assert match is not None
        short = f"{match.title}, {words.bars(match)}"
        whole = f"in print, {match.title}, {words.measures(match)}"
        if not self._beside.ours:
            # One roll has room to say why the other is missing.
            return f"{whole}; a take is compared as sound, not by its notes", whole
        return f"in print, {match.title}, {words.measures(match)}", f"in print, {short}", short

    def _paint_roll(
        self,
        picture: Picture,
        panel: _Panel,
        title: tuple[str, ...],
        notes: Sequence[Sound],
        length: Fraction,
        side: Side,
    ) -> None:
        heard = self._heard == side
        picture.put(panel.x, panel.y, "♪" if heard else " ", self.style_of("comparison--heard"))
        text = fitting(panel.width - 2, *title)
        style = self.style_of("comparison--title")
        picture.put(panel.x + 2, panel.y, text, style)
        rows, beat = panel.height - 1, self.beat_width(panel.width, length)
        top, line = panel.y + 1, self.style_of("comparison--line")
        x = panel.x + GUTTER
        for y in range(top, top + rows):
            picture.put(x - 1, y, "│", line)
            for number in range(4, int(length), 4):
                picture.put(x + number * beat, y, "┊", line)
        names: dict[int, tuple[int, bool]] = {}
        highest = panel.low + panel.shared * rows - 1
        for note in sorted(notes, key=lambda note: note.agrees):
            above = highest - note.pitch
            if not 0 <= above < panel.shared * rows:
                at = top if above < 0 else top + rows - 1
                mark, style = "↑" if above < 0 else "↓", self._style(note)
                picture.put(x + int(note.start * beat), at, mark, style)
                continue
            row = above // panel.shared
            names[row] = (note.pitch, note.agrees)
            self._paint_note(picture, note, x, top + row, above % panel.shared, beat, panel)
        for row, (pitch, agrees) in names.items():
            style = self.style_of("comparison--agrees" if agrees else "comparison--words")
            picture.put(panel.x, top + row, pitch_name(pitch).rjust(GUTTER - 1), style)

    def _style(self, note: Sound) -> Style:
        return self.style_of("comparison--agrees" if note.agrees else "comparison--differs")

    def _paint_note(
        self, picture: Picture, note: Sound, x: int, y: int, place: int, beat: int, panel: _Panel
    ) -> None:
        body, end = (NOTES if note.agrees else GHOSTS)[panel.shared]
        style = self._style(note)
        first = x + int(note.start * beat)
        last = max(first + 1, x + int(note.end * beat))
        for at in range(first, min(last, panel.x + panel.width)):
            stops = at == last - 1
            if stops and end[place] == " " and at > first:
                continue
            picture.put(at, y, end[place] if stops and end[place] != " " else body[place], style)


def sounds(measures: Sequence[Measure], agreeing: set[int]) -> list[Sound]:
    """Return the notes of a span; ``agreeing`` are the places in it of those that agree.

    A note that is held into the next measure ends there.
    """
    found: list[Sound] = []
    base = Fraction(0)
    for measure in measures:
        if found and measure.held_in and found[-1].end == base:
            last = found[-1]
            found[-1] = Sound(last.start, base + measure.held_in, last.pitch, last.agrees)
        for note in measure.notes:
            start, number = base + note.onset, len(found)
            found.append(Sound(start, start + note.duration, note.pitch, number in agreeing))
        base += measure.grid.length
    return found


def _length(measures: Sequence[Measure]) -> Fraction:
    return sum((measure.grid.length for measure in measures), Fraction(0))


def _fold(notes: Sequence[Sound], rows: int) -> tuple[int, int]:
    # How many pitches share a row, and the lowest pitch: what agrees is kept in sight first.
    pitches = [note.pitch for note in notes]
    if not pitches:
        return 1, 60
    span = max(pitches) - min(pitches) + 1
    shared = 1 if span <= rows else 2 if span <= 2 * rows else 3
    window = shared * rows
    if span <= window:
        return shared, min(pitches) - (window - span) // 2
    weighed = [(note.pitch, 3 if note.agrees else 1) for note in notes]
    lows = range(min(pitches), max(pitches) - window + 2)
    return shared, max(
        lows, key=lambda low: (sum(w for p, w in weighed if low <= p < low + window), -low)
    )
