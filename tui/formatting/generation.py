"""What is steered, made and judged_parts, said in few words: plain text from plain values."""

from __future__ import annotations

import math
from pathlib import PurePath

from engine.protocol.generation import Generation, Prompt, Take, Trait, TraitResult

MIB = 2.0**20

MISSED = "✕"
"""The sign of a trait that was asked for and not reached; words say so beside it."""


def share(value: float) -> str:
    """Format a number from 0 to 1 in three cells: ``.62``, ``1.0``."""
    if not math.isfinite(value):
        return "  ?"
    value = max(0.0, min(1.0, value))
    return f"{value:.1f}" if value >= 0.995 else f"{value:.2f}"[1:]


def signed(value: float) -> str:
    """Format a signed share in four cells: ``+.60``, ``-1.0``."""
    return ("-" if value < 0 else "+") + share(abs(value))


def strength(value: float) -> str:
    """Format a signed strength: ``+4``, ``-2.5``."""
    return f"{'-' if value < 0 else '+'}{abs(value):.3g}"


def want(trait: Trait) -> str:
    """Describe how hard a trait is pushed, or what a closed loop aims at."""
    if trait.arm == "closed-loop":
        return f"to {share(trait.target)}"
    return "" if trait.arm == "none" else f"by {trait.strength:.3g}"


def aim(trait: Trait) -> float | None:
    """Return the confidence a closed loop aims at; a trait that is removed is to be absent."""
    if trait.mode == "off" or trait.arm != "closed-loop":
        return None
    return trait.target if trait.mode == "add" else 1.0 - trait.target


def doubt(trait: Trait) -> str:
    """Format between what a probe's accuracy lies, and what guessing would give."""
    return f"({share(trait.low)}-{share(trait.high)}, chance {share(trait.chance)})"


def seconds(value: float) -> str:
    """Format a length: ``8 s``, ``4.1 s``, ``2:05``."""
    if not math.isfinite(value):
        return "? s"
    if value >= 60:
        return f"{int(value) // 60}:{int(value) % 60:02d}"
    return f"{value:.0f} s" if abs(value - round(value)) < 0.05 else f"{value:.1f} s"


def left(span: tuple[float, float]) -> str:
    """Format a time that is left, at least and at most."""
    low, high = span
    if not (math.isfinite(low) and math.isfinite(high)):
        return "time left unknown"
    if high >= 100:
        low, high = low / 60, high / 60
        unit = "min"
    else:
        unit = "s"
    low, high = math.floor(low), math.ceil(high)
    return f"{low}-{high} {unit} left" if low < high else f"{high} {unit} left"


def memory(size: int) -> str:
    """Format a size of memory."""
    if size >= 1024 * MIB:
        return f"{size / MIB / 1024:.1f} GiB"
    return f"{size / MIB:.0f} MiB" if size else ""


def name_of(take: str, takes: tuple[Take, ...]) -> str:
    """Return a take's title by its id, or the id where it is not in the list."""
    return next((each.title for each in takes if each.id == take), take)


def prompt(given: Prompt, takes: tuple[Take, ...]) -> str:
    """Describe what is continued."""
    match given.kind:
        case "song":
            return "the song"
        case "take":
            return name_of(given.which, takes)
        case "file":
            return PurePath(given.which).name or given.which
        case "nothing":
            return "nothing"


def settings(generation: Generation) -> str:
    """Format seed, temperature, top-k and text."""
    top = f"top {generation.top_k}" if generation.top_k else "all codes"
    parts = [f"seed {generation.seed}", f"temperature {generation.temperature:.3g}", top]
    if generation.text:
        parts.append(f"“{generation.text}”")
    return " · ".join(parts)


def pushed(take: Take) -> str:
    """Describe which traits were steered in a take, how strongly, and which were not reached."""
    signs = {each.name: MISSED for each in take.results if each.missed}
    return " ".join(f"{name} {strength(by)}{signs.get(name, '')}" for name, by in take.pushed)


def advised(trait: Trait) -> str:
    """Describe which strength a trait's probe advises."""
    return f"advised {trait.advised:.3g}"


def not_reached(result: TraitResult) -> str:
    """Say that a trait was not reached: how sure its meter was at the end, and of what."""
    against = "over" if result.mode == "remove" else "of"
    return f"not reached: {share(result.level)} {against} {share(result.aim)}"


def judged_parts(take: Take) -> tuple[str, ...]:
    """Describe what the tagger heard: the steered traits first, then what it is surest of."""
    steered = [name for name, _ in take.pushed]

    def place(each: tuple[str, float]) -> tuple[int, float]:
        name, sure = each
        return (steered.index(name) if name in steered else len(steered), -sure)

    return tuple(f"{name} {share(sure)}" for name, sure in sorted(take.heard, key=place))
