"""The piano roll with a cursor: notes are put, chosen and dragged here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from textual import events
from textual.message import Message

from engine.music.note_edits import Span
from engine.music.pitch_names import pitch_name
from tui.view_models.harmony import RollHarmony
from tui.view_models.note_cursor import NoteCursor
from tui.widgets.canvas import Picture
from tui.widgets.piano_roll import GUTTER, LOCKED, Bar, PianoRoll

TENSIONS = {"scale": "○", "foreign": "✕"}
"""How a note begins that is not of its chord."""


class NoteEditor(PianoRoll):
    """A piano roll in which a cursor stands on a place and a pitch."""

    can_focus = True
    SCROLLS = True
    BINDING_GROUP_TITLE = "Notes"
    HELP = """\
The cursor stands on a place and a pitch; its width is the step, and how long a new note lasts.
A line over the notes shows what is selected.
Beside the rows stand the degrees of the song's key; rows of no degree are dotted. Over the roll
stand the chords, ├ marks the tones of the one at the cursor and ┤ those of the next. Of the notes
○ begins one that is of the key and not of its chord, ✕ one that is of neither.
"""
    DEFAULT_CSS = """
    NoteEditor {
        height: 1fr; width: 1fr;
        & > .note-editor--cursor { color: $focus; text-style: bold; }
        & > .note-editor--selection { color: $focus; text-style: bold; }
        & > .note-editor--chord { color: $foreground; text-style: bold; }
        & > .note-editor--degree { color: $text-quiet; }
        & > .note-editor--tone { color: $focus; text-style: bold; }
        & > .note-editor--outside { color: $faint; }
    }
    """

    _place, _pitch, _step = Fraction(0), 67, Fraction(1, 2)
    _selection: Span | None = None
    _pressed: tuple[Fraction, int] | None = None
    _harmony = RollHarmony()

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

    def harmonise(self, harmony: RollHarmony) -> None:
        """Show the key, the chords, and what the notes are against them."""
        if harmony != self._harmony:
            self._harmony = harmony
            self.redraw()

    def plain(self) -> str:
        """Format the notes, the chords and the cursor's place in one line."""
        words = [super().plain()]
        if self._harmony.names:
            words.append(f"Chords: {', '.join(name for _, name in self._harmony.names)}.")
        for note, kind in zip(self.current.notes, self._harmony.notes, strict=False):
            if kind != "chord":
                of = "of the key" if kind == "scale" else "foreign"
                words.append(f"{pitch_name(note.pitch)} is {of}.")
        return f"{' '.join(words)} Cursor: {pitch_name(self._pitch)}."

    def paint(self, picture: Picture) -> None:
        """Draw the roll, the chords over it, and what its notes are against them."""
        super().paint(picture)
        shared, _ = self._fold(list(self._bars()))
        for note, kind in zip(self.current.notes, self._harmony.notes, strict=False):
            y = self.row(note.pitch)
            if kind != "chord" and shared == 1 and y is not None:
                mark = TENSIONS[kind]
                picture.put(self.column(note.onset), y, mark, self.style_of("piano-roll--note"))
        names, end = self._harmony.names, self.span[1]
        stops = [*(self.column(place) for place, _ in names[1:]), end]
        for (place, name), stop in zip(names, stops, strict=False):
            # After the number of the beat, where it begins on one.
            on_beat = place % self.current.grid.beat == 0
            x = self.column(place) + 2 * on_beat
            words = name[: max(0, min(stop, picture.width) - x - 1)]
            picture.put(x, 0, words, self.style_of("note-editor--chord"))

    def _paint_lines(self, picture: Picture) -> None:
        super()._paint_lines(picture)
        shared, low = self._fold(list(self._bars()))
        start, end = self.span
        harmony, degree = self._harmony, self.style_of("note-editor--degree")
        tone, outside = self.style_of("note-editor--tone"), self.style_of("note-editor--outside")
        for y in range(1, picture.height):
            bottom = low + shared * (picture.height - 1 - y)
            pitches = range(bottom, bottom + shared)
            if shared == 1 and not harmony.key.holds(bottom):
                for x in range(start + 1, min(end, picture.width), 2):
                    if picture.at(x, y)[0] == " ":
                        picture.put(x, y, "·", outside)
            elif shared == 1 and start > GUTTER + 1:
                picture.put(GUTTER, y, harmony.degree(bottom), degree)
            for chord, x, mark in ((harmony.here, start - 1, "├"), (harmony.next, end, "┤")):
                if chord is not None and any(map(chord.holds, pitches)) and x < picture.width:
                    picture.put(x, y, mark, tone)

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
            chord = self.style_of("note-editor--chord")
            first, last = self.column(self._selection.start), self.column(self._selection.end)
            for x in range(max(GUTTER, first), min(picture.width, last)):
                if picture.at(x, 0)[1] != chord:
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
