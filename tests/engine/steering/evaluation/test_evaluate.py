"""The table of steering from scripted trials: which strength is chosen, and what a row says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.steering.control.settings import TraitSetting
from engine.steering.evaluation.evaluate import (
    PUBLISHED,
    STRENGTHS,
    arms,
    choose,
    rates,
    summarise,
)
from engine.steering.evaluation.table import ORDER, table


def trial(arm: str, success: bool, seed: int = 0, **more: Any) -> dict[str, Any]:
    embedding = np.random.default_rng([seed, len(arm)]).normal(0, 1, 4).tolist()
    return {
        "arm": arm, "prompt": seed, "strength": 0.0, "success": success,
        "probe_success": success, "kept": 1.0, "beat": 0.5, "floor": 0.1, "silent": False,
        "similarity": 0.9, "gate": 0.0, "embedding": embedding, **more,
    }  # fmt: skip


def scripted(**worth: tuple[float, float, float]) -> list[dict[str, Any]]:
    """Trials of all strengths: ``smitin_3`` gives success, parts kept and beat of that one."""
    found = [trial("none", False, kept=0.9, beat=0.4) for _ in range(10)]
    for law, values in STRENGTHS.items():
        for value in values:
            success, kept, beat = worth.get(f"{law}_{value:g}".replace("-", "_"), (0.1, 0.9, 0.4))
            found += [
                trial(f"{law} {value:g}", at < 10 * success, kept=kept, beat=beat)
                for at in range(10)
            ]
    return found


def test_the_strength_that_succeeds_most_is_chosen() -> None:
    chosen = choose(scripted(iti_2=(0.9, 0.9, 0.4), smitin_8=(0.5, 0.9, 0.4)))
    assert set(chosen) == set(STRENGTHS)
    assert chosen["iti"] == 2.0
    assert chosen["smitin"] == 8.0


def test_success_that_costs_the_prompts_parts_or_the_beat_is_not_worth_it() -> None:
    kept = choose(scripted(iti_2=(0.7, 0.9, 0.4), iti_3=(0.9, 0.5, 0.4)))
    beat = choose(scripted(closed_loop_4=(0.6, 0.9, 0.4), closed_loop_6=(0.8, 0.9, 0.0)))
    assert kept["iti"] == 2.0
    assert beat["closed-loop"] == 4.0


def test_what_is_not_measured_counts_neither_way() -> None:
    trials = [{**each, "kept": None} for each in scripted(iti_3=(0.9, 0.1, 0.4))]
    assert choose(trials)["iti"] == 3.0


def test_every_arm_of_a_part_is_in_the_table_and_the_controls_differ_in_direction_alone() -> None:
    found = {each.name: each.setting for each in arms("bass", dict.fromkeys(STRENGTHS, 3.0))}
    assert [*found, "real, without", "real, with"] == list(ORDER)
    assert found["none"] is None
    constant = found["iti"]
    assert isinstance(constant, TraitSetting)
    for name, direction in (("iti, probe weight", "probe"), ("iti, random", "random")):
        control = found[name]
        assert isinstance(control, TraitSetting)
        assert (control.arm, control.strength) == (constant.arm, constant.strength)
        assert control.tuning.direction == direction
        assert control.tuning.matched


def rows() -> list[dict[str, Any]]:
    made = []
    for part in ("drums", "bass"):
        trials = []
        for arm in ORDER:
            real = arm.startswith("real")
            trials += [
                trial(
                    arm,
                    at < 6,
                    seed=at,
                    strength=2.0 if arm == "iti" else 0.0,
                    kept=None if at == 0 else 0.8,
                    probe_success=None if real else at < 4,
                    gate=None if real else 0.5,
                )
                for at in range(8)
            ]
        made += summarise(part, trials)
    return made


def test_a_row_says_shares_with_their_doubt_means_and_distances() -> None:
    found = {(row["part"], row["arm"]): row for row in rows()}
    assert len(found) == 2 * len(ORDER)
    row = found["drums", "iti"]
    assert (row["trials"], row["success"], row["probe_success"]) == (8, 0.75, 0.5)
    assert 0.35 < row["low"] < 0.75 < row["high"] < 0.95
    assert row["kept"] == pytest.approx(0.8)
    assert row["gate"] == 0.5
    assert row["silent"] == 0.0
    real = found["drums", "real, with"]
    assert real["frechet_with"] == pytest.approx(0, abs=1e-6)
    assert real["frechet_without"] > 0.1
    assert real["probe_success"] is None


def test_draws_of_one_prompt_are_no_more_prompts() -> None:
    once = [trial("none", at % 2 == 0, seed=at) for at in range(8)]
    (one,), (three,) = rates("bass", once), rates("bass", once * 3)
    assert (one["trials"], three["trials"]) == (8, 24)
    assert (one["low"], one["high"]) == (three["low"], three["high"])


def test_the_table_is_markdown_with_a_row_for_each_arm() -> None:
    text = table(
        {
            "model": "abc", "prompts": 8, "seeds": 2, "prompt_seconds": 2.0,
            "continued_seconds": 4.0, "rows": rows(),
            "composed": rates("drums", [trial("none", at < 2, seed=at) for at in range(8)]),
            "published": [
                {"arm": arm, "success": success, "frechet": distance}
                for arm, success, distance in PUBLISHED
            ],
        }
    )  # fmt: skip
    lines = text.splitlines()
    assert "8 prompts" in lines[0]
    assert "2 draws each" in lines[0]
    first = text.split("\n\n")[1].splitlines()[2:]
    assert [line.split(" | ")[1] for line in first] == [*ORDER, *ORDER]
    assert first[0].startswith("| drums | none |  | 0.75 (")
    assert "| drums | iti | 2 | 0.75 (" in text
    assert "| drums | none | 0.25 (" in text
    assert text.count("*published") == 3
    assert "nan" not in text
    assert "None" not in text
    tables = [block.splitlines() for block in text.split("\n\n")[1:]]
    for block in tables:
        assert len({line.count("|") for line in block}) == 1
