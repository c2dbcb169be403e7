"""Whether a trait was reached: told from where its meter stood at the end."""

from __future__ import annotations

import pytest

from engine.protocol.generation import Meter
from engine.services.generation.recipe import Change, SteeredTrait
from engine.services.generation.results import results
from engine.steering.control.settings import TraitSetting

RATE = 25.0


def trace(*confidences: float) -> list[tuple[Meter, ...]]:
    """Return a second of each confidence."""
    return [(Meter("drums", each, 0.0, False),) for each in confidences for _ in range(25)]


def of(setting: TraitSetting, *confidences: float, changes: tuple[Change, ...] = ()) -> object:
    """Return the mode, level and verdict of one trait."""
    (found,) = results(
        (SteeredTrait(setting, ""),), changes, trace(*confidences), {"drums": 0.48}, RATE
    )
    return found.mode, found.level, found.reached, found.missed


@pytest.mark.parametrize(
    ("strength", "target", "confidences", "reached"),
    [
        (6.0, 0.8, (0.1, 0.8, 0.8), True),
        (6.0, 0.8, (0.1, 0.65, 0.77), True),
        (1.0, 0.8, (0.9, 0.06, 0.06), False),
        (-6.0, 0.8, (0.9, 0.2, 0.3), True),
        (-6.0, 0.8, (0.1, 0.7, 0.6), False),
    ],
)
def test_a_closed_loop_comes_near_its_target_or_does_not(
    strength: float, target: float, confidences: tuple[float, ...], reached: bool
) -> None:
    setting = TraitSetting.signed("drums", strength, target=target)
    level = round(sum(confidences[-2:]) / 2, 6)
    mode = "add" if strength > 0 else "remove"
    assert of(setting, *confidences) == (mode, level, reached, not reached)


@pytest.mark.parametrize("arm", ["iti", "smitin"])
def test_other_arms_are_measured_against_the_threshold(arm: str) -> None:
    setting = TraitSetting.signed("drums", 3.0, target=0.9, arm=arm)  # type: ignore[arg-type]
    assert of(setting, 0.5, 0.5) == ("add", 0.5, True, False)
    assert of(setting, 0.4, 0.5) == ("add", 0.45, False, True)


def test_what_was_not_asked_for_is_never_missed() -> None:
    watched = TraitSetting.signed("drums", 6.0, arm="none")
    assert of(watched, 0.1) == ("off", 0.1, False, False)
    assert of(TraitSetting("drums"), 0.9) == ("off", 0.9, True, False)


def test_the_setting_at_the_end_counts() -> None:
    setting = TraitSetting.signed("drums", 6.0, target=0.9)
    let_be = Change(30, TraitSetting("drums"))
    assert of(setting, 0.2, 0.2, changes=(let_be,)) == ("off", 0.2, False, False)
    lower = Change(30, TraitSetting.signed("drums", 6.0, target=0.3))
    assert of(setting, 0.2, 0.2, changes=(lower,)) == ("add", 0.2, True, False)


def test_nothing_was_metered_and_so_nothing_is_told() -> None:
    assert results((), (), [], {}, RATE) == ()
    assert results((SteeredTrait(TraitSetting("drums"), ""),), (), [], {}, RATE) == ()
