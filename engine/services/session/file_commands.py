"""Commands that touch files and the corpus, turned into plain ones that need neither."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.common import atomic, output_files
from engine.errors import CannotWrite, OutOfRange
from engine.formats import song_file
from engine.formats.exporters import write_midi
from engine.jobs import Cancelled, Job
from engine.locations import SONGS, make_usual, meant
from engine.music.song import MOST_SLOTS, Origin
from engine.protocol.base import Command, Event
from engine.protocol.edit import LoadMeasures, ReplaceSong
from engine.protocol.files import ExportMidi, ImportMidi, LoadTune, OpenSong, RecoverSong, SaveSong
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.services.session.song_files import SongFiles
from engine.text import printable

if TYPE_CHECKING:
    # The table brings numpy, which the first paint does not wait for.
    from engine.formats.midi_file import MidiImport

Filing = LoadTune | OpenSong | RecoverSong | ExportMidi
"""The commands that are met here."""

_UNKNOWN = "unknown"
"""Stands for the digest of a file that was changed since: no file has it."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What a file command comes to: plain commands to apply, and what to tell after them."""

    commands: tuple[Command, ...] = ()
    notices: tuple[Notice, ...] = ()


def filed(command: Filing, snapshot: Snapshot, shelf: SongFiles) -> Filed:
    """Read or write what is asked; raises an `ArmonicaError` where that cannot be done.

    ``shelf`` remembers what the files of songs hold.
    """
    match command:
        case LoadTune(slot, tune, first, count):
            return _load_tune(slot, tune, first, count)
        case OpenSong(path):
            found, digest = song_file.read_with_digest(path)
            there = song_file.found(path)
            # What ships is a place to start from, and no file of the user's.
            own = None if there.parent == SONGS else str(there)
            if own is not None:
                shelf.remember(own, digest)
            return Filed(
                (ReplaceSong(found.song, own, True, found.locks),),
                (Notice(f"Opened {found.song.title}."),),
            )
        case RecoverSong(path):
            found = song_file.read(path)
            _remember_base(found, path, shelf)
            return Filed(
                (ReplaceSong(found.song, found.belongs_to, False, found.locks),),
                (Notice(f"{found.song.title} is back as it was."),),
            )
        case ExportMidi(path):
            return Filed(notices=(Notice(f"Wrote {write_midi(path, snapshot.song)}."),))


@dataclass(eq=False)
class Saving:
    """A song that is being written: what was asked, and the state as it was then.

    ``over`` is set when it is on the disk, as ``place`` and ``digest`` say, or when it could
    not be brought there, and ``error`` says why.
    """

    command: SaveSong
    snapshot: Snapshot
    place: str = ""
    digest: str = ""
    error: Exception | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def work(self, shelf: SongFiles, job: Job) -> None:
        """Write it, and report that to the service."""
        try:
            self.write(shelf)
        except Exception as error:
            self.error = error
        self.over.set()
        job.tell(SaveOver(self))

    def write(self, shelf: SongFiles) -> None:
        """Write it; raises `CannotWrite`, `WouldReplace` or `OutOfRange`."""
        wanted, own = self.command.path, self.snapshot.path
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
        document = song_file.Document(self.snapshot.song, self.snapshot.locks)
        self.digest = shelf.write(place, document, self.command.replace)
        self.place = str(place)


@dataclass(frozen=True, slots=True)
class SaveOver(Event):
    """A song is on the disk, or could not be brought there; it goes to this service alone."""

    saving: Saving


def _remember_base(found: song_file.Document, path: str, shelf: SongFiles) -> None:
    if found.belongs_to is None:
        return
    own = Path(found.belongs_to)
    base = found.base
    with contextlib.suppress(OSError, ValueError):
        # An older program did not say what its file held: what is older than the work on it.
        if base is None and own.stat().st_mtime <= Path(path).stat().st_mtime:
            base = song_file.digest_of(own)
    shelf.remember(found.belongs_to, base or _UNKNOWN)


@dataclass(frozen=True, slots=True)
class MidiRead(Event):
    """The measures of a file that were asked for; it goes to this service alone."""

    command: ImportMidi
    found: MidiImport


def reading(command: ImportMidi) -> Callable[[Job], None]:
    """Return the work of reading a MIDI file; a long one takes seconds."""

    def work(job: Job) -> None:
        from engine.formats import midi_file

        job.step(0.0)
        try:
            found = midi_file.read(meant(command.path), command.track, job.step)
            job.step(1.0)
        except Cancelled:
            # Whoever waits for the measures waits no more.
            job.tell(CommandFailed("MIDI file", "Reading it was cancelled.", "", command.request))
            raise
        job.tell(MidiRead(command, found))

    return work


def imported(read: MidiRead) -> Filed:
    """Return what a file comes to that has been read."""
    found, slot = read.found, read.command.slot
    name = printable(Path(read.command.path).name)
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
    return Filed(
        (LoadMeasures(slot, measures, origins),),
        (Notice(". ".join(part.rstrip(".") for part in said) + "."),),
    )


def _load_tune(slot: int, tune: int, first: int, count: int) -> Filed:
    from engine.corpus.table import corpus_origin, shipped

    corpus = shipped()
    rows = [int(row) for row in corpus.rows_of(tune)]
    if first < 1 or count < 1 or first + count - 1 > len(rows):
        raise OutOfRange(
            f"The tune has measures 1 to {len(rows)}, not {first} to {first + count - 1}."
        )
    chosen = rows[first - 1 : first - 1 + count]
    return Filed(
        (
            LoadMeasures(
                slot,
                tuple(corpus.measure(row) for row in chosen),
                tuple(corpus_origin(corpus.origin(row)) for row in chosen),
            ),
        )
    )
