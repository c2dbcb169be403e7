"""The compose screen as a whole: map, reasons, focus, size, a model that loads."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Label

from engine.music.slot import Slot
from engine.protocol.analysis import DrawMap, Explain
from engine.protocol.base import Command, Event
from engine.protocol.edit import MoveLatent, MoveLatents, Undo
from engine.protocol.notices import CommandFailed
from engine.protocol.tracks import Nudge
from tests.support.fake_engine import FakeEngine, song
from tests.support.fakes import FakeModel
from tests.support.hand_clock import HandClock
from tests.support.screens import toasts
from tests.support.waiting import quiet, until
from tui.app import ArmonicaApp
from tui.dialogs.choice import Choice
from tui.view_models.gestures import PAUSE
from tui.widgets.attribute_map import AttributeMap
from tui.widgets.explanation import Explanation
from tui.widgets.gauges import NamedGauges
from tui.widgets.too_small import TooSmall
from tui.widgets.transport import Transport

SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
async def test_the_map_moves_two_gauges_in_one_gesture(
    app: ArmonicaApp, engine: FakeEngine, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await quiet(pilot)
        await pilot.press("m", "right", "k", "L")
        moves = engine.of(MoveLatents)
        assert len(moves) == 3
        assert len({move.gesture for move in moves}) == 1  # type: ignore[attr-defined]
        assert [dimension for dimension, _ in moves[0].ways] == [2, 1]  # type: ignore[attr-defined]
        latent = engine.snapshot.row.slots[0].latent
        assert latent is not None
        drawn = app.composing.query_one(AttributeMap)
        await until(pilot, lambda: drawn.here == (latent[2], latent[1]))
        assert drawn.cursor == drawn.here


async def test_of_two_screens_that_move_one_map_neither_takes_the_other_back(
    app: ArmonicaApp, engine: FakeEngine, hand: HandClock
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        drawn = app.composing.query_one(AttributeMap)
        await pilot.press("m", "right")
        await until(pilot, lambda: drawn.here == drawn.cursor)
        x, y = drawn.cursor
        # The other one goes up while this one goes right on the picture it has.
        engine.send(MoveLatents(0, ((2, 0.0), (1, 0.5)), 7))
        await pilot.press("right")
        await until(pilot, lambda: drawn.here is not None and drawn.here[1] == y + 0.5)
        latent = engine.snapshot.row.slots[0].latent
        assert latent is not None
        assert latent[1] == y + 0.5
        assert latent[2] > x
        # When it goes on later it starts from where the measure is.
        hand.at += 2 * PAUSE
        await pilot.press("right")
        await until(pilot, lambda: drawn.here == drawn.cursor)
        assert drawn.cursor[1] == y + 0.5


async def test_a_pause_of_the_hand_begins_another_gesture_on_the_map(
    app: ArmonicaApp, engine: FakeEngine, hand: HandClock
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("m", "right", "k")
        hand.at += 2 * PAUSE
        await pilot.press("right")
        first, second, third = (move.gesture for move in engine.of(MoveLatents))  # type: ignore[attr-defined]
        assert first == second != third


async def test_the_hand_moved_when_its_key_arrived(app: ArmonicaApp) -> None:
    async with app.run_test() as pilot:
        for at in (1000.0, 1000.5):
            key = events.Key("l", "l")
            key.time = at
            app.post_message(key)
            await until(pilot, lambda at=at: app.moved_at == at)  # type: ignore[misc]


async def test_the_map_takes_the_chosen_gauges_for_axes(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("x", "a")
        await until(
            pilot, lambda: [(m.x, m.y, m.attribute) for m in engine.of(DrawMap)][-1:]  # type: ignore[attr-defined]
            == [(0, 1, "average_interval_jump")],
        )  # fmt: skip


async def test_tab_goes_through_what_is_in_sight(app: ArmonicaApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        held = []
        for _ in range(4):
            held.append(app.composing.held)
            await pilot.press("tab")
        assert held == ["gauges", "bank", "map", "strip"]
        await pilot.press("s", "right")
        await until(pilot, lambda: app.session.slot == 1)


async def test_reasons_follow_an_edit_and_old_ones_say_so(
    app: ArmonicaApp, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        before = len(engine.of(Explain))
        answer, held = engine.answer, list[Command]()

        def later(command: Command) -> tuple[Event, ...]:
            if not isinstance(command, Explain):
                return answer(command)
            held.append(command)
            return ()

        monkeypatch.setattr(engine, "answer", later)
        await pilot.press("right")
        why = app.composing.query_one("#why")
        await until(pilot, lambda: why.stale and held)  # type: ignore[attr-defined]
        for event in answer(held[0]):
            engine.tell(event)
        await quiet(pilot)
        assert not why.stale  # type: ignore[attr-defined]
        assert len(engine.of(Explain)) == before + 1


async def test_the_screen_stands_while_the_model_loads() -> None:
    engine = FakeEngine(ready=False)
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)):
        assert "model loading" in app.composing.query_one(Transport).plain()
        assert "complexity -1.00" in app.composing.query_one(NamedGauges).plain()
        assert "model is loading" in app.composing.query_one(Explanation).plain()


async def test_keys_pressed_before_the_model_is_there_are_met_in_order_afterwards() -> None:
    # As songs ship: measures without codes, so that no gauge has a value yet.
    start = song()
    bare = [Slot.brought_in(slot.measure, slot.origin) for slot in start.tracks[0].slots[:4]]
    engine = FakeEngine(start.with_track(0, slots=tuple(bare)), ready=False)
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "right", "right", "2")
        await until(pilot, lambda: app.session.slot == 1)
        await pilot.press("left", "u", "right")
        assert not engine.of(MoveLatent, Undo)
        codes = FakeModel().encode([slot.measure for slot in bare[:2]])
        assert engine.snapshot.waiting == 5
        engine.adopt()
        await until(pilot, lambda: engine.of(Undo))
        assert not engine.snapshot.waiting
        latents = [slot.latent for slot in engine.snapshot.row.slots[:2]]
        assert [each[1] for each in latents if each is not None] == [
            round(codes[0][1], 4) + 0.5,
            round(codes[1][1], 4) + 0.25,
        ]
        assert len(engine.snapshot.undo) == 2


async def test_a_step_before_the_model_is_there_adds_to_the_one_before_it() -> None:
    engine = FakeEngine(ready=False)
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right")
        # As after a pause: another gesture, while what is shown has not met the first.
        app.session.gestures.end()
        await pilot.press("right", "+")
        assert engine.snapshot.waiting == 2
        assert engine.of(Nudge)
        before = engine.snapshot.row.slots[0].latent
        engine.adopt()
        after = engine.snapshot.row.slots[0].latent
        assert before is not None
        assert after is not None
        assert after[0] == before[0] + 0.5


async def test_leaving_while_edits_wait_for_the_model_asks_and_then_waits() -> None:
    engine = FakeEngine(ready=False)
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "right", "Q")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        assert isinstance(app.screen, Choice)
        words = str(app.screen.query(Label).first().render())
        assert words.endswith("lost if it ends now: 2.")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.ending)
        assert app.is_running
        engine.adopt()
        await until(pilot, lambda: app.return_code is not None)
    assert engine.of(MoveLatent) == [MoveLatent(0, 0, 0.25, 1)] * 2


async def test_leaving_an_engine_that_stays_asks_nothing() -> None:
    engine = FakeEngine(ready=False)
    app = ArmonicaApp(engine, stays=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "Q")
        await until(pilot, lambda: app.return_code is not None)


async def test_a_refusal_is_told_once_however_often_it_comes(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        for _ in range(5):
            engine.tell(CommandFailed("Locked", "Density is locked.", "Unlock it."))
        await until(pilot, lambda: len(toasts(pilot)))
        assert toasts(pilot) == ["Locked\nDensity is locked. Unlock it."]


async def test_a_small_terminal_says_what_it_needs_and_recovers(app: ArmonicaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(60, 20)
        small = app.composing.query_one(TooSmall)
        await until(pilot, lambda: small.display)
        assert "80x24" in small.plain()
        assert "60x20" in small.plain()
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: not small.display and app.composing.query_one("#map").display)
