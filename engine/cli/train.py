"""The words that make the audio models: `corpus render`, `train codec|tagger|musicgen`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import locations
from engine.cli import probes
from engine.cli.options import ProgressLine, common, emit, number, say
from engine.common.printing import put

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.steering.training.loop import TrainingProgress


def add_render(verbs: Any) -> None:
    """Add `corpus render`."""
    render = verbs.add_parser("render", help="render tunes with accompaniment, every part apart")
    common(render)
    render.add_argument("-o", "--out", type=Path, required=True, help="folder to write")
    render.add_argument("--clips", type=int, help="clips to learn from (12000: 20 GB)")
    render.add_argument("--soundfont", default="", help="a General MIDI SoundFont (the own one)")
    render.add_argument("--corpus", type=Path, default=locations.CORPUS, help="table to render")
    render.set_defaults(run=_render)


def add(verbs: Any) -> None:
    """Add `train codec`, `train tagger`, `train musicgen` and `train probes`."""
    codec = verbs.add_parser("codec", help="train the codec of the small MusicGen")
    _training(codec, steps=3600)
    codec.add_argument(
        "--keep-codes", type=Path, metavar="FOLDER",
        help="train the decoder of this codec further; its codes stay",
    )  # fmt: skip
    codec.set_defaults(run=_codec)
    tagger = verbs.add_parser("tagger", help="train the detector of parts that judges steering")
    _training(tagger, steps=1500)
    tagger.add_argument("--codec", type=Path, default=locations.TINY_MUSICGEN, help="its folder")
    tagger.set_defaults(run=_tagger)
    musicgen = verbs.add_parser("musicgen", help="train the small MusicGen")
    _training(musicgen, steps=4000)
    musicgen.add_argument("--codec", type=Path, default=locations.TINY_MUSICGEN, help="its folder")
    musicgen.add_argument("--turns", type=int, default=1, help="mixes of each clip (1)")
    musicgen.add_argument("--workers", type=int, default=1, help="processes that encode (1)")
    musicgen.set_defaults(run=_musicgen)
    probes.add_training(verbs)


def add_evaluation(word: argparse.ArgumentParser) -> None:
    """Make ``word`` the one that judges steering."""
    common(word)
    word.add_argument("--model", default="tiny", help="a model by name or folder (tiny)")
    word.add_argument("--prompts", type=int, default=100, help="prompts of each part (100)")
    word.add_argument("--draws", type=int, default=1, help="continuations of each prompt (1)")
    word.add_argument("--workers", type=int, default=1, help="processes, one core each (1)")
    word.add_argument("--part", action="append", help="a part to judge (several; all)")
    word.add_argument(
        "--run", dest="kept", type=Path, help="folder that keeps the trials, to go on later"
    )
    word.add_argument(
        "--settle", action="store_true", help="write the chosen strengths into the probes' cards"
    )
    word.set_defaults(run=_steering)


def _training(word: argparse.ArgumentParser, steps: int) -> None:
    common(word)
    word.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    word.add_argument("--clips", type=Path, required=True, help="folder of `corpus render`")
    word.add_argument("--steps", type=int, default=steps, help=f"steps in all ({steps})")


def _render(options: argparse.Namespace) -> None:
    from engine.corpus.audio.render import COUNTS, render, size_of

    counts = dict(COUNTS)
    if options.clips is not None:
        counts["train"] = int(number("--clips", str(options.clips), 1, 1_000_000))
    say(f"{sum(counts.values())} clips take {size_of(counts) / 1e9:.1f} GB in {options.out}.")
    line = ProgressLine("corpus render")
    render(
        options.out,
        options.corpus,
        seed=options.seed,
        counts=counts,
        soundfont=options.soundfont,
        on_progress=lambda done, total: line.show(done / total, f"{done} clips"),
    )
    if options.json:
        emit({"folder": str(options.out), "clips": counts, "seed": options.seed})
    else:
        put(str(options.out))


def _codec(options: argparse.Namespace) -> None:
    from engine.steering.training.codec import train_codec

    folder = train_codec(
        options.out,
        options.clips,
        seed=options.seed,
        steps=_steps(options),
        keep_codes=options.keep_codes,
        on_progress=_shown(options),
    )
    _done(options, folder)


def _tagger(options: argparse.Namespace) -> None:
    from engine.steering.training.tagger import train_tagger

    folder = train_tagger(
        options.out,
        options.clips,
        options.codec,
        seed=options.seed,
        steps=_steps(options),
        on_progress=_shown(options),
    )
    _done(options, folder)


def _musicgen(options: argparse.Namespace) -> None:
    from engine.steering.training.musicgen import train_musicgen

    encoding = ProgressLine("encode the clips")
    folder = train_musicgen(
        options.out,
        options.clips,
        options.codec,
        seed=options.seed,
        steps=_steps(options),
        turns=int(number("--turns", str(options.turns), 1, 100)),
        workers=int(number("--workers", str(options.workers), 1, 256)),
        on_progress=_shown(options),
        on_encoded=encoding.show,
    )
    _done(options, folder)


def _steering(options: argparse.Namespace) -> None:
    from engine.errors import UnknownName
    from engine.steering.evaluation.evaluate import CLIPS, evaluate, settle
    from engine.steering.evaluation.table import table
    from engine.steering.spec import PARTS

    for part in options.part or ():
        if part not in PARTS:
            raise UnknownName("part", part, PARTS)
    line = ProgressLine("evaluate steering")
    found = evaluate(
        options.kept or locations.state_folder() / "evaluate-steering",
        options.model,
        count=int(number("--prompts", str(options.prompts), 8, CLIPS // 2)),
        seeds=int(number("--draws", str(options.draws), 1, 100)),
        seed=options.seed,
        parts=options.part or PARTS,
        workers=int(number("--workers", str(options.workers), 1, 256)),
        on_progress=line.show,
    )
    if options.settle:
        settle(options.model, found["strengths"])
    if options.json:
        emit(found)
    else:
        put(*table(found).split("\n"))


def _steps(options: argparse.Namespace) -> int:
    # Before clips are read and encoded.
    return int(number("--steps", str(options.steps), 1, 100_000_000))


def _shown(options: argparse.Namespace) -> Callable[[TrainingProgress], None]:
    line = ProgressLine(f"train {options.verb}, seed {options.seed}")

    def show(progress: TrainingProgress) -> None:
        losses = ", ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
        line.show(progress.step / progress.steps, f"{progress.rate:.2f} steps/s, {losses}")

    return show


def _done(options: argparse.Namespace, folder: Path) -> None:
    if options.json:
        emit({"model": str(folder), "steps": options.steps, "seed": options.seed})
    else:
        put(str(folder))
