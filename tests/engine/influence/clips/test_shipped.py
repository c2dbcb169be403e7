"""The index of clips that ships belongs to what ships with it, and is small."""

from __future__ import annotations

from engine.influence.clips.index import INDEX, SHIPPED
from engine.influence.clips.search import open_clips

MOST = 8_000_000


def test_the_index_is_of_the_model_that_ships_and_small() -> None:
    # Opening refuses an index of another model, codec or corpus.
    influence = open_clips()
    assert len(influence.index) >= 1000
    assert (SHIPPED / INDEX).stat().st_size <= MOST
    held_out = {tune.cluster for tune in influence.corpus.tunes if tune.split != "train"}
    assert not held_out & set(influence.clusters.tolist())
