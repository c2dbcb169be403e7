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
    """Write a song's loop as it is heard, with ``texts`` at measures, and return its place."""
    from engine.formats import midi_file

    place = output_files.named(path, output_files.MIDI)
    output_files.check(place, output_files.MIDI)
    make_usual(place)
    parts = track_lines(song)
    if not parts:
        raise OutOfRange("All tracks are muted, so there is nothing to write.", "Unmute one.")
    midi_file.write(place, parts, song.tempo, title=song.title, texts=texts)
    return printable(str(place))
