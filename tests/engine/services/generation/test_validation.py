"""What a command sets is a setting that can be, or is refused in a line."""

from __future__ import annotations

import contextlib
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ArmonicaError
from engine.protocol.generation import Generation, Prompt, SetGeneration, SetTrait, Trait
from engine.services.generation.validation import changed_generation, changed_trait
from engine.steering.musicgen.generate import LONGEST
from engine.steering.spec import ARMS, MODES, SHORTEST

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
