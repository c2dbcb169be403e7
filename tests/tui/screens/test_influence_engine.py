"""The influence screen on the engine itself: fakes for model and searches, a silent player."""

from __future__ import annotations

import json
from pathlib import Path

from textual.widgets import Input

from engine.config import Settings
from engine.music.slot import Origin, Slot
from engine.runtime.engine import Engine
from tests.support.fake_influence import OFTEN, FakeSearch, parts
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel
from tests.support.measures import eighths
from tests.support.screens import open_screen
from tests.support.songs import one_track
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.widgets.match_list import MatchList
from tui.widgets.nearest_match import NearestLine
from tui.widgets.originality import Verdict


async def test_a_borrowed_measure_is_told_moved_away_heard_and_written_down(tmp_path: Path) -> None:
    tune = Origin("corpus", "A Tune")
    slots = tuple(Slot.brought_in(eighths(*each), tune) for each in (OFTEN, OFTEN[::-1]))
    player, search = RecordingPlayer(), FakeSearch()
    engine = Engine(
        FakeModel, lambda _: player, song=one_track("Borrowed", 96.0, slots=slots),
        settings=Settings(), influence=parts(search),
    )  # fmt: skip
    engine.start()
    app = ArmonicaApp(engine, seed=1)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            line = app.composing.query_one(NearestLine)
            await until(pilot, lambda: "Most similar: The Rakes of Kildare" in line.plain())
            await open_screen(pilot, "f4", "influence")
            screen = app.looking
            verdict, matches = screen.query_one(Verdict), screen.query_one(MatchList)
            await until(pilot, lambda: "originality 0.00" in verdict.plain())
            assert "notes 1.00" in matches.plain()
            played = len(player.notes())
            await pilot.press("a")
            await until(pilot, lambda: len(player.notes()) > played)
            # Judged alone, as the way out is.
            await pilot.press("m")
            await until(
                pilot,
                lambda: screen.session.inquiry.wanted.alone and screen.session.inquiry.settled,
            )
            before = engine.snapshot
            await pilot.press("x")
            await until(pilot, lambda: engine.snapshot.song != before.song)
            await until(pilot, lambda: screen.session.inquiry.settled)
            assert len(engine.snapshot.undo) == len(before.undo) + 1
            assert engine.snapshot.row.slots[1] == before.song.tracks[0].slots[1]
            await until(pilot, lambda: "The Rakes of Kildare" not in matches.plain())
            answer = screen.influence
            assert answer is not None
            assert answer.found is not None
            assert answer.found.originality.value > 0
            await pilot.press("u")
            await until(pilot, lambda: engine.snapshot.song == before.song)
            await until(pilot, lambda: "kept away from" in matches.plain())
            await pilot.press("w")
            await until(pilot, lambda: app.screen is not screen and app.screen.query(Input))
            path = tmp_path / "said.json"
            app.screen.query_one(Input).value = str(path)
            await pilot.press("enter")
            await until(pilot, path.exists)
            document = json.loads(path.read_text())
            assert document["measures"][0]["matches"][0]["title"] == "The Rakes of Kildare"
            assert "no proof" in document["statement"]
            await until(pilot, lambda: app.screen is screen)
    finally:
        engine.close()
