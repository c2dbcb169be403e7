"""The notes of patterns over a loop of measures: any number at once, none tied over a bar line."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from engine.music.groove import Groove
from engine.music.line_settings import LineSettings, MeasureSetting
from engine.music.measure import Measure
from engine.music.pattern import Pattern
from engine.music.scales import Key
from engine.music.stretch import SAME, Stretch

EARLY = 0.5
"""How much earlier than its place a note of a pattern is heard at most, in quarter notes."""


class PatternNotes:
    """The notes of patterns, None where a measure has none; arguments as of `MelodyNotes`."""

    def __init__(
        self,
        patterns: Sequence[Pattern | None],
        measures: Sequence[Measure],
        groove: Groove,
        settings: LineSettings,
        starts: Sequence[float],
        length: float,
    ) -> None:
        self.patterns, self.measures = patterns, measures
        self.starts, self.length = starts, length
        self._groove, self._settings = groove, settings.measures
        self.reach = max((measure.grid.quarters for measure in measures), default=0.0)
        """How long a note of theirs lasts at most, in quarter notes."""
        fastest = max(setting.tempo for setting in self._settings)
        self.earliest = min(EARLY, groove.timing / 1000 * fastest / 60)
        """How much earlier than written a note is heard at most, in quarter notes."""
        # What of them was asked for, by measure: most edits are of other measures.
        self._hits: dict[int, list[Stretch]] = {}

    def _hits_in(self, index: int) -> list[Stretch]:
        """Return the notes of a measure's pattern; those of one place are moved alike."""
        if (known := self._hits.get(index)) is not None:
            return known
        groove, setting = self._groove, self._settings[index]
        pattern = self.patterns[index] if index < len(self.patterns) else None
        grid, start = self.measures[index].grid, self.starts[index]
        hits = [hit for hit in pattern.hits if hit.onset < grid.length] if pattern else []
        struck = [hit.onset for hit in hits]
        heard = groove.swung(struck, struck)
        ends = groove.swung([min(hit.end, grid.length) for hit in hits], struck)
        found = []
        for hit, at, end in zip(hits, heard, ends, strict=True):
            written = float(hit.onset)
            tick = min(bisect_right(grid.places, written + SAME), grid.ticks) - 1
            off = groove.moves(grid, setting.slot, tick, setting.tempo)
            found.append(
                Stretch(
                    start + at + off,
                    start + max(end, at + SAME) + off,
                    _closest(setting, hit.pitch, written),
                    groove.louder(setting.slot, tick),
                    at + off - written,
                    hit.velocity,
                )
            )
        self._hits[index] = found
        return found

    def between(self, start: float, end: float) -> Iterator[Stretch]:
        """Yield the notes that begin at ``start`` or later and before ``end``."""
        turn = math.floor((start - EARLY - self.reach) / self.length)
        while turn * self.length < end + EARLY:
            base = turn * self.length
            first = max(0, bisect_right(self.starts, start - EARLY - self.reach - base) - 1)
            for index in range(first, len(self.measures)):
                if base + self.starts[index] >= end + EARLY:
                    break
                for note in self._hits_in(index):
                    if start <= base + note.start < end:
                        yield note.moved_by(base)
            turn += 1


def _closest(setting: MeasureSetting, pitch: int, place: float) -> int:
    # What a pattern holds lies in the whole range of MIDI.
    key = setting.key
    if key is None:
        return pitch
    if isinstance(key, Key):
        return key.closest(pitch)
    return key.closest_at(pitch, setting.slot, place)
