"""The notes screen: a measure's notes under a cursor, and what they mean to the gauges."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import ClassVar

from textual import on
from textual.geometry import Region
from textual.widget import Widget

from engine.latent.spec import serves
from engine.music.general_midi import FIRST_DRUM
from engine.music.measure import HIGHEST, LOWEST
from engine.music.note_edits import Notes, Span, at
from engine.music.pattern import Hit
from engine.protocol.analysis import HarmonyFound
from engine.protocol.base import Event
from engine.protocol.edit import SelectSlot
from engine.protocol.phrase import SurpriseFound
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import KeysPlayed, PlayheadMoved
from tui.action_tables.action import Place
from tui.actions import hits
from tui.actions import notes as actions
from tui.keymap import Keymap
from tui.layouts.notes import note_regions
from tui.screens.base import SessionScreen
from tui.session import Session
from tui.view_models import gauges
from tui.view_models.harmony import roll_harmony
from tui.view_models.note_cursor import NoteCursor, notes_around
from tui.widgets.attribute_line import AttributeLine
from tui.widgets.hit_grid import HitGrid, rows_of
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
        SurpriseFound,
    )
    AUTO_FOCUS = "#roll"

    def __init__(self, session: Session, keymap: Keymap) -> None:
        super().__init__(session, keymap)
        self.cursor = NoteCursor()
        self.clipboard: Notes = ()
        self.copied: tuple[Hit, ...] = ()
        self._dragging: str | None = None

    def parts(self) -> Iterable[Widget]:
        """Return the parts of this screen, from the top."""
        return (
            SongStrip(id="strip"),
            NoteEditor(id="roll"),
            HitGrid(id="grid"),
            AttributeLine(id="readings"),
            PlaceLine(id="place"),
        )

    def on_mount(self) -> None:
        """Put the cursor on the measure's first note."""
        if pitches := self.session.shown.slot.measure.pitches:
            self.cursor.pitch = pitches[0]

    def regions(self, width: int, height: int) -> dict[str, Region]:
        """Return the place of each part that is in sight."""
        found = note_regions(width, height)
        if self.gridded and "roll" in found:
            found["grid"] = found.pop("roll")
        return found

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

    @property
    def gridded(self) -> bool:
        """Whether the measure is shown on the grid of drums and chords, and not in a roll."""
        shown = self.session.shown
        return shown.row.kind in ("drums", "chords") or shown.slot.pattern is not None

    @property
    def ruled(self) -> bool:
        """Whether a rule plays the measure."""
        shown = self.session.shown
        inside = self.session.slot < shown.song.sounding
        return shown.slot.empty and shown.row.accompaniment is not None and inside

    def hits(self) -> tuple[Hit, ...]:
        """Return the notes of the measure, as the grid has them."""
        shown = self.session.shown
        slot = shown.song.heard(shown.track)[self.session.slot] if self.ruled else shown.slot
        return slot.as_pattern(shown.row.velocity).hits

    def rows(self) -> list[int]:
        """Return the pitches of the rows, from the top."""
        drums = self.session.shown.row.kind == "drums"
        return rows_of(self.hits(), self.cursor.pitch, drums=drums)

    def action_do(self, action: str) -> None:
        """Do one of the actions of the table: on the grid, what it is there."""
        handler = hits.HANDLERS.get(action) if self.gridded else None
        if handler is None:
            super().action_do(action)
        else:
            handler(self)

    def point(self) -> None:
        """Show where the cursor stands now."""
        if self.drawn and self.gridded:
            self.query_one(HitGrid).point(self.cursor)
            self.query_one(PlaceLine).show(hits.words_at(self))
        elif self.drawn:
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
            case SurpriseFound():
                self._draw_strip()
            case _:
                pass

    def draw(self) -> None:
        """Draw everything; parts that show it already do nothing."""
        if not self.drawn:
            return
        self.session.harmony.follow(self.session.shown)
        self._draw_transport()
        self._turn_over()
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
        surprise = self.session.surprise
        self.query_one(SongStrip).show(
            self.session.shown, playing, surprise.percentiles, surprise.words
        )

    def _turn_over(self) -> None:
        """Show the grid in the place of the roll, or the roll again."""
        was = "grid" in self._regions
        self.lay_out()
        if self.gridded != was and "small" not in self._regions:
            drums = self.session.shown.row.kind == "drums"
            if self.gridded and drums and not FIRST_DRUM <= self.cursor.pitch < 82:
                self.cursor.pitch = 38
            self.cursor.pitch = (
                self.cursor.pitch if self.gridded else max(LOWEST, min(HIGHEST, self.cursor.pitch))
            )
            self.query_one("#grid" if self.gridded else "#roll").focus()

    def _draw_roll(self) -> None:
        if self.gridded:
            self._draw_grid()
            return
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

    def _draw_grid(self) -> None:
        shown = self.session.shown
        grid, drums = shown.slot.measure.grid, shown.row.kind == "drums"
        self.query_one(HitGrid).show(
            self.hits(), grid.length, grid.beat, drums=drums, ruled=self.ruled
        )
        self._draw_playhead()

    def _draw_playhead(self) -> None:
        here = self.session.shown.playing and self.session.playhead.slot == self.session.slot
        at_beat = self.session.playhead.beat if here else None
        self.query_one(HitGrid).playhead(at_beat)
        self.query_one(NoteEditor).playhead(at_beat)

    # The mouse

    @on(SongStrip.Chosen)
    def _on_slot_chosen(self, message: SongStrip.Chosen) -> None:
        self.session.send(SelectSlot(message.slot))

    @on(SongStrip.Rolled)
    def _on_strip_rolled(self, message: SongStrip.Rolled) -> None:
        self.action_do("notes.measure_later" if message.steps > 0 else "notes.measure_earlier")

    @on(HitGrid.Pressed)
    def _on_grid_pressed(self, message: HitGrid.Pressed) -> None:
        self.cursor.place, self.cursor.pitch = message.place, message.pitch
        self.cursor.anchor = None
        if message.twice:
            hits.put(self)
        self.point()

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
