"""What each action of the notes screen does."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from engine.music.chord_track import sounding
from engine.music.measure import HIGHEST, LOWEST
from engine.music.note_edits import Span, at, by_degrees
from engine.music.pitch_names import pitch_name
from engine.music.tension import words_of
from engine.protocol.base import Command
from engine.protocol.edit import MoveSelection
from engine.protocol.notes import (
    InvertNotes,
    JoinNotes,
    MoveNotes,
    NudgeVelocity,
    PasteNotes,
    PutNote,
    RemoveNotes,
    ResizeNotes,
    ReverseNotes,
    SplitNote,
    StretchNotes,
    ToggleMeasureLock,
    ToggleNoteLocks,
    TransposeNotes,
)
from engine.protocol.transport import Audition, AuditionMeasures
from tui.actions import chords, everywhere
from tui.actions.host import NotesView
from tui.actions.metres import ask_metre
from tui.actions.recording import say_variation
from tui.actions.registry import Registry
from tui.formatting.metres import usual
from tui.view_models.note_cursor import STEPS, sample
from tui.view_models.variation import Variation

Handler = Callable[[NotesView], None]

LOUDER = 8
"""By how much a key changes a velocity."""

HANDLERS: Registry[NotesView] = Registry(everywhere.HANDLERS)
"""The handlers, by action id."""


# The cursor


def _go(steps: int, beat: bool = False) -> Handler:
    def go(view: NotesView) -> None:
        view.session.gestures.end()
        row, slot, cursor = view.session.shown.row.slots, view.session.slot, view.cursor
        grid = row[slot].measure.grid
        by = steps * (grid.beat if beat else cursor.step)
        before = row[slot - 1].measure.grid.length if slot else None
        measures = cursor.move(by, grid.length, before, slot + 1 < len(row))
        if measures:
            view.session.send(MoveSelection(measures))
        view.point()

    return go


def _turn(semitones: int) -> Handler:
    def turn(view: NotesView) -> None:
        view.session.gestures.end()
        view.cursor.turn(semitones)
        view.point()

    return turn


for _name, _sign in (("left", -1), ("right", 1)):
    HANDLERS[f"notes.{_name}"] = _go(_sign)
    HANDLERS[f"notes.{_name}_beat"] = _go(_sign, beat=True)
for _name, _sign in (("up", 1), ("down", -1)):
    HANDLERS[f"notes.{_name}"] = _turn(_sign)
    HANDLERS[f"notes.{_name}_octave"] = _turn(12 * _sign)
for _number in range(len(STEPS)):

    def _step(view: NotesView, number: int = _number) -> None:
        view.cursor.set_step(number)
        view.point()

    HANDLERS[f"notes.step_{_number + 1}"] = _step


def _note(by: int) -> Handler:
    def go(view: NotesView) -> None:
        notes = [note for note in view.notes() if 0 <= note.onset < view.length]
        ahead = [note for note in notes if (note.onset - view.cursor.place) * by > 0]
        if ahead:
            note = ahead[0] if by > 0 else ahead[-1]
            view.cursor.place, view.cursor.pitch = note.onset, note.pitch
            view.point()
            _hear_pitch(view, note.pitch)

    return go


HANDLERS["notes.next"] = _note(1)
HANDLERS["notes.previous"] = _note(-1)
HANDLERS["notes.measure_earlier"] = lambda view: everywhere.go_by(view, -1)
HANDLERS["notes.measure_later"] = lambda view: everywhere.go_by(view, 1)


# What is selected


@HANDLERS.handles("notes.select")
def _select(view: NotesView) -> None:
    cursor = view.cursor
    cursor.anchor = cursor.place if cursor.anchor is None else None
    view.point()


@HANDLERS.handles("notes.all")
def _all(view: NotesView) -> None:
    view.cursor.anchor = Fraction(0)
    view.cursor.place = max(Fraction(0), view.length - view.cursor.step)
    view.point()


@HANDLERS.handles("notes.none")
def _none(view: NotesView) -> None:
    view.cursor.anchor = None
    view.point()


# What is done to notes


def put(view: NotesView) -> None:
    """Put a note of one step at the cursor, and go on by it."""
    session, cursor = view.session, view.cursor
    session.gestures.end()
    session.send(PutNote(session.slot, cursor.place, cursor.step, cursor.pitch))
    _hear_pitch(view, cursor.pitch)
    _go(1)(view)


HANDLERS["notes.put"] = put


@HANDLERS.handles("notes.remove")
def _remove(view: NotesView) -> None:
    session, span = view.session, view.span()
    session.gestures.end()
    session.send(RemoveNotes(session.slot, span.start, span.end))
    _none(view)


@HANDLERS.handles("notes.copy")
def copy(view: NotesView) -> None:
    """Keep the notes that are chosen; they are pasted as far from the cursor as from its start."""
    span = view.span()
    found = [note for note in view.notes() if span.holds(note)]
    if not found:
        view.show_message("No note is chosen.")
        return
    start = span.start if view.cursor.selection is not None else found[0].onset
    view.clipboard = tuple(note.moved(-start) for note in found)
    key = view.keymap.label("notes.paste")
    many = f"{len(found)} notes are" if len(found) > 1 else "A note is"
    view.show_message(f"{many} copied; {key} puts them at the cursor.")


@HANDLERS.handles("notes.cut")
def _cut(view: NotesView) -> None:
    copy(view)
    _remove(view)


@HANDLERS.handles("notes.paste")
def _paste(view: NotesView) -> None:
    if not view.clipboard:
        key = view.keymap.label("notes.copy")
        view.show_message(f"Nothing is copied yet; {key} copies notes.")
        return
    view.session.gestures.end()
    view.session.send(PasteNotes(view.session.slot, view.cursor.place, view.clipboard))


def shift(view: NotesView, steps: int, hand: str = "key") -> None:
    """Move what is chosen in time by steps, and the cursor with it."""
    session, cursor, span = view.session, view.cursor, view.span()
    by = steps * cursor.step
    gesture = session.gestures.begin((hand, "shift", session.slot))
    session.send(MoveNotes(session.slot, span.start, span.end, by, gesture))
    follow(view, by)


def follow(view: NotesView, by: Fraction) -> None:
    """Move the cursor and the selection after notes, as far as the measure goes."""
    cursor = view.cursor
    to = max(Fraction(0), min(cursor.place + by, view.length - cursor.step))
    if cursor.anchor is not None:
        cursor.anchor = max(Fraction(0), cursor.anchor + to - cursor.place)
    cursor.place = to
    view.point()


HANDLERS["notes.earlier"] = lambda view: shift(view, -1)
HANDLERS["notes.later"] = lambda view: shift(view, 1)


def transpose(view: NotesView, semitones: int = 0, degrees: int = 0, hand: str = "key") -> None:
    """Transpose what is chosen; a cursor at a note goes with it."""
    session, cursor, span = view.session, view.cursor, view.span()
    note = at(view.notes(), cursor.place)
    gesture = session.gestures.begin((hand, "transpose", session.slot, bool(degrees)))
    session.send(TransposeNotes(session.slot, span.start, span.end, semitones, degrees, gesture))
    pitch = by_degrees(cursor.pitch + semitones, degrees, session.shown.song.key)
    if note is not None:
        # Before the answer comes, so that a held key finds the note again.
        cursor.turn(pitch - cursor.pitch)
        view.point()
        _hear_pitch(view, by_degrees(note.pitch + semitones, degrees, session.shown.song.key))


for _name, _semitones, _degrees in (
    ("semitone_up", 1, 0), ("semitone_down", -1, 0), ("degree_up", 0, 1), ("degree_down", 0, -1),
    ("octave_up", 12, 0), ("octave_down", -12, 0),
):  # fmt: skip

    def _transpose(view: NotesView, semitones: int = _semitones, degrees: int = _degrees) -> None:
        transpose(view, semitones, degrees)

    HANDLERS[f"notes.{_name}"] = _transpose


def resize(view: NotesView, steps: int, hand: str = "key") -> None:
    """Make what is chosen longer or shorter by steps."""
    session, span = view.session, view.span()
    gesture = session.gestures.begin((hand, "resize", session.slot))
    by = steps * view.cursor.step
    session.send(ResizeNotes(session.slot, span.start, span.end, by, gesture))


HANDLERS["notes.longer"] = lambda view: resize(view, 1)
HANDLERS["notes.shorter"] = lambda view: resize(view, -1)


@HANDLERS.handles("notes.split")
def _split(view: NotesView) -> None:
    view.session.gestures.end()
    view.session.send(SplitNote(view.session.slot, view.cursor.place))


def _of_span(make: Callable[[int, Span], Command]) -> Handler:
    def do(view: NotesView) -> None:
        view.session.gestures.end()
        view.session.send(make(view.session.slot, view.span()))

    return do


HANDLERS["notes.join"] = _of_span(lambda slot, span: JoinNotes(slot, span.start, span.end))
HANDLERS["notes.invert"] = _of_span(lambda slot, span: InvertNotes(slot, span.start, span.end))
HANDLERS["notes.reverse"] = _of_span(lambda slot, span: ReverseNotes(slot, span.start, span.end))
HANDLERS["notes.double"] = _of_span(
    lambda slot, span: StretchNotes(slot, span.start, span.end, Fraction(2))
)
HANDLERS["notes.halve"] = _of_span(
    lambda slot, span: StretchNotes(slot, span.start, span.end, Fraction(1, 2))
)


def _velocity(by: int) -> Handler:
    def change(view: NotesView) -> None:
        session, span = view.session, view.span()
        gesture = session.gestures.begin(("key", "velocity", session.slot))
        session.send(NudgeVelocity(session.slot, span.start, span.end, by, gesture))

    return change


HANDLERS["notes.louder"] = _velocity(LOUDER)
HANDLERS["notes.softer"] = _velocity(-LOUDER)


@HANDLERS.handles("notes.lock")
def _lock(view: NotesView) -> None:
    session, span = view.session, view.span()
    session.gestures.end()
    session.send(ToggleNoteLocks(session.slot, span.start, span.end))


@HANDLERS.handles("notes.lock_measure")
def _lock_measure(view: NotesView) -> None:
    view.session.gestures.end()
    view.session.send(ToggleMeasureLock(view.session.slot))


@HANDLERS.handles("notes.vary")
def _vary(view: NotesView) -> None:
    session, span = view.session, view.span()
    session.gestures.end()
    seed = session.draws.getrandbits(31)
    within = span.start, span.end
    session.send(session.variation.of_selection(session.shown, within, seed))


HANDLERS["notes.vary_what"] = say_variation(Variation.next_scope)
HANDLERS["notes.chord"] = chords.typing(lambda view: view.cursor.place)
HANDLERS["notes.suggest"] = chords.suggesting(lambda view: view.cursor.place)
HANDLERS["notes.key"] = chords.take_key


# Hearing


@HANDLERS.handles("notes.hear")
def _hear(view: NotesView) -> None:
    note = at(view.notes(), view.cursor.place)
    _hear_pitch(view, view.cursor.pitch if note is None else note.pitch, always=True)


HANDLERS["notes.audition"] = lambda view: view.session.send(Audition(view.session.slot))


def _hear_pitch(view: NotesView, pitch: int, *, always: bool = False) -> None:
    shown = view.session.shown
    if not shown.playing and (always or shown.audition) and LOWEST <= pitch <= HIGHEST:
        view.session.send(AuditionMeasures((sample(pitch),)))


HANDLERS["notes.metre"] = ask_metre
HANDLERS["notes.undo"] = everywhere.undo
HANDLERS["notes.redo"] = everywhere.redo


def words_at(view: NotesView) -> str:
    """Describe what stands at the cursor."""
    cursor, song = view.cursor, view.session.shown.song
    slot = view.session.shown.slot
    grid = slot.measure.grid
    beat, part = divmod(cursor.place / grid.beat, 1)
    where = f"beat {beat + 1}{f' + {part}' if part else ''}"
    parts = [where if usual(grid) else f"{grid.name}, {where}", pitch_name(cursor.pitch)]
    degree = song.key.degree(cursor.pitch)
    parts.append(f"degree {degree} of {song.key.name}" if degree else f"not in {song.key.name}")
    number = view.session.slot
    under = sounding(song.chords_in(number, view.session.shown.entry), number, cursor.place)
    if under is not None and under.chord is not None:
        parts.append(words_of(cursor.pitch, under.chord, song.key))
    if (span := cursor.selection) is not None:
        count = sum(map(span.holds, view.notes()))
        parts.append(f"{count} note{'s' * (count != 1)} selected")
    note = at(view.notes(), cursor.place)
    if note is not None:
        velocity = view.session.shown.row.velocity if note.touch is None else note.touch.velocity
        own = "" if note.touch is None else " of its own"
        onsets = slot.measure.grid.onsets
        locked = ", locked" if note.onset in {onsets[at] for at in slot.locked_notes} else ""
        parts.append(f"{pitch_name(note.pitch)} sounds{locked}, velocity {velocity}{own}")
    if slot.locked:
        parts.append("measure locked")
    parts.append(f"step {cursor.step_name}")
    parts.append(chords.key_words(view))
    return " · ".join(parts)
