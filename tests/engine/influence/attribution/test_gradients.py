"""The gradient channel: projections of true gradients, and a measure nearest to itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.influence.attribution.gradients import Gradients, Of
from engine.influence.retraining.rankings import by_gradients, full_model
from engine.influence.retraining.removals import Clusters
from engine.latent.calibration import CalibratedCodec
from engine.latent.network import MeasureVAE
from engine.latent.tokens import Ints, relative
from engine.music.measure import Measure
from tests.support.retraining import SMALL, corpus
from tests.support.small_vae import random_measures

TOKENS: Ints = random_measures(60)


def channel(of: Of = "loss", folder: Path | None = None) -> Gradients:
    torch.manual_seed(0)
    network = MeasureVAE(SMALL.shape)
    with torch.no_grad():
        for value in network.parameters():
            # Blocks begin as nothing: theirs would be no gradients.
            value.add_(0.05 * torch.randn_like(value))
    return Gradients(
        network,
        CalibratedCodec.fitted(TOKENS),
        SMALL.recipe,
        TOKENS,
        "digest",
        of=of,
        folder=folder,
    )


@pytest.mark.parametrize("of", ["loss", "output"])
def test_features_are_the_projected_gradients_of_each_measure(of: Of) -> None:
    made = channel(of)
    found = made.features(TOKENS[:3])
    for at in range(3):
        made._network.zero_grad()
        torch.autograd.backward(made._losses(relative(TOKENS[at : at + 1])[0]).sum())
        parts = [
            (out.T @ layer.weight.grad @ into).flatten()
            for layer, (into, out) in zip(made._layers, made._sides, strict=True)
            if layer.weight.grad is not None
        ]
        torch.testing.assert_close(found[at], torch.cat(parts), rtol=1e-3, atol=1e-4)


def test_a_training_measure_lies_nearest_to_itself() -> None:
    made = channel()
    scores = made.score(TOKENS[:10])
    assert scores.argmax(axis=1).tolist() == list(range(10))
    some = made.score(TOKENS[:10], [5, 2, 5])
    np.testing.assert_allclose(some, scores[:, [5, 2, 5]], rtol=1e-3, atol=1e-3)
    itself = made.percentiles(TOKENS[:2], TOKENS[:2])
    assert (itself.diagonal() > 95).all()
    assert ((itself >= 0) & (itself <= 100)).all()


def test_the_pass_over_all_is_kept_and_a_damaged_one_is_made_again(tmp_path: Path) -> None:
    first = channel(folder=tmp_path).score(TOKENS[:2])
    (kept,) = tmp_path.iterdir()
    again = channel(folder=tmp_path)
    again._passes = lambda: pytest.fail("a pass over all")  # type: ignore[method-assign]
    np.testing.assert_allclose(again.score(TOKENS[:2], range(60)), first, rtol=1e-3, atol=1e-3)
    content = kept.read_bytes()
    for damaged in (b"", content[:100], content[:-4]):
        kept.write_bytes(damaged)
        np.testing.assert_allclose(channel(folder=tmp_path).score(TOKENS[:2]), first, rtol=1e-4)
    assert kept.read_bytes() == content


def test_a_ranking_by_gradients_keeps_its_models(tmp_path: Path) -> None:
    clusters = Clusters(corpus())
    ranking = by_gradients(corpus(), clusters, SMALL, tmp_path, [0, 1], "loss")
    measures = [Measure(tuple(map(int, row))) for row in corpus().tokens[:2]]
    found = ranking(measures)
    assert found.shape == (2, len(clusters))
    assert len(list(tmp_path.glob("full-*"))) == 2
    before = full_model(corpus(), SMALL, tmp_path, 0).state_dict()
    np.testing.assert_allclose(ranking(measures), found)
    for path in tmp_path.glob("full-*"):
        path.write_bytes(b"damaged")
    after = full_model(corpus(), SMALL, tmp_path, 0).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
