"""Songs written to files of other programs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from engine.common import output_files
from engine.errors import OutOfRange
from engine.locations import make_usual
from engine.music.chord_track import of_slot
from engine.music.song import Song
from engine.music.track_line import track_lines
from engine.text import printable


def write_midi(path: str, song: Song, texts: Sequence[tuple[int, str]] = ()) -> str:
    """Write a song's loop as it is heard, with ``texts`` at its slots, and return its place.

    A text stands where its slot is played first, a marker where a section begins. The chords of
    the song are text events, too.
    """
    place = output_files.named(path, output_files.MIDI)
    output_files.check(place, output_files.MIDI)
    make_usual(place)
    write_song(place, song, texts)
    return printable(str(place))


def write_song(place: Path, song: Song, texts: Sequence[tuple[int, str]] = ()) -> None:
    """Write a song's loop to a MIDI file as `write_midi` has it, whatever lies there."""
    from engine.formats import midi_writer

    parts = track_lines(song)
    if not parts:
        raise OutOfRange("All tracks are muted, so there is nothing to write.", "Unmute one.")
    steps = song.steps
    played: dict[int, int] = {}
    for at, step in enumerate(steps):
        played.setdefault(step.slot, at)
    placed = sorted((played[slot], words) for slot, words in texts if slot in played)
    markers = [
        (at, song.form.sections[song.form.order[step.entry].section].name)
        for at, step in enumerate(steps)
        if step.entry is not None and (at == 0 or steps[at - 1].entry != step.entry)
    ]
    midi_writer.write(
        place, parts, song.tempo_map(steps), title=song.title, texts=placed, markers=markers,
        chords=_chords(song),
    )  # fmt: skip


def _chords(song: Song) -> list[tuple[float, str]]:
    starts = (0.0, *accumulate(song.bar(step.slot) for step in song.steps))
    return [
        (start + float(each.place), each.name(song.key))
        for start, step in zip(starts, song.steps, strict=False)
        for each in of_slot(song.chords, step.slot)
        if each.place < song.grids[each.slot].length
    ]
