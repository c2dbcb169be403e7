"""The recipe of a take as a file of JSON, read strictly."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from engine.common.codec import Codec
from engine.common.fields import BadTake, bad, number, parsed
from engine.errors import ArmonicaError
from engine.protocol.generation import (
    Generation,
    Loudness,
    Meter,
    Prompt,
    Take,
    TraitResult,
)
from engine.services.generation.loudness import Levelling
from engine.services.generation.recipe import Change, SteeredTrait, TakeRecipe, is_id
from engine.steering.control.settings import STRONGEST, TraitSetting
from engine.steering.spec import Arm
from engine.text import printable

FORMAT = 2
"""Since 2 a recipe tells how its sound was levelled; that of 1 was cut off at full scale."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_TRAITS, _MOST_STEPS, _MOST_CHANGES, _MOST_PEAKS = 1000, 200_000, 100_000, 4096
_LONGEST, _LOUDEST, _MOST_GAINS, _LONGEST_TEXT = 36_000.0, 200.0, 200_001, 4000
_SINCE_2: dict[str, Any] = {"results": [], "loudness": None, "levelling": None}


@dataclass(frozen=True, slots=True)
class _Model:
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class _Rates:
    samples: int
    frames: float


@dataclass(frozen=True, slots=True)
class _Grown:
    prompt_frames: int
    frames: int
    steps: int


@dataclass(frozen=True, slots=True)
class _Digests:
    prompt: str
    codes: str
    audio: str


@dataclass(frozen=True, slots=True)
class _Versions:
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Trace:
    names: tuple[str, ...]
    steps: tuple[tuple[tuple[float, float, int], ...], ...]


@dataclass(frozen=True, slots=True)
class _RecipeFile:
    """A recipe as its file has it, a line for each field."""

    armonica_take: int
    title: str
    made: str
    seconds: float
    prompt_seconds: float
    whole: bool
    parent: str | None
    twin: str | None
    model: _Model
    rates: _Rates
    asked: Generation
    grown: _Grown
    digests: _Digests
    traits: tuple[SteeredTrait, ...]
    changes: tuple[Change, ...]
    arm: Arm
    pushed: tuple[tuple[str, float], ...]
    heard: tuple[tuple[str, float], ...]
    results: tuple[TraitResult, ...]
    loudness: Loudness | None
    levelling: Levelling | None
    versions: _Versions
    peaks: tuple[tuple[float, float], ...]
    trace: _Trace


def encode(recipe: TakeRecipe) -> bytes:
    """Return a recipe as JSON, a line for each thing worth reading."""
    take = recipe.take
    file = _RecipeFile(
        FORMAT, take.title, take.made, take.seconds, take.prompt_seconds, take.whole,
        take.parent, take.twin,
        _Model(take.model, recipe.digest),
        _Rates(recipe.rate, recipe.frame_rate),
        recipe.generation,
        _Grown(recipe.prompt_frames, recipe.frames, recipe.steps),
        _Digests(recipe.prompt, recipe.codes, recipe.audio),
        recipe.traits, recipe.changes, take.arm, take.pushed, take.heard, take.results,
        take.loudness, recipe.levelling, _Versions(recipe.versions), take.peaks,
        _Trace(
            tuple(meter.name for meter in recipe.trace[0]) if recipe.trace else (),
            tuple(
                tuple((meter.confidence, meter.gate, int(meter.pushed)) for meter in step)
                for step in recipe.trace
            ),
        ),
    )  # fmt: skip
    # The name of a file may hold what no text can, so all stays within ASCII.
    lines = [
        f"{json.dumps(name)}: {json.dumps(value, separators=(', ', ': '), allow_nan=False)}"
        for name, value in _CODEC.fields(file).items()
    ]
    return ("{\n " + ",\n ".join(lines) + "\n}\n").encode()


def decode(data: bytes, take_id: str) -> TakeRecipe:
    """Read the recipe of the take called ``take_id``; raises `BadTake`, and nothing else."""
    if not is_id(take_id):
        bad("its name is not a take's")
    body = parsed(data)
    written = body.get("armonica_take") if isinstance(body, dict) else None
    if not isinstance(body, dict) or type(written) is not int or written < 1:
        bad("it does not say in which format it was written")
    if written > FORMAT:
        bad("it was written by a newer version of the program")
    if written == 1:
        if newer := body.keys() & _SINCE_2.keys():
            bad(f"its format has no field {min(newer)!r}")
        body |= _SINCE_2
    try:
        file: _RecipeFile = _CODEC.read_one(_RecipeFile, body)
        _check(file)
        return _recipe(file, take_id)
    except BadTake:
        raise
    except ArmonicaError as error:
        bad(error.message.rstrip("."))


def _recipe(file: _RecipeFile, take_id: str) -> TakeRecipe:
    take = Take(
        id=take_id, title=file.title, made=file.made, seconds=file.seconds,
        prompt_seconds=file.prompt_seconds, model=file.model.name, seed=file.asked.seed,
        arm=file.arm, pushed=file.pushed, heard=file.heard, parent=file.parent, twin=file.twin,
        whole=file.whole, peaks=file.peaks, results=file.results, loudness=file.loudness,
    )  # fmt: skip
    names = file.trace.names
    trace = tuple(
        tuple(
            Meter(name, confidence, gate, bool(pushed))
            for name, (confidence, gate, pushed) in zip(names, step, strict=True)
        )
        for step in file.trace.steps
    )
    grown, digests = file.grown, file.digests
    return TakeRecipe(
        take, file.asked, file.model.digest, file.rates.samples, file.rates.frames,
        grown.prompt_frames, grown.frames, grown.steps,
        digests.prompt, digests.codes, digests.audio,
        file.traits, file.changes, trace, file.versions.pairs, file.levelling,
    )  # fmt: skip


def _check(file: _RecipeFile) -> None:
    asked, grown, rates = file.asked, file.grown, file.rates
    for value, low, high, what in (
        (file.seconds, 0, _LONGEST, "its length"),
        (file.prompt_seconds, 0, _LONGEST, "the length of its prompt"),
        (asked.seconds, 0, _LONGEST, "the length that was asked for"),
        (asked.seed, 0, 2**63 - 1, "its seed"),
        (asked.temperature, 0, 1000, "its temperature"),
        (asked.top_k, 0, 2**31, "its top-k"),
        (rates.samples, 1000, 1_000_000, "its rate"),
        (rates.frames, 0.1, 10_000, "its rate of frames"),
        (grown.frames, 1, _MOST_STEPS, "the number of its frames"),
        (grown.prompt_frames, 0, grown.frames - 1, "the number of its prompt's frames"),
        (grown.steps, 1, _MOST_STEPS, "the number of its steps"),
        *((each.step, 0, _MOST_STEPS, "the step of a change") for each in file.changes),
        *((strength, -STRONGEST, STRONGEST, "a strength") for _, strength in file.pushed),
        *((level, 0, 1, "what was heard of a part") for _, level in file.heard),
        *((each.level, 0, 1, "the level of a result") for each in file.results),
        *((each.aim, 0, 1, "the aim of a result") for each in file.results),
        *((each, -1, 1, "a peak") for pair in file.peaks for each in pair),
        *((each, -2, 2, "a reading of the trace")
          for step in file.trace.steps for row in step for each in row),
    ):  # fmt: skip
        number(value, low, high, what)
    for rows, most, what in (
        (file.traits, _MOST_TRAITS, "traits"), (file.changes, _MOST_CHANGES, "changes"),
        (file.pushed, _MOST_TRAITS, "traits"), (file.heard, _MOST_TRAITS, "parts"),
        (file.results, _MOST_TRAITS, "results"), (file.peaks, _MOST_PEAKS, "peaks"),
        (file.trace.names, _MOST_TRAITS, "traits"), (file.trace.steps, _MOST_STEPS, "steps"),
    ):  # fmt: skip
        if len(rows) > most:
            bad(f"it has more than {most} {what}")
    if any(len(step) != len(file.trace.names) for step in file.trace.steps):
        bad("its trace has steps of different lengths")
    digests = (file.digests.prompt, file.digests.codes, file.digests.audio)
    if any(each and not _DIGEST.fullmatch(each)
           for each in (*digests, *(trait.probe for trait in file.traits))):  # fmt: skip
        bad("a digest is none")
    if any(each is not None and not is_id(each) for each in (file.parent, file.twin)):
        bad("it names a take that cannot be")
    _check_loudness(file)


def _check_loudness(file: _RecipeFile) -> None:
    loudness, levelling = file.loudness, file.levelling
    levels = [] if loudness is None else [loudness.prompt, loudness.continuation]
    if loudness is not None:
        number(loudness.clipped, 0, 1, "the share at full scale")
    if levelling is not None:
        levels.append(levelling.reference)
        for gain in levelling.gains:
            number(gain, -_LOUDEST, 0, "a gain")
        if len(levelling.gains) > _MOST_GAINS:
            bad(f"it has more than {_MOST_GAINS} gains")
        if len(levelling.gains) <= file.grown.prompt_frames:
            bad("its gains do not reach to the end of its prompt")
    for level in levels:
        if level is not None:
            number(level, -_LOUDEST, _LOUDEST, "a level")


# What the file writes otherwise than the codec does


def _setting_beside(body: object, name: str) -> tuple[Any, TraitSetting]:
    if not isinstance(body, dict) or name not in body:
        bad(f"a setting lacks {name}")
    rest = {key: value for key, value in body.items() if key != name}
    return body[name], _CODEC.read_one(TraitSetting, rest)


def _steered(body: object) -> SteeredTrait:
    probe, setting = _setting_beside(body, "probe")
    return SteeredTrait(setting, _text(probe))


def _change(body: object) -> Change:
    step, setting = _setting_beside(body, "step")
    return Change(_CODEC.read_one(int, step), setting)


def _versions(body: object) -> _Versions:
    if not isinstance(body, dict):
        bad("its versions are no object")
    return _Versions(tuple((_text(name), _text(value)) for name, value in body.items()))


def _raw_text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        bad(f"a text is wanted, not {value!r:.40}")
    return value


def _text(value: object) -> str:
    return printable(_raw_text(value))


_PROMPTS = Codec([Prompt], finite=True, whole=True, forms={str: (str, _raw_text)})
"""The name of a file is kept as it is, whatever stands in it."""

_CODEC: Codec = Codec(
    [_RecipeFile],
    finite=True,
    whole=True,
    forms={
        str: (str, _text),
        Prompt: (_PROMPTS.fields, lambda body: _PROMPTS.read_one(Prompt, body)),
        SteeredTrait: (
            lambda trait: {**_CODEC.fields(trait.setting), "probe": trait.probe},
            _steered,
        ),
        Change: (
            lambda change: {"step": change.step, **_CODEC.fields(change.setting)},
            _change,
        ),
        _Versions: (lambda versions: dict(versions.pairs), _versions),
    },
)
