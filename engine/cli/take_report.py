"""A take as the command line tells of it: one document, or a few lines."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.options import emit, say
from engine.common.printing import put

if TYPE_CHECKING:
    from engine.protocol.generation import TraitResult
    from engine.services.generation.recipe import TakeRecipe
    from engine.steering.probes.probe import ProbeCard


def described(cards: Mapping[str, ProbeCard], recipe: TakeRecipe, out: Path) -> dict[str, Any]:
    """Return the fields of a take that was kept as ``out``, with what its probes are worth."""
    from engine.services.generation import take_store
    from engine.steering.probes.probe import CHANCE

    take, asked = recipe.take, recipe.generation
    probes, results = [], {each.name: each for each in take.results}
    for trait in recipe.traits:
        card, setting = cards.get(trait.setting.name), trait.setting
        result = results.get(setting.name)
        if card is not None and result is not None:
            probes.append(
                {
                    "name": setting.name,
                    "strength": setting.sign * setting.strength,
                    "advised": card.strength,
                    "reached": result.reached,
                    "level": result.level,
                    "aim": result.aim,
                    "accuracy": card.accuracy,
                    "low": card.low,
                    "high": card.high,
                    "chance": CHANCE,
                    "threshold": card.threshold,
                    "arm": setting.arm if setting.active else "none",
                    "target": setting.target,
                    "warnings": list(card.warnings),
                }
            )
    return {
        "model": take.model,
        "decoder": recipe.decoder,
        "digest": recipe.digest,
        "seed": asked.seed,
        "seconds": round(take.seconds - take.prompt_seconds, 6),
        "prompt_seconds": take.prompt_seconds,
        "whole": take.whole,
        "arm": take.arm,
        "prompt": asked.text,
        "continues": asked.prompt.which or None,
        "temperature": asked.temperature,
        "top_k": asked.top_k,
        "probes": probes,
        "steps": [
            {
                "step": at,
                "confidence": {meter.name: meter.confidence for meter in meters},
                "gate": {meter.name: meter.gate for meter in meters},
                "pushed": {meter.name: meter.pushed for meter in meters},
            }
            for at, meters in enumerate(recipe.trace or ((),) * recipe.steps)
        ],
        "tagged": dict(take.heard),
        "loudness": None if take.loudness is None else asdict(take.loudness),
        "file": str(out),
        "recipe": str(take_store.beside(out)),
    }


def document(told: dict[str, Any]) -> bytes:
    """Return what is told as a file."""
    return (json.dumps(told, allow_nan=False) + "\n").encode()


def print_report(options: argparse.Namespace, told: dict[str, Any]) -> None:
    """Print what is told, as one document or in a few lines."""
    if options.json:
        emit(told)
        return
    for each in (told, *([told["twin"]] if "twin" in told else [])):
        before = f" after {each['prompt_seconds']:.1f} s" if each["prompt_seconds"] else ""
        put(
            f"{each['file']}: {each['seconds']:.1f} s{before} by {each['model']}, "
            f"seed {each['seed']}, arm {each['arm']}"
        )
        for probe in each["probes"]:
            put(_followed(probe, each["steps"]))
        if each["tagged"]:
            heard = ", ".join(f"{name} {sure:.2f}" for name, sure in each["tagged"].items())
            put(f"  the tagger hears {heard}")
        if each["loudness"] is not None:
            put(f"  {_loud(**each['loudness'])}")
    if "identical" in told:
        put("  bit for bit the same" if told["identical"] else "  not the same")


def _followed(probe: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    name = probe["name"]
    seen = [step["confidence"][name] for step in steps]
    gates = [abs(step["gate"][name]) for step in steps]
    return (
        f"  {name} {probe['strength']:+g}: {'' if probe['reached'] else 'not '}reached; "
        f"meter {seen[0]:.2f} to {seen[-1]:.2f}, mean gate "
        f"{sum(gates) / len(gates):.2f}; mark {probe['threshold']:.2f}, held-out accuracy "
        f"{probe['accuracy']:.2f} ({probe['low']:.2f} to {probe['high']:.2f})"
    )


def print_missed(cards: Mapping[str, ProbeCard], recipe: TakeRecipe) -> None:
    """Say on standard error which traits were asked for and not reached, and what may help."""
    settings = {each.setting.name: each.setting for each in recipe.traits}
    for result in recipe.take.results:
        card, setting = cards.get(result.name), settings.get(result.name)
        if not result.missed or card is None or setting is None:
            continue
        if setting.arm != "closed-loop":
            remedy = "try another --seed, or another strength"
        elif setting.strength < card.strength:
            strength = setting.sign * card.strength
            remedy = f"try --probe {result.name}={strength:g} (advised)"
        else:
            remedy = "its strength is the advised one; try another --seed or a lower --target"
        say(f"{missed(result, setting.arm == 'closed-loop')}; {remedy}")


def missed(result: TraitResult, held: bool) -> str:
    """Say that a trait was not reached; ``held`` tells whether it had a target."""
    level, aim = _share(result.level), _share(result.aim)
    if result.mode == "remove":
        return f"{result.name} was not reached: confidence {level}, to be taken down to {aim}"
    aimed = f"of a target of {aim}" if held else f"where {aim} counts as there"
    return f"{result.name} was not reached: confidence {level} {aimed}"


def _share(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def _loud(prompt: float | None, continuation: float | None, clipped: float) -> str:
    cut = f"{clipped:.1%} of it at full scale" if clipped else "nothing at full scale"
    if continuation is None:
        return "it is silent"
    if prompt is None:
        return f"{continuation:.1f} dB, {cut}"
    return f"{continuation - prompt:+.1f} dB against the prompt, {cut}"
