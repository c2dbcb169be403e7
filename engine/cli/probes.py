"""The words about probes: `probes list`, `probes train`, and `train probes`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import locations
from engine.cli.audio_models import add_model, name_of, opened
from engine.cli.options import ProgressLine, common, emit, number, say
from engine.common import atomic
from engine.common.printing import put
from engine.errors import BadFile, UserError

if TYPE_CHECKING:
    from torch import Tensor

    from engine.steering.probes.probe import Probe, ProbeCard
    from engine.steering.probes.store import FoundProbe
    from engine.steering.probes.user_traits import OwnTrait

SHADES = " .:-=+*#%@"
"""Accuracies from chance to 1.00, for terminals of any kind."""

_READS = ("last", "mean")
_SAID = 3
"""How many files that cannot be used are named; a JSON document names all."""


class ProbeExists(UserError):
    """A name that a probe of the model has already."""

    title = "Probe"


def add(words: Any) -> None:
    """Add `probes list` and `probes train`."""
    probes = words.add_parser("probes", help="list probes, or train one of your own recordings")
    verbs = probes.add_subparsers(dest="verb", required=True, metavar="list|train")
    shown = verbs.add_parser("list", help="what every probe is worth")
    common(shown)
    add_model(shown, None, "those of one model (all)")
    shown.add_argument("--layers", action="store_true", help="draw every head's accuracy")
    shown.set_defaults(run=_list)

    train = verbs.add_parser("train", help="train a trait from recordings with and without it")
    common(train)
    train.add_argument("name", metavar="NAME", help="what the trait is to be called")
    train.add_argument(
        "--with", dest="present", type=Path, required=True, metavar="FOLDER",
        help="recordings that have it",
    )  # fmt: skip
    train.add_argument(
        "--without", dest="absent", type=Path, required=True, metavar="FOLDER",
        help="recordings that lack it",
    )  # fmt: skip
    add_model(train)
    train.add_argument(
        "--read",
        choices=_READS,
        default="last",
        help="read the last step, or a mean of two seconds",
    )
    train.add_argument("--seconds", default="3", metavar="S", help="length of a segment (3)")
    train.add_argument("--replace", action="store_true", help="take the place of one of that name")
    train.set_defaults(run=_train)


def add_training(verbs: Any) -> None:
    """Add `train probes`."""
    train = verbs.add_parser("probes", help="train the probes of the parts and of slow traits")
    common(train)
    train.add_argument("--clips", type=Path, required=True, help="folder of `corpus render`")
    add_model(train)
    train.add_argument("-o", "--out", type=Path, required=True, help="folder to write")
    train.add_argument(
        "--trait", action="append", default=[], metavar="NAME", help="only this one (repeat)"
    )
    train.add_argument("--examples", default="600", metavar="N", help="mixes of each trait (600)")
    train.add_argument("--corpus", type=Path, default=locations.CORPUS, help="table of the clips")
    train.set_defaults(run=_train_shipped)


def _list(options: argparse.Namespace) -> None:
    from engine.steering.probes.store import load, shelf

    shelved = shelf()
    found = shelved.found
    if options.model is not None:
        kind, value = name_of(options.model)
        found = tuple(each for each in found if getattr(each.card, kind) == value)
    loaded: list[tuple[FoundProbe, Probe]] = []
    faults: list[BadFile] = list(shelved.faults)
    for each in found:
        try:
            loaded.append((each, load(each.path)))
        except BadFile as error:
            faults.append(error)
    if options.json:
        probes = [_fields(each, probe, options.layers) for each, probe in loaded]
        emit({"probes": probes, "faults": [fault.line() for fault in faults]})
        return
    for fault in faults:
        say(fault.line())
    if not loaded:
        whose = "" if options.model is None else f" of {options.model}"
        put(f"There are no probes{whose}. Train one: armonica probes train NAME --help.")
        return
    wide = max(len("name"), *(len(each.card.name) for each, _ in loaded))
    long = max(len("model"), *(len(each.card.model) for each, _ in loaded))
    put(
        f"{'name':{wide}}  {'model':{long}}  accuracy   95 %      chance  mark  best  advised  "
        "examples"
    )
    for each, probe in loaded:
        card = each.card
        put(
            f"{card.name:{wide}}  {card.model:{long}}  {card.accuracy:8.2f}   "
            f"{card.low:.2f}-{card.high:.2f} {_chance():6.2f} {card.threshold:6.2f} "
            f"{card.best:5.2f}  {card.strength:7g}  {card.present} + {card.absent}"
        )
        for warning in card.warnings:
            put(f"{'':{wide}}  ! {warning}")
        if options.layers:
            put(*drawn(probe.accuracies))


def drawn(accuracies: Tensor) -> list[str]:
    """Return the accuracies [layers, heads] as a picture: a line for a layer, a sign for a head."""
    rows = accuracies.tolist()
    last = len(SHADES) - 1
    lines = [f"  layer  heads 1-{len(rows[0])}: '{SHADES[0]}' is chance, '{SHADES[-1]}' is 1.00"]
    for at, row in enumerate(rows, 1):
        shades = "".join(
            SHADES[max(0, min(last, int((each - _chance()) / (1 - _chance()) * last + 0.5)))]
            for each in row
        )
        lines.append(f"  {at:5}  |{shades}|  best {max(row):.2f}, mean {sum(row) / len(row):.2f}")
    return lines


def _fields(found: FoundProbe, probe: Probe, layers: bool) -> dict[str, Any]:
    card = found.card
    best = [divmod(int(at), card.heads) for at in probe.top(card.monitor_heads)]
    told = _worth(card) | {
        "digest": card.digest,
        "advised": card.strength,
        "read": card.read_out,
        "examples": {"with": card.present, "without": card.absent, "groups": card.groups},
        "heads": [
            {"layer": layer + 1, "head": head + 1, "accuracy": _round(probe, layer, head)}
            for layer, head in best
        ],
        "file": str(found.path),
    }
    if layers:
        told["layers"] = [
            [_round(probe, layer, head) for head in range(card.heads)]
            for layer in range(card.layers)
        ]
    return told


def _worth(card: ProbeCard) -> dict[str, Any]:
    return {
        "name": card.name,
        "model": card.model,
        "accuracy": card.accuracy,
        "low": card.low,
        "high": card.high,
        "chance": _chance(),
        "best": card.best,
        "threshold": card.threshold,
        "warnings": list(card.warnings),
    }


def _round(probe: Probe, layer: int, head: int) -> float:
    return round(float(probe.accuracies[layer, head]), 4)


def _chance() -> float:
    from engine.steering.probes.probe import CHANCE

    return CHANCE


def _train(options: argparse.Namespace) -> None:
    from engine.steering.probes import store, user_traits
    from engine.steering.probes.probe import trait_name

    trait_name(options.name)
    shortest, longest = user_traits.SHORTEST, user_traits.LONGEST
    seconds = number("--seconds", options.seconds, shortest, longest)
    recordings = user_traits.survey(options.present, options.absent, seconds)
    model = opened(options.model)
    user_traits.check_seconds(seconds, model.spec)
    target = store.place(model.spec, options.name)
    known = {each.card.name: each for each in store.shelf().of(model.spec)}
    if not options.replace and (options.name in known or target.exists()):
        where = known[options.name].path if options.name in known else target
        raise ProbeExists(
            f"There is a probe {options.name!r} of {model.spec.name} in {where.parent}.",
            "Choose another name, or add --replace.",
        )
    atomic.make_folder(target.parent)
    line = ProgressLine(f"probes train {options.name}")
    made = user_traits.train(
        model,
        options.name,
        recordings,
        read_out=options.read,
        seed=options.seed,
        on_progress=lambda done: line.show(done, f"{recordings.segments} segments"),
    )
    store.write(made.probe, target)
    card = made.probe.card
    if not options.json:
        _print_own(made, target)
        return
    emit(
        _worth(card)
        | {
            "files": {"with": made.files[0], "without": made.files[1]},
            "segments": {
                "with": made.segments[0],
                "without": made.segments[1],
                "silent": made.silent,
            },
            "left_out": [{"file": str(each.path), "why": each.why} for each in made.left_out],
            "file": str(target),
        }
    )


def _print_own(made: OwnTrait, target: Path) -> None:
    card = made.probe.card
    put(
        f"{card.name} for {card.model}: right in {card.accuracy:.2f} of held-out segments "
        f"({card.low:.2f} to {card.high:.2f}; chance {_chance():.2f})"
    )
    (have, lack), (present, absent) = made.files, made.segments
    put(f"{present} segments of {have} files with it, {absent} of {lack} files without it")
    if made.silent:
        put(f"{made.silent} silent segments were left out")
    for each in card.warnings:
        put(f"! {each}")
    for left in made.left_out[:_SAID]:
        say(f"Left out: {left.why}")
    if len(made.left_out) > _SAID:
        say(f"Left out: {len(made.left_out) - _SAID} more files (--json names them).")
    put(str(target))


def _train_shipped(options: argparse.Namespace) -> None:
    from engine.corpus.audio.render import clips
    from engine.corpus.table import read
    from engine.errors import UnknownName
    from engine.steering.probes.store import place, write
    from engine.steering.training.probe_examples import TRAITS, train_probe

    count = int(number("--examples", options.examples, 16, 1_000_000))
    for name in options.trait:
        if name not in TRAITS:
            raise UnknownName("trait", name, TRAITS)
    wanted = tuple(dict.fromkeys(options.trait)) or TRAITS
    source, corpus = clips(options.clips, "train"), read(options.corpus)
    model = opened(options.model)
    atomic.make_folder(options.out)
    told = []
    for name in wanted:
        line = ProgressLine(f"train probes, {name}, seed {options.seed}")
        probe = train_probe(
            model, name, source, corpus, count=count, seed=options.seed, on_progress=line.show
        )
        line.show(1.0)
        target = place(model.spec, name, options.out)
        write(probe, target)
        card = probe.card
        told.append(_worth(card) | {"name": name, "file": str(target)})
        if not options.json:
            put(
                f"{name}: {card.accuracy:.2f} ({card.low:.2f} to {card.high:.2f}), best head "
                f"{card.best:.2f}, chance {_chance():.2f}  {target}"
            )
    if options.json:
        emit({"probes": told})
