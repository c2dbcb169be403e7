"""What keys turn over: each press counts, whatever the screen showed that it was made on."""

from __future__ import annotations

from typing import get_args

import pytest

from engine.protocol.base import with_request
from engine.protocol.generation import GenerationState, PauseGeneration, SetTrait, Trait
from engine.protocol.notices import CommandFailed
from engine.protocol.snapshot import Snapshot
from engine.protocol.switches import Switch, Toggle, Toggled, toggled
from engine.protocol.transport import SetEditTiming
from engine.runtime.dispatcher import ModelLoaded
from tests.support.dispatcher import DispatcherHarness
from tests.support.fakes import FakeModel


def stands(shown: Snapshot, switch: Switch) -> object:
    """Return what a switch of the snapshot turns over."""
    match switch:
        case "play":
            return shown.playing
        case "clock":
            return shown.clock.follow
        case "timing":
            return shown.timing
        case "audition":
            return shown.audition
        case "thru":
            return shown.inputs.thru
        case "lock":
            return 3 in shown.locks
        case "stay":
            return shown.song.stay_in_key
        case "tones":
            return shown.song.chord_tones
    return shown.recording


@pytest.mark.parametrize("switch", sorted({*get_args(Switch)} - {"pause", "add", "remove"}))
def test_of_two_presses_made_on_one_picture_the_second_takes_the_first_back(switch: Switch) -> None:
    harness = DispatcherHarness()
    before = stands(harness.dispatcher.snapshot, switch)
    harness.do(Toggle(switch, 3))
    assert stands(harness.dispatcher.snapshot, switch) != before
    harness.do(Toggle(switch, 3))
    assert stands(harness.dispatcher.snapshot, switch) == before


def test_its_sender_is_told_what_each_press_came_to() -> None:
    harness = DispatcherHarness()
    first, second = (with_request(Toggle("timing")) for _ in range(2))
    harness.do(first, Toggle("timing"), second)
    (one, other) = harness.published(Toggled)
    assert isinstance(one, Toggled)
    assert isinstance(other, Toggled)
    assert one.command == other.command == SetEditTiming("beat")
    assert [each.command.request for each in (one, other)] == [first.request, second.request]


def test_what_is_generated_is_turned_over_from_how_it_stands() -> None:
    studio = GenerationState(traits=(Trait("drums", 0.9, 0.8, 1.0, 0.5, 0.5, mode="add"),))
    shown = Snapshot()
    add, remove = (toggled(Toggle(way, trait="drums"), shown, studio) for way in ("add", "remove"))
    assert (add, remove) == (SetTrait("drums", mode="off"), SetTrait("drums", mode="remove"))
    assert toggled(Toggle("pause"), shown, studio) == PauseGeneration(True)
    harness = DispatcherHarness()
    harness.do(missing := with_request(Toggle("add", trait="drums")))
    (refused,) = harness.published(CommandFailed)
    assert isinstance(refused, CommandFailed)
    assert refused.request == missing.request


def test_a_lock_is_turned_over_in_its_turn_while_the_model_loads() -> None:
    harness = DispatcherHarness(model=None)
    harness.do(Toggle("lock", 3), Toggle("lock", 3), Toggle("lock", 4), Toggle("play"))
    assert harness.dispatcher.snapshot.playing
    harness.dispatcher.handle_item(ModelLoaded(FakeModel()), harness.now)
    assert harness.dispatcher.snapshot.locks == {4}
