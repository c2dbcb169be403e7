"""Whether what is asked of the studio can be: settings of traits, and of the next take."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

from engine.errors import OutOfRange, UnknownName
from engine.protocol.generation import (
    Generation,
    NudgeGeneration,
    NudgeTrait,
    Prompt,
    SetGeneration,
    SetTrait,
    Trait,
)
from engine.steering.control.settings import STRONGEST, TraitSetting
from engine.steering.spec import ARMS, LONGEST, MODES, SHORTEST

HOTTEST = 10.0
NUDGED_SHORTEST, NUDGED_HOTTEST = 1.0, 2.0
"""How far the length and the temperature go in steps: beyond, a step is a slip of the hand."""

MOST_CODES = 100_000
LONGEST_TEXT = 1000
_KINDS = ("song", "take", "file", "nothing")


def setting_of(trait: Trait) -> TraitSetting:
    """Return a trait's setting; raises `OutOfRange` or `UnknownName` where it cannot be."""
    return TraitSetting(trait.name, trait.mode, trait.strength, trait.target, trait.arm)


def changed_trait(trait: Trait, command: SetTrait) -> Trait:
    """Return a trait with what the command sets; raises `OutOfRange` or `UnknownName`."""
    changed = replace(
        trait,
        mode=trait.mode if command.mode is None else command.mode,
        strength=trait.strength if command.strength is None else command.strength,
        target=trait.target if command.target is None else command.target,
        arm=trait.arm if command.arm is None else command.arm,
    )
    setting_of(changed)
    return changed


def nudged_trait(trait: Trait, command: NudgeTrait) -> SetTrait:
    """Return the command that sets what a trait is moved to; raises `OutOfRange`."""
    loop = trait.arm == "closed-loop"
    strength, target, mode, arm = command.strength, command.target, command.mode, command.arm
    return SetTrait(
        trait.name,
        MODES[(MODES.index(trait.mode) + mode) % len(MODES)] if mode else None,
        _moved(trait.strength, strength, 0, STRONGEST, 3) if strength and not loop else None,
        _moved(trait.target, target, 0, 1, 3) if target and loop else None,
        ARMS[(ARMS.index(trait.arm) + arm) % len(ARMS)] if arm else None,
    )


def nudged_generation(old: Generation, command: NudgeGeneration) -> SetGeneration:
    """Return the command that sets what the settings are moved to; raises `OutOfRange`."""
    seconds, by = command.seconds, command.temperature
    return SetGeneration(
        seconds=_moved(old.seconds, seconds, NUDGED_SHORTEST, LONGEST, 1) if seconds else None,
        temperature=_moved(old.temperature, by, 0, NUDGED_HOTTEST, 2) if by else None,
    )


def changed_generation(
    old: Generation, command: SetGeneration, takes: Collection[str]
) -> Generation:
    """Return the settings with what the command sets; raises `OutOfRange` or `UnknownName`."""
    if command.prompt is not None:
        _check_prompt(command.prompt, takes)
    if command.seconds is not None:
        _check("The length", command.seconds, SHORTEST, LONGEST, " seconds")
    if command.seed is not None:
        _check("The seed", command.seed, 0, 2**63 - 1, whole=True)
    if command.temperature is not None:
        _check("The temperature", command.temperature, 0, HOTTEST)
    if command.top_k is not None:
        _check("The number of codes to choose among", command.top_k, 0, MOST_CODES, whole=True)
    if command.text is not None and len(command.text) > LONGEST_TEXT:
        raise OutOfRange(f"A description has at most {LONGEST_TEXT} characters.")
    return Generation(
        old.prompt if command.prompt is None else command.prompt,
        old.seconds if command.seconds is None else float(command.seconds),
        old.seed if command.seed is None else command.seed,
        old.text if command.text is None else command.text.strip(),
        old.temperature if command.temperature is None else float(command.temperature),
        old.top_k if command.top_k is None else command.top_k,
    )


def known(take: str, takes: Collection[str]) -> str:
    """Return the take's id; raises `UnknownName` where there is none."""
    if take not in takes:
        raise UnknownName("take", take, takes)
    return take


def _moved(value: float, by: float, low: float, high: float, digits: int) -> float:
    if math.isnan(by):
        raise OutOfRange(f"A value is moved by a number, and {by} is none.")
    return float(max(low, min(high, round(value + by, digits))))


def _check_prompt(prompt: Prompt, takes: Collection[str]) -> None:
    if prompt.kind not in _KINDS:
        raise UnknownName("kind of prompt", str(prompt.kind), _KINDS)
    if prompt.kind == "take":
        known(prompt.which, takes)
    if prompt.kind == "file" and not prompt.which:
        raise OutOfRange("No file is named.", "Name a WAV, FLAC or MIDI file.")


def _check(
    what: str, value: float, low: float, high: float, unit: str = "", whole: bool = False
) -> None:
    kinds = (int,) if whole else (int, float)
    if type(value) not in kinds or not math.isfinite(value) or not low <= value <= high:
        raise OutOfRange(
            f"{what} is {value!r:.40}.",
            f"Use a {'whole ' if whole else ''}number from {low:g} to {high:g}{unit}.",
        )
