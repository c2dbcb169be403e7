"""When a song that is not saved is kept by itself: after a rest, and not too late."""

from __future__ import annotations

from engine.errors import ArmonicaError
from engine.events import Noticed, Snapshot
from engine.jobs import Job, Jobs
from engine.session.autosave import Keeper
from engine.session.document import Document

KEEP_AFTER = 2.0
"""Seconds of rest after a change before the song is kept by itself."""

KEEP_AT_MOST = 15.0
"""Seconds after which it is kept though changes go on."""


class Keeping:
    """Has the song kept by a job some time after it has changed; without a keeper, never."""

    def __init__(self, keeper: Keeper | None, jobs: Jobs) -> None:
        self._keeper = keeper
        self._jobs = jobs
        self._due: float | None = None
        self._changed: float | None = None
        self._unkept = False

    def wake(self) -> float | None:
        """Gives when `tick` is due next; None while nothing is to be kept."""
        return self._due

    def note(self, before: Snapshot, after: Snapshot, now: float) -> None:
        """Takes note of a change."""
        if self._keeper is None or (after.song is before.song and after.saved == before.saved):
            return
        if self._changed is None:
            self._changed = now
        self._due = min(now + KEEP_AFTER, self._changed + KEEP_AT_MOST)

    def tick(self, shown: Snapshot, now: float) -> None:
        """Keeps the song where that is due."""
        if self._keeper is None or self._due is None or now < self._due:
            return
        self._due = self._changed = None
        keeper, document, saved = self._keeper, _document(shown), shown.saved

        def work(job: Job) -> None:
            try:
                keeper.keep(document, saved)
            except ArmonicaError as error:
                if not self._unkept:
                    self._unkept = True
                    text = f"The song is not kept by itself: {error.message} Save it yourself."
                    job.tell(Noticed(text, "warning"))

        self._jobs.start("keeping", "keep", "keeping the song", work)

    def now(self, shown: Snapshot) -> bool:
        """Keeps the song at once, as one that is not saved, and tells whether it did."""
        if self._keeper is not None:
            self._keeper.keep(_document(shown), saved=False)
        return self._keeper is not None

    def finish(self, shown: Snapshot) -> None:
        """Keeps the song for the last time, or forgets it where it is saved."""
        if self._keeper is not None:
            self._keeper.finish(_document(shown), saved=shown.saved)


def _document(shown: Snapshot) -> Document:
    return Document(shown.song, shown.locks, shown.path)
