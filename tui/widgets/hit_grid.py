"""The grid of a measure of drums or chords: a row a drum or pitch, a column a step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from textual import events
from textual.message import Message

from engine.music.general_midi import COMMON_DRUMS, drum_name
from engine.music.note_edits import Span
from engine.music.pattern import Hit
from engine.music.pitch_names import pitch_name
from tui.view_models.note_cursor import NoteCursor
from tui.widgets.canvas import Canvas, Picture

GUTTER = 20
"""Cells of the names, the gap after them included."""

WIDEST = 4
"""Cells of a column at most."""

_LOUD = ((112, "█"), (84, "▓"), (56, "▒"), (0, "░"))
"""How a note is drawn, from a velocity on."""


class HitGrid(Canvas, can_focus=True):
    """Shows the notes of a pattern, and a cursor on a drum and a step."""

    BINDING_GROUP_TITLE = "Grid"
    HELP = """\
A row is a drum (of a track of chords: a pitch), a column is a step. A note is the darker the louder
it is; ─ is where one lasts. What a rule plays is drawn faintly, and is frozen to be edited.
"""
    DEFAULT_CSS = """
    HitGrid {
        height: 1fr; width: 1fr;
        & > .hit-grid--name { color: $text-quiet; text-style: $style-quiet; }
        & > .hit-grid--used { color: $foreground; }
        & > .hit-grid--hit { color: $notes; text-style: bold; }
        & > .hit-grid--rule { color: $notes-quiet; text-style: italic; }
        & > .hit-grid--grid { color: $faint; }
        & > .hit-grid--mark { color: $focus; text-style: bold; }
        & > .hit-grid--playing { color: $playing; text-style: bold; }
        & > .hit-grid--cursor { color: $background; background: $focus; text-style: $style-held; }
    }
    """

    @dataclass
    class Pressed(Message):
        """The mouse was pressed at a place and pitch, or twice there."""

        place: Fraction
        pitch: int
        twice: bool = False

    _hits: tuple[Hit, ...] = ()
    _drums, _ruled = True, False
    _length, _beat = Fraction(4), Fraction(1)
    _place, _pitch, _step = Fraction(0), 38, Fraction(1, 4)
    _selection: Span | None = None
    _at: float | None = None

    def show(
        self, hits: tuple[Hit, ...], length: Fraction, beat: Fraction, *, drums: bool, ruled: bool
    ) -> None:
        """Show the notes of a measure, of drums or of pitches, a rule's or the user's."""
        now = (hits, length, beat, drums, ruled)
        if now != (self._hits, self._length, self._beat, self._drums, self._ruled):
            self._hits, self._length, self._beat, self._drums, self._ruled = now
            self.redraw()

    def point(self, cursor: NoteCursor) -> None:
        """Show where the cursor stands and what is selected."""
        now = (cursor.place, cursor.pitch, cursor.step, cursor.selection)
        if now != (self._place, self._pitch, self._step, self._selection):
            self._place, self._pitch, self._step, self._selection = now
            self.redraw()

    def playhead(self, at: float | None) -> None:
        """Show where in the measure the music is, in quarter notes; None: elsewhere."""
        column = None if at is None else at // float(self._step)
        if column != self._at:
            self._at = column
            self.redraw()

    def rows(self) -> list[int]:
        """Return the pitches of the rows, from the top."""
        return rows_of(self._hits, self._pitch, drums=self._drums)

    def plain(self) -> str:
        """Format what is struck, drum by drum, and where the cursor stands."""
        lines = []
        for pitch in self.rows():
            places = [f"{float(hit.onset) + 1:g}" for hit in self._hits if hit.pitch == pitch]
            if places:
                lines.append(f"{self._called(pitch)}: {', '.join(places)}")
        by_rule = " By rule." if self._ruled else ""
        cursor = f"Cursor: {self._called(self._pitch)} at {float(self._place) + 1:g}.{by_rule}"
        return "\n".join([*lines, cursor])

    def _called(self, pitch: int) -> str:
        return drum_name(pitch) if self._drums else pitch_name(pitch)

    def _columns(self) -> tuple[int, int]:
        """Return how many columns there are, and how wide each is."""
        count = -(-self._length // self._step)
        return count, max(1, min(WIDEST, (self.size.width - GUTTER) // max(1, count)))

    def _first_row(self) -> int:
        rows, room = self.rows(), max(1, self.size.height - 1)
        here = rows.index(self._pitch)
        return max(0, min(here - room // 2, len(rows) - room))

    def paint(self, picture: Picture) -> None:
        """Draw the beats, then the rows from the top down."""
        count, width = self._columns()
        self._paint_head(picture, count, width)
        first = self._first_row()
        for y, pitch in enumerate(self.rows()[first:], 1):
            if y >= picture.height:
                break
            own = [hit for hit in self._hits if hit.pitch == pitch]
            here = pitch == self._pitch
            style = "mark" if here else "used" if own else "name"
            name = f"{'▸' if here else ' '}{self._called(pitch)}"
            picture.put(0, y, name[: GUTTER - 1], self.style_of(f"hit-grid--{style}"))
            self._paint_row(picture, y, own, count, width)
            if here:
                column = int(self._place // self._step)
                glyph, _ = picture.at(min(GUTTER + column * width, picture.width - 1), y)
                words = glyph.ljust(max(1, width - 1))
                picture.put(GUTTER + column * width, y, words, self.style_of("hit-grid--cursor"))

    def _paint_head(self, picture: Picture, count: int, width: int) -> None:
        for column in range(count):
            place = column * self._step
            x = GUTTER + column * width
            if self._at is not None and column == int(self._at):
                picture.put(x, 0, "▼", self.style_of("hit-grid--playing"))
            elif (
                self._selection is not None and self._selection.start <= place < self._selection.end
            ):
                picture.put(x, 0, "━" * width, self.style_of("hit-grid--mark"))
            elif place % self._beat == 0:
                picture.put(x, 0, str(place // self._beat + 1), self.style_of("hit-grid--name"))

    def _paint_row(
        self, picture: Picture, y: int, own: Iterable[Hit], count: int, width: int
    ) -> None:
        for column in range(count):
            on_beat = column * self._step % self._beat == 0
            glyph = "┊" if on_beat else "·"
            picture.put(GUTTER + column * width, y, glyph, self.style_of("hit-grid--grid"))
        style = self.style_of("hit-grid--rule" if self._ruled else "hit-grid--hit")
        for hit in own:
            start = int(hit.onset // self._step)
            stop = max(start + 1, int(-(-min(hit.end, self._length) // self._step)))
            x = GUTTER + start * width
            if not self._drums:
                picture.put(x, y, "─" * ((stop - start) * width - 1), style)
            glyph = next(sign for least, sign in _LOUD if hit.velocity >= least)
            picture.put(x, y, glyph * max(1, width - 1), style)
            if hit.onset % self._step:
                # Between two steps: finer steps show where.
                picture.put(x, y, "◂", style)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor where the mouse was pressed."""
        self._press(event, twice=False)

    def on_click(self, event: events.Click) -> None:
        """Put a note where it was clicked twice."""
        if event.chain == 2:
            self._press(event, twice=True)

    def _press(self, event: events.MouseDown | events.Click, twice: bool) -> None:
        x, y = event.get_content_offset_capture(self)
        count, width = self._columns()
        row, column = y - 1 + self._first_row(), (x - GUTTER) // width
        rows = self.rows()
        if y >= 1 and row < len(rows) and x >= GUTTER and column < count:
            event.stop()
            self.post_message(self.Pressed(column * self._step, rows[row], twice))


def rows_of(hits: Iterable[Hit], cursor: int, *, drums: bool) -> list[int]:
    """Return the pitches of a grid's rows from the top: those in use, and the usual ones."""
    used = {hit.pitch for hit in hits} | {cursor}
    if not drums:
        return list(range(min(127, max(*used, 72)), max(0, min(*used, 48)) - 1, -1))
    # The usual kit as it is written, and what else is in use above it.
    return [*sorted(used - {*COMMON_DRUMS}, reverse=True), *COMMON_DRUMS]
