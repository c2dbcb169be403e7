"""The table of the measure VAE: recomputed from the shipped weights on held-out tunes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.corpus.table import Corpus
from engine.errors import BadModel, OutOfRange
from engine.latent.evaluation.disentanglement import disentanglement
from engine.latent.evaluation.metrics import (
    SWEEP,
    GaugeControl,
    all_hold,
    decoder_control,
    distinct_on_grid,
    reconstruction,
)
from engine.latent.model import REGISTER, TrainedVAE
from engine.latent.plausibility import in_key, plausible
from engine.latent.spec import CANDIDATES, LIMIT
from engine.latent.tokens import Floats, Ints, measured, relative
from engine.latent.weights import load, read_card
from engine.music.attributes import NAMES

GRID_BASES = 8
GRID_LEVELS = 10

ANCHORS: list[dict[str, Any]] = [
    {
        "name": "AR-VAE, folk (Pati and Lerch 2020)",
        "token": 0.9955,
        "interpretability": 0.96,
        "modularity": 0.873,
        "mig": 0.48,
        "sap": 0.525,
        "encoder_spearman": 0.988,
    },
    {
        "name": "XAI MeasureVAE, its 10,000 published measures",
        "decoder_spearman": [0.645, 0.443, 0.726, 0.649],
        "silent": 0.093,
        "distinct": 2114,
    },
    {
        "name": "the same within -3 to 3",
        "decoder_spearman": [0.41, 0.13, 0.72, 0.51],
        "silent": 87 / 720,
    },
]
"""Figures of the published systems, on their own data: to be read beside ours, not against."""


def evaluate(
    folders: Sequence[Path],
    corpus: Corpus,
    *,
    bases: int,
    seed: int,
    on_progress: Callable[[float, str], None] = lambda _d, _t: None,
) -> dict[str, Any]:
    """Judge models on the corpus's test measures, unseen up to transposition.

    ``bases`` measures, drawn by ``seed``, are where the sweeps start. Gives the document that
    `armonica evaluate measures --json` prints. Raises `BadModel` and `OutOfRange`.
    """
    rows = corpus.test()
    if not 1 <= bases <= len(rows):
        raise OutOfRange(f"Sweeps start from 1 to {len(rows)} measures, not {bases}.")
    tokens = corpus.tokens[rows].astype(np.int64)
    drawn = np.random.default_rng(seed).permutation(len(tokens))[:bases]
    known = corpus.tokens[corpus.training()].astype(np.int64)
    # All are read before the first is judged, which takes minutes.
    loaded = [(load(folder), _card(folder)) for folder in folders]
    models = []
    for at, (folder, (model, card)) in enumerate(zip(folders, loaded, strict=True)):

        def show(done: float, what: str, at: int = at, name: str = folder.name) -> None:
            on_progress((at + done) / len(folders), f"{name}: {what}")

        models.append(
            {
                "recipe": card["recipe"]["name"],
                "seed": card["seed"],
                "steps": card["steps"],
                "weights": card["weights"],
                "trained_on_this_corpus": card["corpus"] == corpus.digest,
                **_judged(model, tokens, tokens[drawn], seed, show),
            }
        )
    surprise = loaded[0][0].codec.surprise
    return {
        "corpus": corpus.digest,
        "measures": len(tokens),
        "training_measures": len(known),
        "bases": bases,
        "all_hold": asdict(all_hold(tokens)),
        "real": {
            "plausible": float(plausible(tokens, surprise).mean()),
            "in_key": float(in_key(tokens).mean()),
        },
        "models": models,
        "anchors": ANCHORS,
    }


def _card(folder: Path) -> dict[str, Any]:
    card = read_card(folder)
    recipe = card.get("recipe")
    if not {"seed", "steps", "corpus"} <= card.keys() or not (
        isinstance(recipe, dict) and "name" in recipe
    ):
        raise BadModel(
            f"The card of {folder} does not say what made the model.",
            "Train it with `armonica train measures`.",
        )
    return card


def _sampled(model: TrainedVAE, tokens: Ints, seed: int) -> Floats:
    """Draw one code [N, 32] from the posterior of each measure [N, 24]."""
    means = model.encode_tokens(tokens)
    _, logvar = model.network.encode(relative(tokens)[0])
    # The draws of torch, from which all rows of the table were made.
    drawn = torch.randn(logvar.shape, generator=torch.Generator().manual_seed(seed)).numpy()
    noise = (drawn * np.exp(0.5 * logvar)).astype(np.float64)
    return np.asarray(means + np.insert(noise, REGISTER, 0.0, axis=1))


def _judged(
    model: TrainedVAE, tokens: Ints, bases: Ints, seed: int, show: Callable[[float, str], None]
) -> dict[str, Any]:
    show(0.0, "reconstruction")
    found = asdict(reconstruction(model, tokens))
    codes, values = model.encode_tokens(tokens), measured(tokens)
    show(0.05, "encoder")
    encoder = disentanglement(_sampled(model, tokens, seed), values, seed)
    show(0.25, "sweeps")
    plain = decoder_control(model, bases, candidates=1)
    played = decoder_control(
        model,
        bases,
        candidates=CANDIDATES,
        on_progress=lambda done: show(0.3 + 0.5 * done, "as played"),
    )
    show(0.8, "grid")
    distinct, silent = distinct_on_grid(model, bases[:GRID_BASES], GRID_LEVELS)
    return {
        "reconstruction": found,
        "encoder": asdict(encoder),
        "codes": {
            name: {
                "std": float(codes[:, at].std()),
                "p1": float(np.percentile(codes[:, at], 1)),
                "p99": float(np.percentile(codes[:, at], 99)),
            }
            for at, name in enumerate(NAMES)
        },
        "free_std": [float(codes[:, 5:].std(axis=0).min()), float(codes[:, 5:].std(axis=0).max())],
        "plain": _control(model, plain),
        "played": _control(model, played),
        "grid": {"points": GRID_LEVELS ** len(NAMES), "distinct": distinct, "silent": silent},
    }


def _control(model: TrainedVAE, control: GaugeControl) -> dict[str, Any]:
    positions = np.linspace(-LIMIT, LIMIT, SWEEP)
    inside = np.abs(positions) <= 2
    near = control.tokens.reshape(-1, SWEEP, control.tokens.shape[-1])[:, inside]
    flat = near.reshape(-1, near.shape[-1])
    return {
        "spearman": control.spearman,
        "monotone": control.monotone,
        "slopes": _rounded(control.slopes),
        "silent": control.silent,
        "plausible_within_2": float(plausible(flat, model.codec.surprise).mean()),
        "in_key_within_2": float(in_key(flat).mean()),
    }


def _rounded(matrix: Floats) -> list[list[float]]:
    return [[round(float(value), 4) for value in row] for row in matrix]


def table(found: dict[str, Any]) -> str:
    """Return the document of `evaluate` as the Markdown tables of `engine/latent/README.md`."""
    weights = ", ".join(f"{_title(m)} `{m['weights'][:12]}`" for m in found["models"])
    parts = [
        f"{found['measures']} measures of held-out tunes, none of which occurs in the "
        f"{found['training_measures']} training measures up to transposition; sweeps from "
        f"{found['bases']} of them, {SWEEP} positions from -3 to 3. Weights: {weights}.",
        _reconstruction(found),
        _decoder(found),
        _encoder(found),
        *(_slopes(m) for m in found["models"][:1]),
    ]
    return "\n\n".join(parts)


def _title(model: dict[str, Any]) -> str:
    return f"{model['recipe']}, seed {model['seed']}, {model['steps']} steps"


def _lines(head: str, rows: list[str]) -> str:
    ruler = "|".join(["---"] * (head.count("|") - 1))
    return "\n".join([head, f"|{ruler}|", *rows])


def _reconstruction(found: dict[str, Any]) -> str:
    def row(name: str, r: dict[str, float]) -> str:
        return f"| {name} | {r['token']:.4f} | {r['onset']:.4f} | {r['exact']:.4f} |"

    rows = [row(_title(m), m["reconstruction"]) for m in found["models"]]
    rows.append(row("always hold", found["all_hold"]))
    rows += [
        f"| *{a['name']}* | *{a['token']:.4f}* | | |" for a in found["anchors"] if "token" in a
    ]
    return _lines("| reconstruction | token | onset token | exact measure |", rows)


def _decoder(found: dict[str, Any]) -> str:
    real = found["real"]
    rows = []
    for model in found["models"]:
        for key, how in (
            ("plain", "plain decode"),
            ("played", f"as played, {CANDIDATES} candidates"),
        ):
            c = model[key]
            rank = " | ".join(f"{c['spearman'][name]:.3f}" for name in NAMES)
            steady = " ".join(f"{c['monotone'][name]:.2f}" for name in NAMES)
            distinct = f"{model['grid']['distinct']:.0f}" if key == "plain" else ""
            rows.append(
                f"| {_title(model)}: {how} | {rank} | {steady} | {c['silent']:.2%} "
                f"| {c['plausible_within_2']:.3f} | {c['in_key_within_2']:.3f} | {distinct} |"
            )
    rows.append(f"| real measures | | | | | | | {real['plausible']:.3f} | {real['in_key']:.3f} | |")
    for anchor in found["anchors"]:
        if "decoder_spearman" in anchor:
            rank = " | ".join(f"*{value:.3f}*" for value in anchor["decoder_spearman"])
            count = f"*{anchor['distinct']}*" if "distinct" in anchor else ""
            silent = f"*{anchor['silent']:.1%}*"
            rows.append(f"| *{anchor['name']}* | {rank} | | {silent} | | | {count} |")
    head = (
        "| decoder obeys: Spearman | complexity | range | density | jump | monotone sweeps "
        "| silent | plausible rhythm within 2 | in key within 2 | distinct of 10,000 |"
    )
    return _lines(head, rows)


def _encoder(found: dict[str, Any]) -> str:
    rows = []
    for model in found["models"]:
        e = model["encoder"]
        rank = " ".join(f"{e['spearman'][name]:.3f}" for name in NAMES)
        spread = " ".join(f"{model['codes'][name]['std']:.2f}" for name in NAMES)
        rows.append(
            f"| {_title(model)} | {_mean(e['interpretability'])} | {e['modularity']:.3f} "
            f"| {_mean(e['gap'])} | {_mean(e['separation'])} | {rank} | {spread} |"
        )
    for a in found["anchors"]:
        if "mig" in a:
            rows.append(
                f"| *{a['name']}* | *{a['interpretability']:.3f}* | *{a['modularity']:.3f}* "
                f"| *{a['mig']:.3f}* | *{a['sap']:.3f}* | *{a['encoder_spearman']:.3f}* | |"
            )
    head = (
        "| encoder knows | interpretability | modularity | MIG | SAP | Spearman of each "
        "| std of each code |"
    )
    return _lines(head, rows)


def _slopes(model: dict[str, Any]) -> str:
    short = ("complexity", "range", "density", "jump")
    rows = [
        f"| {name} | " + " | ".join(f"{value:+.2f}" for value in row) + " |"
        for name, row in zip(short, model["played"]["slopes"], strict=True)
    ]
    head = "| gauge moved, change per unit of | " + " | ".join(short) + " |"
    return f"Cross-talk of {_title(model)} as played, in normal scores:\n\n" + _lines(head, rows)


def _mean(by_name: dict[str, float]) -> str:
    return f"{sum(by_name.values()) / len(by_name):.3f}"
