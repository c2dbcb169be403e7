"""The sizes of the phrase model's network."""

from __future__ import annotations

from dataclasses import asdict, dataclass

SPAN = 32
"""So many measures before and after, the model tells apart by their distance."""

BINS = 16
"""In how many parts of equal probability the network says what a gauge will be."""


@dataclass(frozen=True)
class PhraseShape:
    """``width`` of a step, attention ``heads``, ``layers`` below the last, ``inner`` width."""

    width: int = 128
    heads: int = 4
    layers: int = 3
    inner: int = 384

    def as_dict(self) -> dict[str, int]:
        """Return the sizes by name, as a card holds them."""
        return asdict(self)
