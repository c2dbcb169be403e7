"""What a command sets is a setting that can be, or is refused in a line."""

from __future__ import annotations

import contextlib
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ArmonicaError
from engine.protocol.generation import (
    Generation,
    NudgeGeneration,
    NudgeTrait,
    Prompt,
    SetGeneration,
    SetTrait,
    Trait,
)
from engine.services.generation.validation import (
    changed_generation,
    changed_trait,
    nudged_generation,
    nudged_trait,
)
from engine.steering.spec import ARMS, LONGEST, MODES, SHORTEST

ANYTHING: st.SearchStrategy[Any] = (
    st.none() | st.integers() | st.floats() | st.booleans() | st.text(max_size=20)
)
NUMBERS = st.none() | st.integers() | st.floats()
KINDS = st.sampled_from(("song", "take", "file", "nothing", "tape"))


@given(
    st.none() | st.builds(Prompt, KINDS, st.text(max_size=20)),
    NUMBERS,
    NUMBERS,
    st.none() | st.text(),
    NUMBERS,
    NUMBERS,
)
def test_a_generation_is_always_one_that_can_be(
    prompt: Any, seconds: Any, seed: Any, text: Any, temperature: Any, top_k: Any
) -> None:
    command = SetGeneration(prompt, seconds, seed, text, temperature, top_k)
    with contextlib.suppress(ArmonicaError):
        found = changed_generation(Generation(), command, ("20261122-201500-drums",))
        assert SHORTEST <= found.seconds <= LONGEST
        assert 0 <= found.seed < 2**63
        assert type(found.seed) is type(found.top_k) is int
        assert math.isfinite(found.temperature)
        assert found.prompt.kind in ("song", "take", "file", "nothing")
        assert found.prompt.kind != "take" or found.prompt.which == "20261122-201500-drums"


@given(ANYTHING, NUMBERS, NUMBERS, ANYTHING)
def test_a_trait_is_always_one_that_can_be(mode: Any, strength: Any, target: Any, arm: Any) -> None:
    trait = Trait("drums", 0.9, 0.8, 0.95, 0.5, 0.5)
    with contextlib.suppress(ArmonicaError):
        found = changed_trait(trait, SetTrait("drums", mode, strength, target, arm))
        assert found.mode in MODES
        assert found.arm in ARMS
        assert 0 <= found.strength <= 10
        assert 0 <= found.target <= 1


def test_what_is_not_named_stays() -> None:
    old = Generation(Prompt("nothing"), 3.0, 4, "a tune", 0.5, 7)
    assert changed_generation(old, SetGeneration(), ()) == old
    assert changed_generation(old, SetGeneration(seed=5), ()).prompt == old.prompt


@given(st.floats(), st.floats(), st.integers(), st.integers(), st.sampled_from(ARMS))
def test_a_nudged_trait_is_always_one_that_can_be(
    strength: float, target: float, mode: int, arm: int, now: Any
) -> None:
    trait = Trait("drums", 0.9, 0.8, 0.95, 0.5, 0.5, arm=now)
    with contextlib.suppress(ArmonicaError):
        found = nudged_trait(trait, NudgeTrait("drums", strength, target, mode, arm))
        assert found.mode in (None, *MODES)
        assert found.strength is None or now != "closed-loop"
        assert found.target is None or now == "closed-loop"
        changed_trait(trait, found)


@given(st.floats(), st.floats())
def test_a_nudged_generation_is_always_one_that_can_be(seconds: float, temperature: float) -> None:
    with contextlib.suppress(ArmonicaError):
        found = nudged_generation(Generation(), NudgeGeneration(seconds, temperature))
        assert found.seconds is None or 1 <= found.seconds <= LONGEST
        assert found.temperature is None or 0 <= found.temperature <= 2
        changed_generation(Generation(), found, ())


def test_nudges_of_two_screens_add_up() -> None:
    trait = Trait("drums", 0.9, 0.8, 0.95, 0.5, 0.5, strength=4.0, arm="iti")
    for _ in range(2):
        trait = changed_trait(trait, nudged_trait(trait, NudgeTrait("drums", 0.1, 0.01, 1, 1)))
    assert (trait.strength, trait.target, trait.mode, trait.arm) == (
        4.2, 0.8, "remove", "closed-loop",
    )  # fmt: skip
    trait = changed_trait(trait, nudged_trait(trait, NudgeTrait("drums", 0.1, 0.01)))
    assert (trait.strength, trait.target) == (4.2, 0.81)
    made = Generation()
    for by in (1.0, 1.0, -1.0):
        made = changed_generation(made, nudged_generation(made, NudgeGeneration(by, by / 20)), ())
    assert (made.seconds, made.temperature) == (9.0, 0.95)
