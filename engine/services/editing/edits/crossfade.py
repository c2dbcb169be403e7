"""The edit that fades one section into another: repeats whose measures lead from it to that."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from engine.errors import OutOfRange
from engine.latent.spec import LatentModel, LatentSpec
from engine.latent.variation import MOST_BETWEEN, POINTS, between
from engine.music import chord_track
from engine.music.asked_tones import asked_tones
from engine.music.form import MOST_ENTRIES, Section, SongForm
from engine.music.locks import NOTHING
from engine.music.slot import Origin, Slot
from engine.music.song import MOST_SLOTS, Song
from engine.protocol.form import Crossfade
from engine.services.editing.edits.base import EditContext, apply_edit, step_name, takes_long
from engine.services.editing.edits.form import formed, free_name, name_of, with_section

FEWEST_POINTS = 9
"""At how many points of each way measures are looked at, at least; else two for each repeat."""


@apply_edit.register
def _(command: Crossfade, song: Song, context: EditContext) -> Song:
    model, form, repeats = context.ready(), formed(song), command.repeats
    sections = [form.entry(each).section for each in (command.entry, command.to)]
    first, last = (form.sections[at] for at in sections)
    if not 1 <= repeats <= MOST_BETWEEN:
        raise OutOfRange(f"A crossfade has 1 to {MOST_BETWEEN} repeats, and not {repeats}.")
    one, other = (form.slots_of(at) for at in sections)
    _check(song, form, one, other, (first, last))
    if song.length + repeats * len(one) > MOST_SLOTS:
        raise OutOfRange(f"A song has at most {MOST_SLOTS} measures.", "Fade over fewer repeats.")
    if len(form.order) >= MOST_ENTRIES:
        raise OutOfRange(f"The order has {MOST_ENTRIES} entries at most.", "Take one out.")
    ways: dict[tuple[Slot, Slot], tuple[Slot, ...]] = {}

    def way(was: Slot, there: Slot) -> tuple[Slot, ...]:
        if (was, there) not in ways:
            ways[was, there] = _way(model, was, there, repeats, context.locks)
        return ways[was, there]

    rows = []
    for track in song.tracks:
        fades = [way(track.slots[a], track.slots[b]) for a, b in zip(one, other, strict=True)]
        rows.append(tuple(fade[step] for step in range(repeats) for fade in fades))
    name = free_name(form)
    tempo, goal = first.ramp or first.tempo, last.tempo
    ends = song.tempo if tempo is None else tempo, song.tempo if goal is None else goal
    ramp = ends[1] if ends[0] != ends[1] else None
    section = Section(name, repeats * len(one), tempo, ramp, first.key)
    chords = _chords(song, one, other, repeats)
    song = with_section(song, form, sections[0] + 1, section, tuple(rows), command.entry + 1)
    fresh = song.form.slots_of(sections[0] + 1)
    placed = [replace(each, slot=each.slot + fresh.start) for each in chords]
    song = replace(song, chords=chord_track.joined(song.chords, placed))
    return _fitted(song, fresh, model)


@step_name.register
def _(command: Crossfade, old: Song, new: Song, spec: LatentSpec | None) -> str:
    return f"fade {name_of(old, command.entry)} into {name_of(old, command.to)}"


@takes_long.register
def _(command: Crossfade, song: Song) -> bool:
    # A way between two measures is decoded at nine points and more.
    return True


def _check(
    song: Song, form: SongForm, one: range, other: range, sections: tuple[Section, Section]
) -> None:
    first, last = sections
    if one == other:
        raise OutOfRange(
            f"Both entries play section {first.name}.", "Name an entry that plays another."
        )
    if len(one) != len(other):
        raise OutOfRange(
            f"Section {first.name} has {len(one)} measures, and {last.name} {len(other)}.",
            "Fade between sections of the same length.",
        )
    for a, b in zip(one, other, strict=True):
        if song.grid(a) != song.grid(b):
            raise OutOfRange(
                f"Measure {a + 1} is in {song.grid(a).name}, and measure {b + 1} in "
                f"{song.grid(b).name}.",
                "Fade between sections of the same metres.",
            )


def _way(
    model: LatentModel, was: Slot, there: Slot, repeats: int, locks: frozenset[int]
) -> tuple[Slot, ...]:
    """Return the slots between two: by the model, or changing over in the middle without it."""
    was, there = was.unlocked(), there.unlocked()
    if was.latent is None or there.latent is None or was.measure == there.measure:
        return tuple(there if 2 * step > repeats + 1 else was for step in range(1, repeats + 1))
    ends = (was.latent, was.measure), (there.latent, there.measure)
    points = min(POINTS, max(FEWEST_POINTS, 2 * repeats + 1))
    codes = between(model, *ends, repeats, locks, points)
    title = f"From {was.origin.title} to {there.origin.title}"
    return tuple(
        Slot(measure, code, code, Origin("between", title, f"step {step} of {repeats}"), moved=True)
        for step, (measure, code) in enumerate(zip(model.decode(codes), codes, strict=True), 1)
    )


def _chords(song: Song, one: range, other: range, repeats: int) -> chord_track.ChordTrack:
    """Return the chords of the repeats, counted from the first: of the one, then of the other."""
    found: list[chord_track.PlacedChord] = []
    for step in range(1, repeats + 1):
        slots = other if 2 * step > repeats + 1 else one
        by = (step - 1) * len(one) - slots.start
        held = song.chords_in(slots.start)
        if lasting := chord_track.sounding(held, slots.start, 0):
            found.append(replace(lasting, slot=slots.start + by, place=Fraction(0)))
        found += [replace(each, slot=each.slot + by) for each in song.chords if each.slot in slots]
    return chord_track.joined((), found)


def _fitted(song: Song, slots: range, model: LatentModel) -> Song:
    """Return the song with what the model made there as the switches of the song ask for it."""
    for row, track in enumerate(song.tracks):
        for at in slots:
            slot = track.slots[at]
            if slot.origin.kind == "between" and slot.moved:
                measure = model.fitted(slot.measure, NOTHING, asked_tones(song, at))
                if measure != slot.measure:
                    song = song.with_slot(at, replace(slot, measure=measure), row)
    return song
