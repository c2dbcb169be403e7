"""Commands and events of song files, MIDI files and the tunes of the corpus."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.music.measure import Measure
from engine.music.score_notes import Voice
from engine.protocol.base import Command, Event, Overtaking, TrackCommand, measures
from engine.text import printable


@dataclass(frozen=True, slots=True)
class TuneFound:
    """A tune of the corpus: its row in the table, title, book, number, metre, key, length."""

    tune: int
    title: str
    book: str
    number: int
    metre: str
    key: str
    measures: int


@dataclass(frozen=True, slots=True)
class CorpusBrowsed(Event):
    """The tunes found for a query, and how many more there are."""

    query: str
    tunes: tuple[TuneFound, ...]
    more: int


@dataclass(frozen=True, slots=True)
class TunePreviewed(Event):
    """Measures of a tune, from its ``first`` (from 1)."""

    tune: int
    first: int
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class TrackFound:
    """A track of a MIDI file: its number from 1, its name, its notes, whether all are drums.

    ``voices`` are the lines that its notes can be read as: more than one where several sound at
    once.
    """

    number: int
    name: str
    notes: int
    drums: bool
    voices: tuple[Voice, ...] = ("top",)


@dataclass(frozen=True, slots=True)
class MidiLookedInto(Event):
    """The tracks of a MIDI file, also those without notes."""

    path: str
    tracks: tuple[TrackFound, ...]
    request: str = ""


@dataclass(frozen=True, slots=True)
class AtTheEnd:
    """What became of a song that was not saved when the program ended.

    ``path`` is where it is kept, None where it is lost; ``offered`` says whether the next start
    offers it; ``reason`` why it is not where it should be.
    """

    title: str
    path: Path | None = None
    offered: bool = False
    reason: str = ""

    def line(self) -> str:
        """Return the one line that is said about it."""
        title, place = printable(self.title), printable(str(self.path))
        if self.path is None:
            return f"{title} is not saved and could not be kept: {self.reason}"
        if self.offered:
            return f"{title} is not saved; it is kept as {place} and offered at the next start."
        return f"{title} is not saved; it is in {place} now. {self.reason}".strip()


@dataclass(frozen=True, slots=True)
class Kept:
    """A song that a program which is no longer there had not saved.

    ``time`` is when it was kept, in seconds since 1970; ``belongs_to`` the file it was
    opened from, if any. `engine.protocol.files.RecoverSong` with ``path`` brings it back,
    `engine.protocol.files.LeaveKept` leaves it, and `engine.protocol.files.ForgetKept` removes it.
    """

    path: str
    time: float
    title: str
    belongs_to: str | None = None


READING = "reading the file"
"""The name of a job that reads a MIDI file."""


@dataclass(frozen=True, slots=True)
class ImportMidi(TrackCommand):
    """Reads a track of a MIDI file into slots from ``slot`` on.

    ``source`` is its number from 1 (None: that of the first with notes), ``voice`` which line
    of it is read where several notes sound at once.
    """

    slot: int
    path: str
    source: int | None = None
    voice: Voice = "top"

    def parts(self) -> tuple[range, ...]:
        """Return all slots from there on, as it fills nobody knows how many."""
        return (measures(self.slot, None),)


@dataclass(frozen=True, slots=True)
class LookIntoMidi(Overtaking):
    """Asks which tracks a MIDI file has."""

    path: str


@dataclass(frozen=True, slots=True)
class OpenSong(Command):
    """Opens a song file."""

    path: str


@dataclass(frozen=True, slots=True)
class RecoverSong(Command):
    """Brings back a song that was kept by itself, unsaved.

    See `engine.services.session.autosave`.
    """

    path: str


@dataclass(frozen=True, slots=True)
class ForgetKept(Command):
    """Removes a song that was kept by itself, so that it is not offered again."""

    path: str


@dataclass(frozen=True, slots=True)
class LeaveKept(Overtaking):
    """Leaves a song that was kept by itself to whoever starts next."""

    path: str


@dataclass(frozen=True, slots=True)
class KeepUnsaved(Overtaking):
    """Keeps every song that is not saved at once, as before the program ends.

    With ``copies`` what is not kept is written as songs of the user's own. It is answered.
    """

    copies: bool = False


@dataclass(frozen=True, slots=True)
class LetUnsavedGo(Overtaking):
    """Says that what is not saved and could not be kept may be lost."""


@dataclass(frozen=True, slots=True)
class SaveSong(Command):
    """Writes the song (None: where it was last saved or opened).

    Unless it may ``replace`` anything, a file that holds what was not opened or saved here is
    left as it is, and this refused.
    """

    path: str | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class ExportMidi(Command):
    """Writes the song's loop as a MIDI file; with ``credits`` it says what each measure is like."""

    path: str
    credits: bool = False


@dataclass(frozen=True, slots=True)
class BrowseCorpus(Overtaking):
    """Looks for tunes whose title holds all words of ``query``."""

    query: str
    limit: int = 50


@dataclass(frozen=True, slots=True)
class PreviewTune(Overtaking):
    """Asks for up to ``count`` measures of a corpus tune, from its ``first`` (from 1)."""

    tune: int
    first: int = 1
    count: int = 16


@dataclass(frozen=True, slots=True)
class LoadTune(TrackCommand):
    """Puts ``count`` measures of a corpus tune, from its ``first`` (from 1), into slots."""

    slot: int
    tune: int
    first: int
    count: int

    def parts(self) -> tuple[range, ...]:
        """Return all slots from there on, as it fills nobody knows how many."""
        return (measures(self.slot, None),)
