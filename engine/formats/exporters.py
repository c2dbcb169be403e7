"""Songs written to files of other programs."""

from __future__ import annotations

from collections.abc import Sequence

from engine.common import output_files
from engine.errors import OutOfRange
from engine.locations import make_usual
from engine.music.song import Song
from engine.music.track_line import track_lines
from engine.text import printable


def write_midi(path: str, song: Song, texts: Sequence[tuple[int, str]] = ()) -> str:
    """Write a song's loop as it is heard, with ``texts`` at its slots, and return its place.

    A text stands where its slot is played first, a marker where a section begins.
    """
    from engine.formats import midi_file

    place = output_files.named(path, output_files.MIDI)
    output_files.check(place, output_files.MIDI)
    make_usual(place)
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
    tempi = song.tempo_map(steps)
    midi_file.write(place, parts, tempi, title=song.title, texts=placed, markers=markers)
    return printable(str(place))
