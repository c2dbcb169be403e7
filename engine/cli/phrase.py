"""The phrase model on the command line: `phrase continue|infill|answer|vary`, `train phrase`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import locations
from engine.cli.options import BadUsage, ProgressLine, common, emit, number, say
from engine.cli.surprise import Melody, add_melody, melody
from engine.common import output_files
from engine.common.printing import put
from engine.errors import OutOfRange
from engine.latent.spec import LIMIT
from engine.music.attributes import attribute, attributes
from engine.music.grid import FOUR_QUARTERS
from engine.music.measure import Measure

if TYPE_CHECKING:
    from engine.phrase.proposals import Proposal, ProposalRequest
    from engine.phrase.training.train import PhraseProgress

STEPS = 7500
MEASURES = 4
PROPOSALS = 4
TARGETS = 200

_WORDS = {
    "continue": "propose the measures that come next",
    "infill": "propose measures for a gap, by what stands on both sides of it",
    "answer": "propose a phrase that answers the last one, and ends",
    "vary": "propose other pitches in the rhythm of measures",
}


def add(words: Any) -> None:
    """Add `phrase`."""
    phrase = words.add_parser("phrase", help="propose measures that fit those around them")
    verbs = phrase.add_subparsers(dest="verb", required=True, metavar="|".join(_WORDS))
    for name, text in _WORDS.items():
        word = verbs.add_parser(name, help=text)
        common(word)
        add_melody(word)
        word.add_argument("--from", dest="start", type=int, metavar="N", help="the first measure")
        word.add_argument("--measures", type=int, metavar="K", help="how many, 1 to 8")
        word.add_argument(
            "--hold", action="append", default=[], metavar="DIM=VALUE", help="hold a gauge (repeat)"
        )
        word.add_argument(
            "--proposals", type=int, default=PROPOSALS, metavar="P", help=f"how many ({PROPOSALS})"
        )
        word.add_argument(
            "-o", "--out", type=Path, required=True, metavar="OUT.mid", help="the best goes there"
        )
        word.set_defaults(run=_propose)


def add_training(verbs: Any) -> None:
    """Add `train phrase`."""
    phrase = verbs.add_parser("phrase", help="train the phrase model; goes on after a kill")
    common(phrase)
    phrase.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    phrase.add_argument("--steps", type=int, default=STEPS, help=f"steps in all ({STEPS})")
    phrase.set_defaults(run=_train)


def add_evaluation(verbs: Any) -> None:
    """Add `evaluate phrase`."""
    phrase = verbs.add_parser("phrase", help="judge the phrase model on held-out tunes")
    common(phrase)
    phrase.add_argument("--model", type=Path, help="its folder (the one that ships)")
    phrase.add_argument(
        "--targets", type=int, default=TARGETS, help=f"measures to find among 100 ({TARGETS})"
    )
    phrase.set_defaults(run=_evaluate)


def _propose(options: argparse.Namespace) -> None:
    held = dict(_held(text) for text in options.hold)
    count = int(number("--proposals", str(options.proposals), 1, 64))
    out = output_files.named(str(options.out), output_files.MIDI)
    output_files.check(out, output_files.MIDI)
    from engine.formats.midi_writer import write
    from engine.phrase.model import shipped
    from engine.phrase.proposals import propose

    model, found = shipped(), melody(options)
    asked = _request(options, found, held)
    latent = None
    if held and asked.grid == FOUR_QUARTERS and not asked.varied:
        from engine.latent.weights import load

        latent = load(locations.MEASURE_VAE)
    line = ProgressLine(f"phrase {options.verb}", after=2.0)
    proposals = propose(model, asked, latent, count=count, seed=options.seed, on_progress=line.show)
    for change in found.changes:
        say(change)
    numbers = asked.numbers
    after = found.measures[numbers.stop :] if options.verb in ("infill", "vary") else ()
    whole = (*found.measures[: numbers.start], *proposals[0].measures, *after)
    write(out, whole, found.tempo, title=out.stem)
    if options.json:
        emit(
            {
                "file": str(out),
                "key": {"name": found.key.name, "certainty": found.certainty},
                **_document(proposals[0], numbers),
                "proposals": [_document(each, numbers) for each in proposals],
                "changes": found.changes,
                "model": model.digest,
            }
        )
        return
    put(f"{out}: measures {numbers.start + 1} to {numbers.stop}, in {found.key.name}")
    for at, each in enumerate(proposals, 1):
        bits = "  ".join(f"{value:5.1f}" for value in each.bits)
        put(f"proposal {at}: {each.all_bits:6.1f} bits  ({bits.strip()})")


def _request(options: argparse.Namespace, found: Melody, held: dict[str, float]) -> ProposalRequest:
    from engine.phrase.proposals import LONGEST, ProposalRequest

    whole, verb = len(found.measures), options.verb
    onwards = verb in ("continue", "answer")
    start, count = options.start, options.measures
    if start is None:
        start, usual = _usual(verb, found.measures)
        count = min(usual, LONGEST) if count is None else count
    else:
        start -= 1
        count = (MEASURES if onwards else 1) if count is None else count
    if not 1 <= count <= LONGEST:
        raise OutOfRange(f"--measures lies from 1 to {LONGEST}; {count} does not.")
    last = whole + 1 if onwards else whole
    if not 1 <= start + 1 <= last:
        raise OutOfRange(f"--from lies from 1 to {last}; {start + 1} does not.")
    numbers = range(start, start + count if onwards else min(start + count, whole))
    known = found.measures[:start] if onwards else found.measures
    if verb == "vary" and any(found.measures[at].silent for at in numbers):
        raise OutOfRange(
            "A silent measure has no rhythm to keep.", "Name measures with notes, or use infill."
        )
    grid = found.measures[min(start, whole - 1)].grid
    if any(found.measures[at].grid != grid for at in numbers if at < whole):
        raise OutOfRange("The metre changes within these measures.", "Name fewer of them.")
    return ProposalRequest(
        known, found.key, numbers, grid, held, varied=verb == "vary", ends=verb == "answer"
    )


def _usual(verb: str, measures: Sequence[Measure]) -> tuple[int, int]:
    """Return the first measure and how many, where neither is named."""
    sounding = [at for at, measure in enumerate(measures) if not measure.silent]
    if verb in ("continue", "answer"):
        return sounding[-1] + 1, MEASURES
    if verb == "vary":
        return sounding[0], 1
    silent = [at for at in range(sounding[0], sounding[-1]) if measures[at].silent]
    if not silent:
        raise BadUsage("No measure between others is silent.", "Name one: --from N.")
    end = silent[0]
    while measures[end].silent:
        end += 1
    return silent[0], end - silent[0]


def _held(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadUsage(f"--hold {text!r} is not DIM=VALUE.", "Write for example note_density=1.5.")
    attribute(name)
    return name, number(name, value, -LIMIT, LIMIT)


def _document(proposal: Proposal, numbers: range) -> dict[str, Any]:
    return {
        "measures": [
            {
                "index": at + 1,
                "notes": [
                    [round(float(note.onset), 6), round(float(note.duration), 6), note.pitch]
                    for note in measure.notes
                ],
                "attributes": attributes(measure),
            }
            for at, measure in zip(numbers, proposal.measures, strict=True)
        ],
        "bits": [round(bits, 4) for bits in proposal.bits],
    }


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


def _evaluate(options: argparse.Namespace) -> None:
    count = int(number("--targets", str(options.targets), 4, 10_000))
    from engine.latent.weights import load as load_latent
    from engine.phrase.book_tunes import tables
    from engine.phrase.evaluation.evaluate import evaluate, table
    from engine.phrase.model import load

    line = ProgressLine("evaluate phrase")
    found = evaluate(
        load(options.model or locations.PHRASE),
        load_latent(locations.MEASURE_VAE),
        tables(),
        count=count,
        seed=options.seed,
        on_progress=line.show,
    )
    if options.json:
        emit(found)
    else:
        put(*table(found).split("\n"))
