"""Commands that touch files and the corpus: the work of their jobs, and what it comes to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.common import atomic, output_files
from engine.errors import CannotWrite, OutOfRange
from engine.formats import song_file
from engine.formats.exporters import write_midi
from engine.jobs import Cancelled, Job
from engine.locations import SONGS, make_usual, meant
from engine.music.groove import PLAIN
from engine.music.slot import Origin
from engine.music.song import MOST_SLOTS
from engine.protocol.base import Event
from engine.protocol.edit import LoadMeasures, ReplaceSong
from engine.protocol.files import ExportMidi, ImportMidi, LoadTune, OpenSong, RecoverSong, SaveSong
from engine.protocol.notices import CommandFailed
from engine.protocol.snapshot import Snapshot
from engine.services.session import autosave
from engine.services.session.song_files import SongFiles
from engine.text import printable

Filing = OpenSong | RecoverSong | SaveSong | ExportMidi
"""The commands that read or write a song as a whole."""

_UNKNOWN = "unknown"
"""Stands for the digest of a file that was changed since: no file has it."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What such a command comes to: what to say, and the song to put in the place of the shown.

    The file ``place`` (empty: none of the user's) holds what has ``digest``. A song that is
    ``claimed`` was kept by itself.
    """

    words: str
    song: ReplaceSong | None = None
    place: str = ""
    digest: str = ""
    claimed: bool = False


def filed(command: Filing, snapshot: Snapshot, shelf: SongFiles) -> Filed:
    """Read or write what is asked; raises an `ArmonicaError` where that cannot be done.

    ``shelf`` remembers what the files of songs hold.
    """
    match command:
        case OpenSong(path):
            found, digest = song_file.read_with_digest(path)
            there = song_file.found(path)
            # What ships is a place to start from, and no file of the user's.
            own = None if there.parent == SONGS else str(there)
            song = ReplaceSong(found.song, own, True, found.locks)
            return Filed(f"Opened {found.song.title}.", song, own or "", digest)
        case RecoverSong(path):
            return _recovered(path)
        case SaveSong():
            return _saved(command, snapshot, shelf)
        case ExportMidi(path):
            return Filed(f"Wrote {write_midi(path, snapshot.song)}.")


def _recovered(path: str) -> Filed:
    claimed = autosave.claim(path)
    try:
        found = song_file.read(path)
    except BaseException:
        autosave.leave(path)
        raise
    words, own = f"{found.song.title} is back as it was.", found.belongs_to
    song = ReplaceSong(found.song, own, False, found.locks)
    if own is None:
        return Filed(words, song, claimed=claimed)
    base = found.base
    with contextlib.suppress(OSError, ValueError):
        # An older program did not say what its file held: what is older than the work on it.
        if base is None and Path(own).stat().st_mtime <= Path(path).stat().st_mtime:
            base = song_file.digest_of(Path(own))
    return Filed(words, song, own, base or _UNKNOWN, claimed)


def _saved(command: SaveSong, snapshot: Snapshot, shelf: SongFiles) -> Filed:
    wanted, own = command.path, snapshot.path
    try:
        if wanted is not None:
            place = output_files.named(wanted, output_files.SONG)
        elif own is not None:
            # As it was opened, whatever its suffix is.
            place = song_file.located(own)
        else:
            raise CannotWrite("The song has no file yet.", "Save it under a name.")
    except (OSError, ValueError) as error:
        raise atomic.cannot_write(Path(wanted or ""), error) from None
    output_files.check(place, output_files.SONG)
    make_usual(place)
    document = song_file.Document(snapshot.song, snapshot.locks)
    digest = shelf.write(place, document, command.replace)
    return Filed(f"Saved {printable(str(place))}.", place=str(place), digest=digest)


@dataclass(eq=False)
class FileWork:
    """A song that is read or written: what was asked, and the state as it was then.

    ``over`` is set when it is done, as ``filed`` says, or could not be, and ``error`` says why.
    """

    command: Filing
    snapshot: Snapshot
    filed: Filed | None = None
    error: Exception | None = None
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def writes(self) -> bool:
        """Whether something is lost where it is not done."""
        return isinstance(self.command, SaveSong | ExportMidi)

    def run(self, shelf: SongFiles, job: Job) -> None:
        """Do it, and report that to the service."""
        try:
            self.filed = filed(self.command, self.snapshot, shelf)
        except Exception as error:
            self.error = error
        self.over.set()
        job.tell(FileWorkOver(self))


@dataclass(frozen=True, slots=True)
class FileWorkOver(Event):
    """A song was read or written, or could not be; it goes to this service alone."""

    work: FileWork


@dataclass(frozen=True, slots=True)
class MeasuresRead(Event):
    """Measures for the song that is number ``document``; it goes to this service alone."""

    document: int
    load: LoadMeasures
    words: str = ""


def reading(command: ImportMidi | LoadTune, document: int) -> Callable[[Job], None]:
    """Return the work of reading measures; a long MIDI file takes seconds."""

    def work(job: Job) -> None:
        job.step(0.0)
        try:
            read = _tune(command) if isinstance(command, LoadTune) else _midi(command, job.step)
            job.step(1.0)
        except Cancelled:
            # Whoever waits for the measures waits no more.
            words = "Reading it was cancelled."
            job.tell(CommandFailed("MIDI file", words, "", command.request))
            raise
        job.tell(MeasuresRead(document, *read))

    return work


def _midi(command: ImportMidi, step: Callable[[float], None]) -> tuple[LoadMeasures, str]:
    from engine.formats import midi_file

    found = midi_file.read(meant(command.path), command.source, step, command.voice)
    slot = command.slot
    name = printable(Path(command.path).name)
    # A long file comes in as far as a song goes, and what is left out is said.
    measures = found.measures[: max(1, MOST_SLOTS - slot)]
    origins = tuple(
        Origin("midi", found.title, f"{name}, track {found.track}, measure {number}")
        for number in range(1, len(measures) + 1)
    )
    count = len(measures)
    said = [f"{count} measure{'s' * (count != 1)} of {name}, track {found.track}", *found.changes]
    if left := len(found.measures) - count:
        said.append(f"{left} more left out: a song has at most {MOST_SLOTS}")
    load = LoadMeasures(
        slot,
        measures,
        origins,
        groove=found.groove if found.groove != PLAIN else None,
        request=command.request,
        track=command.track,
    )
    return load, ". ".join(part.rstrip(".") for part in said) + "."


def _tune(command: LoadTune) -> tuple[LoadMeasures, str]:
    from engine.corpus.table import corpus_origin, shipped

    corpus, first, count = shipped(), command.first, command.count
    rows = [int(row) for row in corpus.rows_of(command.tune)]
    if first < 1 or count < 1 or first + count - 1 > len(rows):
        raise OutOfRange(
            f"The tune has measures 1 to {len(rows)}, not {first} to {first + count - 1}."
        )
    chosen = rows[first - 1 : first - 1 + count]
    measures = tuple(corpus.measure(row) for row in chosen)
    origins = tuple(corpus_origin(corpus.origin(row)) for row in chosen)
    load = LoadMeasures(
        command.slot, measures, origins, request=command.request, track=command.track
    )
    return load, ""
