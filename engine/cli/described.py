"""A take as the command line tells of it: one document, or a few lines."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.options import emit
from engine.printing import put

if TYPE_CHECKING:
    from engine.steering.probes import ProbeCard
    from engine.studio.recipe import Recipe


def described(cards: Mapping[str, ProbeCard], recipe: Recipe, out: Path) -> dict[str, Any]:
    """Gives all that is told of a take that was kept as ``out``, with what its probes are worth."""
    from engine.steering.probes import CHANCE
    from engine.studio import takes

    take, asked = recipe.take, recipe.generation
    probes = []
    for trait in recipe.traits:
        card, setting = cards.get(trait.setting.name), trait.setting
        if card is not None:
            probes.append(
                {
                    "name": setting.name,
                    "strength": setting.sign * setting.strength,
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
        "file": str(out),
        "recipe": str(takes.beside(out)),
    }


def document(told: dict[str, Any]) -> bytes:
    """Gives what is told as a file."""
    return (json.dumps(told, allow_nan=False) + "\n").encode()


def tell(options: argparse.Namespace, told: dict[str, Any]) -> None:
    """Prints what is told, as one document or in a few lines."""
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
    if "identical" in told:
        put("  bit for bit the same" if told["identical"] else "  not the same")


def _followed(probe: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    name = probe["name"]
    seen = [step["confidence"][name] for step in steps]
    gates = [abs(step["gate"][name]) for step in steps]
    return (
        f"  {name} {probe['strength']:+g}: meter {seen[0]:.2f} to {seen[-1]:.2f}, mean gate "
        f"{sum(gates) / len(gates):.2f}; mark {probe['threshold']:.2f}, held-out accuracy "
        f"{probe['accuracy']:.2f} ({probe['low']:.2f} to {probe['high']:.2f})"
    )
