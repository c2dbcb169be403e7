"""The steer screen on the engine itself: a model with a planted trait, a speaker that is silent."""

from __future__ import annotations

from engine.config import Settings
from engine.protocol.base import Event
from engine.protocol.generation import TakeProgressed
from engine.runtime.engine import Engine
from tests.support.fake_audio import FakeStage, plant_probes
from tests.support.fake_engine import song
from tests.support.fake_influence import parts
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.widgets.takes_list import TakesList
from tui.widgets.trait_rows import TraitRows


async def test_a_trait_is_added_its_meter_crosses_and_the_take_is_heard_beside_its_twin() -> None:
    stage = FakeStage()
    stage.models["tiny"] = stage.model
    plant_probes("drums", "pad")
    engine = Engine(
        FakeModel, lambda _: RecordingPlayer(), song=song(), settings=Settings(),
        studio=stage.parts(), influence=parts(),
    )  # fmt: skip
    published: list[Event] = []
    engine.subscribe(published.append)
    engine.start()
    app = ArmonicaApp(engine, seed=1)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("f3")
            await until(pilot, lambda: app.screen is app.steering and app.session.studio.traits)
            screen = app.steering
            rows, listed = screen.query_one(TraitRows), screen.query_one(TakesList)
            await pilot.press("i", "end", "enter")
            await until(pilot, lambda: screen.session.studio.generation.prompt.kind == "nothing")
            await pilot.press("a", "[", "[", "[", "[", "g")
            await until(
                pilot, lambda: screen.session.studio.takes and screen.session.studio.job is None
            )
            assert "drums, add" in rows.plain().replace("drums 1.0 (.94-1.0, chance .50)", "drums")
            meters = [
                each.meters[0].confidence for each in published if isinstance(each, TakeProgressed)
            ]
            trait = screen.session.studio.traits[0]
            assert meters[-1] > trait.threshold
            assert "drums +4" in listed.plain()
            await pilot.press("w")
            await until(pilot, lambda: screen.takes.plays)
            await pilot.press("b")
            await until(
                pilot,
                lambda: len(app.session.studio.takes) == 2 and app.session.studio.job is None,
            )
            first = screen.takes.id
            await pilot.press("b")
            await until(pilot, lambda: screen.takes.id != first and screen.takes.plays)
            assert "twin" in listed.plain()
            await pilot.press("b")
            await until(pilot, lambda: screen.takes.id == first and screen.takes.plays)
    finally:
        engine.close()
