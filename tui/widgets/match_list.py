"""The matches: pieces of the training data that are similar, by rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from rich.cells import cell_len
from textual import events
from textual.message import Message

from engine.influence.spec import Match
from engine.music.measure import Measure
from engine.protocol.analysis import MatchExcerpt
from tui.formatting import influence as words
from tui.formatting.generation import share
from tui.formatting.text import fitting
from tui.layouts.influence import ABOUT
from tui.widgets.canvas import Picture, Wheeled

WIDE = 104
"""Cells from which books and licences are written out."""

AWAY = "x"
"""The mark of a tune that is kept away from."""


@dataclass(frozen=True, slots=True)
class MatchReading:
    """A match, its measures, and whether its tune is kept away from."""

    match: Match
    beside: MatchExcerpt
    avoided: bool = False


@dataclass(frozen=True, slots=True)
class _MatchColumns:
    title: int
    book: int
    bars: int
    raw: int
    latent: int
    near: int
    seen: int
    licence: int
    span: int
    end: int


class MatchList(Wheeled, can_focus=True):
    """Draws a row for each match, and below it all about the chosen one."""

    BINDING_GROUP_TITLE = "Similar pieces"
    UP = -1
    DEFAULT_CSS = """
    MatchList {
        & > .matches--label { color: $foreground; }
        & > .matches--chosen { color: $foreground; text-style: bold; }
        & > .matches--pointer { color: $focus; text-style: bold; }
        & > .matches--words { color: $text-quiet; text-style: $style-quiet; }
        & > .matches--span { color: $notes; }
        & > .matches--amber { color: $playing; text-style: bold; }
        & > .matches--red { color: $text-differs; text-style: bold; }
        & > .matches--sure { color: $focus; text-style: bold; }
    }
    """

    @dataclass
    class Chosen(Message):
        """The mouse chose a match by its place in the list."""

        index: int

    class Rolled(Wheeled.Rolled):
        """The wheel went over the list: down (1) or up (-1)."""

    _readings: tuple[MatchReading, ...] = ()
    _chosen = 0
    _unit = "measure"
    _close = False
    _stale = False

    def show(
        self,
        readings: Sequence[MatchReading],
        chosen: int,
        unit: str,
        *,
        close: bool,
        stale: bool,
    ) -> None:
        """Show matches; ``unit`` is that of what was asked about, a measure or a second.

        Where none is ``close`` they are the nearest there are, and not called similar.
        """
        now = (tuple(readings), chosen, unit, close, stale)
        if now != (self._readings, self._chosen, self._unit, self._close, self._stale):
            self._readings, self._chosen, self._unit, self._close, self._stale = now
            self.redraw()

    def plain(self) -> str:
        """Format the chosen match in one line."""
        if not self._readings:
            return "No pieces."
        each = self._readings[self._chosen]
        match, alert = each.match, {"": "", "amber": "alert", "red": "red alert"}
        parts = [
            f"{match.rank} of {len(self._readings)}",
            *words.about(match, self._unit, close=self._close),
            f"{words.raw(self._unit)} {match.raw:.2f}",
            f"latent {match.latent:.2f}",
            f"nearer than {match.percentile:.0f} % of human tunes",
            alert[match.alert],
            "kept away from" if each.avoided else "",
        ]
        return ", ".join(part for part in parts if part) + "."

    @property
    def _room(self) -> int:
        return max(1, self.size.height - 1 - ABOUT)

    def _first(self) -> int:
        room, count = self._room, len(self._readings)
        return max(0, min(self._chosen - room // 2, count - room))

    def paint(self, picture: Picture) -> None:
        """Draw the heading, the matches in sight, and what is to be said of the chosen one."""
        columns = _columns(picture.width)
        quiet = self.style_of("matches--words")
        heads = (
            (columns.title, "similar to" if self._close else "nearest"),
            (columns.book, "book"),
            (columns.bars, "bar".rjust(columns.raw - columns.bars - 1)),
            (columns.raw, words.raw(self._unit)),
            (columns.latent, "latent"),
            (columns.near, "near%"),
            (columns.seen, "evidence" if columns.licence - columns.seen > 8 else "evid."),
            (columns.licence, "licence" if columns.span - columns.licence > 7 else "lic."),
            (columns.span, "heard" if self._unit == "second" else "span"),
        )
        if not self._readings:
            return
        for x, text in heads:
            picture.put(x, 0, text, quiet)
        first = self._first()
        for row, reading in enumerate(self._readings[first : first + self._room], start=1):
            self._paint_row(picture, row, reading, columns, first + row - 1 == self._chosen)
        self._paint_about(picture, self._readings[self._chosen])

    def _paint_row(
        self, picture: Picture, y: int, reading: MatchReading, columns: _MatchColumns, chosen: bool
    ) -> None:
        match, quiet = reading.match, self.style_of("matches--words")
        style = (
            quiet
            if self._stale
            else self.style_of("matches--chosen" if chosen else "matches--label")
        )
        if chosen:
            mark = "▸" if self.has_focus else "▹"
            picture.put(0, y, mark, self.style_of("matches--pointer"))
        picture.put(1, y, f"{match.rank:2}", style)
        if match.alert:
            text = words.ALERTS[match.alert].rjust(2)
            picture.put(4, y, text, self.style_of(f"matches--{match.alert}"))
        elif reading.avoided:
            picture.put(5, y, AWAY, self.style_of("matches--red"))
        picture.put(columns.title, y, fitting(columns.book - columns.title - 1, match.title), style)
        whole = columns.bars - columns.book >= 20
        book = f"{match.book} {match.number}" if whole else words.book(match)
        picture.put(columns.book, y, fitting(columns.bars - columns.book - 1, book), quiet)
        bars = words.bars(match).rjust(columns.raw - columns.bars - 1)
        picture.put(columns.bars, y, bars, style)
        picture.put(columns.raw + 2, y, share(match.raw), style)
        picture.put(columns.latent + 3, y, share(match.latent), style)
        picture.put(columns.near, y, f"{match.percentile:5.1f}", style)
        sure = match.evidence != "similar"
        seen = self.style_of("matches--sure") if sure else quiet
        picture.put(columns.seen, y, words.evidence(match, close=self._close), seen)
        room = columns.span - columns.licence - 1
        terms = match.licence if room >= 13 else words.licence(match.licence)
        picture.put(columns.licence, y, fitting(room, terms), quiet)
        cells = columns.end - columns.span
        span = self.style_of("matches--span")
        if self._unit == "second":
            picture.put(columns.span, y, f"{match.asked - 1} s on"[:cells], quiet)
        else:
            picture.put(columns.span, y, spanned(match, reading.beside.ours, cells), span)

    def _paint_about(self, picture: Picture, reading: MatchReading) -> None:
        y = min(picture.height - ABOUT, len(self._readings) - self._first() + 1)
        line, style = "", self.style_of("matches--words")
        for part in words.about(reading.match, self._unit, close=self._close):
            longer = f"{line} · {part}" if line else part
            if cell_len(longer) <= picture.width - 2:
                line = longer
                continue
            if y >= picture.height - 1:
                break
            picture.put(2, y, fitting(picture.width - 2, line), style)
            y, line = y + 1, part
        picture.put(2, y, fitting(picture.width - 2, line), style)

    # Mouse and focus

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the match under the mouse."""
        row = event.get_content_offset_capture(self).y
        at = self._first() + row - 1
        if 1 <= row <= self._room and at < len(self._readings):
            event.stop()
            self.post_message(self.Chosen(at))


def spanned(match: Match, ours: Sequence[Measure], cells: int) -> str:
    """Draw where notes agree over the span that was asked about: █ all, ▄ some, · none."""
    if not ours or cells < 1:
        return ""
    length = sum((measure.grid.length for measure in ours), Fraction(0))
    agreeing, every = [0] * cells, [0] * cells
    agree, number, base = {pair[0] for pair in match.pairs}, 0, Fraction(0)
    for measure in ours:
        for note in measure.notes:
            cell = min(cells - 1, int((base + note.onset) / length * cells))
            every[cell] += 1
            agreeing[cell] += number in agree
            number += 1
        base += measure.grid.length
    return "".join(
        " " if not there else "█" if those == there else "▄" if those else "·"
        for those, there in zip(agreeing, every, strict=True)
    )


def _columns(width: int) -> _MatchColumns:
    wide = width >= WIDE
    span, licence, book = (8, 13, 31) if wide else (6, 4, 9)
    end = width
    at = end - span
    found = [at]
    for cells in (licence, 8 if wide else 7, 5, 6, 5, 5, book):
        at -= cells + 1
        found.append(at)
    spanned_, licensed, seen, near, latent, raw, bars, books = found
    return _MatchColumns(7, books, bars, raw, latent, near, seen, licensed, spanned_, end)
