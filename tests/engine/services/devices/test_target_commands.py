"""Every word of a controller map has its place and its command in the engine."""

from __future__ import annotations

from random import Random

import pytest

from engine.midi.controllers.bindings import Binding
from engine.midi.controllers.controls import Control
from engine.midi.controllers.targets import SORTS, Target
from engine.protocol.base import Command
from engine.protocol.edit import SetLatents
from engine.protocol.generation import AudioModelStatus, GenerationState, Take, Trait
from engine.protocol.snapshot import Snapshot
from engine.protocol.target_choices import offered
from engine.services.devices import target_commands
from engine.services.editing.state import State
from tests.support.dispatcher import SONG
from tests.support.fakes import FakeModel

TRAIT = Trait("drums", 0.9, 0.8, 1.0, 0.5, 0.5)
TAKE = Take("t1", "A take", "", 4.0, 1.0, "tiny", 0, "none")
STUDIO = GenerationState(AudioModelStatus("tiny", "ready"), (TRAIT,), takes=(TAKE,), job=3)
NAMES = {"": "", "dimension": "note_density", "trait": "drums", "number": "2"}


@pytest.fixture
def shown() -> Snapshot:
    """Return the state of a song whose model is there."""
    state = State(SONG)
    state.adopt(FakeModel())
    return state.snapshot()


def target(word: str) -> Target:
    """Return a target of that word which is there."""
    return Target(word, NAMES[SORTS[word].named])


@pytest.mark.parametrize("word", [word for word, sort in SORTS.items() if sort.pressed])
def test_whatever_is_pressed_is_a_command(word: str, shown: Snapshot) -> None:
    command = target_commands.pressed(target(word), shown, STUDIO, Random(1))
    assert isinstance(command, Command)


@pytest.mark.parametrize("word", [word for word, sort in SORTS.items() if not sort.pressed])
def test_whatever_takes_a_value_stands_somewhere_and_is_moved(word: str, shown: Snapshot) -> None:
    which = target(word)
    assert target_commands.lack(which, shown, STUDIO) == ""
    here = target_commands.present(which, shown, STUDIO)
    assert here is not None
    binding = Binding(Control("cc", 0, 1), which)
    assert 0 <= binding.place(here) <= 1
    for place in (0.0, 0.5, 1.0):
        (command,) = target_commands.moves({which: binding.value(place)}, shown, 0, -1)
        assert isinstance(command, Command)


def test_all_that_is_there_is_offered(shown: Snapshot) -> None:
    choices = offered(shown, STUDIO)
    assert {each.word for each in choices} == set(SORTS)
    assert Target("gauge", "z31") in choices
    assert not [each for each in offered(shown, GenerationState()) if each.name == "drums"]


def test_gauges_that_move_together_are_one_command_without_those_that_are_locked(
    shown: Snapshot,
) -> None:
    values = {Target("gauge", name): 1.0 for name in ("note_range", "note_density")}
    assert target_commands.moves(values, shown, 0, -1) == [SetLatents(0, ((1, 1.0), (2, 1.0)), -1)]
    state = State(SONG, locks=frozenset({2}))
    state.adopt(FakeModel())
    assert target_commands.moves(values, state.snapshot(), 0, -1) == [
        SetLatents(0, ((1, 1.0),), -1)
    ]
