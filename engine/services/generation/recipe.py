"""All that a take was made of, so that it can be made again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

from engine.errors import UserError
from engine.protocol.generation import (
    Generation,
    Meter,
    Take,
)
from engine.services.generation.loudness import Levelling
from engine.steering.control.settings import TraitSetting
from engine.steering.spec import Arm, DecoderName

_DECODER = "decoder"
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9][a-z0-9_-]{0,79}")


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

    @property
    def decoder(self) -> DecoderName:
        """What made its steps; before the decoder of our own it was audiocraft's modules."""
        return "own" if _DECODER in dict(self.versions) else "modules"

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


def versions(decoder: DecoderName) -> tuple[tuple[str, str], ...]:
    """Return the versions that a take's codes and sound depend on."""
    import torch

    try:
        own = version("armonica")
    except PackageNotFoundError:
        own = ""
    found = (("armonica", own), ("torch", str(torch.__version__)))
    # Where two codes are as likely as each other, the order of additions decides: a decoder that
    # adds otherwise takes another number.
    return (*found, (_DECODER, "own 1")) if decoder == "own" else found
