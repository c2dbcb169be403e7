"""Edits of the form: sections and their order."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from string import ascii_uppercase
from typing import Any

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.music import chord_track
from engine.music.form import (
    LONGEST_SECTION_NAME,
    MOST_REPEATS,
    NO_FORM,
    OrderEntry,
    Section,
    SongForm,
)
from engine.music.slot import Slot
from engine.music.song import MOST_SLOTS, Song
from engine.protocol.form import (
    AddEntry,
    AddSection,
    ClearForm,
    CopySection,
    JoinSection,
    MakeUnique,
    MoveEntry,
    NudgeRepeats,
    RemoveEntry,
    RemoveSection,
    SetSection,
    SplitSection,
)
from engine.services.editing.edits.base import EditContext, apply_edit, step_name
from engine.text import printable


@apply_edit.register
def _(command: SplitSection, song: Song, context: EditContext) -> Song:
    song.slot(command.slot)
    form, slot = song.form or _whole(song), command.slot
    section = form.section_at(slot)
    assert section is not None  # Every slot of a form is in a section.
    before = slot - form.starts[section]
    if not before:
        if song.form:
            raise OutOfRange(f"Section {form.sections[section].name} begins here already.")
        return replace(song, form=form)
    old = form.sections[section]
    form = form.with_section(section, replace(old, length=before))
    rest = replace(old, name=free_name(form), length=old.length - before)
    order: list[OrderEntry] = []
    form = replace(form, sections=_inserted(form, section + 1, rest))
    for entry in form.order:
        # What was played stays what is played: a pass of the one is a pass of both.
        number = entry.section + (entry.section > section)
        if entry.section != section:
            order.append(replace(entry, section=number))
        else:
            order += [OrderEntry(section), OrderEntry(section + 1)] * entry.repeats
    return replace(song, form=replace(form, order=tuple(order)))


@step_name.register
def _(command: SplitSection, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"section from measure {command.slot + 1}"


@apply_edit.register
def _(command: JoinSection, song: Song, context: EditContext) -> Song:
    form, first = formed(song), command.section
    one = form.section(first)
    if first + 1 >= len(form.sections):
        raise OutOfRange(f"No section comes after {one.name} that it could be joined with.")
    joined = replace(one, length=one.length + form.sections[first + 1].length)
    order: list[OrderEntry] = []
    previous: OrderEntry | None = None
    for entry in form.order:
        both = previous is not None and (previous.section, entry.section) == (first, first + 1)
        if both and previous is not None and previous.repeats == entry.repeats == 1:
            # A pass of both is a pass of the whole.
            previous = None
            continue
        number = entry.section - (entry.section > first)
        order.append(replace(entry, section=number))
        previous = entry
    sections = (*form.sections[:first], joined, *form.sections[first + 2 :])
    return replace(song, form=SongForm(sections, _merged(order)))


@step_name.register
def _(command: JoinSection, old: Song, new: Song, spec: LatentSpec | None) -> str:
    names = [section.name for section in old.form.sections[command.section :][:2]]
    return f"join {' and '.join(names)}"


@apply_edit.register
def _(command: SetSection, song: Song, context: EditContext) -> Song:
    form = formed(song)
    old = form.section(command.section)
    given: dict[str, Any] = {
        name: value
        for name, value in (
            ("tempo", command.tempo), ("ramp", command.ramp), ("key", command.key),
        )
        if value is not None
    } | dict.fromkeys(command.plain, None)  # fmt: skip
    if command.name is not None:
        given["name"] = printable(command.name, "").strip()
    return replace(song, form=form.with_section(command.section, replace(old, **given)))


@step_name.register
def _(command: SetSection, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"section {new.form.sections[command.section].name}"


@apply_edit.register
def _(command: ClearForm, song: Song, context: EditContext) -> Song:
    return replace(song, form=NO_FORM)


@step_name.register
def _(command: ClearForm, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return "sections taken away"


@apply_edit.register
def _(command: AddSection, song: Song, context: EditContext) -> Song:
    if command.measures < 1:
        raise OutOfRange("A section has one measure at least.")
    form = song.form or _whole(song)
    entry = len(form.order) - 1 if command.entry is None else command.entry
    after = form.entry(entry).section
    name = printable(command.name, "").strip() or free_name(form)
    section = Section(name[:LONGEST_SECTION_NAME], command.measures)
    blank = Slot.blank(song.grid(form.slots_of(after).start))
    empty = ((blank,) * command.measures,) * len(song.tracks)
    return with_section(song, form, after + 1, section, empty, entry + 1)


@step_name.register
def _(command: AddSection, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return "add a section"


@apply_edit.register
def _(command: CopySection, song: Song, context: EditContext) -> Song:
    form = formed(song)
    return _copied(song, form, form.entry(command.entry).section, command.entry + 1)


@step_name.register
def _(command: CopySection, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"copy section {name_of(old, command.entry)}"


@apply_edit.register
def _(command: MakeUnique, song: Song, context: EditContext) -> Song:
    form, at = formed(song), command.entry
    entry = form.entry(at)
    if len(form.places(entry.section)) == 1:
        name = form.sections[entry.section].name
        raise OutOfRange(
            f"Section {name} is played by one entry alone, so its measures are its own.",
            "Play it a second time first.",
        )
    song = _copied(song, form, entry.section, at + 1)
    order = song.form.order
    fresh = replace(order[at + 1], repeats=entry.repeats)
    return replace(song, form=replace(song.form, order=(*order[:at], fresh, *order[at + 2 :])))


@step_name.register
def _(command: MakeUnique, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"make section {name_of(old, command.entry)} unique"


@apply_edit.register
def _(command: RemoveSection, song: Song, context: EditContext) -> Song:
    form = formed(song)
    slots = form.slots_of(command.section)
    if len(form.sections) == 1:
        raise OutOfRange(
            "It is the only section, and a song keeps its measures.", "Take the form away instead."
        )
    for track in song.tracks:
        if any(not track.slots[slot].empty for slot in slots):
            track.check_unlocked()
    return song.removed(slots.start, len(slots))


@step_name.register
def _(command: RemoveSection, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"remove section {old.form.sections[command.section].name}"


@apply_edit.register
def _(command: AddEntry, song: Song, context: EditContext) -> Song:
    form = formed(song)
    form.section(command.section)
    at = len(form.order) if command.entry is None else command.entry
    if not 0 <= at <= len(form.order):
        raise OutOfRange(f"The order has no place {at + 1}.")
    order = (*form.order[:at], OrderEntry(command.section), *form.order[at:])
    return replace(song, form=replace(form, order=order))


@step_name.register
def _(command: AddEntry, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"play {new.form.sections[command.section].name} once more"


@apply_edit.register
def _(command: RemoveEntry, song: Song, context: EditContext) -> Song:
    form = formed(song)
    form.entry(command.entry)
    if len(form.order) == 1:
        raise OutOfRange("The order keeps one entry at least.", "Take the form away instead.")
    order = (*form.order[: command.entry], *form.order[command.entry + 1 :])
    return replace(song, form=replace(form, order=order))


@step_name.register
def _(command: RemoveEntry, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"take {name_of(old, command.entry)} out of the order"


@apply_edit.register
def _(command: MoveEntry, song: Song, context: EditContext) -> Song:
    form = formed(song)
    form.entry(command.entry)
    order = [*form.order]
    to = max(0, min(len(order) - 1, command.entry + command.by))
    order.insert(to, order.pop(command.entry))
    return replace(song, form=replace(form, order=tuple(order)))


@step_name.register
def _(command: MoveEntry, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"play {name_of(old, command.entry)} {'later' if command.by > 0 else 'earlier'}"


@apply_edit.register
def _(command: NudgeRepeats, song: Song, context: EditContext) -> Song:
    form, at = formed(song), command.entry
    entry = form.entry(at)
    repeats = max(1, min(MOST_REPEATS, entry.repeats + command.by))
    order = (*form.order[:at], replace(entry, repeats=repeats), *form.order[at + 1 :])
    return replace(song, form=replace(form, order=order))


@step_name.register
def _(command: NudgeRepeats, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"{name_of(new, command.entry)} {new.form.order[command.entry].repeats} times"


def formed(song: Song) -> SongForm:
    if not song.form:
        raise OutOfRange("The song has no sections.", "Begin one at a measure first.")
    return song.form


def _whole(song: Song) -> SongForm:
    return SongForm((Section("A", song.length),), (OrderEntry(0),))


def free_name(form: SongForm) -> str:
    taken = {section.name for section in form.sections}
    letters = (letter for letter in ascii_uppercase if letter not in taken)
    return next(letters, None) or next(f"S{n}" for n in count(1) if f"S{n}" not in taken)


def _copy_name(form: SongForm, name: str) -> str:
    taken = {section.name for section in form.sections}
    base = name.rstrip("0123456789") or name
    wanted = (f"{base[: LONGEST_SECTION_NAME - 4]}{number}" for number in count(2))
    return next(each for each in wanted if each not in taken)


def name_of(song: Song, entry: int) -> str:
    return song.form.sections[song.form.order[entry].section].name


def _inserted(form: SongForm, at: int, section: Section) -> tuple[Section, ...]:
    return (*form.sections[:at], section, *form.sections[at:])


def _merged(order: list[OrderEntry]) -> tuple[OrderEntry, ...]:
    """Return an order in which what follows itself is one entry that repeats."""
    merged: list[OrderEntry] = []
    for entry in order:
        last = merged[-1] if merged else None
        if last and last.section == entry.section and last.repeats + entry.repeats <= MOST_REPEATS:
            merged[-1] = replace(last, repeats=last.repeats + entry.repeats)
        else:
            merged.append(entry)
    return tuple(merged)


def _copied(song: Song, form: SongForm, section: int, entry: int) -> Song:
    old, slots = form.section(section), form.slots_of(section)
    rows = tuple(track.slots[slots.start : slots.stop] for track in song.tracks)
    copy = replace(old, name=_copy_name(form, old.name))
    copied = with_section(song, form, section + 1, copy, rows, entry)
    # The copy lies right after what it is a copy of.
    chords = [
        replace(chord, slot=chord.slot + old.length) for chord in song.chords if chord.slot in slots
    ]
    return replace(copied, chords=chord_track.joined(copied.chords, chords))


def with_section(
    song: Song,
    form: SongForm,
    at: int,
    section: Section,
    rows: tuple[tuple[Slot, ...], ...],
    entry: int,
) -> Song:
    """Return the song with a section more, its measures by track, played as entry ``entry``."""
    if song.length + section.length > MOST_SLOTS:
        raise OutOfRange(
            f"A song has at most {MOST_SLOTS} measures, and these are {section.length} more."
        )
    first = (*form.starts, song.length)[at]
    form = form.with_new(at, section)
    order = (*form.order[:entry], OrderEntry(at), *form.order[entry:])
    tracks = tuple(
        replace(track, slots=(*track.slots[:first], *row, *track.slots[first:]))
        for track, row in zip(song.tracks, rows, strict=True)
    )
    chords = chord_track.inserted(song.chords, first, section.length)
    return replace(song, form=replace(form, order=order), tracks=tracks, chords=chords)
