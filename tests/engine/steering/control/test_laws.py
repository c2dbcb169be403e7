"""Control laws, told confidences from a script; no model and no tensor."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange, UnknownName
from engine.steering.control.laws import ClosedLoop, Constant, Law, Off, ThreeCases
from engine.steering.control.settings import TraitSetting, Tuning

confidences = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def gates(law: Law, script: list[float]) -> list[float]:
    """Tell a law one confidence before each of its decisions."""
    found = []
    for confidence in script:
        law.observe(confidence)
        found.append(law.decide())
    return found


def test_the_plain_laws_ignore_the_meter() -> None:
    assert gates(Off(), [0.0, 0.5, 1.0]) == [0.0, 0.0, 0.0]
    assert gates(Constant(), [0.0, 0.5, 1.0]) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        # Missing: restart; rising: shrink by the rise; heard: stop; missing again: restart.
        ([0.2, 0.4, 0.5, 0.8, 0.9, 0.1], [1.0, 0.8, 0.72, 0.0, 0.0, 1.0]),
        # A falling meter makes the push grow again, up to the limit.
        ([0.5, 0.6, 0.3, 0.0], [1.0, 0.9, 1.0, 1.0]),
        ([0.3, 0.3, 0.3], [1.0, 1.0, 1.0]),
        ([0.7], [0.0]),
    ],
)
def test_three_cases_with_decay_by_difference(script: list[float], expected: list[float]) -> None:
    assert gates(ThreeCases(0.7), script) == pytest.approx(expected)


def test_decay_by_difference_may_grow_to_its_limit() -> None:
    found = gates(ThreeCases(0.7, limit=2.0), [0.6, 0.1, 0.0, 0.0, 0.6])
    assert found == pytest.approx([1.0, 1.5, 1.65, 1.65, 0.66])
    assert gates(ThreeCases(0.7, limit=0.5), [0.1, 0.0]) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ([0.2, 0.4, 0.5, 0.8, 0.9, 0.1], [1.0, 0.96, 0.912, 0.0, 0.0, 1.0]),
        # It shrinks until the trait is heard, also where the meter falls.
        ([0.5, 0.6, 0.3, 0.0], [1.0, 0.94, 0.9118, 0.9118]),
    ],
)
def test_three_cases_with_proportional_decay(script: list[float], expected: list[float]) -> None:
    assert gates(ThreeCases(0.7, decay="proportional"), script) == pytest.approx(expected)


def test_nothing_is_pushed_before_anything_is_heard() -> None:
    assert ThreeCases(0.7).decide() == 0.0
    assert ClosedLoop(0.8).decide() == 0.0


def held(law: ClosedLoop, model: Callable[[float], float], steps: int) -> tuple[list[float], float]:
    """Run a law on a model that answers a gate with a logit; gives gates and last confidence."""
    level, found, confidence = -3.0, [], 0.0
    for step in range(steps):
        if step % law.every == 0:
            gate = law.decide()
        level += 0.08 * (model(gate) - level)
        confidence = 1 / (1 + math.exp(-level))
        law.observe(confidence)
        found.append(gate)
    return found, confidence


@pytest.mark.parametrize("gain", [5.0, 8.0, 12.0, 24.0])
@pytest.mark.parametrize("target", [0.3, 0.6, 0.8])
def test_a_closed_loop_holds_the_meter_at_its_target(gain: float, target: float) -> None:
    law = ClosedLoop(target)
    found, confidence = held(law, lambda gate: -3 + gain * gate, 600)
    assert confidence == pytest.approx(target, abs=0.02)
    # What is needed to hold it, and no more.
    assert found[-1] == pytest.approx((3 + math.log(target / (1 - target))) / gain, abs=0.02)
    assert max(found[300:]) - min(found[300:]) < 0.05


def test_a_closed_loop_lets_go_of_what_is_there_already() -> None:
    law = ClosedLoop(0.6)
    assert gates(law, [0.95] * 200)[-1] == 0.0
    # It does not have to unwind first: it comes back at once when the trait goes.
    back = gates(law, [0.1] * 60)
    assert back[40] > 0.5


def test_a_long_wait_at_full_gate_is_not_paid_back() -> None:
    law = ClosedLoop(0.8)
    assert gates(law, [0.05] * 1000)[-1] == 1.0
    after = gates(law, [0.97] * 60)
    assert after[-1] == 0.0
    assert after[30] < 0.3


def test_a_new_target_or_strength_makes_no_jump() -> None:
    law = ClosedLoop(0.6)
    held(law, lambda gate: -3 + 8 * gate, 400)
    before = law.decide()
    law.retune(0.9, 1.0)
    assert 0 < law.decide() - before <= law.rate * law.every + 1e-9
    law = ClosedLoop(0.6)
    held(law, lambda gate: -3 + 8 * gate, 400)
    before = law.decide()
    law.retune(0.6, 2.0)
    # Twice the strength and half the gate: the push stays as it was.
    assert law.decide() == pytest.approx(before / 2, abs=0.01)
    _, confidence = held(law, lambda gate: -3 + 16 * gate, 500)
    assert confidence == pytest.approx(0.6, abs=0.02)


def test_a_law_that_takes_over_goes_on_from_the_push_in_force() -> None:
    law = ClosedLoop(0.8, start=0.7)
    law.observe(0.3)
    assert law.decide() == pytest.approx(0.7, abs=law.rate * law.every)


@given(
    confidences,
    st.floats(0, 1),
    st.floats(0, 2),
    st.integers(1, 20),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 10)), max_size=5),
)
def test_gates_stay_in_their_bounds(
    script: list[float],
    target: float,
    limit: float,
    every: int,
    changes: list[tuple[float, float]],
) -> None:
    laws: list[Law] = [
        ThreeCases(target, every, "difference", limit=limit),
        ThreeCases(target, every, "proportional", limit=limit),
        ClosedLoop(target, every, limit=limit),
    ]
    for law in laws:
        assert all(0 <= gate <= limit for gate in gates(law, script))
        for change in changes:
            law.retune(*change)
            assert all(0 <= gate <= limit for gate in gates(law, script))


@given(confidences, st.floats(0, 1))
def test_a_closed_loop_never_moves_faster_than_it_may(script: list[float], target: float) -> None:
    law = ClosedLoop(target)
    found = [0.0, *gates(law, script)]
    steps = itertools.pairwise(found)
    assert all(abs(b - a) <= law.rate * law.every + 1e-9 for a, b in steps)


@pytest.mark.parametrize(
    "wrong",
    [
        {"strength": 10.5},
        {"strength": -1.0},
        {"strength": float("nan")},
        {"target": 1.1},
        {"target": float("inf")},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(OutOfRange):
        TraitSetting("drums", "add", **wrong)  # type: ignore[arg-type]


def test_unknown_words_are_refused() -> None:
    with pytest.raises(UnknownName, match="closed-loop"):
        TraitSetting("drums", "add", arm="closed-lop")  # type: ignore[arg-type]
    with pytest.raises(UnknownName):
        TraitSetting("drums", "more")  # type: ignore[arg-type]
    with pytest.raises(UnknownName):
        Tuning(decay="slow")  # type: ignore[arg-type]
    for wrong in ({"heads": 0}, {"every": 0}, {"limit": 3.0}, {"exponent": -1.0}):
        with pytest.raises(OutOfRange):
            Tuning(**wrong)


def test_a_strength_below_zero_removes() -> None:
    setting = TraitSetting.signed("drums", -3.0, target=0.9)
    assert (setting.mode, setting.strength, setting.sign) == ("remove", 3.0, -1)
    assert setting.aim == pytest.approx(0.1)
    assert not TraitSetting.signed("drums", 0.0).active
    assert TraitSetting.signed("drums", 10.0).mode == "add"
    with pytest.raises(OutOfRange, match="-10 to 10"):
        TraitSetting.signed("drums", -11.0)


def test_settings_cards_and_lists_need_no_torch() -> None:
    code = (
        "import sys, engine.steering.control.settings, engine.steering.probes.store as files;"
        "files.shelf(); assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
