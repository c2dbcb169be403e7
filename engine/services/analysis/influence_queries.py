"""Questions about influence as the work of jobs: measures, takes, a way out, the provenance."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from engine.errors import ArmonicaError, Locked, NotReady, OutOfRange, UserError
from engine.influence.spec import InfluenceAnswer, Match
from engine.jobs import Job
from engine.latent.prior import draw
from engine.latent.spec import DECIMALS, Latent, LatentModel, check_grid, serves
from engine.music.asked_tones import asked_tones
from engine.music.locks import kept
from engine.music.measure import Measure
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.analysis import (
    AskInfluence,
    AskTakeInfluence,
    InfluenceFound,
    MatchExcerpt,
    RegenerateAway,
    WriteProvenance,
)
from engine.protocol.base import Event
from engine.protocol.files import ExportMidi
from engine.protocol.notices import Notice
from engine.protocol.snapshot import Snapshot
from engine.services.analysis.influence_backends import (
    InfluenceParts,
    MeasureSearch,
    Print,
    Weighing,
)

if TYPE_CHECKING:
    from engine.influence.provenance import TracedMeasure

MOST = 100
"""The most matches that can be asked for."""

TAKES = 32
"""How many takes are remembered with what they lie near to."""

AGAIN = 5.0
"""Seconds after which a search that could not be opened is tried again."""

REACHES = (0.25, 0.5, 0.75, 1.0)
"""How far from where a measure stands a way out is looked for, in shares of the most."""

DRAWS = 8
"""How many neighbours are drawn at each reach."""

Opened = TypeVar("Opened")


class TooNear(UserError):
    """A measure of which no neighbour lies farther from what it is like."""

    title = "Influence"


@dataclass(frozen=True, slots=True)
class EscapeFound(Event):
    """The code of a measure away from what was to be avoided; it goes to this service alone.

    It holds while the slot still stands at ``before``. ``words`` say what it is like now.
    """

    slot: int
    before: Latent
    values: tuple[tuple[int, float], ...]
    words: str
    track: int = 0


class InfluenceQueries:
    """Makes the work of jobs out of commands; what cannot be met is refused before it starts.

    What cannot be answered is an answer too: it says why, and nobody is interrupted by it.
    """

    def __init__(self, parts: InfluenceParts) -> None:
        self._measures = _Opening(parts.measures)
        self._takes = _Opening(parts.takes)
        self._pulls = _Opening(parts.pulls)
        self._tunes = _Opening(parts.tunes)
        self._known: dict[str, InfluenceAnswer] = {}

    def ask(self, command: AskInfluence, snapshot: Snapshot) -> Callable[[Job], None]:
        """Return the work of looking for what a measure lies near to; raises `OutOfRange`."""
        _check_top(command.top)
        passage = AskedPassage.around(snapshot.song, command.slot, command.row, alone=command.alone)

        def work(job: Job) -> None:
            def found() -> InfluenceAnswer:
                return passage.answer(
                    self._measures.get(),
                    self._pulls.get() if command.gradients else None,
                    top=command.top,
                    books=command.books,
                    licences=command.licences,
                    without_clusters=command.without,
                )

            job.step(0.0)
            job.tell(self._answer(command, snapshot, found))

        return work

    def ask_take(self, command: AskTakeInfluence, snapshot: Snapshot) -> Callable[[Job], None]:
        """Return the work of looking for what a take lies near to; raises `OutOfRange`."""
        _check_top(command.top)

        def work(job: Job) -> None:
            def found() -> InfluenceAnswer:
                return self._allowed(self._of_take(command.take), command)

            job.step(0.0)
            job.tell(self._answer(command, snapshot, found))

        return work

    def away(
        self, command: RegenerateAway, snapshot: Snapshot, model: LatentModel
    ) -> Callable[[Job], None]:
        """Return the work of finding a neighbour that lies farther away.

        The measure is judged alone: those around it stay as they are. Raises `Locked`,
        `OutOfRange` or `NotReady`.
        """
        slot, number = snapshot.song.slot(command.slot, command.row), command.slot + 1
        check_grid(slot.grid, number)
        if slot.measure.silent:
            raise OutOfRange(f"Measure {number} has no notes, so it is near to nothing.")
        if slot.latent is None:
            raise NotReady(f"Measure {number} has no code yet.", "Wait for the model.")
        if not 0 < command.amount <= 1:
            raise OutOfRange(f"An amount lies above 0 and up to 1; {command.amount} does not.")
        slot.check_open(number)
        here, keeps = slot.latent, kept(snapshot.song.track(command.row).slots, command.slot)
        tones = asked_tones(snapshot.song, command.slot)
        free = [at for at in range(len(here)) if at not in snapshot.locks]
        if not free:
            raise Locked("All gauges are locked.", "Unlock one, so that the measure can move.")

        def work(job: Job) -> None:
            search = self._measures.get()
            before = search.of((slot.measure,), 0, top=1)
            without = command.without or {match.cluster for match in before.matches}
            for at, reach in enumerate(REACHES):
                best: tuple[float, Latent, Match] | None = None
                for nth in range(DRAWS):
                    job.step((at * DRAWS + nth) / (len(REACHES) * DRAWS))
                    there = draw(len(here), command.seed + at * DRAWS + nth)
                    point = _towards(here, there, command.amount * reach, free)
                    # One at a time, and as the gauges are moved: what is heard is what was judged.
                    measure = model.turned(slot, point, keeps, tones)
                    if measure.silent or measure == slot.measure:
                        continue
                    found = search.of((measure,), 0, top=1)
                    far = found.originality.value
                    if (
                        found.matches
                        and found.matches[0].cluster not in without
                        and far > before.originality.value
                        and (best is None or far > best[0])
                    ):
                        best = far, point, found.matches[0]
                if best is not None:
                    far, point, match = best
                    moves = tuple((d, point[d]) for d in free if point[d] != here[d])
                    words = (
                        f"Measure {number} alone is now nearest to {match.title}; "
                        f"originality {before.originality.value:.2f} to {far:.2f}."
                    )
                    job.tell(EscapeFound(command.slot, here, moves, words, command.row))
                    return
            raise TooNear(
                f"None of {len(REACHES) * DRAWS} neighbours of measure {number} lies farther away.",
                "Go farther, try again, or unlock a gauge.",
            )

        return work

    def traced(self, song: Song, step: Callable[[float], None]) -> tuple[TracedMeasure, ...]:
        """Return what each measure of the loop lies near to; raises what the search raises."""
        from engine.influence.provenance import TracedMeasure

        search, rows = self._measures.get(), []
        places = [(track, at) for track in range(len(song.tracks)) for at in range(song.sounding)]
        for done, (track, at) in enumerate(places):
            step(done / len(places))
            slot = song.slot(at, track)
            found = None
            if not slot.measure.silent and serves(slot.grid):
                found = AskedPassage.around(song, at, track).answer(search)
            rows.append(TracedMeasure(at + 1, slot.origin, found, track + 1))
        return tuple(rows)

    def write(self, command: WriteProvenance, snapshot: Snapshot) -> Callable[[Job], None]:
        """Return the work of writing the provenance of the loop, or of a take."""
        song = snapshot.song

        def work(job: Job) -> None:
            from engine.influence import provenance

            if command.take is None:
                document = provenance.of_song(song.title, self.traced(song, job.step))
            else:
                document = provenance.of_take(command.take, self._of_take(command.take))
            place = provenance.write(command.path, document)
            job.tell(Notice(f"Wrote {place}.", request=command.request))

        return work

    def export(self, command: ExportMidi, snapshot: Snapshot) -> Callable[[Job], None]:
        """Return the work of writing the loop as a MIDI file that says what it is like."""
        song = snapshot.song

        def work(job: Job) -> None:
            from engine.formats.exporters import write_midi
            from engine.influence import provenance

            place = write_midi(command.path, song, provenance.lines(self.traced(song, job.step)))
            job.tell(Notice(f"Wrote {place}.", request=command.request))

        return work

    def _answer(
        self,
        command: AskInfluence | AskTakeInfluence,
        snapshot: Snapshot,
        ask: Callable[[], InfluenceAnswer],
    ) -> InfluenceFound:
        revision = snapshot.revision
        track = snapshot.song.track(command.row if isinstance(command, AskInfluence) else 0)
        try:
            tunes = self._tunes.get()
            found = ask()
        except ArmonicaError as error:
            return InfluenceFound(command, revision, None, error.line())
        return InfluenceFound(
            command,
            revision,
            found,
            beside=tuple(_beside(match, found, track, tunes) for match in found.matches),
            books=tunes.books,
            licences=tunes.licences,
        )

    def _of_take(self, take: str) -> InfluenceAnswer:
        if take not in self._known:
            self._known[take] = self._takes.get().of(take, top=MOST)
            while len(self._known) > TAKES:
                self._known.pop(next(iter(self._known)))
        return self._known[take]

    @staticmethod
    def _allowed(found: InfluenceAnswer, command: AskTakeInfluence) -> InfluenceAnswer:
        from engine.influence.clips.search import CLOSE

        books, licences = command.books, command.licences
        kept = [
            match
            for match in found.matches
            if (books is None or match.book in books)
            and (licences is None or match.licence in licences)
            and match.cluster not in command.without
        ][: command.top]
        ranked = tuple(replace(match, rank=rank) for rank, match in enumerate(kept, 1))
        # The search says whether anything is close; this, whether what may be named is.
        close = found.close and any(match.percentile >= CLOSE for match in ranked)
        return replace(found, matches=ranked, close=close)


@dataclass(frozen=True, slots=True)
class AskedPassage:
    """The measures that a question is about: ``at`` (from 0) is the one that was meant.

    ``first`` is the slot of the first.
    """

    measures: tuple[Measure, ...]
    at: int
    first: int

    @classmethod
    def around(cls, song: Song, slot: int, track: int = 0, *, alone: bool = False) -> AskedPassage:
        """Return a slot's measure with those around it, up to the next slots that are empty.

        It ends before measures in a metre that the model does not know, too.
        """
        song.slot(slot, track)
        first = last = slot
        row = song.track(track).slots
        known = [not each.empty and serves(each.grid) for each in row]
        if not alone and known[slot]:
            while first > 0 and known[first - 1]:
                first -= 1
            while last + 1 < len(row) and known[last + 1]:
                last += 1
        measures = tuple(each.measure for each in row[first : last + 1])
        return cls(measures, slot - first, first)

    def answer(
        self, search: MeasureSearch, pulls: Weighing | None = None, **words: object
    ) -> InfluenceAnswer:
        """Return what the search finds and gradients say, with measures counted as in the song."""
        from engine.influence.attribution.evidence import attached

        number = self.first + self.at + 1
        check_grid(self.measures[self.at].grid, number)
        if self.measures[self.at].silent:
            raise OutOfRange(f"Measure {number} has no notes, so nothing can lie behind it.")
        found = search.of(self.measures, self.at, **words)  # type: ignore[arg-type]
        found = attached(found, (self.measures[self.at],))
        if pulls is not None:
            found = pulls.weighed(found, self.measures)
        counted = (replace(match, asked=match.asked + self.first) for match in found.matches)
        return replace(found, matches=tuple(counted))


class _Opening(Generic[Opened]):
    # Opens something when it is first needed. A failure stands for a while: an edit that is
    # held down asks many times a second.

    def __init__(self, make: Callable[[], Opened]) -> None:
        self._make = make
        self._made: Opened | None = None
        self._error: ArmonicaError | None = None
        self._failed = 0.0

    def get(self) -> Opened:
        if self._made is None:
            if self._error is not None and time.monotonic() - self._failed < AGAIN:
                raise self._error
            try:
                self._made = self._make()
            except ArmonicaError as error:
                self._error, self._failed = error, time.monotonic()
                raise
        return self._made


def _beside(match: Match, found: InfluenceAnswer, track: Track, tunes: Print) -> MatchExcerpt:
    if found.unit == "second":
        return MatchExcerpt((), tunes.positions(match.tune, match.measure, match.measures))
    slots = track.slots[match.asked - 1 : match.asked - 1 + match.measures]
    ours = tuple(slot.measure for slot in slots)
    there = tunes.passages(match.tune, match.measure, match.measures)
    # Where a number stands twice in a tune, it is the one whose notes agree.
    theirs = next((each for each in there if _agree(match, ours, each)), there[0] if there else ())
    return MatchExcerpt(ours, theirs)


def _agree(match: Match, ours: Sequence[Measure], theirs: Sequence[Measure]) -> bool:
    high, low = ([p for measure in each for p in measure.pitches] for each in (ours, theirs))
    return all(
        a < len(high) and b < len(low) and high[a] - low[b] == match.transposed
        for a, b in match.pairs
    )


def _towards(here: Latent, there: Latent, amount: float, free: Sequence[int]) -> Latent:
    # As a draw moves a measure: see `engine.services.editing.edits.gauges`.
    moved = list(here)
    for at in free:
        moved[at] = round(here[at] + amount * (there[at] - here[at]), DECIMALS) + 0.0
    return tuple(moved)


def _check_top(top: int) -> None:
    if not 1 <= top <= MOST:
        raise OutOfRange(f"From 1 to {MOST} matches are listed, not {top}.")
