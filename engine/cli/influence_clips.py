"""What `influence` and `corpus index` do with sound, and `evaluate clips`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.audio_models import add_model, opened
from engine.cli.options import CountLine, ProgressLine, common, emit, number, say
from engine.common import atomic
from engine.common.printing import put

if TYPE_CHECKING:
    from engine.influence.spec import InfluenceAnswer
    from engine.services.generation.take_store import Codes

MOST = 1000
"""The most matches that are listed."""

_SLACK = 0.1
"""Seconds by which a take and its codes may differ."""


def add_clip_options(word: argparse.ArgumentParser) -> None:
    """Add the options with which `corpus index` indexes rendered clips."""
    word.add_argument("--clips", type=Path, help="index these clips of `corpus render` instead")
    word.add_argument("--count", type=int, help="the first so many training clips (all)")
    word.add_argument(
        "--run", dest="kept", type=Path, metavar="FOLDER",
        help="folder that keeps the work on clips, to go on later (index in their folder)",
    )  # fmt: skip
    word.add_argument("--workers", type=int, default=2, help="processes for clips (2)")


def add_evaluation(verbs: Any) -> None:
    """Add `evaluate clips`."""
    word = verbs.add_parser("clips", help="judge the search among rendered clips")
    common(word)
    word.add_argument("--clips", type=Path, required=True, help="folder of `corpus render`")
    add_index_options(word)
    word.add_argument("--asked", type=int, default=40, help="clips asked about in each way (40)")
    word.set_defaults(run=_evaluate)


def add_index_options(word: argparse.ArgumentParser, default: str | None = "tiny") -> None:
    """Add the options of an index: the model it was made with, and its folder."""
    add_model(word, default, "for sound: the audio model of its index (tiny)")
    word.add_argument("--index", type=Path, metavar="FOLDER", help="another index of clips")


def audio(options: argparse.Namespace) -> None:
    """Describe which tunes a sound file lies close to.

    ``options`` are those of `influence`. Raises what reading and searching raise.
    """
    from engine.audio import files
    from engine.influence.clips import search as influence
    from engine.influence.clips.chroma import RATE
    from engine.influence.clips.index import SHIPPED, read
    from engine.locations import meant

    path = meant(options.file)
    top = int(number("--top", str(options.top), 1, MOST))
    folder = options.index or SHIPPED
    # The cheap refusals first: a model takes seconds to load.
    wave = files.read(path, RATE)
    read(folder)
    clips = influence.open_clips(options.model or "tiny", folder)
    seconds = len(wave) / RATE
    codes = codes_of(path, clips.index.card.digest, seconds)
    line = CountLine("influence", len(influence.spans(seconds)), "passages")
    found = clips.of_wave(wave, RATE, top=top, codes=codes, on_progress=line.show)
    if options.json:
        from engine.cli.match_report import match_document

        emit(match_document(found))
        return
    if seconds > influence.WINDOW:
        passages = len(influence.spans(seconds))
        put(f"# {passages} passages of {influence.WINDOW:g} s were looked for")
    put(*shown(found))


def shown(found: InfluenceAnswer) -> list[str]:
    """Return an answer as lines for a person."""
    lines = [f"{'#':>3}  raw  latent      %   from   bar  {'tune':36}  book"]
    for match in found.matches:
        title = match.title if len(match.title) <= 36 else match.title[:35] + "."
        lines.append(
            f"{match.rank:3}  {match.raw:.2f}  {match.latent:6.2f}  {match.percentile:5.1f}  "
            f"{match.asked:3} s  {match.measure:4}  {title:36}  {match.book}, {match.number}"
        )
    best = found.originality
    if not found.close:
        lines.append("No close match: held-out tunes lie as near to these clips.")
    lines.append(
        f"originality {best.value:.2f} (held-out tunes: {best.low:.2f} to {best.high:.2f}); "
        f"{found.items} clips of {found.tunes} tunes"
    )
    lines.append("Similar is all that this says: no training without them has confirmed it.")
    return lines


def codes_of(path: Path, digest: str, seconds: float) -> Codes | None:
    """Return the exact codes of a sound, where it is a take that is kept, or a copy of one.

    None where it was made by another model than that of ``digest``, or lasts otherwise.
    """
    from engine.errors import ArmonicaError
    from engine.services.generation import take_store

    own = path.with_suffix(take_store.RECIPE)
    kept = path.parent.resolve() == take_store.takes_folder().resolve() and own.is_file()
    if not kept and not take_store.beside(path).is_file():
        return None
    try:
        recipe = (
            take_store.read(path.stem)
            if kept
            else take_store.read_exported(take_store.beside(path))
        )
        same = abs(recipe.frames / recipe.frame_rate - seconds) < _SLACK
        if recipe.digest != digest or not recipe.codes or not same:
            return None
        if kept:
            return take_store.read_codes(recipe)
        for take in take_store.listed().takes:
            other = take_store.read(take.id)
            if other.codes == recipe.codes:
                return take_store.read_codes(other)
    except ArmonicaError as error:
        say(f"The codes of {path.name} are heard anew: {error.message}")
    return None


def index(options: argparse.Namespace) -> None:
    """Make the index of rendered clips; ``options`` are those of `corpus index`."""
    from engine.corpus.audio.render import clips
    from engine.corpus.table import read
    from engine.influence.clips import index as clip_index
    from engine.influence.clips.build import build

    workers = int(number("--workers", str(options.workers), 1, 256))
    out = options.out or clip_index.SHIPPED
    kept = options.kept or options.clips / "index"
    clips(options.clips, "train")
    corpus = read(options.corpus)
    for folder in (out, kept):
        atomic.make_folder(folder)
    model = options.model or "tiny"
    line = ProgressLine("corpus index")
    made = build(
        kept,
        options.clips,
        corpus,
        opened(model),
        model,
        seed=options.seed,
        count=options.count,
        workers=workers,
        on_progress=line.show,
    )
    clip_index.write(out, made)
    size = (out / clip_index.INDEX).stat().st_size
    found = {
        "folder": str(out),
        "items": len(made),
        "tunes": len(set(made.tune.tolist())),
        "bytes": size,
        "model": made.card.model,
        "digest": made.card.digest,
        "corpus": made.card.corpus,
        "held_out": len(made.latent),
    }
    if options.json:
        emit(found)
        return
    for name, value in found.items():
        put(f"{name:>10}  {value}")


def _evaluate(options: argparse.Namespace) -> None:
    from engine.influence.clips.evaluation import evaluate, table
    from engine.influence.clips.index import SHIPPED
    from engine.influence.clips.search import open_clips

    asked = int(number("--asked", str(options.asked), 1, 10_000))
    influence = open_clips(options.model, options.index or SHIPPED)
    line = ProgressLine("evaluate clips")
    found = evaluate(
        influence, options.clips, asked=asked, seed=options.seed, on_progress=line.show
    )
    if options.json:
        emit(found)
    else:
        put(*table(found).split("\n"))
