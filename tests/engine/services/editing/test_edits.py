"""Every edit says what it makes of a song, or what it comes to, and names its step."""

from __future__ import annotations

import pytest

from engine.protocol.base import Edit
from engine.protocol.edit import MoveLatent, SetLatent, SetLatents
from engine.protocol.tracks import Nudge, SetGroove, SetTrack
from engine.protocol.vocabulary import COMMANDS
from engine.services.editing.edits import apply_edit, resolve_edit, step_name

EDITS = [kind for kind in COMMANDS if issubclass(kind, Edit)]


@pytest.mark.parametrize("kind", EDITS, ids=lambda kind: kind.__name__)
def test_every_edit_is_registered(kind: type[Edit]) -> None:
    # One that comes to another edit needs nothing else: that one is registered by itself.
    resolved = resolve_edit.dispatch(kind) is not resolve_edit.dispatch(object)
    for function in (apply_edit, step_name):
        assert (function.dispatch(kind) is function.dispatch(object)) == resolved


def test_moves_of_one_thing_in_one_gesture_are_one_motion() -> None:
    assert SetLatent(1, 2, 0.5).motion() is None
    assert SetLatent(1, 2, 0.5, gesture=4).motion() == SetLatent(1, 2, 0.7, gesture=4).motion()
    assert SetLatent(1, 2, 0.5, gesture=4).motion() == MoveLatent(1, 2, 0.1, gesture=4).motion()
    assert SetLatent(1, 2, 0.5, gesture=4).motion() != SetLatent(1, 3, 0.5, gesture=4).motion()
    one = SetLatents(0, ((1, 0.5), (0, 0.2)), gesture=4)
    assert one.motion() == SetLatents(0, ((0, 0.1), (1, 0.1)), gesture=4).motion()
    assert SetTrack(channel=1, gesture=2).motion() != SetTrack(program=1, gesture=2).motion()
    assert SetGroove(swing=60.0, gesture=2).motion() == SetGroove(swing=61.0, gesture=2).motion()
    assert Nudge("tempo", 1, gesture=2).motion() != Nudge("swing", 1, gesture=2).motion()


def test_a_controller_makes_one_stroke_of_all_its_knobs() -> None:
    a, b = SetLatent(0, 1, 0.5, gesture=-3), SetTrack(velocity=3, gesture=-3)
    assert a.stroke() == b.stroke() == -3
    assert a.motion() != b.motion()
