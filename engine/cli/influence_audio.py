"""The words about what sound lies near to: `corpus index`, `evaluate clips`, and `influence`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import locations, writing
from engine.cli.audio_models import add_model, opened
from engine.cli.options import ProgressLine, common, emit, number, say

if TYPE_CHECKING:
    from engine.influence.spec import Found
    from engine.studio.takes import Codes

MOST = 1000
"""The most matches that are listed."""


def add(words: Any) -> None:
    """Adds the word to the parser."""
    word = words.add_parser("influence", help="which training pieces a sound lies close to")
    common(word)
    word.add_argument("file", type=Path, metavar="FILE.wav|.flac", help="what is asked about")
    word.add_argument("--top", type=int, default=10, metavar="K", help="matches to list (10)")
    add_index_options(word)
    word.set_defaults(run=audio)


def add_index(verbs: Any) -> None:
    """Adds `corpus index`."""
    index = verbs.add_parser("index", help="index rendered clips, so that sound can find them")
    common(index)
    index.add_argument("--clips", type=Path, required=True, help="folder of `corpus render`")
    add_model(index)
    index.add_argument("-o", "--out", type=Path, help="folder to write (the one that ships)")
    index.add_argument("--count", type=int, help="the first so many training clips (all)")
    index.add_argument(
        "--run", dest="kept", type=Path, metavar="FOLDER",
        help="folder that keeps the work, to go on later (index in that of the clips)",
    )  # fmt: skip
    index.add_argument("--workers", type=int, default=2, help="processes, one core each (2)")
    index.add_argument("--corpus", type=Path, default=locations.CORPUS, help="table of the clips")
    index.set_defaults(run=_index)


def add_evaluation(verbs: Any) -> None:
    """Adds `evaluate clips`."""
    word = verbs.add_parser("clips", help="judge the search among rendered clips")
    common(word)
    word.add_argument("--clips", type=Path, required=True, help="folder of `corpus render`")
    add_index_options(word)
    word.add_argument("--asked", type=int, default=40, help="clips asked about in each way (40)")
    word.set_defaults(run=_evaluate)


def add_index_options(word: argparse.ArgumentParser) -> None:
    """Adds the options of an index: the model it was made with, and its folder."""
    add_model(word)
    word.add_argument("--index", type=Path, metavar="FOLDER", help="another index of clips")


def audio(options: argparse.Namespace) -> None:
    """Tells which tunes a sound file lies close to.

    ``options`` has ``file``, ``top`` and ``json``; ``model`` and ``index`` (of
    `add_index_options`) may be missing. Raises what reading and searching raise.
    """
    from engine.audio import files
    from engine.influence import audio as influence
    from engine.influence.chroma import RATE
    from engine.influence.clip_index import SHIPPED, read
    from engine.locations import meant

    path = meant(options.file)
    top = int(number("--top", str(options.top), 1, MOST))
    folder = getattr(options, "index", None) or SHIPPED
    # The cheap refusals first: a model takes seconds to load.
    wave = files.read(path, RATE)
    read(folder)
    clips = influence.open_clips(getattr(options, "model", None) or "tiny", folder)
    codes = _codes_of(path, clips.index.card.digest)
    found = clips.of_wave(wave, RATE, top=top, codes=codes)
    seconds = len(wave) / RATE
    if options.json:
        emit(told(found))
        return
    if seconds > influence.WINDOW:
        passages = len(influence.spans(seconds))
        print(f"# {passages} passages of {influence.WINDOW:g} s were looked for")
    print(shown(found))


def told(found: Found) -> dict[str, Any]:
    """Gives an answer as it is told in JSON."""
    rounded = ("raw", "latent", "score", "percentile")
    matches = []
    for match in found.matches:
        values = asdict(match)
        matches.append({k: round(v, 4) if k in rounded else v for k, v in values.items()})
    originality = asdict(found.originality)
    return {
        "matches": matches,
        "originality": {k: round(v, 4) for k, v in originality.items()},
        "close": found.close,
        "corpus": found.corpus,
        "model": found.model,
        "tunes": found.tunes,
        "clips": found.items,
        "unit": found.unit,
    }


def shown(found: Found) -> str:
    """Gives an answer as lines for a person."""
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
    return "\n".join(lines)


def _codes_of(path: Path, digest: str) -> Codes | None:
    # A take that is still kept has its exact codes; a copy of it knows which one by its recipe.
    from engine.errors import ArmonicaError
    from engine.studio import takes

    recipe_path = takes.beside(path)
    if not recipe_path.is_file():
        return None
    try:
        recipe = takes.read_exported(recipe_path)
        if recipe.digest != digest:
            return None
        for take in takes.listed().takes:
            kept = takes.read(take.id)
            if kept.codes == recipe.codes:
                return takes.read_codes(kept)
    except ArmonicaError as error:
        say(f"The codes of {path.name} are heard anew: {error.message}")
    return None


def _index(options: argparse.Namespace) -> None:
    from engine.corpus.render import clips
    from engine.corpus.table import read
    from engine.influence import clip_index
    from engine.influence.clip_build import build

    workers = int(number("--workers", str(options.workers), 1, 256))
    out = options.out or clip_index.SHIPPED
    kept = options.kept or options.clips / "index"
    clips(options.clips, "train")
    corpus = read(options.corpus)
    for folder in (out, kept):
        writing.make_folder(folder)
    line = ProgressLine("corpus index")
    made = build(
        kept,
        options.clips,
        corpus,
        opened(options.model),
        options.model,
        seed=options.seed,
        count=options.count,
        workers=workers,
        on_progress=line.show,
    )
    clip_index.write(out, made)
    size = (out / clip_index.INDEX).stat().st_size
    found = {
        "folder": str(out),
        "clips": len(made),
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
        print(f"{name:>10}  {value}")


def _evaluate(options: argparse.Namespace) -> None:
    from engine.influence.audio import open_clips
    from engine.influence.clip_index import SHIPPED
    from engine.influence.clip_trials import evaluate, table

    asked = int(number("--asked", str(options.asked), 1, 10_000))
    influence = open_clips(options.model, options.index or SHIPPED)
    line = ProgressLine("evaluate clips")
    found = evaluate(
        influence, options.clips, asked=asked, seed=options.seed, on_progress=line.show
    )
    if options.json:
        emit(found)
    else:
        print(table(found))
