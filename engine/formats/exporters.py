"""Songs written to files of other programs."""

from __future__ import annotations

from collections.abc import Sequence

from engine.common import output_files
from engine.errors import OutOfRange
from engine.locations import make_usual
from engine.music.placed_notes import bar_lines
from engine.music.song import Song
from engine.music.track_line import track_lines
from engine.text import printable


def write_midi(path: str, song: Song, texts: Sequence[tuple[int, str]] = ()) -> str:
    """Write a song's loop as it is heard, with ``texts`` at measures, and return its place.

    The chords of the song are text events, too.
    """
    from engine.formats import midi_file

    place = output_files.named(path, output_files.MIDI)
    output_files.check(place, output_files.MIDI)
    make_usual(place)
    parts = track_lines(song)
    if not parts:
        raise OutOfRange("All tracks are muted, so there is nothing to write.", "Unmute one.")
    midi_file.write(place, parts, song.tempo, title=song.title, texts=texts, chords=_chords(song))
    return printable(str(place))


def _chords(song: Song) -> list[tuple[float, str]]:
    starts = bar_lines(song.grids)
    return [
        (float(starts[each.slot] + each.place), each.name(song.key))
        for each in song.chords
        if each.slot < song.sounding and each.place < song.grids[each.slot].length
    ]
