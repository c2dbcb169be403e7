"""What is heard of one track: its line of notes, and how they are played."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.music.form import Step
from engine.music.measure import Measure
from engine.music.note_line import Line, Stretch
from engine.music.song import Song
from engine.music.track import Track, audible


@dataclass(frozen=True, slots=True)
class TrackLine:
    """A track's line, played once."""

    line: Line
    track: Track = field(default_factory=Track)

    @classmethod
    def of_measures(cls, measures: Iterable[Measure], track: Track | None = None) -> TrackLine:
        """Return the part of measures that are heard as they are written."""
        return cls(Line(measures), track or Track())

    def notes(self) -> list[tuple[Stretch, int, int]]:
        """Return the notes of one turn, each with the MIDI pitch and velocity that is heard."""
        track, found = self.track, []
        for note in self.line.once():
            if (pitch := track.sounded(note.pitch)) is not None:
                found.append((note, pitch, track.struck(note.louder, note.velocity)))
        return found

    @property
    def silent(self) -> bool:
        """Whether nothing of it is heard."""
        return not self.line.once()


def track_lines(song: Song, steps: Sequence[Step] | None = None) -> tuple[TrackLine, ...]:
    """Return the parts of a song that are heard, in measures as they are played (None: all)."""
    pairs = zip(song.tracks, audible(song.tracks), strict=True)
    return tuple(
        TrackLine(song.line(number, steps), track)
        for number, (track, heard) in enumerate(pairs)
        if heard
    )
