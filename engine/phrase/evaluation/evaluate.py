"""The tables by which the phrase model is judged, on tunes that were held out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.corpus.table import Corpus
from engine.latent.spec import LatentModel
from engine.phrase.book_tunes import tunes_of
from engine.phrase.evaluation.bits import bits_rows, calibration, tune_bits
from engine.phrase.evaluation.held import held_rows, phrase_rows
from engine.phrase.evaluation.ranks import CodeScorer, PhraseScorer, Scorer, rank_row, targets
from engine.phrase.evaluation.spoilt import spoilt_rows
from engine.phrase.model import PhraseModel

FOUR = "4/4"


def evaluate(
    model: PhraseModel,
    latent: LatentModel,
    corpora: Sequence[Corpus],
    *,
    count: int,
    seed: int = 0,
    on_progress: Callable[[float, str], None] = lambda *_: None,
) -> dict[str, Any]:
    """Return all tables; ``count`` targets are ranked, and fewer tunes are asked for the others."""
    random = np.random.default_rng(seed)
    train, validation, test = (
        tunes_of(corpora, split) for split in ("train", "validation", "test")
    )
    asked, continued, spoilt = max(2, count // 8), max(2, count // 4), max(4, count // 2)
    parts = [len(validation) + len(test), 11 * count, 12 * asked + continued, 3 * spoilt]
    done = 0

    def step(name: str) -> Callable[[], None]:
        def one() -> None:
            nonlocal done
            done += 1
            on_progress(min(1.0, done / sum(parts)), name)

        return one

    say = step("bits")
    bits = []
    for tune in (*validation, *test):
        bits.append(tune_bits(model, tune))
        say()
    held_out = bits[len(validation) :]
    four = [tune for tune in test if tune.grid.metre == FOUR]
    found = targets(four, count, random)
    codes = CodeScorer(latent, [tune for tune in train if tune.grid.metre == FOUR])
    say = step("ranks")
    ways: dict[str, Scorer] = {
        "prior of the codes": codes.prior,
        "copy: the nearest measure of the tune": codes.copy,
        "retrieval: what follows in training tunes": codes.retrieval,
        "phrase model, bits": PhraseScorer(model, compared=False),
        "phrase model, bits saved": PhraseScorer(model),
    }
    ranks = [rank_row(name, found, way, random, say) for name, way in ways.items()]
    others = targets([t for t in test if t.grid.metre != FOUR], count // 2, random)
    if others:
        name = "phrase model, bits saved, 3/4 6/8 9/8"
        ranks.append(rank_row(name, others, PhraseScorer(model), random, say))
    tables = {
        "held": held_rows(model, latent, four, asked, random, step("held gauges")),
        "phrases": phrase_rows(model, test, continued, random, step("phrases")),
        "spoilt": spoilt_rows(model, test, spoilt, random, step("spoilt measures")),
    }
    on_progress(1.0, "done")
    return {
        "model": model.digest,
        "tunes": len(test),
        "bits": bits_rows(bits[: len(validation)], held_out, random),
        "calibration": calibration(model, held_out),
        "ranks": ranks,
        **tables,
    }


def table(found: Mapping[str, Any]) -> str:
    """Return the tables in Markdown."""
    lines = [f"{found['tunes']} held-out tunes; weights `{found['model'][:12]}`.", ""]
    lines += _rows(
        ["bits a measure", "metre", "measures", "all (95 % of tunes)", "new", "repeats"],
        (
            [
                r["name"], r["metre"], r["measures"], f"{r['bits']:.2f} ({_between(r['between'])})",
                f"{r['new']:.2f}", "" if r["repeats"] is None else f"{r['repeats']:.2f}",
            ]
            for r in found["bits"]
        ),
    )  # fmt: skip
    lines += _rows(
        ["the true one among 100", "targets", "next: first", "mean 1/rank", "not a repeat: first",
         "infill: first", "mean 1/rank", "not a repeat: first"],
        ([r["name"], r["targets"], *_ranked(r["next"]), *_ranked(r["infill"])]
         for r in found["ranks"]),
    )  # fmt: skip
    lines += _rows(
        ["a gauge held, -2 to 2: Spearman", "complexity", "range", "density", "jump", "miss",
         "in key", "step over the bar line"],
        ([r["name"], *_obeys(r), f"{r['in_key']:.3f}", f"{r['step']:.2f}"] for r in found["held"]),
    )  # fmt: skip
    lines += _rows(
        ["eight measures after eight", "in key", "step over the bar line", "within 4", "repeats"],
        (
            [r["name"], f"{r['in_key']:.3f}", f"{r['step']:.2f}", f"{r['within_four']:.2f}",
             f"{r['repeats']:.2f}"]
            for r in found["phrases"]
        ),
    )  # fmt: skip
    lines += _rows(
        ["spoilt", "measures", "bits", "over the 95 % mark", "AUC", "above its own original",
         "part that rose most", "the worst note is a spoilt one"],
        (
            [r["name"], r["measures"], f"{r['bits']:.1f}", f"{r['over_95']:.2f}",
             f"{r['auc']:.2f}", f"{r['over_own']:.2f}", f"{r['part']} {r['part_share']:.2f}",
             f"{r['worst']:.2f}"]
            for r in found["spoilt"]
        ),
    )  # fmt: skip
    lines += _rows(
        ["percentile of validation tunes", *(f"{r['percent']}" for r in found["calibration"])],
        [["percent of test measures below", *(f"{r['below']:.1f}" for r in found["calibration"])]],
    )
    return "\n".join(lines[:-1])


def _rows(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    body = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *body, ""]


def _between(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.2f} to {ends[1]:.2f}"


def _ranked(found: Mapping[str, Any]) -> list[str]:
    new = "" if found["new_first"] is None else f"{found['new_first']:.2f}"
    first = f"{found['first']:.2f} ({_between(found['between'])})"
    return [first, f"{found['reciprocal']:.2f}", new]


def _obeys(row: Mapping[str, Any]) -> list[str]:
    if row["obeys"] is None:
        return [""] * 5
    return [*(f"{value:.2f}" for value in row["obeys"].values()), f"{row['miss']:.2f}"]
