"""All that a take was made of, so that it can be made again: as a value, and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, get_args

from engine.common.fields import BadTake, Fields, bad, numbers, parsed
from engine.errors import ArmonicaError, UserError
from engine.protocol.generation import Generation, Meter, Prompt, PromptKind, Take, TraitResult
from engine.services.generation.loudness import Levelling, read_levelling, read_loudness
from engine.steering.control.settings import STRONGEST, TraitSetting, Tuning
from engine.steering.spec import ARMS, MODES, Arm

FORMAT = 2
"""Since 2 a recipe tells how its sound was levelled; that of 1 was cut off at full scale."""

_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9][a-z0-9_-]{0,79}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_KINDS: tuple[PromptKind, ...] = get_args(PromptKind)
_MOST_TRAITS, _MOST_STEPS, _MOST_CHANGES, _MOST_PEAKS = 1000, 200_000, 100_000, 4096
_LONGEST, _LARGEST_SEED = 36_000.0, 2**63 - 1


class OtherModel(UserError):
    """A take that another model made, or that was pushed with other probes."""

    title = "Take"


@dataclass(frozen=True, slots=True)
class SteeredTrait:
    """A trait as it was set at the start, and the digest of the probe's numbers."""

    setting: TraitSetting
    probe: str


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that was in force from ``step`` on."""

    step: int
    setting: TraitSetting


@dataclass(frozen=True, slots=True)
class TakeRecipe:
    """What a take was made of.

    ``digest`` names the model's weights, ``rate`` is in samples a second and ``frame_rate`` in
    steps a second. Of ``frames`` that were asked for, ``prompt_frames`` are the prompt; the
    making ended after ``steps`` steps. ``prompt`` and ``codes`` are the SHA-256 of the codes
    of the prompt and of the whole, ``audio`` that of the sound's file. ``trace`` holds the
    meters of every step; ``versions`` are pairs of a program's name and version.
    ``levelling`` is how the sound was turned down; None is how it was made before format 2:
    what exceeded full scale was cut off.
    """

    take: Take
    generation: Generation
    digest: str
    rate: int
    frame_rate: float
    prompt_frames: int
    frames: int
    steps: int
    prompt: str
    codes: str
    audio: str
    traits: tuple[SteeredTrait, ...] = ()
    changes: tuple[Change, ...] = ()
    trace: tuple[tuple[Meter, ...], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    levelling: Levelling | None = None

    def twinned(self, twin: str | None) -> TakeRecipe:
        """Return the recipe with another unsteered twin."""
        return replace(self, take=replace(self.take, twin=twin))


def is_id(text: str) -> bool:
    """Return whether a take can be called that, and its files after it."""
    return _ID.fullmatch(text) is not None


def rounded(value: float) -> float:
    """Return a number as recipes hold it."""
    return round(value, 6)


def pushed_traits(
    traits: Sequence[SteeredTrait], changes: Sequence[Change]
) -> tuple[tuple[tuple[str, float], ...], Arm]:
    """Return the traits that were steered with their signed strengths, and by which arm.

    A trait counts as it was set last while it was steered; of several arms it is the first.
    """
    last = {t.setting.name: t.setting for t in traits if t.setting.active}
    last |= {c.setting.name: c.setting for c in changes if c.setting.active}
    arms = [setting.arm for setting in last.values()]
    pushed = tuple((name, rounded(each.sign * each.strength)) for name, each in last.items())
    return pushed, arms[0] if arms else "none"


def versions() -> tuple[tuple[str, str], ...]:
    """Return the versions that a take's codes and sound depend on."""
    import torch

    try:
        own = version("armonica")
    except PackageNotFoundError:
        own = ""
    return (("armonica", own), ("torch", str(torch.__version__)))


def encode(recipe: TakeRecipe) -> bytes:
    """Return a recipe as JSON, a line for each thing worth reading."""
    take, made = recipe.take, recipe.generation
    names = [meter.name for meter in recipe.trace[0]] if recipe.trace else []
    body = {
        "armonica_take": FORMAT,
        "title": take.title,
        "made": take.made,
        "seconds": take.seconds,
        "prompt_seconds": take.prompt_seconds,
        "whole": take.whole,
        "parent": take.parent,
        "twin": take.twin,
        "model": {"name": take.model, "digest": recipe.digest},
        "rates": {"samples": recipe.rate, "frames": recipe.frame_rate},
        "asked": asdict(made),
        "grown": {
            "prompt_frames": recipe.prompt_frames,
            "frames": recipe.frames,
            "steps": recipe.steps,
        },
        "digests": {"prompt": recipe.prompt, "codes": recipe.codes, "audio": recipe.audio},
        "traits": [{**asdict(each.setting), "probe": each.probe} for each in recipe.traits],
        "changes": [{"step": each.step, **asdict(each.setting)} for each in recipe.changes],
        "arm": take.arm,
        "pushed": take.pushed,
        "heard": take.heard,
        "results": [asdict(each) for each in take.results],
        "loudness": None if take.loudness is None else asdict(take.loudness),
        "levelling": None if recipe.levelling is None else asdict(recipe.levelling),
        "versions": dict(recipe.versions),
        "peaks": take.peaks,
        "trace": {
            "names": names,
            "steps": [
                [[meter.confidence, meter.gate, int(meter.pushed)] for meter in step]
                for step in recipe.trace
            ],
        },
    }
    lines = [f"{json.dumps(name)}: {_compact(value)}" for name, value in body.items()]
    return ("{\n " + ",\n ".join(lines) + "\n}\n").encode()


def decode(data: bytes, take_id: str) -> TakeRecipe:
    """Read the recipe of the take called ``take_id``; raises `BadTake`, and nothing else."""
    if not is_id(take_id):
        bad("its name is not a take's")
    fields = Fields(parsed(data), "the recipe")
    written = fields.integer("armonica_take", 0, 2**31)
    if not 1 <= written <= FORMAT:
        bad("it was written by a newer version of the program")
    try:
        return _recipe(fields, take_id, written)
    except BadTake:
        raise
    except ArmonicaError as error:
        bad(error.message.rstrip("."))


def _recipe(fields: Fields, take_id: str, written: int) -> TakeRecipe:
    model, rates = fields.part("model"), fields.part("rates")
    grown, digests = fields.part("grown"), fields.part("digests")
    asked = _generation(fields.part("asked"))
    take = Take(
        id=take_id,
        title=fields.text("title"),
        made=fields.text("made"),
        seconds=fields.number("seconds", 0, _LONGEST),
        prompt_seconds=fields.number("prompt_seconds", 0, _LONGEST),
        model=model.text("name"),
        seed=asked.seed,
        arm=fields.choice("arm", ARMS),
        pushed=_pairs(fields.rows("pushed", _MOST_TRAITS), -STRONGEST, STRONGEST),
        heard=_pairs(fields.rows("heard", _MOST_TRAITS), 0, 1),
        parent=_id_or_none(fields.take("parent")),
        twin=_id_or_none(fields.take("twin")),
        whole=fields.truth("whole"),
        peaks=tuple(
            (low, high)
            for row in fields.rows("peaks", _MOST_PEAKS)
            for low, high in [numbers(row, 2, -1, 1, "a peak")]
        ),
    )
    levelling = None
    if written > 1:
        results = tuple(map(_result, fields.rows("results", _MOST_TRAITS)))
        take = replace(take, results=results, loudness=read_loudness(fields.take("loudness")))
        levelling = read_levelling(fields.take("levelling"))
    recipe = TakeRecipe(
        take=take,
        generation=asked,
        digest=model.raw_text("digest"),
        rate=rates.integer("samples", 1000, 1_000_000),
        frame_rate=rates.number("frames", 0.1, 10_000),
        prompt_frames=grown.integer("prompt_frames", 0, _MOST_STEPS),
        frames=grown.integer("frames", 1, _MOST_STEPS),
        steps=grown.integer("steps", 1, _MOST_STEPS),
        prompt=_digest(digests.take("prompt")),
        codes=_digest(digests.take("codes")),
        audio=_digest(digests.take("audio")),
        traits=tuple(map(_steered, fields.rows("traits", _MOST_TRAITS))),
        changes=tuple(map(_change, fields.rows("changes", _MOST_CHANGES))),
        trace=_trace(fields.part("trace")),
        versions=_versions(fields.take("versions")),
        levelling=levelling,
    )
    for each in (model, rates, grown, digests, fields):
        each.end()
    if not recipe.prompt_frames < recipe.frames:
        bad("its prompt is longer than it is")
    if levelling is not None and len(levelling.gains) <= recipe.prompt_frames:
        bad("its gains do not reach to the end of its prompt")
    return recipe


def _generation(fields: Fields) -> Generation:
    prompt = fields.part("prompt")
    found = Generation(
        Prompt(prompt.choice("kind", _KINDS), prompt.raw_text("which")),
        seconds=fields.number("seconds", 0, _LONGEST),
        seed=fields.integer("seed", 0, _LARGEST_SEED),
        text=fields.text("text"),
        temperature=fields.number("temperature", 0, 1000),
        top_k=fields.integer("top_k", 0, 2**31),
    )
    prompt.end()
    fields.end()
    return found


def _steered(body: object) -> SteeredTrait:
    fields = Fields(body, "a trait")
    found = SteeredTrait(_setting(fields), _digest(fields.take("probe")))
    fields.end()
    return found


def _change(body: object) -> Change:
    fields = Fields(body, "a change")
    found = Change(fields.integer("step", 0, _MOST_STEPS), _setting(fields))
    fields.end()
    return found


def _setting(fields: Fields) -> TraitSetting:
    name, mode, arm = fields.text("name"), fields.choice("mode", MODES), fields.choice("arm", ARMS)
    strength, target = fields.number("strength", 0, STRONGEST), fields.number("target", 0, 1)
    values = fields.take("tuning")
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        bad("the tuning of a trait is not an object")
    for key in ("matched", "soft"):
        if not isinstance(values.get(key), bool):
            bad(f"{key} of a tuning is neither true nor false")
    try:
        tuning = Tuning(**values)
    except TypeError:
        bad("the tuning of a trait has a field that is not known")
    return TraitSetting(name, mode, strength, target, arm, tuning)


def _result(body: object) -> TraitResult:
    fields = Fields(body, "a result")
    found = TraitResult(
        fields.text("name"),
        fields.choice("mode", MODES),
        fields.number("level", 0, 1),
        fields.number("aim", 0, 1),
        fields.truth("reached"),
    )
    fields.end()
    return found


def _trace(fields: Fields) -> tuple[tuple[Meter, ...], ...]:
    names = [str(name) for name in fields.rows("names", _MOST_TRAITS)]
    steps = fields.rows("steps", _MOST_STEPS)
    fields.end()
    trace = []
    for step in steps:
        if not isinstance(step, list) or len(step) != len(names):
            bad("its trace has steps of different lengths")
        rows = [numbers(row, 3, -2, 2, "a reading of the trace") for row in step]
        trace.append(
            tuple(
                Meter(name, confidence, gate, bool(pushed))
                for name, (confidence, gate, pushed) in zip(names, rows, strict=True)
            )
        )
    return tuple(trace)


def _pairs(rows: Iterable[object], low: float, high: float) -> tuple[tuple[str, float], ...]:
    found = []
    for row in rows:
        if not isinstance(row, list) or len(row) != 2 or not isinstance(row[0], str):
            bad("a pair is not a name and a number")
        found.append((row[0], numbers(row[1:], 1, low, high, f"{row[0]!r:.40}")[0]))
    return tuple(found)


def _versions(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        bad("its versions are no texts")
    return tuple((str(name), version) for name, version in value.items())


def _digest(value: object) -> str:
    if not isinstance(value, str) or (value and not _DIGEST.fullmatch(value)):
        bad("a digest is none")
    return value


def _id_or_none(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not is_id(value):
        bad("it names a take that cannot be")
    return value


def _compact(value: Any) -> str:
    # The name of a file may hold what no text can, so all stays within ASCII.
    return json.dumps(value, separators=(", ", ": "), allow_nan=False)
