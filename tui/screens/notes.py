"""The notes screen: a measure's notes under a cursor, and what they mean to the gauges."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import ClassVar

from textual import on
from textual.geometry import Region
from textual.widget import Widget

from engine.latent.spec import serves
from engine.music.note_edits import Notes, Span, at
from engine.protocol.analysis import HarmonyFound
from engine.protocol.base import Event
from engine.protocol.edit import SelectSlot
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import KeysPlayed, PlayheadMoved
from tui.action_tables.action import Place
from tui.actions import notes as actions
from tui.keymap import Keymap
from tui.layouts.notes import note_regions
from tui.screens.base import SessionScreen
from tui.session import Session
from tui.view_models import gauges
from tui.view_models.harmony import roll_harmony
from tui.view_models.note_cursor import NoteCursor, notes_around
from tui.widgets.attribute_line import AttributeLine
from tui.widgets.note_editor import NoteEditor
from tui.widgets.place_line import PlaceLine
from tui.widgets.song_strip import SongStrip


class NotesScreen(SessionScreen):
    """Shows the selected measure's notes under a cursor, and turns keys into edits of them."""

    PLACE: ClassVar[Place] = "notes"
    HANDLERS = actions.HANDLERS
    SHOWS = (
        Snapshot,
        PlayheadMoved,
        KeysPlayed,
        HarmonyFound,
    )
    AUTO_FOCUS = "#roll"

    def __init__(self, session: Session, keymap: Keymap) -> None:
        super().__init__(session, keymap)
        self.cursor = NoteCursor()
        self.clipboard: Notes = ()
        self._dragging: str | None = None

    def parts(self) -> Iterable[Widget]:
        """Return the parts of this screen, from the top."""
        return (
            SongStrip(id="strip"),
            NoteEditor(id="roll"),
            AttributeLine(id="readings"),
            PlaceLine(id="place"),
        )

    def on_mount(self) -> None:
        """Put the cursor on the measure's first note."""
        if pitches := self.session.shown.slot.measure.pitches:
            self.cursor.pitch = pitches[0]

    def regions(self, width: int, height: int) -> dict[str, Region]:
        """Return the place of each part that is in sight."""
        return note_regions(width, height)

    # What the handlers need to know

    @property
    def length(self) -> Fraction:
        """How long the selected measure is, in quarter notes."""
        return self.session.shown.slot.measure.grid.length

    def notes(self) -> Notes:
        """Return the notes of the measure and its neighbours, from the start of the measure."""
        return notes_around(self.session.shown.row, self.session.slot)

    def span(self) -> Span:
        """Return what an edit is about: the selection, or the note at the cursor."""
        return self.cursor.span(self.notes())

    def point(self) -> None:
        """Show where the cursor stands now."""
        if self.drawn:
            shown, editor = self.session.shown, self.query_one(NoteEditor)
            here = shown.selected, shown.entry, self.cursor.place
            editor.harmonise(roll_harmony(shown.song, shown.track, *here))
            editor.point(self.cursor)
            self.query_one(PlaceLine).show(actions.words_at(self))

    # Drawing

    def show(self, event: Event) -> None:
        """Show an event that the session has handled."""
        if not self.drawn:
            return
        match event:
            case Snapshot():
                self.draw()
            case PlayheadMoved():
                self._draw_strip()
                self._draw_playhead()
            case KeysPlayed():
                self._draw_roll()
            case HarmonyFound():
                self.point()
            case _:
                pass

    def draw(self) -> None:
        """Draw everything; parts that show it already do nothing."""
        if not self.drawn:
            return
        self.session.harmony.follow(self.session.shown)
        self._draw_transport()
        self._draw_strip()
        self._draw_roll()
        named = gauges.gauges(self.session.shown, self.session.controls)[: gauges.NAMED]
        shown = self.session.shown
        ready = shown.model.state == "ready" and serves(shown.slot.grid)
        words = "" if ready else gauges.waiting(self.session.shown)
        self.query_one(AttributeLine).show(named, words)
        self.cursor.stay(self.length)
        self.point()

    def _draw_strip(self) -> None:
        playing = self.session.playhead.slot if self.session.shown.playing else None
        self.query_one(SongStrip).show(self.session.shown, playing)

    def _draw_roll(self) -> None:
        slots, here = self.session.shown.row.slots, self.session.slot
        self.query_one(NoteEditor).show(
            slots[here - 1].measure if here else None,
            slots[here].measure,
            slots[here + 1].measure if here + 1 < len(slots) else None,
            locked=slots[here].locked_notes,
            whole=slots[here].locked,
        )
        keys = self.session.keys
        self.query_one(NoteEditor).play(keys.notes if keys.slot == here else (), keys.held)
        self._draw_playhead()

    def _draw_playhead(self) -> None:
        here = self.session.shown.playing and self.session.playhead.slot == self.session.slot
        self.query_one(NoteEditor).playhead(self.session.playhead.beat if here else None)

    # The mouse

    @on(SongStrip.Chosen)
    def _on_slot_chosen(self, message: SongStrip.Chosen) -> None:
        self.session.send(SelectSlot(message.slot))

    @on(SongStrip.Rolled)
    def _on_strip_rolled(self, message: SongStrip.Rolled) -> None:
        self.action_do("notes.measure_later" if message.steps > 0 else "notes.measure_earlier")

    @on(NoteEditor.Pressed)
    def _on_pressed(self, message: NoteEditor.Pressed) -> None:
        self.session.gestures.end()
        self.cursor.place, self.cursor.pitch = message.place, message.pitch
        self.cursor.anchor = None
        note = at(self.notes(), message.place)
        self._dragging = None
        if note is not None and note.pitch == message.pitch:
            self._dragging = "resize" if message.edge else "move"
        self.point()

    @on(NoteEditor.Doubled)
    def _on_doubled(self, message: NoteEditor.Doubled) -> None:
        self.cursor.place, self.cursor.pitch = message.place, message.pitch
        actions.put(self)

    @on(NoteEditor.Dragged)
    def _on_dragged(self, message: NoteEditor.Dragged) -> None:
        if self._dragging == "resize":
            if message.steps:
                actions.resize(self, message.steps, "drag")
        elif self._dragging == "move":
            if message.semitones:
                actions.transpose(self, message.semitones, hand="drag")
            if message.steps:
                actions.shift(self, message.steps, "drag")
        elif message.steps:
            # From an empty place on, a drag selects.
            if self.cursor.anchor is None:
                self.cursor.anchor = self.cursor.place
            to = self.cursor.place + message.steps * self.cursor.step
            self.cursor.place = max(Fraction(0), min(to, self.length - self.cursor.step))
            self.point()

    @on(NoteEditor.Released)
    def _on_released(self) -> None:
        self._dragging = None
        self.session.gestures.end()
