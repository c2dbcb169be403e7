"""Songs and their files: opened, saved, imported, exported, and kept while they are not saved."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import count

from engine.errors import ArmonicaError, WouldReplace
from engine.jobs import Jobs
from engine.protocol.base import Command, Event
from engine.protocol.facts import MarkSaved
from engine.protocol.files import (
    READING,
    AtTheEnd,
    ExportMidi,
    ForgetKept,
    ImportMidi,
    KeepUnsaved,
    LeaveKept,
    LetUnsavedGo,
    LoadTune,
    OpenSong,
    RecoverSong,
    SaveSong,
)
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.services.base import Service, ServiceContext
from engine.services.session import autosave
from engine.services.session.autosave_timer import AutosaveTimer
from engine.services.session.file_commands import (
    Filed,
    FileWork,
    FileWorkOver,
    MeasuresRead,
    reading,
)
from engine.services.session.keeper import Keeper
from engine.services.session.song_files import SongFiles

log = logging.getLogger(__name__)


class SessionService(Service):
    """Owns what is known of song files, and the autosave.

    Songs are read and written by jobs, one after the other, so that a file that is opened holds
    what was saved before; until then everything else goes on with the song that is shown. A song
    is saved as it was at the command.

    ``end_recording`` ends a recording before its song goes. ``export_with_credits`` handles an
    `ExportMidi` that has to ask what the measures are like. ``seen`` are the digests of the song
    files that were read before, by path.
    """

    commands = (
        LoadTune, OpenSong, RecoverSong, SaveSong, ExportMidi, ImportMidi,
        ForgetKept, LeaveKept, KeepUnsaved, LetUnsavedGo,
    )  # fmt: skip
    reports = (MeasuresRead, FileWorkOver)

    def __init__(
        self,
        context: ServiceContext,
        jobs: Jobs,
        keeper: Keeper | None,
        seen: Mapping[str, str] | None,
        *,
        end_recording: Callable[[float], None],
        export_with_credits: Callable[[Command, float], None],
    ) -> None:
        super().__init__(context)
        self._jobs = jobs
        self._files = SongFiles(seen)
        self._autosave = AutosaveTimer(keeper, jobs, self._files)
        self._end_recording = end_recording
        self._export_with_credits = export_with_credits
        # The first one is being done, the others wait for it.
        self._works: deque[FileWork] = deque()
        self._numbers = count(1)
        self.ends: tuple[AtTheEnd, ...] = ()
        """What became of the songs that were not saved; known once it is closed."""

    @property
    def busy(self) -> bool:
        """Whether a song is being read or written."""
        return bool(self._works)

    def handle(self, command: Command, now: float) -> None:
        """Read or write what is asked for."""
        match command:
            case ImportMidi():
                self._read(command, f"import {command.client}")
            case LoadTune():
                self._read(command, f"tune {next(self._numbers)}")
            case ForgetKept(path):
                autosave.discard(path)
            case LeaveKept(path):
                autosave.leave(path)
            case KeepUnsaved() | LetUnsavedGo():
                self._autosave.handle(command)
            case ExportMidi(credits=True):
                self._export_with_credits(command, now)
            case SaveSong() | OpenSong() | RecoverSong() | ExportMidi():
                if isinstance(command, OpenSong | RecoverSong):
                    self._end_recording(now)
                self._works.append(FileWork(command, self.context.snapshot()))
                if len(self._works) == 1:
                    self._begin()

    def on_report(self, report: Event, now: float) -> None:
        """Put what was read into the song or in its place, or say what became of a save."""
        if isinstance(report, FileWorkOver):
            # At the end it is taken in before its report comes, and what was to be opened let go.
            if self._works and self._works[0] is report.work:
                self._next(now)
            return
        assert isinstance(report, MeasuresRead)
        request = report.load.request
        if report.document != self.context.snapshot().document:
            words = "Something else was opened meanwhile."
            title = "MIDI file" if report.words else "Tune"
            self.context.publish(CommandFailed(title, words, "Take it again.", request))
        elif self.context.apply(report.load, now) and report.words:
            self.context.publish(Notice(report.words, request=request))

    def on_state(self, command: Command, before: Snapshot, after: Snapshot, now: float) -> None:
        """Take note of a song that has changed, so that it is kept soon."""
        self._autosave.note(before, after, now)

    def next_wake(self) -> float | None:
        """Give when songs are to be kept."""
        return self._autosave.wake()

    def tick(self, now: float) -> None:
        """Keep songs that are to be kept, by a job."""
        self._autosave.tick(now)

    def close(self, now: float) -> None:
        """Wait for what is being written, and keep what is not saved for the last time."""
        begun = self._works[0] if self._works else None
        # Nobody waits any more for what was to be opened.
        self._works = deque(work for work in self._works if work.writes)
        if self._works and self._works[0] is not begun:
            self._begin()
        try:
            while self._works:
                self._works[0].over.wait()
                self._next(now)
        finally:
            self.ends = self._autosave.finish()

    def _read(self, command: ImportMidi | LoadTune, kind: str) -> None:
        work = reading(command, self.context.snapshot().document)
        self._jobs.start("files", kind, READING, work, command.request)

    def _begin(self) -> None:
        work = self._works[0]
        # Each a kind of its own: one that is asked for later does not end it.
        kind = f"song {next(self._numbers)}"
        self._jobs.start("songs", kind, "the file of the song", partial(work.run, self._files))

    def _next(self, now: float) -> None:
        work = self._works.popleft()
        try:
            self._take_in(work, now)
        finally:
            if self._works:
                self._begin()

    def _take_in(self, work: FileWork, now: float) -> None:
        request, error, done = work.command.request, work.error, work.filed
        if done is not None:
            if done.place:
                self._files.remember(done.place, done.digest)
            if done.song is not None and not self._opened(work.command, done, now):
                return
            if isinstance(work.command, SaveSong):
                self._saved(work, done.place, now)
            self.context.publish(Notice(done.words, request=request))
        elif isinstance(error, ArmonicaError):
            here = work.snapshot.document == self.context.snapshot().document
            again = None
            if isinstance(error, WouldReplace) and isinstance(work.command, SaveSong) and here:
                again = SaveSong(work.command.path, replace=True)
            self.context.publish(CommandFailed.of(error, request, again))
        else:
            log.error("A file of a song met a fault", exc_info=error)
            words, safe = f"A fault was met: {error}.", "The song is safe."
            self.context.publish(CommandFailed("Something went wrong", words, safe, request))

    def _opened(self, command: Command, done: Filed, now: float) -> bool:
        assert done.song is not None
        self._end_recording(now)
        try:
            applied = self.context.apply(replace(done.song, request=command.request), now)
            if applied and done.claimed:
                assert isinstance(command, RecoverSong)
                self._autosave.adopt(command.path, self.context.snapshot())
        finally:
            # Ours by now, or to be offered again; whoever hears of it finds it offered no more.
            if isinstance(command, RecoverSong):
                autosave.leave(command.path)
        return applied

    def _saved(self, work: FileWork, place: str, now: float) -> None:
        saved = work.snapshot
        self.context.apply(MarkSaved(place, saved.song, saved.document), now)
        self._autosave.saved(saved.document, saved.song, self.context.snapshot(), now)
        for later in self._works:
            if later.snapshot.document == saved.document:
                later.snapshot = replace(later.snapshot, path=place)
