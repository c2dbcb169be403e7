"""The screens on the engine itself, with its thread: a model of arithmetic, a player that notes."""

from __future__ import annotations

from engine.config import Settings
from engine.runtime.engine import Engine
from tests.support.fake_engine import song
from tests.support.fake_influence import parts
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel
from tests.support.waiting import quiet, until
from tui.app import ArmonicaApp
from tui.widgets.song_strip import BARS, SongStrip


async def test_a_key_moves_a_gauge_explains_it_plays_it_and_takes_it_back() -> None:
    player = RecordingPlayer()
    engine = Engine(
        FakeModel, lambda _: player, song=song(), settings=Settings(), influence=parts()
    )
    engine.start()
    app = ArmonicaApp(engine)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            screen = app.composing
            await until(pilot, lambda: screen.session.shown.model.state == "ready")
            before = engine.snapshot.row.slots[0].measure
            await pilot.press("j", "j", "right", "right", "right", "right")
            await until(pilot, lambda: screen.session.shown.row.slots[0].moved)
            await quiet(pilot)
            assert len(engine.snapshot.row.slots[0].measure.pitches) > len(before.pitches)
            assert len(engine.snapshot.undo) == 1
            await pilot.press("space")
            await until(pilot, lambda: screen.session.shown.playing and player.notes())
            await pilot.press("space", "u")
            await until(pilot, lambda: screen.session.shown.row.slots[0].measure == before)
    finally:
        engine.close()
    assert player.closed


async def test_a_key_puts_what_fits_and_the_next_proposal_and_undo_takes_all_back() -> None:
    engine = Engine(
        FakeModel,
        lambda _: RecordingPlayer(),
        song=song(),
        settings=Settings(),
        influence=parts(),
    )
    engine.start()
    app = ArmonicaApp(engine)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            screen = app.composing
            await until(pilot, lambda: screen.session.shown.model.state == "ready")
            before = engine.snapshot.row.slots[0].measure
            await pilot.press("underscore")
            proposed = "Proposed to fit"
            await until(pilot, lambda: engine.snapshot.row.slots[0].origin.title == proposed)
            first = engine.snapshot.row.slots[0]
            await pilot.press("underscore")
            await until(pilot, lambda: engine.snapshot.row.slots[0] != first)
            assert len(engine.snapshot.undo) == 1
            await pilot.press("u")
            await until(pilot, lambda: screen.session.shown.row.slots[0].measure == before)
    finally:
        engine.close()


async def test_the_strip_says_how_unusual_a_measure_is_and_follows_an_edit() -> None:
    engine = Engine(
        FakeModel,
        lambda _: RecordingPlayer(),
        song=song(),
        settings=Settings(),
        influence=parts(),
    )
    engine.start()
    app = ArmonicaApp(engine)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            strip = app.composing.query_one(SongStrip)
            await until(pilot, lambda: "% of printed measures" in strip.plain())
            said = strip.plain()
            drawn = "".join(str(line.text) for line in app.screen._compositor.render_strips())
            assert any(f"1 {bar}" in drawn or f"1* {bar}" in drawn for bar in BARS)
            await pilot.press("j", "j", "right", "right", "right", "right")
            await until(
                pilot, lambda: "% of printed measures" in strip.plain() and strip.plain() != said
            )
    finally:
        engine.close()
