"""How a knob takes a value over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.midi.controllers.bindings import Binding
from engine.midi.controllers.controls import Control, Movement
from engine.midi.controllers.takeover import NEAR, REST, ControlHold
from engine.midi.controllers.targets import Target

KNOB, PAD = Control("cc", 0, 16), Control("note", 9, 36)
GAUGE = Binding(KNOB, Target("gauge", "note_density"))
JUMP = Binding(KNOB, Target("gauge", "note_density"), takeover="jump")


def at(place: float, when: float = 0.0) -> Movement:
    return Movement(when, KNOB, place)


def turn(hand: ControlHold, present: float, *places: float) -> list[float | None]:
    """Turn a knob, the target following at once."""
    values = []
    for place in places:
        value = hand.move(at(place), present)
        if value is not None:
            present = value
            hand.gave(value)
        values.append(value)
    return values


def test_a_knob_waits_until_it_passes_its_target() -> None:
    assert turn(ControlHold(GAUGE), 0.0, 0.1, 0.3, 0.6, 0.7) == [
        None,
        None,
        GAUGE.value(0.6),
        GAUGE.value(0.7),
    ]


def test_a_knob_takes_over_when_it_comes_near() -> None:
    hand = ControlHold(GAUGE)
    assert turn(hand, 0.0, 0.1, 0.5 - NEAR / 2) == [None, GAUGE.value(0.5 - NEAR / 2)]
    assert hand.held


def test_a_change_elsewhere_lets_the_knob_go() -> None:
    hand = ControlHold(GAUGE)
    turn(hand, 0.0, 0.5, 0.6)
    assert hand.move(at(0.61), present=-2.0) is None
    assert not hand.held
    assert hand.move(at(0.1), present=-2.0) == GAUGE.value(0.1)


def test_a_knob_that_jumps_is_heard_at_once() -> None:
    assert turn(ControlHold(JUMP), -3.0, 0.9) == [JUMP.value(0.9)]


def test_a_knob_at_rest_must_pass_its_threshold() -> None:
    twitchy = Binding(KNOB, GAUGE.target, takeover="jump", threshold=0.02)
    hand = ControlHold(twitchy)
    assert hand.move(at(0.5, 0.0), 0.0) is not None
    for twitch in range(1, 9):
        assert hand.move(at(0.5 + 0.01 * (twitch % 2), twitch * 2 * REST), 0.0) is None
    # Once it is heard, each movement counts, the smallest also.
    assert hand.move(at(0.55, 30.0), 0.0) == twitchy.value(0.55)
    assert hand.move(at(0.551, 30.1), 0.0) == twitchy.value(0.551)


def test_a_knob_without_ends_goes_on_from_where_the_target_is() -> None:
    endless = Binding(KNOB, GAUGE.target, encoding="twos-complement", step=0.1)
    hand = ControlHold(endless)
    steps = [Movement(0.0, KNOB, 0.0, by) for by in (1, 1, -1, 9, 9)]
    values = [hand.move(each, 0.0) for each in steps]
    assert values == pytest.approx([0.6, 1.2, 0.6, 3.0, 3.0])
    hand.gave(3.0)
    assert hand.move(steps[0], -3.0) == pytest.approx(-2.4)


def test_a_pad_sets_by_its_force_and_does_nothing_when_left() -> None:
    hand = ControlHold(Binding(PAD, Target("velocity")))
    assert hand.move(Movement(0.0, PAD, 1.0, pressed=True), 64.0) == 127
    assert hand.move(Movement(0.1, PAD, 0.0, pressed=True), 127.0) is None


def test_a_press_is_a_blow_a_step_or_a_way_past_half() -> None:
    pad, button, endless = (ControlHold(Binding(PAD, Target("play"))) for _ in range(3))
    assert [pad.press(Movement(0.0, PAD, v, pressed=True)) for v in (0.1, 0.0, 1.0)] == [
        True,
        False,
        True,
    ]
    assert [button.press(at(v)) for v in (0.0, 1.0, 0.9, 0.0, 1.0)] == [
        False,
        True,
        False,
        False,
        True,
    ]
    assert [endless.press(Movement(0.0, KNOB, 0.0, by)) for by in (1, -1)] == [True, False]


@given(
    st.floats(-3, 3),
    st.lists(st.floats(0, 1), max_size=30),
    st.sampled_from(["linear", "s-shape", "exponential", 2.0]),
)
def test_no_knob_that_is_picked_up_makes_a_jump(
    present: float, places: list[float], curve: str | float
) -> None:
    """What changes at once is never more than the hand moved between two messages."""
    binding = Binding(KNOB, GAUGE.target, curve=curve)
    hand, before = ControlHold(binding), None
    for place in places:
        value = hand.move(at(place), present)
        if value is not None:
            way = NEAR if before is None else max(NEAR, abs(place - before))
            assert abs(binding.place(value) - binding.place(present)) <= way + 0.02
            present = value
            hand.gave(value)
        before = place


@given(st.lists(st.floats(0, 1), min_size=1))
def test_the_last_place_of_a_turn_is_never_lost(places: list[float]) -> None:
    hand = ControlHold(JUMP)
    values = [hand.move(Movement(0.01 * n, KNOB, p), 0.0) for n, p in enumerate(places)]
    assert values[-1] == JUMP.value(places[-1])
