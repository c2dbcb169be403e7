"""The search among rendered clips, asked about takes that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.influence.spec import InfluenceAnswer
from engine.services.generation import take_store

if TYPE_CHECKING:
    # The search brings numpy, which the first paint does not wait for.
    from engine.influence.clips.search import AudioInfluence


class KeptTakeSearch:
    """Finds the clips nearest to takes that are kept."""

    def __init__(self, clips: AudioInfluence) -> None:
        self._clips = clips

    def of(self, take: str, *, top: int = 10) -> InfluenceAnswer:
        """Return what lies near to a take, by its exact codes where the model is the index'."""
        recipe = take_store.read(take)
        wave, rate = take_store.read_wave(take)
        same = recipe.digest == self._clips.index.card.digest and bool(recipe.codes)
        codes = take_store.read_codes(recipe) if same else None
        return self._clips.of_wave(wave, rate, top=top, codes=codes)


def open_take_search() -> KeptTakeSearch:
    """Open the index of clips that ships; raises what `open_clips` raises."""
    from engine.influence.clips.search import open_clips

    return KeptTakeSearch(open_clips())
