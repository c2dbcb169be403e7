"""When songs that are not saved are kept by themselves: soon after each change, by a job."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ArmonicaError, NotReady
from engine.formats.song_file import Document
from engine.jobs import Job, Jobs
from engine.music.song import Song
from engine.protocol.files import AtTheEnd, KeepUnsaved, LetUnsavedGo
from engine.protocol.notices import Notice
from engine.protocol.snapshot import Snapshot
from engine.services.session.keeper import Keeper
from engine.services.session.song_files import SongFiles

KEEP_AFTER = 1.0
"""Seconds after the first change that is not kept, however soon others follow.

What is lost when the program is killed is not much more than this: the writing comes to it.
"""


class AutosaveTimer:
    """Has songs kept by a job some time after they have changed; without a keeper, never."""

    def __init__(self, keeper: Keeper | None, jobs: Jobs, shelf: SongFiles) -> None:
        self._keeper = keeper
        self._jobs = jobs
        self._shelf = shelf
        self._due: float | None = None
        self._noted: dict[int, Song] = {}
        self._failed = False

    def wake(self) -> float | None:
        """Return when `tick` is due next; None while nothing is to be kept."""
        return self._due

    def note(self, before: Snapshot, after: Snapshot, now: float) -> None:
        """Take note of a change. A song that is left for another stays as it was noted last."""
        if after.song is not before.song or (after.saved, after.document) != (
            before.saved,
            before.document,
        ):
            self._note(after, now)

    def saved(self, document: int, song: Song, shown: Snapshot, now: float) -> None:
        """Take note that a song was written as it was some time ago."""
        if self._keeper is not None and self._noted.get(document) == song:
            del self._noted[document]
            self._keeper.note(document, None)
            self._due = now
        elif document == shown.document and not shown.saved:
            # What its file holds, and perhaps which that is, has changed.
            self._note(shown, now)

    def _note(self, after: Snapshot, now: float) -> None:
        if self._keeper is None:
            return
        if after.saved:
            if after.document not in self._noted:
                return
            del self._noted[after.document]
            self._keeper.note(after.document, None)
            due = now
        else:
            self._noted[after.document] = after.song
            base = self._shelf.seen(after.path)
            unsaved = Document(after.song, after.locks, after.path, base)
            self._keeper.note(after.document, unsaved)
            due = now + KEEP_AFTER
        self._due = due if self._due is None else min(self._due, due)

    def tick(self, now: float) -> None:
        """Keep what is to be kept where that is due."""
        if self._keeper is None or self._due is None or now < self._due:
            return
        self._due = None
        keeper = self._keeper

        def work(job: Job) -> None:
            try:
                keeper.write()
                self._failed = False
            except ArmonicaError as error:
                if not self._failed:
                    self._failed = True
                    text = f"The song is not kept by itself: {error.message} Save it yourself."
                    job.tell(Notice(text, "warning"))

        self._jobs.start("keeping", "keep", "keeping the song", work)

    def handle(self, command: KeepUnsaved | LetUnsavedGo) -> None:
        """Keep what is not saved at once and answers, or let it go."""
        keeper = self._keeper
        if keeper is None:
            raise NotReady("Nothing is kept by itself here.", "Save the song.")

        if isinstance(command, LetUnsavedGo):
            keeper.let_go()
            return

        def work(job: Job) -> None:
            job.tell(Notice(_kept(keeper, command.copies), request=command.request))

        # One client waits for it as well as another.
        kind = f"keep {command.client}"
        self._jobs.start("keeping", kind, "keeping the song", work, command.request)

    def adopt(self, path: str, shown: Snapshot) -> None:
        """Make a kept song that was claimed, and is shown now, the one that is kept from here."""
        if self._keeper is not None:
            self._keeper.adopt(shown.document, Path(path))

    def finish(self) -> tuple[AtTheEnd, ...]:
        """Keep what is not saved for the last time, and tell what became of it."""
        return () if self._keeper is None else self._keeper.finish()


def _kept(keeper: Keeper, copies: bool) -> str:
    if copies:
        places = ", ".join(str(each.path) for each in keeper.copy())
        return f"What was not saved is in {places}." if places else "Nothing was left to keep."
    keeper.write()
    if not keeper.by_itself and keeper.not_kept():
        raise NotReady("The settings say that nothing is kept by itself.", "Save the song.")
    return "What is not saved is kept."
