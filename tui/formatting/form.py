"""The form of a song in words."""

from __future__ import annotations

from engine.music.form import SongForm
from engine.protocol.snapshot import Snapshot


def entry_words(form: SongForm, at: int, repeat: int | None = None) -> str:
    """Return an entry of the order: name and repeats, and which of them sounds (from 0)."""
    entry = form.order[at]
    name = form.sections[entry.section].name
    if repeat is not None and entry.repeats > 1:
        return f"{name} {repeat + 1}/{entry.repeats}"
    return f"{name}*{entry.repeats}" if entry.repeats > 1 else name


def section_words(form: SongForm, slot: int) -> str:
    """Return the section that a measure is of, and in how many places it is played."""
    index = form.section_at(slot)
    if index is None:
        return ""
    section, places = form.sections[index], len(form.places(index))
    words = [
        f"section {section.name}, {section.length} measure{'s' * (section.length != 1)}",
        f"in {places} places" if places > 1 else "in the order once" if places else "not played",
    ]
    if section.tempo is not None or section.ramp is not None:
        tempo = "the song's tempo" if section.tempo is None else f"{section.tempo:g} bpm"
        words.append(tempo if section.ramp is None else f"{tempo} to {section.ramp:g}")
    if section.key is not None:
        words.append(section.key.name)
    return ", ".join(words)


def loop_words(shown: Snapshot) -> str:
    """Return what is looped."""
    if shown.loop is None:
        return "loops the song"
    first, count = shown.loop
    form = shown.song.form
    index = form.section_at(first)
    if index is not None and [*form.slots_of(index)] == [*range(first, first + count)]:
        return f"loops section {form.sections[index].name}"
    return f"loops measure {first + 1}" + (f" to {first + count}" if count > 1 else "")
