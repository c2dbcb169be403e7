"""Probes: what they find, what they reach on tunes left out, and what they doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize

from engine.errors import OutOfRange, UnknownName
from engine.steering.probes.fit import (
    TooFewExamples,
    balanced,
    fit,
    folds,
    parting,
    wilson,
)
from engine.steering.probes.logistic import logistic
from engine.steering.probes.probe import BadProbe, Probe, trait_name
from tests.support.toy_model import PLANTED, SHAPE, SPEC, Toy


@pytest.fixture(scope="module")
def toy() -> Toy:
    return Toy()


@pytest.fixture(scope="module")
def probe(toy: Toy) -> Probe:
    return toy.probe()


def test_the_planted_heads_are_found(toy: Toy, probe: Probe) -> None:
    best = {divmod(int(head), SPEC.heads) for head in probe.top(len(PLANTED))}
    assert best == set(PLANTED)
    assert probe.card.best > 0.95
    assert probe.card.accuracy > 0.9
    for at in PLANTED:
        assert (
            float(probe.directions[at] @ normalize(toy.shown[0][at] * toy.scales[at], dim=0)) > 0.9
        )
    others = torch.ones(SHAPE[:2], dtype=torch.bool)
    for at in PLANTED:
        others[at] = False
    assert abs(float(probe.accuracies[others].mean()) - 0.5) < 0.1


def test_labels_without_meaning_are_read_by_chance(toy: Toy) -> None:
    features, labels, groups = toy.examples(60)
    mixed = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(5))]
    found = fit(features, mixed, groups, name="noise", spec=SPEC)
    assert abs(found.card.average - 0.5) < 0.08
    assert abs(found.card.accuracy - 0.5) < 0.15
    assert any("chance" in each or "without meaning" in each for each in found.card.warnings)
    assert abs(toy.probe().card.shuffled - 0.5) < 0.08


def test_the_same_examples_give_the_same_probe(toy: Toy, probe: Probe) -> None:
    again = toy.probe()
    assert again.card == probe.card
    assert all(torch.equal(each, again.tensors()[name]) for name, each in probe.tensors().items())


def test_a_push_does_not_depend_on_the_scale_of_the_probe(probe: Probe) -> None:
    louder = replace(probe, weights=probe.weights * 17, intercepts=probe.intercepts * 17)
    for matched in (True, False):
        assert torch.allclose(
            probe.steps("probe", matched=matched), louder.steps("probe", matched=matched)
        )
    assert torch.equal(probe.steps(), louder.steps())


def test_a_push_of_one_is_one_spread_of_the_examples(toy: Toy, probe: Probe) -> None:
    features, _, _ = toy.examples(60)
    for steps, units in ((probe.steps(), probe.directions),):
        spread = torch.einsum("nlhd,lhd->nlh", features, units).std(0, unbiased=False)
        assert torch.allclose(steps.norm(dim=-1), spread, rtol=1e-4)


def test_controls_are_as_long_as_what_they_are_compared_with(probe: Probe) -> None:
    length = probe.steps().norm(dim=-1)
    for steps in (probe.steps("probe"), probe.steps("random", seed=3)):
        assert torch.allclose(steps.norm(dim=-1), length, rtol=1e-4)
    assert torch.equal(probe.steps("random", seed=3), probe.steps("random", seed=3))
    assert not torch.equal(probe.steps("random", seed=3), probe.steps("random", seed=4))
    with pytest.raises(UnknownName):
        probe.steps("sideways")  # type: ignore[arg-type]


def test_soft_weights_follow_accuracy_and_stand_equal_accuracies(probe: Probe) -> None:
    soft = probe.soft_weights()
    assert (float(soft.min()), float(soft.max())) == (0.0, 1.0)
    assert torch.equal(soft.flatten().argmax(), probe.accuracies.flatten().argmax())
    accuracies = torch.full(SHAPE[:2], 0.5)
    accuracies[0, 0], accuracies[0, 1] = 0.94, 0.72
    assert float(replace(probe, accuracies=accuracies).soft_weights()[0, 1]) == pytest.approx(0.125)
    assert float(replace(probe, accuracies=accuracies).soft_weights(1)[0, 1]) == pytest.approx(0.5)
    equal = replace(probe, accuracies=torch.full(SHAPE[:2], 0.7))
    assert torch.equal(equal.soft_weights(), torch.ones(SHAPE[:2]))
    assert int(equal.mask(3).sum()) == 3
    assert int(equal.mask(None).sum()) == SPEC.layers * SPEC.heads


def test_a_published_threshold_is_the_median_less_the_spread(probe: Probe) -> None:
    best = probe.accuracies.flatten()[probe.top(probe.card.monitor_heads)]
    expected = float(best.median() - best.std(unbiased=False))
    assert probe.card.paper_threshold == pytest.approx(expected)
    assert 0.05 <= probe.card.threshold <= 0.95


def test_a_tune_is_held_out_whole() -> None:
    groups = torch.arange(23).repeat_interleave(4)
    labels = torch.arange(92) % 2 == 0
    found = folds(labels, groups, seed=0)
    for group in range(23):
        assert len(set(found[groups == group].tolist())) == 1
    sizes = [int((found == each).sum()) for each in range(5)]
    assert max(sizes) - min(sizes) <= 4
    # Folders with the trait and without it share no tune.
    apart = torch.arange(20)
    sides = apart < 8
    found = folds(sides, apart, seed=0)
    for each in range(5):
        assert sides[found == each].any()
        assert (~sides[found == each]).any()


def test_more_examples_of_the_same_tunes_tell_no_more(toy: Toy) -> None:
    features, labels, groups = toy.examples(60)
    spread = [
        fit(features, labels, of, name="drums", spec=SPEC).card for of in (groups, groups // 6)
    ]
    for card, tunes in zip(spread, (60, 10), strict=True):
        assert card.groups == tunes
        assert (card.low, card.high) == pytest.approx(wilson(card.accuracy, 2 * tunes))


def test_too_little_is_refused_and_a_little_is_doubted(toy: Toy) -> None:
    features, labels, groups = toy.examples(20)
    with pytest.raises(TooFewExamples, match="7 examples with"):
        fit(features[:14], labels[:14], groups[:14], name="drums", spec=SPEC)
    with pytest.raises(TooFewExamples, match="one tune"):
        fit(features, labels, torch.zeros(40, dtype=torch.long), name="drums", spec=SPEC)
    few = fit(features, labels, groups, name="drums", spec=SPEC)
    low, high = few.card.low, few.card.high
    assert few.card.warnings[0] == f"40 examples: accuracy lies between {low:.2f} and {high:.2f}."
    keep = labels | (groups >= 12)
    lopsided = fit(features[keep], labels[keep], groups[keep], name="drums", spec=SPEC)
    assert any("20 examples with it and 8 without" in each for each in lopsided.card.warnings)
    assert not toy.probe(tunes=110).card.warnings


def test_an_uneven_count_does_not_move_the_meter(toy: Toy) -> None:
    features, labels, groups = toy.examples(60)
    keep = labels | (groups % 4 == 0)
    uneven = fit(features[keep], labels[keep], groups[keep], name="drums", spec=SPEC)
    assert uneven.card.accuracy > 0.85
    middle = features.mean(0)
    at = PLANTED[0]
    score = float(uneven.weights[at] @ middle[at] + uneven.intercepts[at])
    assert abs(score) < 1.0


def test_what_is_no_example_is_refused(toy: Toy) -> None:
    features, labels, groups = toy.examples(20)
    with pytest.raises(OutOfRange, match="none of toy"):
        fit(features[..., :4], labels, groups, name="drums", spec=SPEC)
    with pytest.raises(OutOfRange, match="no number"):
        fit(features / 0, labels, groups, name="drums", spec=SPEC)
    with pytest.raises(OutOfRange, match="as many"):
        fit(features, labels[:-1], groups, name="drums", spec=SPEC)
    for name in ("../drums", "", "Drums", "a" * 41, "a/b", "drums\n", "-x"):
        with pytest.raises(OutOfRange):
            trait_name(name)


def test_a_fit_tells_how_far_it_is_and_can_be_ended(toy: Toy) -> None:
    features, labels, groups = toy.examples(20)
    reported: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        reported.append((done, total))
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(features, labels, groups, name="drums", spec=SPEC, progress=progress)
    assert reported == [(1, 11), (2, 11), (3, 11)]


def test_the_regression_is_at_its_minimum() -> None:
    made = torch.Generator().manual_seed(0)
    x = torch.randn(200, 3, 5, generator=made) * torch.tensor([1.0, 10.0, 0.1, 1.0, 1.0]) + 3
    labels = x[:, 0, 0] + torch.randn(200, generator=made) > 3
    labels[:30] = False
    weights, intercepts = logistic(x, labels, ridge=2.0)
    w = (weights * x.std(0, unbiased=False)).double().requires_grad_()
    b = (intercepts + (weights * x.mean(0)).sum(-1)).double().requires_grad_()
    standard = ((x - x.mean(0)) / x.std(0, unbiased=False)).double()
    z = torch.einsum("nhd,hd->nh", standard, w) + b
    y = labels.double()[:, None].expand_as(z)
    each = torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="none")
    share = labels.double().mean()
    weight = torch.where(labels, 0.5 / share, 0.5 / (1 - share))[:, None]
    ((weight * each).sum() + w.square().sum()).backward()  # type: ignore[no-untyped-call]
    assert w.grad is not None
    assert b.grad is not None
    assert float(w.grad.abs().max()) < 0.3
    assert float(b.grad.abs().max()) < 0.3


@pytest.mark.parametrize("still", [0.0, 1e6])
def test_a_number_that_never_changes_is_let_be(still: float) -> None:
    made = torch.Generator().manual_seed(0)
    x = torch.randn(40, 1, 3, generator=made)
    x[..., 1] = still
    labels = torch.arange(40) % 2 == 0
    x[labels, 0, 0] += 50  # Parts the classes cleanly, too.
    weights, intercepts = logistic(x, labels)
    assert weights.isfinite().all()
    assert intercepts.isfinite().all()
    assert float(weights[0, 1]) == 0.0
    assert float(weights[0, 0]) > 0


def test_intervals_and_thresholds_are_the_textbook_ones() -> None:
    low, high = wilson(0.75, 40)
    assert (low, high) == pytest.approx((0.598, 0.858), abs=1e-3)
    assert wilson(1.0, 8)[0] == pytest.approx(0.676, abs=1e-3)
    labels = torch.tensor([True, True, True, False, False, False])
    assert 0.6 < parting(torch.tensor([0.9, 0.8, 0.7, 0.6, 0.2, 0.1]), labels) < 0.7
    assert parting(torch.full((6,), 0.3), labels) == 0.5
    guesses = torch.tensor([[True], [True], [True], [True], [False], [False]])
    assert float(balanced(guesses, labels)) == pytest.approx((1 + 2 / 3) / 2)


def test_a_probe_of_another_model_is_refused_by_name(probe: Probe) -> None:
    probe.card.check(SPEC)
    with pytest.raises(BadProbe, match=r"'drums' was made for toy .*not for large \(ffff\)"):
        probe.card.check(replace(SPEC, name="large", digest="ffff"))
    with pytest.raises(BadProbe, match="3 layers of 4 heads of 32"):
        probe.card.check(replace(SPEC, heads=5))
