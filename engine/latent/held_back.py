"""Where a lock keeps a gauge from what it asks for, in words."""

from __future__ import annotations

from engine.latent.spec import Dimension
from engine.music.slot import Slot

LEAST = 0.25
"""What lacks of less than this, in units of a gauge, is not worth a word: notes are whole."""


def held_back(slot: Slot, dimension: Dimension) -> str:
    """Describe how far locked notes let a gauge come; empty where they do not stand in its way.

    What is asked and reached is counted from the measure as it was brought in, or from the code
    that it was made with, in units of the gauge.
    """
    attribute = dimension.attribute
    if not slot.locked_notes or attribute is None:
        return ""
    if slot.latent is None or slot.anchor is None:
        return ""
    made = slot.anchor[dimension.index]
    asked = slot.latent[dimension.index] - made
    before = made if slot.source is None else dimension.reads(attribute.of(slot.source))
    now = dimension.reads(attribute.of(slot.measure))
    if before is None or now is None or not asked:
        return ""
    reached = (now - before) * (1 if asked > 0 else -1)
    if abs(asked) - reached < LEAST:
        return ""
    count = len(slot.locked_notes)
    are = "1 note is" if count == 1 else f"{count} notes are"
    return f"{are} locked: reached {max(0.0, reached):.1f} of {abs(asked):.1f}"
