"""Proposals for places of a song: asked of the phrase model, then walked through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import Locked
from engine.jobs import Job
from engine.latent.spec import LatentModel
from engine.music.attributes import NAMES
from engine.music.locks import kept
from engine.music.measure import Measure
from engine.music.song import Song
from engine.protocol.base import Event
from engine.protocol.phrase import LONGEST, ProposeMeasures, PutProposal
from engine.protocol.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class ProposedMeasures:
    """One proposal: its measures, and the bits of each in its place."""

    measures: tuple[Measure, ...]
    bits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ProposalsFound(Event):
    """Proposals for measures of a track, from a job; ``before`` is what stood there then."""

    track: int
    slot: int
    before: tuple[Measure, ...]
    found: tuple[ProposedMeasures, ...]


@dataclass(frozen=True, slots=True)
class _Walk:
    asked: ProposalsFound
    at: int
    gesture: int

    def shown(self, song: Song) -> bool:
        """Return whether the song has the proposal that was put there last."""
        found = self.asked.found[self.at].measures
        return _there(song, self.asked.track, self.asked.slot, len(found)) == found


class PhraseQueries:
    """Keeps the proposals that are walked through, and makes the work of looking for others."""

    def __init__(self) -> None:
        self._walk: _Walk | None = None
        self._gesture = 0

    def next(self, command: ProposeMeasures, snapshot: Snapshot) -> PutProposal | None:
        """Return the next proposal, where the place has one of a walk; None begins another."""
        walk = self._walk
        if walk is None or (walk.asked.track, walk.asked.slot) != (command.row, command.slot):
            return None
        if not walk.shown(snapshot.song):
            return None
        self._walk = _Walk(walk.asked, (walk.at + 1) % len(walk.asked.found), walk.gesture)
        return self._put(self._walk)

    def found(self, found: ProposalsFound, snapshot: Snapshot) -> PutProposal | None:
        """Begin the walk of new proposals; None where the place has changed meanwhile."""
        there = _there(snapshot.song, found.track, found.slot, len(found.before))
        if there != found.before:
            return None
        self._gesture += 1
        self._walk = _Walk(found, 0, self._gesture)
        return self._put(self._walk)

    def words(self) -> str:
        """Say which proposal was put where, and its bits."""
        walk = self._walk
        assert walk is not None
        found = walk.asked.found[walk.at]
        place = f"Measure {walk.asked.slot + 1}"
        if len(found.measures) > 1:
            place = f"Measures {walk.asked.slot + 1} to {walk.asked.slot + len(found.measures)}"
        number = f"proposal {walk.at + 1} of {len(walk.asked.found)}"
        return f"{place}: {number}, {sum(found.bits):.0f} bits."

    def propose(
        self, command: ProposeMeasures, snapshot: Snapshot, model: LatentModel | None
    ) -> Callable[[Job], None]:
        """Return the work of looking for proposals; raises what cannot be asked for."""
        song, track = snapshot.song, command.row
        numbers = _place(song, track, command.slot)
        slots = song.track(track).slots
        keeps = {at: kept(slots, at) for at in numbers}
        code = slots[numbers.start].latent
        held = {
            name: code[at]
            for at, name in enumerate(NAMES)
            if code is not None and at in snapshot.locks
        }
        measures = [slot.measure if slot.pattern is None else None for slot in slots]
        before = tuple(slots[at].measure for at in numbers)

        def work(job: Job) -> None:
            # It imports numpy, which screens are not to wait for.
            from engine.phrase.model import shipped
            from engine.phrase.proposals import ProposalRequest, propose

            asked = ProposalRequest(
                measures, song.key, numbers, slots[numbers.start].grid, held, keeps
            )
            found = propose(shipped(), asked, model, seed=command.seed, on_progress=job.step)
            told = tuple(ProposedMeasures(each.measures, each.bits) for each in found)
            job.tell(ProposalsFound(track, numbers.start, before, told))

        return work

    def _put(self, walk: _Walk) -> PutProposal:
        found = walk.asked.found[walk.at]
        return PutProposal(
            walk.asked.slot, found.measures, found.bits, walk.gesture, track=walk.asked.track
        )


def _there(song: Song, track: int, first: int, count: int) -> tuple[Measure, ...]:
    if track >= len(song.tracks):
        return ()
    return tuple(slot.measure for slot in song.tracks[track].slots[first : first + count])


def _place(song: Song, track: int, first: int) -> range:
    """Return the measures to be filled: the one named, and the gap that it begins."""
    slot = song.slot(first, track)
    row = song.track(track)
    if slot.locked:
        raise Locked(f"Measure {first + 1} is locked.", "Unlock the measure to change it.")
    last = first + 1
    while (
        slot.measure.silent
        and last < min(song.length, first + LONGEST)
        and row.slots[last].measure.silent
        and row.slots[last].grid == slot.grid
        and row.slots[last].pattern is None
        and not row.slots[last].locked
    ):
        last += 1
    return range(first, last)
