"""The next move of a gauge is worked out ahead: where it was, nothing is decoded for it."""

from __future__ import annotations

import pytest

from engine.latent.remembered import MOST, RememberedTurns
from engine.latent.spec import Latent
from engine.music.locks import NOTHING, KeptNotes
from engine.music.measure import Measure
from engine.music.slot import Slot
from engine.protocol.edit import (
    GAUGE_STEPS,
    LockDimension,
    MoveLatent,
    MoveSelection,
    SetLatent,
    Undo,
)
from tests.support.dispatcher import DispatcherHarness
from tests.support.fakes import FakeModel
from tests.support.waiting import wait_until

STEP, COARSE, FINE = GAUGE_STEPS
AGAIN, ANEW = 7, 8


class CountingModel(FakeModel):
    """Counts the turns that it was asked for, and holds them up while it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[tuple[Slot, Latent]] = []

    def turned(self, slot: Slot, latent: Latent, kept: KeptNotes = NOTHING) -> Measure:
        self.turns.append((slot, latent))
        return super().turned(slot, latent, kept)


class Ahead(DispatcherHarness):
    """A dispatcher that is given time to look ahead."""

    def __init__(self) -> None:
        self.counting = CountingModel()
        super().__init__(model=RememberedTurns(self.counting))
        self.look()

    def look(self) -> None:
        """Settle, and wait until all that is likely has been worked out."""
        self.dispatcher.settle(self.now)
        over: list[bool] = []
        self.jobs.start("foresight", "after", "after", lambda _: over.append(True))
        wait_until(lambda: over)

    def asked(self, *moves: MoveLatent | SetLatent) -> int:
        """Return how many turns these moves ask the model for."""
        before = len(self.counting.turns)
        self.do(*moves)
        return len(self.counting.turns) - before


@pytest.fixture
def ahead() -> Ahead:
    return Ahead()


@pytest.mark.parametrize("dimension", range(4))
@pytest.mark.parametrize("by", [STEP, -STEP])
def test_the_first_step_of_each_named_gauge_is_known(
    ahead: Ahead, dimension: int, by: float
) -> None:
    assert ahead.asked(MoveLatent(0, dimension, by, ANEW)) == 0


@pytest.mark.parametrize("by", [s * w for s in GAUGE_STEPS for w in (1, -1)])
@pytest.mark.parametrize("gesture", [AGAIN, ANEW])
def test_each_step_of_a_key_after_a_move_is_known_in_its_gesture_and_as_another(
    ahead: Ahead, by: float, gesture: int
) -> None:
    ahead.do(MoveLatent(0, 2, -COARSE, AGAIN))
    ahead.look()
    assert ahead.asked(MoveLatent(0, 2, by, gesture)) == 0


def test_the_way_a_knob_was_turned_goes_on(ahead: Ahead) -> None:
    here = ahead.dispatcher.snapshot.slot.latent
    assert here is not None
    start = round(here[6], 4)
    ahead.do(SetLatent(0, 6, start + 0.125, -3))
    ahead.look()
    assert ahead.asked(SetLatent(0, 6, start + 0.25, -3)) == 0


def test_what_is_looked_up_is_what_is_made(ahead: Ahead) -> None:
    plain = DispatcherHarness()
    for by in (STEP, STEP, -FINE, COARSE, -COARSE):
        move = MoveLatent(0, 2, by, AGAIN)
        ahead.do(move)
        ahead.look()
        plain.do(move)
        assert ahead.dispatcher.snapshot.song == plain.dispatcher.snapshot.song
    ahead.do(Undo())
    plain.do(Undo())
    assert ahead.dispatcher.snapshot.song == plain.dispatcher.snapshot.song


def test_another_measure_a_change_of_the_song_and_a_lock_are_looked_ahead_from(
    ahead: Ahead,
) -> None:
    for command in (MoveLatent(0, 1, STEP), MoveSelection(1), MoveSelection(-1)):
        ahead.do(command)
        ahead.look()
    ahead.do(LockDimension(0, True))
    ahead.look()
    assert ahead.asked(MoveLatent(0, 3, STEP)) == 0
    # An empty measure is not edited, and nothing is looked ahead from it.
    before = len(ahead.counting.turns)
    ahead.do(MoveSelection(1))
    ahead.look()
    assert len(ahead.counting.turns) == before


def test_looking_ahead_ends_when_the_song_changes(ahead: Ahead) -> None:
    ahead.do(MoveLatent(0, 2, STEP))
    ahead.dispatcher.settle(ahead.now)
    ahead.do(MoveLatent(0, 2, FINE))
    ahead.counting.turns.clear()
    ahead.look()
    song = ahead.dispatcher.snapshot.song
    # Of the six steps of the gauge, in the gesture and anew, and of the three other gauges.
    assert 0 < len(ahead.counting.turns) <= 6 * 2 + 3 * 2
    assert ahead.counting.turns[-1][0] == song.slot(0)


def test_nothing_is_told_of_it(ahead: Ahead) -> None:
    ahead.clear()
    ahead.do(LockDimension(2, True))
    told = len(ahead.events)
    ahead.look()
    assert len(ahead.events) == told


def test_only_so_many_turns_are_remembered() -> None:
    counting = CountingModel()
    model = RememberedTurns(counting)
    slot = Slot(latent=model.spec.origin)
    points = [(z / 1000, *model.spec.origin[1:]) for z in range(MOST + 1)]
    first = [model.turned(slot, point) for point in points]
    assert model.turned(slot, points[-1]) == first[-1]
    assert len(counting.turns) == MOST + 1
    assert model.turned(slot, points[0]) == first[0]
    assert len(counting.turns) == MOST + 2
