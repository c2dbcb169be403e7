"""The state that does not sound of two that are compared: a measure, or a whole song."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.errors import Locked, OutOfRange
from engine.music.locks import kept
from engine.music.slot import Slot
from engine.music.song import Song
from engine.protocol.comparison import StateComparison


def no_mark() -> OutOfRange:
    """Return what is raised where no state is marked."""
    return OutOfRange("No state is marked as B.", "Mark a measure or the song first.")


@dataclass(frozen=True, slots=True)
class Aside:
    """What ``shown`` names, and the ``other`` state of it: B while A sounds, A while B does."""

    shown: StateComparison
    other: Slot | Song

    @classmethod
    def of(cls, song: Song, slot: int | None, track: int) -> Aside:
        """Lay a measure of a song aside, or the song; raises `OutOfRange` where there is none."""
        other = song if slot is None else song.slot(slot, track)
        return cls(StateComparison(slot, track), other)

    @property
    def name(self) -> str:
        """What there are two states of, in words."""
        slot = self.shown.slot
        return "the song" if slot is None else f"measure {slot + 1}"

    def flipped(self, song: Song) -> tuple[Song, Aside]:
        """Return the song with the other state in it, and what is laid aside then.

        B is refused with `Locked` where a lock of the measure, a note of it or its track forbids
        that; the way back is always open.
        """
        sounds = replace(self.shown, sounds="A" if self.shown.sounds == "B" else "B")
        at, track = self.shown.slot, self.shown.track
        if isinstance(self.other, Song) or at is None:
            assert isinstance(self.other, Song)
            return self.other, Aside(sounds, song)
        row, own = song.track(track), song.slot(at, track)
        if sounds.sounds == "B":
            row.check_unlocked()
            own.check_open(at + 1)
        if (
            sounds.sounds == "B"
            and kept(row.slots, at).of(self.other.measure) != self.other.measure
        ):
            words = f"Locked notes of measure {at + 1} are not the same in A and B."
            raise Locked(words, "Unlock them first.")
        return song.with_slot(at, self.other, track), Aside(sounds, own)

    def fits(self, old: Song, new: Song) -> bool:
        """Return whether the measure is where it was after a song has become another."""
        at, track = self.shown.slot, self.shown.track
        if at is None:
            return True
        if (len(new.tracks), new.length) != (len(old.tracks), old.length):
            return False
        before, after = [[id(each) for each in song.tracks] for song in (old, new)]
        moved = before != after and sorted(before) == sorted(after)
        assert isinstance(self.other, Slot)
        return not moved and new.slot(at, track).grid == self.other.grid
