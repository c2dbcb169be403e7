"""How far and what the keys of varying change: shared by the screens."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from engine.latent.variation import FARTHEST
from engine.music.varied_notes import NoteScope
from engine.protocol.base import Command
from engine.protocol.edit import Vary
from engine.protocol.notes import VaryNotes
from engine.protocol.snapshot import Snapshot

REACH = 0.5
"""By how much a key makes varying go farther or less far."""

Scope = Literal["gauges", "gauge"] | NoteScope
SCOPES: tuple[Scope, ...] = ("gauges", "gauge", "notes", "rhythm", "pitches")

_WORDS: dict[Scope, str] = {
    "gauges": "all unlocked gauges",
    "gauge": "the chosen gauge alone",
    "notes": "notes: pitches, rhythm, some more or fewer",
    "rhythm": "the rhythm, under its pitches",
    "pitches": "the pitches, in their rhythm",
}


@dataclass
class Variation:
    """What the next press varies.

    ``reach`` is in standard deviations of gauges, or in tenths of the notes; ``section`` says that
    all measures of the section (without one: of the song) are varied.
    """

    reach: float = 2.0
    scope: Scope = "gauges"
    section: bool = False

    def reaches(self, by: float) -> str:
        """Change the reach, and say how far it goes."""
        self.reach = max(REACH, min(FARTHEST, self.reach + by))
        if self.scope in ("gauges", "gauge"):
            return f"Varying goes {self.reach:g} standard deviations."
        return f"Varying changes {self.reach * 10:g} % of the notes."

    def next_scope(self) -> str:
        """Go to the next scope, and say what it is."""
        self.scope = SCOPES[(SCOPES.index(self.scope) + 1) % len(SCOPES)]
        return f"Varying changes {_WORDS[self.scope]}."

    def turn_section(self) -> str:
        """Change between the measure and its section, and say which it is."""
        self.section = not self.section
        return f"Varying is of {'the whole section' if self.section else 'one measure'}."

    def command(self, shown: Snapshot, gauge: int, seed: int) -> Command:
        """Return what a press asks for at the selected measure."""
        slot, count = shown.selected, 1
        if self.section:
            form = shown.song.form
            section = form.section_at(slot)
            slots = range(shown.song.sounding) if section is None else form.slots_of(section)
            slot, count = slots.start, len(slots)
        if self.scope == "gauges" or self.scope == "gauge":
            one = gauge if self.scope == "gauge" else None
            return Vary(slot, self.reach, seed, one, count)
        return VaryNotes(slot, self.scope, self.reach, seed, count)

    def of_selection(self, shown: Snapshot, span: tuple[Fraction, Fraction], seed: int) -> Command:
        """Return what a press asks for of selected notes; gauges have none, and vary any of it."""
        scope: NoteScope = "notes"
        if self.scope != "gauges" and self.scope != "gauge":
            scope = self.scope
        return VaryNotes(shown.selected, scope, self.reach, seed, 1, *span)
