"""What the player was told of one voice, and how it is brought to something else."""

from __future__ import annotations

from dataclasses import replace

from engine.midi import messages as m

SHORTEST = 0.02
"""The shortest rest of a note, in seconds, that is worth starting in its middle."""

KEPT = 1.0
"""Seconds after its end for which a note is remembered."""

Messages = list[m.ToPlayer]


class SentNotes:
    """The notes that the player holds, as it was told: ends that were cut are cut here too."""

    def __init__(self) -> None:
        self._notes: list[m.TimedNote] = []

    @property
    def notes(self) -> tuple[m.TimedNote, ...]:
        """The notes, in order, those that have ended not long ago among them."""
        return tuple(self._notes)

    def clear(self) -> None:
        """Forget everything, because the player has."""
        self._notes = []

    def add(self, notes: list[m.TimedNote]) -> Messages:
        """Tell more notes."""
        self._notes += notes
        return [m.Notes(tuple(notes))] if notes else []

    def forget(self, now: float) -> None:
        """Forget what has long ended."""
        self._notes = [note for note in self._notes if note.off >= now - KEPT]

    def sounds(self, now: float) -> bool:
        """Return whether anything sounds, or will."""
        return any(note.off > now for note in self._notes)

    def differ(
        self, at: float, under: m.TimedNote | None, later: list[m.TimedNote], anew: bool
    ) -> Messages:
        """Bring the player from what it holds to a note that sounds at ``at`` and later ones.

        The first is not struck where nothing sounds now, unless that is to be done ``anew``.
        """
        before = [note for note in self._notes if note.on < at]
        last = before[-1] if before and before[-1].off >= at else None
        goes_on = under is not None and last is not None and _key(under) == _key(last)
        under = under if anew or last is not None else None
        sounds_until = under.off if under is not None else at
        settled = sounds_until == (last.off if last is not None else at)
        if (
            settled
            and goes_on == (under is not None)
            and later == [note for note in self._notes if note.on >= at]
        ):
            return []
        told: Messages = [m.Flush(at, cut=not goes_on)]
        if under is not None and last is not None and goes_on:
            before[-1] = replace(last, off=under.off)
            if under.off < last.off:
                # All that started later is gone by now, so this ends the one note sooner.
                told.append(m.Flush(under.off, cut=True))
            elif under.off > last.off:
                told.append(m.Prolong(under.channel, under.pitch, under.off))
        else:
            before = [replace(note, off=min(note.off, at)) for note in before]
            if under is not None and under.off - at >= SHORTEST:
                later = [replace(under, on=at), *later]
        self._notes = before
        return told + self.add(later)


def _key(note: m.TimedNote) -> tuple[int, int]:
    return note.channel, note.pitch
