"""The long words: `corpus build`, `train measures`, `evaluate measures`, and what joins them."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from engine import locations
from engine.cli import evaluate_influence, harmony, influence, influence_clips, phrase
from engine.cli import train as trainings
from engine.cli.options import ProgressLine, common, emit
from engine.common.printing import put


def add(words: Any) -> None:
    """Add the words to the parser."""
    corpus = words.add_parser("corpus", help="build the table of measures from the tune books")
    verbs = corpus.add_subparsers(dest="verb", required=True, metavar="build|render|index")
    build = verbs.add_parser("build", help="read music21's tune books and write the table")
    common(build)
    build.add_argument("-o", "--out", type=Path, default=locations.CORPUS, help="folder to write")
    build.set_defaults(run=_build)
    trainings.add_render(verbs)
    influence.add_index(verbs)

    train = words.add_parser("train", help="train a model from scratch")
    verbs = train.add_subparsers(dest="verb", required=True, metavar="MODEL")
    measures = verbs.add_parser("measures", help="train the measure VAE; goes on after a kill")
    common(measures)
    measures.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    measures.add_argument("--steps", type=int, default=30_000, help="steps in all (30000)")
    measures.add_argument("--recipe", default="armonica", help="armonica (default) or published")
    measures.add_argument("--corpus", type=Path, default=locations.CORPUS, help="table to learn")
    measures.set_defaults(run=_train)
    harmony.add_training(verbs)
    phrase.add_training(verbs)
    trainings.add(verbs)

    evaluate = words.add_parser("evaluate", help="recompute the tables of the documents")
    verbs = evaluate.add_subparsers(dest="verb", required=True, metavar="WHAT")
    measures = verbs.add_parser("measures", help="judge the measure VAE on held-out tunes")
    common(measures)
    measures.add_argument("--model", type=Path, action="append", help="a model folder (several)")
    measures.add_argument("--corpus", type=Path, default=locations.CORPUS, help="table to use")
    measures.add_argument("--bases", type=int, default=256, help="measures to sweep from (256)")
    measures.set_defaults(run=_evaluate)
    edits = verbs.add_parser("edits", help="judge what a turn of a gauge leaves of a measure")
    common(edits)
    edits.add_argument("--model", type=Path, default=locations.MEASURE_VAE, help="a model folder")
    edits.add_argument("--corpus", type=Path, default=locations.CORPUS, help="table to use")
    edits.add_argument("--bases", type=int, default=64, help="measures of each kind of music (64)")
    words = "what the switches of a song cost gauges, instead"
    edits.add_argument("--switches", action="store_true", help=words)
    edits.set_defaults(run=_evaluate_edits)
    steering = verbs.add_parser("steering", help="judge steering on held-out prompts")
    trainings.add_evaluation(steering)
    influence.add_evaluation(verbs)
    influence_clips.add_evaluation(verbs)
    without = verbs.add_parser("influence", help="judge influence by training without it")
    evaluate_influence.add_evaluation(without)
    harmony.add_evaluation(verbs)
    phrase.add_evaluation(verbs)


def _build(options: argparse.Namespace) -> None:
    from engine.corpus.build.build import build
    from engine.corpus.table import read

    line = ProgressLine("corpus")
    build(options.out, lambda done, total: line.show(done / max(1, total), f"{done} tunes"))
    corpus = read(options.out)
    found = {
        "folder": str(options.out),
        "digest": corpus.digest,
        "tunes": len(corpus.tunes),
        "measures": len(corpus),
        "training": len(corpus.training()),
        "validation": len(corpus.validation()),
        "test": len(corpus.test()),
    }
    if options.json:
        emit(found)
        return
    for name, value in found.items():
        put(f"{name:>10}  {value}")


def _train(options: argparse.Namespace) -> None:
    from engine.corpus.table import read
    from engine.latent.training.train import VaeProgress, train
    from engine.latent.training_recipe import recipe

    chosen, corpus = recipe(options.recipe), read(options.corpus)
    line = ProgressLine(f"train measures, seed {options.seed}")

    def show(progress: VaeProgress) -> None:
        losses = ", ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
        line.show(progress.step / progress.steps, f"{progress.rate:.1f} steps/s, {losses}")

    folder = train(
        options.out,
        corpus,
        chosen,
        seed=options.seed,
        steps=options.steps,
        command=_command(options),
        on_progress=show,
    )
    if options.json:
        emit({"model": str(folder), "steps": options.steps, "seed": options.seed})
    else:
        put(str(folder))


def _command(options: argparse.Namespace) -> str:
    words = ["armonica", "train", "measures", "--recipe", options.recipe]
    words += ["--seed", str(options.seed), "--steps", str(options.steps), "-o", options.out.name]
    return shlex.join(words)


def _evaluate(options: argparse.Namespace) -> None:
    from engine.corpus.table import read
    from engine.latent.evaluation.evaluate import evaluate, table

    line = ProgressLine("evaluate measures", sys.stderr)
    found = evaluate(
        options.model or [locations.MEASURE_VAE],
        read(options.corpus),
        bases=options.bases,
        seed=options.seed,
        on_progress=line.show,
    )
    if options.json:
        emit(found)
    else:
        put(*table(found).split("\n"))


def _evaluate_edits(options: argparse.Namespace) -> None:
    from engine.corpus.table import read
    from engine.latent.evaluation import edits, switches
    from engine.latent.weights import load

    judge = switches if options.switches else edits
    line = ProgressLine("evaluate edits", sys.stderr)
    found = judge.evaluate(
        load(options.model),
        read(options.corpus),
        bases=options.bases,
        seed=options.seed,
        on_progress=line.show,
    )
    if options.json:
        emit(found)
    else:
        put(*judge.table(found).split("\n"))
