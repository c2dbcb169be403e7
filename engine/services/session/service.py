"""Songs and their files: opened, saved, imported, exported, and kept while they are not saved."""

from __future__ import annotations

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
from engine.services.session import autosave, file_commands
from engine.services.session.autosave_timer import AutosaveTimer
from engine.services.session.keeper import Keeper
from engine.services.session.song_files import SongFiles
from engine.text import printable


class SessionService(Service):
    """Owns what is known of song files, and the autosave.

    A song is saved as it was at the command, by a job, one after the other: until it is on the
    disk everything else goes on.

    ``play_ahead`` sends the player its notes further ahead, before a file is read or written;
    ``end_recording`` ends a recording before its song goes. ``export_with_credits`` handles an
    `ExportMidi` that has to ask what the measures are like. ``seen`` are the digests of the song
    files that were read before, by path.
    """

    commands = (
        LoadTune, OpenSong, RecoverSong, SaveSong, ExportMidi, ImportMidi,
        ForgetKept, LeaveKept, KeepUnsaved, LetUnsavedGo,
    )  # fmt: skip
    reports = (file_commands.MidiRead, file_commands.SaveOver)

    def __init__(
        self,
        context: ServiceContext,
        jobs: Jobs,
        keeper: Keeper | None,
        seen: Mapping[str, str] | None,
        *,
        play_ahead: Callable[[float], None],
        end_recording: Callable[[float], None],
        export_with_credits: Callable[[Command, float], None],
    ) -> None:
        super().__init__(context)
        self._jobs = jobs
        self._files = SongFiles(seen)
        self._autosave = AutosaveTimer(keeper, jobs, self._files)
        self._play_ahead = play_ahead
        self._end_recording = end_recording
        self._export_with_credits = export_with_credits
        self._importing: ImportMidi | None = None
        # The first one is being written, the others wait for it.
        self._saves: deque[file_commands.Saving] = deque()
        self._numbers = count(1)
        self.ends: tuple[AtTheEnd, ...] = ()
        """What became of the songs that were not saved; known once it is closed."""

    @property
    def saving(self) -> bool:
        """Whether a song is being saved."""
        return bool(self._saves)

    def handle(self, command: Command, now: float) -> None:
        """Read or write what is asked for."""
        match command:
            case ImportMidi():
                self._importing = command
                self._jobs.start(
                    "files", "import", READING, file_commands.reading(command), command.request
                )
            case ForgetKept(path):
                autosave.discard(path)
            case LeaveKept(path):
                autosave.leave(path)
            case KeepUnsaved() | LetUnsavedGo():
                self._autosave.handle(command)
            case ExportMidi(credits=True):
                self._export_with_credits(command, now)
            case SaveSong():
                self._saves.append(file_commands.Saving(command, self.context.snapshot()))
                if len(self._saves) == 1:
                    self._write()
            case LoadTune() | OpenSong() | RecoverSong() | ExportMidi():
                self._handle_file(command, now)

    def on_report(self, report: Event, now: float) -> None:
        """Put the measures of a file that was read into the song, or say what became of a save."""
        if isinstance(report, file_commands.SaveOver):
            # At the end it is taken in before its report comes.
            if self._saves and self._saves[0] is report.saving:
                self._saved(now)
            return
        assert isinstance(report, file_commands.MidiRead)
        if report.command is not self._importing:
            words = "Something else was opened meanwhile."
            failed = CommandFailed("MIDI file", words, "Take it again.", report.command.request)
            self.context.publish(failed)
            return
        self._importing = None
        self._finish(report.command, file_commands.imported(report), now)

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
        """Wait for what is being saved, and keep what is not for the last time."""
        try:
            while self._saves:
                self._saves[0].over.wait()
                self._saved(now)
        finally:
            self.ends = self._autosave.finish()

    def _handle_file(self, command: file_commands.Filing, now: float) -> None:
        if isinstance(command, OpenSong | RecoverSong):
            self._end_recording(now)
            # What is being read was meant for the song that goes.
            self._importing = None
        # A slow disk holds up this thread, but not the music.
        self._play_ahead(now)
        if isinstance(command, RecoverSong):
            self._recover(command, now)
        else:
            self._finish(command, self._filed(command), now)

    def _recover(self, command: RecoverSong, now: float) -> None:
        claimed = autosave.claim(command.path)
        try:
            done = self._filed(command)
            applied = self._apply(done, now)
            if applied and claimed:
                self._autosave.adopt(command.path, self.context.snapshot())
        finally:
            # Ours by now, or to be offered again.
            autosave.leave(command.path)
        # Whoever hears of it finds it offered no more.
        if applied:
            self._answer(command, done)

    def _write(self) -> None:
        saving = self._saves[0]
        # Each a kind of its own: one that is asked for later does not end it.
        kind = f"save {next(self._numbers)}"
        self._jobs.start("saving", kind, "saving the song", partial(saving.work, self._files))

    def _saved(self, now: float) -> None:
        saving = self._saves.popleft()
        try:
            self._take_in(saving, now)
        finally:
            if self._saves:
                self._write()

    def _take_in(self, saving: file_commands.Saving, now: float) -> None:
        command, saved, shown = saving.command, saving.snapshot, self.context.snapshot()
        match saving.error:
            case None:
                place = saving.place
                self._files.remember(place, saving.digest)
                self.context.apply(MarkSaved(place, saved.song, saved.document), now)
                self._autosave.saved(saved.document, saved.song, self.context.snapshot(), now)
                for later in self._saves:
                    if later.snapshot.document == saved.document:
                        later.snapshot = replace(later.snapshot, path=place)
                notice = Notice(f"Saved {printable(place)}.", request=command.request)
                self.context.publish(notice)
            case WouldReplace() as error if shown.document == saved.document:
                again = SaveSong(command.path, replace=True)
                self.context.publish(CommandFailed.of(error, command.request, again))
            case ArmonicaError() as error:
                self.context.publish(CommandFailed.of(error, command.request))
            case error:
                raise error

    def _filed(self, command: file_commands.Filing) -> file_commands.Filed:
        return file_commands.filed(command, self.context.snapshot(), self._files)

    def _finish(self, command: Command, done: file_commands.Filed, now: float) -> None:
        if self._apply(done, now):
            self._answer(command, done)

    def _apply(self, done: file_commands.Filed, now: float) -> bool:
        return all(self.context.apply(each, now) for each in done.commands)

    def _answer(self, command: Command, done: file_commands.Filed) -> None:
        for notice in done.notices:
            self.context.publish(replace(notice, request=command.request))
