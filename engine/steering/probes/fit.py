"""Probes fitted to examples with and without a trait, and what they reach on tunes left out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from engine.errors import OutOfRange, UserError
from engine.steering.probes.logistic import logistic
from engine.steering.probes.probe import CHANCE, Probe, ProbeCard, ReadOut, trait_name
from engine.steering.spec import AudioSpec
from engine.text import printable

LEAST = 8
"""The fewest examples of each class that a probe is fitted to."""

FOLDS = 5
MONITOR_HEADS = 16
PUSH_HEADS = 48

Progress = Callable[[int, int], None]
"""Told how many of how many fits are done; what it raises ends the work."""


class TooFewExamples(UserError):
    """Examples that no probe can be fitted to."""

    title = "Too few examples"


def fit(
    features: Tensor,
    labels: Tensor,
    groups: Tensor,
    *,
    name: str,
    spec: AudioSpec,
    read_out: ReadOut = "last",
    window: int = 1,
    origin: str = "",
    seed: int = 0,
    ridge: float = 10.0,
    progress: Progress | None = None,
) -> Probe:
    """Fit a probe of the trait ``name`` on every head of ``spec``'s model.

    ``features`` [examples, layers, heads, head size] are the heads' outputs, ``labels``
    [examples] whether the trait is there, ``groups`` [examples] whole numbers: examples of one
    group (a tune, with and without the trait) are held out together. Every accuracy is over
    examples whose group the probe had not seen; what ships is fitted to all of them. The same
    arguments give the same probe. Raises `TooFewExamples` and `OutOfRange`.
    """
    trait_name(name)
    features, labels, groups = features.detach().float().cpu(), labels.bool().cpu(), groups.cpu()
    _check(features, labels, groups, spec)
    count = len(features)
    flat = features.reshape(count, -1, spec.head_size)
    fold = folds(labels, groups, seed)
    kinds = int(fold.max()) + 1
    total, done = 2 * kinds + 1, 0

    def count_done() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    def held_out(of: Tensor) -> Tensor:
        scores = torch.zeros(count, flat.shape[1])
        for each in range(kinds):
            out = fold == each
            weights, intercepts = logistic(flat[~out], of[~out], ridge)
            scores[out] = torch.einsum("nhd,hd->nh", flat[out], weights) + intercepts
            count_done()
        return scores

    scores = held_out(labels)
    shuffled = labels[torch.from_numpy(np.random.default_rng(seed).permutation(count))]
    by_chance = balanced(held_out(shuffled) > 0, shuffled)
    accuracies = balanced(scores > 0, labels)
    monitor = min(MONITOR_HEADS, max(1, flat.shape[1] // 4))
    meter = _meter(scores, labels, fold, monitor)
    accuracy = float(balanced((meter > CHANCE)[:, None], labels)[0])
    low, high = wilson(accuracy, _worth(labels, groups))
    best = accuracies.sort(descending=True).values[:monitor]

    weights, intercepts = logistic(flat, labels, ridge)
    count_done()
    directions = torch.nn.functional.normalize(flat[labels].mean(0) - flat[~labels].mean(0), dim=-1)
    along = torch.nn.functional.normalize(weights, dim=-1)
    card = ProbeCard(
        name=name,
        model=printable(spec.name)[:500],
        digest=spec.digest,
        layers=spec.layers,
        heads=spec.heads,
        head_size=spec.head_size,
        read_out=read_out,
        window=window,
        accuracy=accuracy,
        low=low,
        high=high,
        best=float(accuracies.max()),
        average=float(accuracies.mean()),
        shuffled=float(by_chance.mean()),
        shuffled_best=float(by_chance.max()),
        threshold=parting(meter, labels),
        paper_threshold=float((best.median() - best.std(unbiased=False)).clamp(0, 1)),
        monitor_heads=monitor,
        push_heads=min(PUSH_HEADS, max(1, flat.shape[1] // 5)),
        strength=4.0,
        present=int(labels.sum()),
        absent=int((~labels).sum()),
        groups=len(set(groups.tolist())),
        seed=seed,
        origin=printable(origin)[:500],
        warnings=doubts(labels, groups, accuracy, float(by_chance.max()), float(accuracies.max())),
    )
    shape = spec.layers, spec.heads
    return Probe(
        card,
        weights.reshape(card.shape),
        intercepts.reshape(shape),
        directions.reshape(card.shape),
        _spread(flat, directions).reshape(shape),
        _spread(flat, along).reshape(shape),
        accuracies.reshape(shape),
    )


def folds(labels: Tensor, groups: Tensor, seed: int) -> Tensor:
    """Return each example the number of the fold it is held out in: [examples].

    A group is in one fold, and every fold leaves both classes to fit to. Raises
    `TooFewExamples` where a class has only one group.
    """
    held = [set(groups[labels == side].tolist()) for side in (True, False)]
    kinds = min(FOLDS, *(len(each) for each in held))
    if kinds < 2:
        raise TooFewExamples(
            "All examples of one side come from one tune, so none can be held out.",
            "Add examples from other tunes.",
        )
    names = sorted(set(groups.tolist()))
    counts = {
        each: (int((labels & (groups == each)).sum()), int((~labels & (groups == each)).sum()))
        for each in names
    }
    order = [names[at] for at in np.random.default_rng(seed).permutation(len(names))]
    order.sort(key=lambda each: -max(counts[each]))
    filled = [[0, 0] for _ in range(kinds)]
    found = torch.zeros(len(labels), dtype=torch.long)
    for each in order:
        side = 0 if counts[each][0] >= counts[each][1] else 1
        fold = min(range(kinds), key=lambda at: (filled[at][side], sum(filled[at])))
        filled[fold] = [a + b for a, b in zip(filled[fold], counts[each], strict=True)]
        found[groups == each] = fold
    return found


def balanced(guesses: Tensor, labels: Tensor) -> Tensor:
    """Return the share of right ``guesses`` [examples, heads], mean of both classes: [heads]."""
    right = (guesses == labels[:, None]).float()
    return (right[labels].mean(0) + right[~labels].mean(0)) / 2


def wilson(share: float, count: float) -> tuple[float, float]:
    """Return the 95 % interval of a share seen in ``count`` examples (Wilson's)."""
    z = 1.959964
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    spread = share * (1 - share) / count + z * z / (4 * count * count)
    half = z / (1 + z * z / count) * math.sqrt(max(0.0, spread))
    return max(0.0, middle - half), min(1.0, middle + half)


def parting(confidences: Tensor, labels: Tensor) -> float:
    """Return the threshold that parts the classes best, of equals the one nearest to one half.

    ``confidences`` [examples]; the answer lies between .05 and .95.
    """
    levels = torch.tensor(sorted(set(confidences.tolist())))
    marks = torch.cat([torch.tensor([CHANCE]), (levels[1:] + levels[:-1]) / 2])
    scores = balanced(confidences[:, None] >= marks, labels)
    equals = marks[scores >= scores.max() - 1e-6]
    nearest = equals[(equals - CHANCE).abs().argmin()]
    return float(nearest.clamp(0.05, 0.95))


def doubts(
    labels: Tensor, groups: Tensor, accuracy: float, by_chance: float, best: float
) -> tuple[str, ...]:
    """Return in sentences what speaks against trusting a probe of these examples."""
    count, present = len(labels), int(labels.sum())
    low, high = wilson(accuracy, _worth(labels, groups))
    said = []
    if count < 200:
        said.append(f"{count} examples: accuracy lies between {low:.2f} and {high:.2f}.")
    if max(present, count - present) > 2 * min(present, count - present):
        said.append(
            f"{present} examples with it and {count - present} without: the fewer decide how "
            "far the accuracy can be trusted."
        )
    if (tunes := len(set(groups.tolist()))) < 10:
        said.append(f"The examples come from {tunes} tunes: others may be read less well.")
    if low <= CHANCE:
        said.append(f"The meter is right in {accuracy:.2f} of cases, which may be chance.")
    elif best <= by_chance:
        said.append(
            f"No head is better than the best one on labels without meaning ({by_chance:.2f})."
        )
    return tuple(said)


def _check(features: Tensor, labels: Tensor, groups: Tensor, spec: AudioSpec) -> None:
    shape = (spec.layers, spec.heads, spec.head_size)
    if features.ndim != 4 or features.shape[1:] != shape:
        raise OutOfRange(
            f"Examples of shape {tuple(features.shape)} are none of {spec.name}, whose heads are "
            f"{shape}."
        )
    if not len(features) == len(labels) == len(groups):
        raise OutOfRange("There are not as many labels and groups as examples.")
    if not bool(features.isfinite().all()):
        raise OutOfRange("The model answered an example with something that is no number.")
    for side, count in (("with", int(labels.sum())), ("without", int((~labels).sum()))):
        if count < LEAST:
            raise TooFewExamples(
                f"There are {count} examples {side} the trait; a probe needs at least {LEAST}.",
                "Add longer or more recordings.",
            )


def _meter(scores: Tensor, labels: Tensor, fold: Tensor, monitor: int) -> Tensor:
    # The heads that read an example are chosen by the others: the best of many heads, chosen
    # by the examples they are then judged by, would look good where they only guess.
    meter = torch.zeros(len(scores))
    for each in range(int(fold.max()) + 1):
        out = fold == each
        accuracies = balanced(scores[~out] > 0, labels[~out])
        chosen = accuracies.argsort(descending=True, stable=True)[:monitor]
        meter[out] = torch.sigmoid(scores[out][:, chosen]).quantile(0.5, dim=1)
    return meter


def _worth(labels: Tensor, groups: Tensor) -> float:
    # How many balanced examples tell as much as these do of a mean over both classes. Those of
    # one tune are much alike, so that no more can be told than there are tunes.
    counts = [len(set(groups[labels == side].tolist())) for side in (True, False)]
    return 4 / (1 / counts[0] + 1 / counts[1])


def _spread(flat: Tensor, directions: Tensor) -> Tensor:
    return torch.einsum("nhd,hd->nh", flat, directions).std(0, unbiased=False)
