"""Retraining without some tunes: nothing moves but what is left out, and nothing done is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.corpus.table import Corpus
from engine.influence.retraining.likelihood_bound import ask
from engine.influence.retraining.removals import Clusters, Removal, arms, full, subsets
from engine.influence.retraining.retrain import RETRAINED, Plan, Stack, model_of
from engine.influence.retraining.sweep import (
    RESULTS,
    STACK,
    Outcome,
    local,
    read,
    run,
    stacks,
)
from engine.latent.network import Logits
from engine.latent.tokens import relative
from engine.latent.training.augment import augment, vary
from engine.latent.training.train import Trainer
from engine.latent.training_recipe import TrainingRecipe
from tests.support.retraining import SMALL, corpus, here, removals, sweep


def trained(plan: Plan, kept: np.ndarray, seed: int = 0, of: Corpus | None = None) -> Stack:
    stack = Stack(of or corpus(), plan, kept, seed)
    while not stack.done:
        stack.step()
    return stack


def everything(models: int = 1) -> np.ndarray:
    return np.ones((models, len(corpus().training())), dtype=bool)


def parameters(stack: Stack, at: int) -> torch.Tensor:
    return torch.cat([each[at].detach().flatten() for each in stack.parameters.values()])


def test_with_nothing_removed_it_is_the_training_itself(tmp_path: Path) -> None:
    stack = trained(SMALL, everything(2), seed=3)
    trainer = Trainer(tmp_path, corpus(), SMALL.recipe, SMALL.shape, 3, SMALL.steps)
    while not trainer.done:
        trainer.step()
    for name, value in trainer.network.named_parameters():
        for model in range(2):
            torch.testing.assert_close(stack.parameters[name][model], value, rtol=1e-3, atol=1e-4)


def test_what_is_removed_leaves_no_trace() -> None:
    # The units of the named codes are of the whole set, and are left out here.
    plan = replace(SMALL, recipe=replace(RETRAINED, normal=0.0))
    kept = everything()
    kept[0, 3:40] = False
    before = trained(plan, kept)
    tokens = corpus().tokens.copy()
    rows = corpus().training()[3:40]
    tokens[rows] = tokens[rows[::-1]]
    other = Corpus(
        tokens, corpus().tune, corpus().number, corpus().cluster, corpus().tunes, "other"
    )
    after = trained(plan, kept, of=other)
    assert torch.equal(parameters(before, 0), parameters(after, 0))
    whole = trained(plan, everything(), of=other)
    assert not torch.equal(parameters(before, 0), parameters(whole, 0))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_model_does_not_feel_who_is_trained_beside_it(precision: str) -> None:
    plan = replace(SMALL, precision=precision)
    kept = np.repeat(everything(), 5, axis=0)
    kept[1, :100] = False
    kept[2:4, 50:] = False
    together = trained(plan, kept)
    for at in (0, 1, 4):
        alone = trained(plan, kept[at : at + 1])
        assert torch.equal(parameters(together, at), parameters(alone, 0))
    assert torch.equal(parameters(together, 0), parameters(together, 4))
    assert not torch.equal(parameters(together, 0), parameters(together, 1))


def test_a_stack_leaves_the_random_numbers_of_others_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trained(SMALL, everything())
    assert torch.equal(torch.rand(3), expected)


def test_a_plan_is_named_by_all_that_makes_the_model() -> None:
    names = {
        SMALL.digest("a"),
        SMALL.digest("b"),
        replace(SMALL, steps=13).digest("a"),
        replace(SMALL, precision="bfloat16").digest("a"),
        replace(SMALL, recipe=TrainingRecipe("armonica without edits")).digest("a"),
    }
    assert len(names) == 5
    assert SMALL.digest("a") == replace(SMALL).digest("a")


def test_varied_measures_say_who_went_into_them() -> None:
    tokens = corpus().tokens[:100].astype(np.int64)
    varied, partners = vary(tokens, np.random.default_rng(1), splice=0.6, change=0.0)
    assert np.array_equal(varied, augment(tokens, np.random.default_rng(1), 0.6, 0.0))
    alone = partners == np.arange(100)
    assert 0.2 < alone.mean() < 0.7
    assert np.array_equal(varied[alone], relative(tokens)[0][alone])
    # The last beat is the partner's in every spliced measure.
    spliced = np.where(np.arange(24) >= 18, tokens[partners], tokens)
    assert np.array_equal(varied[:, 18:] > 1, spliced[:, 18:] > 1)


@settings(max_examples=30)
@given(st.sets(st.integers(100, 117)))
def test_a_measure_stays_while_a_tune_that_is_left_has_it(removed: set[int]) -> None:
    clusters = Clusters(corpus())
    left = {
        corpus().cluster[row]
        for row in range(len(corpus()))
        if corpus().splits[row] == 0 and corpus().tunes[corpus().tune[row]].cluster not in removed
    }
    expected = [corpus().cluster[row] in left for row in corpus().training()]
    assert clusters.kept(removed).tolist() == expected


@settings(max_examples=30)
@given(st.sets(st.integers(100, 117), min_size=1, max_size=8), st.integers(0, 99))
def test_matched_clusters_are_others_of_the_same_book(wanted: set[int], seed: int) -> None:
    clusters = Clusters(corpus())
    found = clusters.matched(wanted, np.random.default_rng(seed))
    assert len(set(found)) == len(wanted)
    assert not wanted & set(found)


def test_scores_of_measures_are_shared_among_the_clusters_that_have_them() -> None:
    clusters = Clusters(corpus())
    scores = np.random.default_rng(0).random((2, clusters.count))
    found = clusters.summed(scores)
    assert found.shape == (2, len(clusters))
    np.testing.assert_allclose(found.sum(axis=1), scores.sum(axis=1))


def test_arms_remove_the_first_and_the_last_and_as_many_at_random() -> None:
    clusters = Clusters(corpus())
    scores = np.random.default_rng(0).random((4, len(clusters)))
    found = arms(clusters, {"fused": scores, "raw": -scores}, ks=(1, 3), pool=2, draws=2, seed=5)
    assert len(found) == 2 * 2 * (2 + 2 + 1)
    assert {removal.seed for removal in found} == {5}
    first = next(r for r in found if r.arm == "fused" and r.k == 1 and r.group == 1)
    assert set(first.removed) == {int(clusters.ids[scores[q].argmax()]) for q in (2, 3)}
    by = {(r.arm, r.k, r.group): set(r.removed) for r in found if r.arm != "random"}
    for k in (1, 3):
        for group in (0, 1):
            # What one ranking puts last, its reverse puts first.
            assert by["least", k, group] == by["raw", k, group]
    for removal in found:
        if removal.arm == "random":
            fused = by["fused", removal.k, removal.group]
            assert len(removal.removed) == len(fused)
            assert not fused & set(removal.removed)


def test_subsets_are_halves_and_the_same_for_every_seed() -> None:
    clusters = Clusters(corpus())
    one, other = subsets(clusters, 4, 0), subsets(clusters, 6, 1)
    assert [r.removed for r in one] == [r.removed for r in other[:4]]
    assert len({r.removed for r in other}) == 6
    assert {len(r.removed) for r in other} == {len(clusters) // 2}


def test_the_bound_is_that_of_the_likelihood() -> None:
    stack = trained(SMALL, everything(2))
    tokens = relative(corpus().tokens[corpus().test()][:5].astype(np.int64))[0]
    few, many = (ask(stack.network, stack.parameters, tokens, samples) for samples in (1, 256))
    assert few.bound.shape == (2, 5)
    # In the mean it rises with the samples, and all else does not depend on them.
    assert many.bound.mean() > few.bound.mean()
    torch.testing.assert_close(many.plain, few.plain)
    network = model_of(stack, 1)
    inputs = torch.from_numpy(tokens)
    logits = network.decode(network.encode(inputs).mean)
    expected = -logits.cross_entropy(inputs).sum(1) / (inputs > 1).sum(1)
    torch.testing.assert_close(many.plain[1], expected.detach(), rtol=1e-4, atol=1e-5)
    assert torch.equal(many.exact[1], (Logits(*logits).tokens() == inputs).all(1))


def test_the_bound_of_a_model_whose_posterior_is_the_prior_is_exact() -> None:
    stack = Stack(corpus(), SMALL, everything(), 0)
    with torch.no_grad():
        for value in stack.parameters.values():
            value.zero_()
    tokens = relative(corpus().tokens[:3].astype(np.int64))[0]
    found = ask(stack.network, stack.parameters, tokens, 4000)
    notes = (tokens > 1).sum(axis=1)
    expected = -(24 * np.log(3) + notes * np.log(30)) / notes
    # Named codes are drawn a tenth as wide as the prior: their part of the bound is loose.
    assert np.all(found.bound[0].numpy() <= expected + 0.3)
    torch.testing.assert_close(
        found.plain[0].double(), torch.from_numpy(expected), rtol=1e-4, atol=0
    )


def test_retrainings_of_a_seed_stand_together() -> None:
    found = stacks([*removals(), *full(3, 0)])
    assert [len(task) for task in found] == [8, 8, 3, 3, 1]
    assert all(len({r.seed for r in task}) == 1 and len(task) <= STACK for task in found)
    assert len({r for task in found for r in task}) == 23


@pytest.mark.long
def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    first = run(tmp_path, sweep(), removals()[:6], here)
    content = (tmp_path / RESULTS).read_bytes()
    reported: list[str] = []
    again = run(tmp_path, sweep(), removals()[:6], here, lambda _, what: reported.append(what))
    assert again == first
    assert not reported
    assert (tmp_path / RESULTS).read_bytes() == content
    # From a process of its own, too.
    more = run(tmp_path, sweep(), removals()[:8], local(1))
    assert (tmp_path / RESULTS).read_bytes().startswith(content)
    assert {key: more[key] for key in first} == first
    assert len(more) == 8
    assert {outcome.learned < 1 for outcome in more.values()} == {True}


def test_the_key_is_all_that_decides_and_nothing_else() -> None:
    base = Removal("fused", (100, 101), 1, 0, 0, 7)
    assert sweep().key(base) == sweep().key(replace(base, arm="raw", k=5, group=1, draw=2))
    others = [
        sweep().key(replace(base, seed=8)),
        sweep().key(replace(base, removed=(100,))),
        replace(sweep(), samples=5).key(base),
        replace(sweep(), queries=sweep().queries[:2]).key(base),
        replace(sweep(), plan=replace(SMALL, steps=13)).key(base),
    ]
    assert len({sweep().key(base), *others}) == 6


@pytest.mark.long
def test_a_killed_sweep_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", sweep(), removals(), here)
    cut = tmp_path / "cut"
    process = subprocess.Popen([sys.executable, "-m", "tests.support.retraining", str(cut)])
    try:
        deadline = time.monotonic() + 120
        while not ((cut / RESULTS).exists() and read(cut / RESULTS)):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    before = (cut / RESULTS).read_bytes()
    assert 0 < len(read(cut / RESULTS)) < len(whole)
    # A kill may also cut a line short.
    (cut / RESULTS).write_bytes(before + b'{"key": "half a')
    assert run(cut, sweep(), removals(), here) == whole
    assert (cut / RESULTS).read_bytes().startswith(before)
    assert read(cut / RESULTS) == whole


@settings(max_examples=30)
@given(st.binary(max_size=200))
def test_whatever_stands_in_the_results_is_read_or_left_out(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / RESULTS
        path.write_bytes(content)
        assert read(path) == {}


@settings(max_examples=20)
@given(cut=st.integers(1, 400))
def test_a_line_counts_whole_or_not_at_all(cut: int) -> None:
    import tempfile

    from engine.influence.retraining.sweep import _keep

    one = Outcome("a", Removal("base"), (1.0, 2.0), (0.5, 0.25), -1.0, 0.5, 1.0)
    other = replace(one, key="b", removal=Removal("raw", (1, 2), 5, 1, 2, 3))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / RESULTS
        _keep(path, [one, other])
        assert read(path) == {"a": one, "b": other}
        content = path.read_bytes()
        path.write_bytes(content[: -min(cut, len(content) - 1)])
        assert all(found in (one, other) for found in read(path).values())
        _keep(path, [other])
        assert read(path)["b"] == other
