"""The word about influence: `influence`, and `corpus index`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import locations
from engine.cli import influence_clips
from engine.cli.match_report import match_document
from engine.cli.options import (
    SLOW,
    BadUsage,
    CountLine,
    ProgressLine,
    add_voice,
    common,
    emit,
    number,
    say,
)
from engine.common import atomic
from engine.common.printing import put
from engine.errors import OutOfRange
from engine.text import printable

if TYPE_CHECKING:
    from engine.influence.spec import InfluenceAnswer, Match

MIDI = (".mid", ".midi")
_METER = 30


def add(words: Any) -> None:
    """Add `influence`."""
    word = words.add_parser("influence", help="find the training tunes nearest to what was made")
    common(word)
    word.add_argument("file", type=Path, metavar="FILE.mid|.wav|.flac")
    word.add_argument("--measure", type=int, metavar="N", help="its measure N (all, as a whole)")
    word.add_argument("--track", type=int, help="which track (the first that has notes)")
    add_voice(word)
    word.add_argument("--top", default="10", metavar="K", help="how many are named (10)")
    word.add_argument(
        "--gradients", action="store_true", help="ask the model's gradients about the matches too"
    )
    influence_clips.add_index_options(word, default=None)
    word.set_defaults(run=_influence)


def add_index(verbs: Any) -> None:
    """Add `corpus index`."""
    index = verbs.add_parser("index", help="make the index in which `influence` searches")
    common(index)
    index.add_argument("-o", "--out", type=Path, help="folder to write (the one that ships)")
    index.add_argument("--corpus", type=Path, default=locations.CORPUS, help="table of measures")
    index.add_argument(
        "--model", help="a VAE's folder, or with --clips an audio model (those that ship)"
    )
    influence_clips.add_clip_options(index)
    index.set_defaults(run=_index)


def add_evaluation(verbs: Any) -> None:
    """Add `evaluate search`."""
    search = verbs.add_parser("search", help="ask the search of measures what it must know")
    common(search)
    search.add_argument("--asked", type=int, default=100, help="questions of each kind (100)")
    search.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    asked = int(number("--asked", str(options.asked), 2, 10_000))
    from engine.influence.measures.evaluation import self_test
    from engine.influence.measures.search import open_index
    from engine.latent.weights import load

    line = ProgressLine("evaluate search")
    found = self_test(
        open_index(),
        load(locations.MEASURE_VAE),
        count=asked,
        seed=options.seed,
        on_progress=line.show,
    )
    if options.json:
        emit(asdict(found))
        return
    planted = ", ".join(f"{times}: {'yes' if there else 'no'}" for times, there in
                        found.planted.items())  # fmt: skip
    put(
        "| question | answer |",
        "|---|---|",
        f"| a training measure, transposed, names its own tune first | {found.alone:.2f} |",
        f"| the same with the measures around it | {found.passage:.2f} |",
        f"| a tune of random notes, planted so many times, is found | {planted} |",
        f"| in a permuted corpus a measure names its own tune | {found.permuted:.2f} |",
        f"| a held-out measure has a close match | {found.close:.2f} |",
        f"| two unrelated held-out measures share of their first ten | {found.overlap:.3f} |",
        "",
        f"{found.queries} questions of each kind, seed {options.seed}.",
    )


def _influence(options: argparse.Namespace) -> None:
    top = int(number("--top", options.top, 1, 1000))
    if options.file.suffix.lower() not in MIDI:
        if options.measure is not None or options.track is not None:
            raise BadUsage("--measure and --track are for MIDI files.", "Leave them out.")
        if options.gradients:
            raise BadUsage("--gradients is for MIDI files.", "Leave it out.")
        influence_clips.audio(options)
        return
    if options.model is not None or options.index is not None:
        raise BadUsage("--model and --index are for sound files.", "Leave them out.")
    from engine.formats.midi_file import read

    shown = ProgressLine(f"read {printable(options.file.name)}", after=SLOW)
    imported = read(options.file, options.track, shown.show, options.voice)
    measures = imported.measures
    if options.measure is not None and not 1 <= options.measure <= len(measures):
        raise OutOfRange(
            f"{options.file} has measures 1 to {len(measures)}, not {options.measure}."
        )
    from engine.influence.attribution.evidence import attached
    from engine.influence.measures.search import open_index
    from engine.latent.weights import load

    search = open_index()
    for change in imported.changes:
        say(change)
    if options.measure is not None:
        found = search.of(measures, options.measure - 1, top=top)
    else:
        asked = sum(not measure.silent for measure in measures)
        found = search.behind(
            measures, top=top, on_progress=CountLine("influence", asked, "measures").show
        )
    found = attached(found, measures)
    if options.gradients:
        from engine.influence.attribution.match_gradients import Pulls

        line = ProgressLine("gradients")
        found = Pulls(search.corpus, load(locations.MEASURE_VAE), line.show).weighed(
            found, measures
        )
    if options.json:
        emit({**match_document(found), "changes": imported.changes})
    else:
        put(*drawn(found))


def drawn(found: InfluenceAnswer) -> list[str]:
    """Return an answer as lines: the matches, and originality against the human range."""
    lines = [
        " #  notes  latent  nearer than  run  where it stands",
        *(_row(match) for match in found.matches),
        "",
        _originality(found),
    ]
    if not found.close:
        lines.append("No close match: more than one in ten held-out tunes come as near.")
    lines.append(
        f"Searched: {found.tunes} training tunes, {found.items} distinct measures, corpus "
        f"{found.corpus}, model {found.model[:16]}. Similarity is no proof of influence."
    )
    return lines


def _row(match: Match) -> str:
    last = match.measure + match.measures - 1
    place = f"measure {match.measure}" if last == match.measure else f"{match.measure}-{last}"
    marks = {"": "", "amber": "  ! credit or check", "red": "  !! may be a copy"}
    evidence = "" if match.evidence == "similar" else f", {match.evidence}"
    if match.pull is not None:
        evidence += f", pulls more than {match.pull:.0f} %"
    return (
        f"{match.rank:2}  {match.raw:5.2f}  {match.latent:6.2f}  {match.percentile:8.1f} %  "
        f"{match.run:3}  {match.title} ({match.book} {match.number}, {place}; "
        f"{match.licence}{evidence}){marks[match.alert]}"
    )


def _originality(found: InfluenceAnswer) -> str:
    of = found.originality
    cells = ["=" if of.low <= at / (_METER - 1) <= of.high else "." for at in range(_METER)]
    cells[max(0, min(_METER - 1, round(of.value * (_METER - 1))))] = "#"
    return (
        f"originality {of.value:.2f} [{''.join(cells)}] human tunes {of.low:.2f}-{of.high:.2f} "
        f"(95 %), longest exact match {of.longest_match} note{'s' * (of.longest_match != 1)}"
    )


def _index(options: argparse.Namespace) -> None:
    if options.clips is not None:
        influence_clips.index(options)
        return
    if options.kept is not None or options.count is not None:
        raise BadUsage("--run and --count are for clips.", "Name their folder with --clips.")
    from engine.corpus.table import read
    from engine.influence.measures.build import build_and_write
    from engine.influence.measures.index import place
    from engine.latent.weights import load

    folder = options.out or place()
    # Minutes of work, so its result needs a place to go.
    atomic.make_folder(folder)
    line = ProgressLine("corpus index")
    index = build_and_write(
        folder, read(options.corpus), load(Path(options.model or locations.MEASURE_VAE)), line.show
    )
    if options.json:
        emit({"folder": str(folder), "items": len(index), "corpus": index.corpus,
              "model": index.model})  # fmt: skip
    else:
        say(f"{len(index)} distinct measures")
        put(str(folder))
