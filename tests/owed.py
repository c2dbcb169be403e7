"""What a run of the program must not lose, and what lies on the disk: read with no part of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

BEHIND = 2.0
"""Seconds of work that `kill -9` may take."""

Written = tuple[str, float]
"""The title and tempo of a song that lies somewhere."""


@dataclass(slots=True)
class Work:
    """One song: the titles it was seen with, each with its moment, the newest last.

    It may have got one of ``unseen`` since, unless another song came in before that was shown.
    Of one that may be ``undone`` nothing is known until it is seen again.
    """

    titles: list[tuple[str, float]]
    unseen: list[str] = field(default_factory=list)
    undone: bool = False


class Ledger:
    """Keeps account of titles that were seen on the screen and must be found afterwards."""

    def __init__(self) -> None:
        self.works: list[Work] = []

    def seen(self, title: str, before: str, at: float) -> None:
        """Take note of a song that was called ``before`` and was seen with a new title."""
        work = self._called(before)
        if work is None:
            work = Work([])
            self.works.append(work)
        work.titles.append((title, at))
        work.unseen.clear()
        work.undone = False

    def given(self, title: str, before: str) -> None:
        """Take note of a title that was given and not seen: another song may have come in."""
        if (work := self._called(before)) is not None:
            work.unseen.append(title)

    def doubt(self) -> None:
        """Take note of keys that may undo or rename what is shown, or was."""
        for each in self.works:
            each.undone = True

    def thrown_away(self, title: str) -> None:
        """Take note of a kept song that the player threw away, in words."""
        self.works = [
            each for each in self.works if title not in (*dict(each.titles), *each.unseen)
        ]

    def lost(
        self, there: Iterable[Written], shown: str = "", killed: float = 0.0, slow: float = 1.0
    ) -> list[str]:
        """Return the titles that must be found and are not; those that are found stay owed.

        ``shown`` is the title that stood there at the end; ``killed`` the moment of a `kill -9` on
        a machine that is so many times as ``slow`` as one with nothing else to do.
        """
        found = {title for title, _ in there}
        lost: list[str] = []
        for work in list(self.works):
            work.undone = work.undone and work.titles[-1][0] != shown
            if work.undone:
                continue
            # What was seen later than this may be lost, and what it replaced be there instead.
            sure = [at for _, at in work.titles if not killed or at <= killed - BEHIND * slow]
            allowed = [title for title, _ in work.titles[max(0, len(sure) - 1) :]]
            held = [title for title in (*allowed, *work.unseen) if title in found]
            if held:
                work.titles, work.unseen = [(held[-1], 0.0)], []
            else:
                self.works.remove(work)
                lost += allowed[:1] if sure else []
        return lost

    def _called(self, title: str) -> Work | None:
        return next(
            (each for each in self.works if title in (each.titles[-1][0], *each.unseen)), None
        )


def songs(paths: Iterable[Path]) -> list[Written]:
    """Return the songs among files, whatever wrote them."""
    found = []
    for path in paths:
        song = json.loads(path.read_text())
        found.append((song["title"], float(song["tempo"])))
    return found


def hung(messages: Sequence[tuple[float, bytes]]) -> set[tuple[int, int]]:
    """Return the (channel, pitch) pairs that began and had no note-off of their own."""
    held: set[tuple[int, int]] = set()
    for _, data in list(messages):
        if data[0] & 0xF0 == 0x90 and data[2]:
            held.add((data[0] & 0x0F, data[1]))
        elif data[0] & 0xE0 == 0x80:
            held.discard((data[0] & 0x0F, data[1]))
    return held
