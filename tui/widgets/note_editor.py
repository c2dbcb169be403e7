"""The piano roll with a cursor: notes are put, chosen and dragged here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from textual import events
from textual.message import Message

from engine.music.note_edits import Span
from engine.music.pitch_names import pitch_name
from tui.view_models.note_cursor import NoteCursor
from tui.widgets.canvas import Picture
from tui.widgets.piano_roll import GUTTER, LOCKED, Bar, PianoRoll


class NoteEditor(PianoRoll):
    """A piano roll in which a cursor stands on a place and a pitch."""

    can_focus = True
    SCROLLS = True
    BINDING_GROUP_TITLE = "Notes"
    HELP = """\
The cursor stands on a place and a pitch; its width is the step, and how long a new note lasts.
A line over the notes shows what is selected.
"""
    DEFAULT_CSS = """
    NoteEditor {
        height: 1fr; width: 1fr;
        & > .note-editor--cursor { color: $focus; text-style: bold; }
        & > .note-editor--selection { color: $focus; text-style: bold; }
    }
    """

    _place, _pitch, _step = Fraction(0), 67, Fraction(1, 2)
    _selection: Span | None = None
    _pressed: tuple[Fraction, int] | None = None

    @dataclass
    class Pressed(Message):
        """The mouse was pressed at a place and pitch; at the ``edge`` of what is there."""

        place: Fraction
        pitch: int
        edge: bool

    @dataclass
    class Doubled(Message):
        """A place and pitch were clicked twice."""

        place: Fraction
        pitch: int

    @dataclass
    class Dragged(Message):
        """The mouse went on by so many steps and semitones since it was pressed or went on."""

        steps: int
        semitones: int

    class Released(Message):
        """The mouse was let go."""

    def point(self, cursor: NoteCursor) -> None:
        """Show where the cursor stands and what is selected."""
        pitch = self._pitch
        seen = (self._place, self._pitch, self._step, self._selection)
        now = (cursor.place, cursor.pitch, cursor.step, cursor.selection)
        self._place, self._pitch, self._step, self._selection = now
        if pitch != cursor.pitch:
            # It may have left the window of pitches.
            self.redraw()
        elif seen != now:
            self.remark()

    def plain(self) -> str:
        """Format the notes and the cursor's place in one line."""
        return f"{super().plain()} Cursor: {pitch_name(self._pitch)}."

    def _bars(self) -> Iterator[Bar]:
        yield from super()._bars()
        yield Bar(*self._columns(self._place, self._step), self._pitch, "cursor")

    def _columns(self, place: Fraction, length: Fraction) -> tuple[int, int]:
        start = self.column(place)
        return start, max(start + 1, min(self.column(place + length), self.span[1]))

    def mark(self, picture: Picture) -> None:
        """Draw playhead, selection and cursor."""
        super().mark(picture)
        if self._selection is not None:
            style = self.style_of("note-editor--selection")
            first, last = self.column(self._selection.start), self.column(self._selection.end)
            for x in range(max(GUTTER, first), min(picture.width, last)):
                picture.put(x, 0, "━", style)
        y = self.row(self._pitch)
        if y is None:
            return
        style = self.style_of("note-editor--cursor")
        first, last = self._columns(self._place, self._step)
        for x in range(first, min(last, picture.width)):
            glyph, _ = picture.at(x, y)
            # Told from a note, and a note under it from none, without colour too.
            under = glyph if glyph == LOCKED else "▓"
            picture.put(x, y, "░" if glyph in " ┊·" else under, style)

    # The mouse

    def _at(self, event: events.MouseEvent) -> tuple[Fraction, int] | None:
        x, y = event.get_content_offset_capture(self)
        start, end = self.span
        pitch = self.pitch_at(y)
        if pitch is None:
            return None
        x = max(start, min(end - 1, x))
        place = Fraction(x - start, self.beat_width) * self.current.grid.beat
        return place - place % self._step, pitch

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Post where the mouse was pressed, and follow it."""
        x, _ = event.get_content_offset_capture(self)
        at = self._at(event)
        if at is None or not self.span[0] <= x < self.span[1]:
            return
        event.stop()
        self.capture_mouse()
        self._pressed = at
        ends = {bar.end - 1 for bar in super()._bars() if bar.role == "note"}
        self.post_message(self.Pressed(*at, x in ends))

    def on_click(self, event: events.Click) -> None:
        """Post what was clicked twice."""
        at = self._at(event)
        if at is not None and event.chain == 2:
            event.stop()
            self.post_message(self.Doubled(*at))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Post how far the mouse has gone."""
        at = self._at(event) if self._pressed is not None else None
        if at is None or self._pressed is None or at == self._pressed:
            return
        event.stop()
        steps = int((at[0] - self._pressed[0]) / self._step)
        semitones = at[1] - self._pressed[1]
        self._pressed = at
        self.post_message(self.Dragged(steps, semitones))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Post that the mouse was let go."""
        if self._pressed is not None:
            event.stop()
            self.release_mouse()
            self._pressed = None
            self.post_message(self.Released())
