"""Edits of the notes themselves: the gauges are read anew from what the measures become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.music import note_edits
from engine.music.measure import HIGHEST, LOWEST
from engine.music.note_edits import Notes, Span
from engine.music.performance import Touch
from engine.music.pitch_names import pitch_name
from engine.music.placed_notes import PlacedNote, bar_lines, placed, written
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.protocol.notes import (
    InvertNotes,
    JoinNotes,
    MoveNotes,
    NoteEdit,
    NudgeVelocity,
    PasteNotes,
    PutNote,
    RemoveNotes,
    ResizeNotes,
    ReverseNotes,
    SpanEdit,
    SplitNote,
    StretchNotes,
    TransposeNotes,
)
from engine.services.editing.codes import encoded
from engine.services.editing.edits.base import EditContext, apply_edit, step_name

LONGEST = 64
"""The longest stretch of time that one edit reaches over, in quarter notes."""

MOST_NOTES = 1000
"""The most notes that are pasted at once."""


@apply_edit.register
def _(command: PutNote, song: Song, context: EditContext) -> Song:
    if command.duration <= 0:
        raise OutOfRange("A note lasts longer than nothing.")
    touch = None if command.velocity is None else Touch(command.velocity)
    note = PlacedNote(command.onset, command.onset + command.duration, command.pitch, touch)
    return _edited(song, command, context, lambda notes: note_edits.put(notes, [note]), note.end)


@apply_edit.register
def _(command: PasteNotes, song: Song, context: EditContext) -> Song:
    if not 1 <= len(command.notes) <= MOST_NOTES:
        raise OutOfRange(f"1 to {MOST_NOTES} notes are pasted at once.", "Copy some first.")
    new = [note.moved(command.onset) for note in command.notes]
    if any(note.duration <= 0 for note in new):
        raise OutOfRange("A note lasts longer than nothing.")
    last = max(note.end for note in new)
    return _edited(song, command, context, lambda notes: note_edits.put(notes, new), last)


@apply_edit.register
def _(command: RemoveNotes, song: Song, context: EditContext) -> Song:
    span = _span(command)
    return _edited(song, command, context, lambda notes: note_edits.remove(notes, span), span.end)


@apply_edit.register
def _(command: MoveNotes, song: Song, context: EditContext) -> Song:
    span, by = _span(command), command.by
    return _edited(
        song, command, context, lambda notes: note_edits.move(notes, span, by),
        max(span.end, span.end + by), min(span.start, span.start + by),
    )  # fmt: skip


@apply_edit.register
def _(command: TransposeNotes, song: Song, context: EditContext) -> Song:
    span, semitones, degrees = _span(command), command.semitones, command.degrees
    if abs(semitones) > 127 or abs(degrees) > 127:
        raise OutOfRange("Notes are transposed by 127 steps at most.")

    def change(notes: Sequence[PlacedNote]) -> Notes:
        moved = note_edits.transpose(notes, span, semitones)
        return note_edits.transpose_degrees(moved, span, degrees, song.key) if degrees else moved

    return _edited(song, command, context, change, span.end)


@apply_edit.register
def _(command: ResizeNotes, song: Song, context: EditContext) -> Song:
    span, by = _span(command), command.by
    least = song.grid(command.slot).shortest
    return _edited(
        song, command, context, lambda notes: note_edits.resize(notes, span, by, least),
        span.end + max(by, Fraction(0)),
    )  # fmt: skip


@apply_edit.register
def _(command: SplitNote, song: Song, context: EditContext) -> Song:
    place = command.place
    return _edited(song, command, context, lambda notes: note_edits.split(notes, place), place)


@apply_edit.register
def _(command: JoinNotes, song: Song, context: EditContext) -> Song:
    span = _span(command)
    # The next note may lie in the next measure.
    last = span.end + song.grid(command.slot).length
    return _edited(song, command, context, lambda notes: note_edits.join(notes, span), last)


@apply_edit.register
def _(command: InvertNotes, song: Song, context: EditContext) -> Song:
    span = _span(command)
    return _edited(song, command, context, lambda notes: note_edits.invert(notes, span), span.end)


@apply_edit.register
def _(command: ReverseNotes, song: Song, context: EditContext) -> Song:
    span = _span(command)
    return _edited(song, command, context, lambda notes: note_edits.reverse(notes, span), span.end)


@apply_edit.register
def _(command: StretchNotes, song: Song, context: EditContext) -> Song:
    span, factor = _span(command), command.factor
    if not Fraction(1, 4) <= factor <= 4:
        raise OutOfRange("Notes are made a quarter to four times as long.")
    last = span.start + (span.end - span.start) * max(factor, Fraction(1))
    return _edited(
        song, command, context, lambda notes: note_edits.stretch(notes, span, factor), last
    )


@apply_edit.register
def _(command: NudgeVelocity, song: Song, context: EditContext) -> Song:
    span, by, usual = _span(command), command.by, song.track(command.row).velocity
    return _edited(
        song, command, context, lambda notes: note_edits.louder(notes, span, by, usual), span.end
    )


@step_name.register
def _(command: NoteEdit, old: Song, new: Song, spec: LatentSpec | None) -> str:
    what = {
        PutNote: "note added",
        PasteNotes: "notes pasted",
        RemoveNotes: "notes removed",
        MoveNotes: "notes moved",
        TransposeNotes: "notes transposed",
        ResizeNotes: "notes made longer or shorter",
        SplitNote: "note split",
        JoinNotes: "notes joined",
        InvertNotes: "notes inverted",
        ReverseNotes: "notes reversed",
        StretchNotes: "notes at another speed",
        NudgeVelocity: "velocity",
    }[type(command)]
    return f"{what} in measure {command.slot + 1}"


def _span(command: SpanEdit) -> Span:
    if not command.start < command.end <= command.start + LONGEST:
        raise OutOfRange(f"A selection is up to {LONGEST} quarter notes long.")
    return Span(command.start, command.end)


def _edited(
    song: Song,
    command: NoteEdit,
    context: EditContext,
    change: Callable[[Sequence[PlacedNote]], Notes],
    last: Fraction,
    first: Fraction = Fraction(0),
) -> Song:
    """Return the song with its notes changed, from ``first`` to ``last`` at most.

    Only measures in which anything changed are written; each is then one that was brought in.
    """
    song.slot(command.slot, command.row)
    row = song.track(command.row).slots
    first = min(first, _begins(command))
    if not (abs(first) <= LONGEST and abs(last) <= 2 * LONGEST):
        raise OutOfRange("That is too far from the measure.")
    grids = [slot.measure.grid for slot in row]
    lines = bar_lines(grids)
    origin = lines[command.slot]
    begin = _measure_before(lines, origin + min(first, Fraction(0)))
    # What lies before may be tied over.
    while begin > 0 and (begin == command.slot or row[begin].measure.held_in):
        begin -= 1
    stop = _measure_before(lines, max(origin + last, origin)) + 2
    # And what comes after may go on with it.
    while stop < len(row) and row[stop].measure.held_in:
        stop += 1
    slots = row[begin:stop]
    here = origin - lines[begin]
    before = placed([slot.measure for slot in slots], [slot.touches for slot in slots])
    after = change(tuple(note.moved(-here) for note in before))
    after = tuple(note.moved(here) for note in after)
    _check(set(after) - set(before), lines[begin], lines[-1] - lines[begin])
    made = written(after, grids[begin:stop])
    edges = [line - lines[begin] for line in lines[begin : stop + 1]]
    fresh = []
    for at, (slot, (measure, touches)) in enumerate(zip(slots, made, strict=True)):
        part = edges[at], edges[at + 1]
        if _within(before, *part) == _within(after, *part):
            fresh.append(slot)
            continue
        song.check_melodic(command.row, begin + at)
        title = slot.origin.title or "Written by hand"
        own = Origin("written", title, "notes edited by hand")
        # One that is not as it was any more is refused by its lock.
        locked = frozenset(
            tick for tick in slot.locked_notes if measure.tokens[tick] == slot.measure.tokens[tick]
        )
        brought = Slot.brought_in(measure, own, touches)
        fresh.append(replace(brought, locked_notes=locked))
    song = song.with_slots((*row[:begin], *fresh, *row[stop:]), command.row)
    return encoded([song], context.model)[0] if context.model else song


def _begins(command: NoteEdit) -> Fraction:
    match command:
        case SpanEdit(_, start):
            return start
        case PutNote(_, onset) | PasteNotes(_, onset):
            return onset
        case SplitNote(_, place):
            return place
    return Fraction(0)


def _measure_before(lines: Sequence[Fraction], place: Fraction) -> int:
    """Return the measure that a place lies in; the first or last for one outside."""
    inside = [at for at, line in enumerate(lines[:-1]) if line <= place]
    return inside[-1] if inside else 0


def _within(notes: Sequence[PlacedNote], start: Fraction, end: Fraction) -> list[object]:
    """Return what a measure says of the notes: of one that is held over, its end alone."""
    return [
        (note.onset, min(note.end, end), note.pitch, note.touch)
        if note.onset >= start
        else min(note.end, end)
        for note in notes
        if note.onset < end and note.end > start
    ]


def _check(new: set[PlacedNote], before: Fraction, end: Fraction) -> None:
    for note in new:
        if not LOWEST <= note.pitch <= HIGHEST:
            raise OutOfRange(
                f"A note lies from {pitch_name(LOWEST)} to {pitch_name(HIGHEST)} here."
            )
        if not -before <= note.onset < end:
            raise OutOfRange("The song has no measure there.", "Insert one first.")
