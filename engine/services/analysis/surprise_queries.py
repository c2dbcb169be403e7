"""How unusual the measures of a track are: asked after each edit, most of it known by then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from engine.jobs import Job
from engine.music.measure import Measure, silence
from engine.music.song import Song
from engine.protocol.phrase import AskSurprise, SurpriseFound
from engine.protocol.snapshot import Snapshot

if TYPE_CHECKING:
    from engine.phrase.surprise import MeasureSurprise

PIECE = 4
"""So many measures are looked at together; an edit is felt by those within `BEFORE` after it."""

BEFORE = 16
REMEMBERED = 512
"""How many pieces are remembered."""


class SurpriseQueries:
    """Makes the work of jobs, and remembers what has been looked at, measures as they were."""

    def __init__(self) -> None:
        self._pieces: OrderedDict[Hashable, tuple[MeasureSurprise | None, ...]] = OrderedDict()

    def ask(self, command: AskSurprise, snapshot: Snapshot) -> Callable[[Job], None]:
        """Return the work, which tells of the asked measure first; raises `OutOfRange`."""
        song = snapshot.song
        song.check_melodic(command.row, command.slot)
        row = _melody(song, command.row)

        def work(job: Job) -> None:
            # It imports numpy, which screens are not to wait for.
            from engine.phrase.words import words

            first = command.slot // PIECE * PIECE
            found: dict[int, MeasureSurprise | None] = {}
            own: MeasureSurprise | None = None
            pieces = range(0, len(row), PIECE)
            for begin in (first, *(at for at in pieces if at != first)):
                for at, each in enumerate(self._piece(song, row, begin), begin):
                    found[at] = each
                if begin == first:
                    own = found[command.slot]
                elif begin != pieces[-1] or len(found) < len(row):
                    job.step(len(found) / len(row))
                    continue
                job.tell(
                    SurpriseFound(
                        command,
                        snapshot.revision,
                        tuple(_percent(found.get(at)) for at in range(len(row))),
                        None if own is None else round(own.bits, 1),
                        () if own is None else words(own, song.key),
                    )
                )

        return work

    def _piece(
        self, song: Song, row: tuple[Measure, ...], begin: int
    ) -> tuple[MeasureSurprise | None, ...]:
        from engine.phrase.model import shipped
        from engine.phrase.surprise import surprise

        end = min(begin + PIECE, len(row))
        context = row[max(0, begin - BEFORE) : end]
        key = (song.key, begin, context)
        if key not in self._pieces:
            found = surprise(shipped(), row[:end], song.key, range(begin, end))
            self._pieces[key] = found[begin:end]
            while len(self._pieces) > REMEMBERED:
                self._pieces.popitem(last=False)
        self._pieces.move_to_end(key)
        return self._pieces[key]


def _melody(song: Song, track: int) -> tuple[Measure, ...]:
    # What sounds several notes at once is no melody, and nothing is said about it.
    return tuple(
        slot.measure if slot.pattern is None else silence(slot.grid)
        for slot in song.track(track).slots
    )


def _percent(found: MeasureSurprise | None) -> int | None:
    return None if found is None else min(99, int(found.percentile))
