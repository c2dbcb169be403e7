"""The phrase model on the command line: `train phrase`."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.options import ProgressLine, common, emit, number
from engine.common.printing import put

if TYPE_CHECKING:
    from engine.phrase.training.train import PhraseProgress

STEPS = 7000


def add_training(verbs: Any) -> None:
    """Add `train phrase`."""
    phrase = verbs.add_parser("phrase", help="train the phrase model; goes on after a kill")
    common(phrase)
    phrase.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    phrase.add_argument("--steps", type=int, default=STEPS, help=f"steps in all ({STEPS})")
    phrase.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> None:
    steps = int(number("--steps", str(options.steps), 1, 100_000_000))
    from engine.phrase.book_tunes import tables
    from engine.phrase.training.train import train

    line = ProgressLine(f"train phrase, seed {options.seed}")

    def show(progress: PhraseProgress) -> None:
        detail = f"{progress.rate:.2f} steps/s, {progress.loss:.2f} bits an event"
        line.show(progress.step / progress.steps, f"{detail}, best {progress.best:.2f} a measure")

    command = shlex.join(
        ["armonica", "train", "phrase", "--seed", str(options.seed), "--steps", str(steps),
         "-o", options.out.name]
    )  # fmt: skip
    folder = train(
        options.out, tables(), seed=options.seed, steps=steps, command=command, on_progress=show
    )
    if options.json:
        emit({"model": str(folder), "steps": steps, "seed": options.seed})
    else:
        put(str(folder))
