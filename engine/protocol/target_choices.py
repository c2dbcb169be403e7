"""Which targets a control can be bound to at a given state."""

from __future__ import annotations

from engine.midi.controllers.targets import SORTS, Target
from engine.protocol.generation import GenerationState
from engine.protocol.snapshot import Snapshot


def offered(shown: Snapshot, studio: GenerationState) -> list[Target]:
    """Return every target that there is now, in the order of the words."""
    spec = shown.model.spec
    names = {
        "": ("",),
        "dimension": spec.names if spec is not None else (),
        "trait": tuple(trait.name for trait in studio.traits),
        "number": tuple(str(n + 1) for n in range(shown.song.length)),
    }
    return [Target(sort.word, name) for sort in SORTS.values() for name in names[sort.named]]
