"""The words that make audio: `steer`, and `again` for what was made before."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.audio_models import add_model
from engine.cli.options import BadUsage, common, number, say
from engine.cli.take_making import check_places, end, make, open_workbench
from engine.cli.take_report import document, print_missed, print_report
from engine.common import atomic
from engine.errors import UserError
from engine.steering.spec import ARMS

if TYPE_CHECKING:
    from engine.protocol.generation import Generation
    from engine.services.generation.recipe import TakeRecipe
    from engine.steering.probes.probe import ProbeCard
    from engine.steering.spec import AudioSpec

STRONGEST = 10.0

_TRIED = 30.0
"""Seconds at the end of a prompt that are read to see whether they are sound."""


class NoProbes(UserError):
    """A model that nobody has trained a probe for."""

    title = "Probe"


class _AdvisedHelp(str):
    """A help that names the advised strengths, which are read only where it is printed."""

    def __mod__(self, values: Any) -> str:
        from engine.steering.musicgen.model import DEFAULT
        from engine.steering.probes import store

        cards = [each.card for each in store.shelf().found]
        told = sorted(f"{card.name} {card.strength:g}" for card in cards if card.model == DEFAULT)
        return str(self) % {**values, "advised": ", ".join(told) or "none"}


def add(words: Any) -> None:
    """Add the words to the parser."""
    steer = words.add_parser("steer", help="make audio, pushed towards traits or away from them")
    common(steer)
    add_model(steer)
    steer.add_argument("--prompt", default="", metavar="TEXT", help="a description")
    steer.add_argument(
        "--continue", dest="source", type=Path, metavar="FILE",
        help="go on from FILE.wav, .flac, .mid or .armonica",
    )  # fmt: skip
    steer.add_argument(
        "--probe", action="append", default=[], metavar="NAME[=STRENGTH]",
        help=_AdvisedHelp(
            "push a trait, from -10 (away from it) to 10; NAME alone by the advised strength "
            "(`probes list`; of the model that ships: %(advised)s), --probe=-NAME away from it "
            "(repeat)"
        ),
    )  # fmt: skip
    steer.add_argument("--arm", choices=ARMS, default="closed-loop", help="how (closed-loop)")
    steer.add_argument(
        "--target", default="0.8", metavar="P", help="the confidence a closed loop holds (0.8)"
    )
    steer.add_argument(
        "--seconds", type=float, required=True, metavar="S", help="length of what is added"
    )
    steer.add_argument(
        "--temperature", type=float, default=0.9, metavar="T", help="how bold the choices are (0.9)"
    )
    steer.add_argument(
        "--top-k", type=int, default=60, metavar="K", help="codes to choose among (60; 0: all)"
    )
    _outputs(steer)
    steer.add_argument("--report", type=Path, metavar="FILE.json", help="write the JSON there too")
    steer.add_argument("--twin", action="store_true", help="make the unsteered twin as well")
    steer.set_defaults(run=_steer)

    again = words.add_parser("again", help="make a take again from its recipe, bit for bit")
    common(again)
    again.add_argument("recipe", type=Path, metavar="RECIPE.json|FILE.wav")
    add_model(again, None, "the model's folder, where it has no name of its own")
    _outputs(again)
    again.set_defaults(run=_again, report=None)


def _outputs(word: argparse.ArgumentParser) -> None:
    word.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FILE", help="FILE.wav or .flac"
    )


def _steer(options: argparse.Namespace) -> None:
    from engine.music.song import Song
    from engine.services.generation.take_job import Order
    from engine.steering.control.settings import TraitSetting

    generation = _generation(options)
    _check_named(options.out)
    target = number("--target", options.target, 0, 1)
    asked = _parsed_traits(options.probe, options.arm)
    if options.twin and (options.arm == "none" or not any(each.pushes for each in asked)):
        raise BadUsage("Nothing is pushed, so there is no unsteered twin.", "Leave out --twin.")
    twin = options.out.with_stem(options.out.stem + "-twin")
    check_places([options.out, *([twin] if options.twin else [])], options.report)
    bench = open_workbench(options.model)
    if generation.text and not bench.spec.text:
        raise BadUsage(f"{bench.spec.name} takes no description.", "Leave out --prompt.")
    bench.cards = _cards(bench.spec, [each.name for each in asked])
    settings = tuple(
        TraitSetting.signed(
            each.name, each.strength_by(bench.cards[each.name]), target=target, arm=options.arm
        )
        for each in asked
    )
    order = Order(_take_id(), options.out.stem, _now(), generation, settings, Song())
    made = make(bench, order, options.out, options.report)
    told = made.told
    if options.twin and made.fault is None and made.recipe.take.whole:
        order = replace(
            order, id=_take_id(), title=twin.stem, made=_now(), source=made.source, twin=True
        )
        other = make(bench, order, twin, None)
        told = {**told, "twin": other.told}
        if options.report is not None:
            atomic.write(options.report, document(told))
        print_report(options, told)
        print_missed(bench.cards, made.recipe)
        end(other, twin)
        return
    print_report(options, told)
    print_missed(bench.cards, made.recipe)
    end(made, options.out)


def _again(options: argparse.Namespace) -> None:
    from engine.music.song import Song
    from engine.services.generation import take_export, take_store
    from engine.services.generation.take_job import Order, OtherModel

    if options.seed:
        raise BadUsage("A recipe holds its seed, so `again` takes no --seed.", "Leave it out.")
    path = options.recipe
    _check_named(path)
    _check_named(options.out)
    if path.suffix.lower() != take_store.RECIPE:
        path = take_store.beside(path)
    recipe = take_store.read_exported(path)
    check_places([options.out], None)
    if take_store.beside(options.out) == path:
        raise BadUsage(f"{options.out} would take the place of the recipe.", "Name another file.")
    take = recipe.take
    bench = open_workbench(_model_of(recipe) if options.model is None else options.model)
    if bench.spec.digest != recipe.digest:
        raise OtherModel(
            f"{path} was made by {take.model} ({recipe.digest[:8]}), and not by "
            f"{bench.spec.name} ({bench.spec.digest[:8]}).",
            "Name that model's folder with --model.",
        )
    bench.cards = _cards(bench.spec, [trait.setting.name for trait in recipe.traits], known=True)
    source = take_export.source(recipe, bench.instrument, bench.soundfont)
    order = Order(
        _take_id(), options.out.stem, _now(), recipe.generation, (), Song(), source=source
    )
    made = make(bench, order, options.out, None)
    same = (made.recipe.codes, made.recipe.audio) == (recipe.codes, recipe.audio)
    print_report(options, {**made.told, "again": str(path), "identical": same})
    if not same and made.fault is None and made.recipe.steps == recipe.steps:
        say("It came out otherwise than then: the machine or a version differs.")
    print_missed(bench.cards, made.recipe)
    end(made, options.out, whole=made.recipe.steps == recipe.steps)


def _generation(options: argparse.Namespace) -> Generation:
    from engine.locations import meant
    from engine.protocol.generation import Generation, Prompt, SetGeneration
    from engine.services.generation.validation import changed_generation

    prompt = Prompt("nothing")
    if options.source is not None:
        # The recipe finds it again from any folder.
        path = meant(options.source).absolute()
        _check_source(path)
        prompt = Prompt("file", str(path))
    asked = SetGeneration(
        prompt=prompt,
        seconds=options.seconds,
        seed=options.seed,
        text=options.prompt,
        temperature=options.temperature,
        top_k=options.top_k,
    )
    return changed_generation(Generation(), asked, ())


def _check_source(path: Path) -> None:
    # Before a model is loaded, or even fetched; it is read as the model needs it afterwards.
    from engine.audio import files
    from engine.audio.synth import SLOWEST_RATE
    from engine.formats import song_file as document
    from engine.formats.midi_file import read
    from engine.services.generation.prompts import MIDI

    suffix = path.suffix.lower()
    if suffix in MIDI:
        read(path)
    elif suffix == document.SUFFIX:
        document.read(path)
    else:
        files.read(path, SLOWEST_RATE, last=_TRIED)


@dataclass(frozen=True)
class _Asked:
    """A trait as `--probe` names it: by a strength of its own, or, without, by the advised one."""

    name: str
    strength: float | None
    away: bool

    @property
    def pushes(self) -> bool:
        return self.strength != 0

    def strength_by(self, card: ProbeCard) -> float:
        """Return the signed strength, with what the card advises where none is named."""
        if self.strength is not None:
            return self.strength
        return -card.strength if self.away else card.strength


def _parsed_traits(words: list[str], arm: str) -> list[_Asked]:
    found: dict[str, _Asked] = {}
    for text in words:
        written, equals, value = text.partition("=")
        name = written.removeprefix("-")
        if not name:
            raise BadUsage(
                f"--probe {text!r} is not NAME or NAME=STRENGTH.", "Write for example drums=4."
            )
        if equals and written != name:
            raise BadUsage(
                f"--probe={text} names both a sign and a strength.",
                f"Write {name}=-STRENGTH to remove it by that, or --probe=-{name}.",
            )
        if name in found:
            raise BadUsage(f"--probe names {name!r} twice.", "Name each trait once.")
        if not equals and arm in ("iti", "smitin"):
            # It was chosen for the closed loop, and is no measure for laws that hold no target.
            raise BadUsage(f"No strength is advised for the arm {arm}.", f"Write {name}=STRENGTH.")
        strength = None
        if equals:
            strength = number(f"The strength of {name}", value, -STRONGEST, STRONGEST)
        found[name] = _Asked(name, strength, written != name)
    return list(found.values())


def _check_named(path: Path) -> None:
    if not path.name:
        raise BadUsage(f"{str(path)!r} is not the name of a file.", "Name one.")


def _model_of(recipe: TakeRecipe) -> str:
    from engine.steering.musicgen.model import DEFAULT, KNOWN

    if recipe.take.model not in (DEFAULT, *KNOWN):
        raise BadUsage(
            f"It was made by {recipe.take.model} ({recipe.digest[:8]}), a model of your own.",
            "Name its folder with --model.",
        )
    return recipe.take.model


def _cards(spec: AudioSpec, names: Iterable[str], known: bool = False) -> dict[str, ProbeCard]:
    from engine.steering.probes import store

    shelf = store.shelf()
    fitting = {each.card.name: each.card for each in shelf.of(spec)}
    if known:
        # Making again compares their numbers, and says what is missing.
        return {name: fitting[name] for name in names if name in fitting}
    wanted = list(names)
    anywhere = {each.card.name for each in shelf.found}
    if wanted and not fitting and not anywhere.intersection(wanted):
        raise NoProbes(
            f"There are no probes of {spec.name}.", "Train one: armonica probes train NAME."
        )
    return {name: store.find(name, spec, shelf).card for name in wanted}


def _take_id() -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S')}-steer"


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
