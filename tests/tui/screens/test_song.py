"""The song screen under keys and the mouse: what becomes of the tracks, and what is shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.music.accompaniment.style import Accompaniment
from engine.music.grid import GRIDS
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.transport import Audition, PlayheadMoved
from tests.support.fake_engine import FakeEngine
from tests.support.measures import measure
from tests.support.pictures import lines
from tests.support.screens import open_song, press_in_turn
from tests.support.waiting import until
from tui.action_table import ACTIONS
from tui.app import ArmonicaApp
from tui.dialogs.choice import Choice
from tui.dialogs.form import Form
from tui.dialogs.instruments import InstrumentPicker
from tui.widgets.place_line import PlaceLine
from tui.widgets.song_strip import SongStrip
from tui.widgets.track_grid import TrackGrid


@pytest.fixture
def engine() -> FakeEngine:
    """Return an engine with four measures and its model there."""
    return FakeEngine()


@pytest.fixture
def app(engine: FakeEngine) -> ArmonicaApp:
    """Return the application on it."""
    return ArmonicaApp(engine, seed=1)


def switches(engine: FakeEngine) -> list[tuple[bool, bool, bool]]:
    """Return of each track whether it is muted, solo, locked."""
    return [(each.muted, each.solo, each.locked) for each in engine.snapshot.song.tracks]


async def test_tracks_are_added_named_copied_moved_and_removed(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        await press_in_turn(pilot, "a", "n")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press(*"Bass", "enter")
        await until(pilot, lambda: engine.snapshot.row.name == "Bass")
        await until(pilot, lambda: app.screen is screen)
        drawn = lines(screen.query_one(TrackGrid))
        assert [line for line in drawn if "2 Bass" in line]
        assert "track 2 Bass of 2" in screen.query_one(PlaceLine).plain()
        await press_in_turn(pilot, "v", "1", "J", "J")
        tracks = engine.snapshot.song.tracks
        assert [track.name for track in tracks] == ["Bass", "Bass", ""]
        assert engine.snapshot.track == 2
        await press_in_turn(pilot, "2", "D")
        assert len(engine.snapshot.song.tracks) == 2
        await press_in_turn(pilot, "u")
        assert len(engine.snapshot.song.tracks) == 3


async def test_the_mixer_turns_and_each_row_says_how_its_track_is_played(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        await press_in_turn(pilot, "=", "=", "_", "]", "]", "'", ")", ".")
        row = engine.snapshot.row
        assert (row.level, row.pan, row.octave, row.program, row.channel) == (3, 7, 1, 1, 1)
        assert "ch 2 prog 2 +12 lev 3 L 57" in "\n".join(lines(screen.query_one(TrackGrid)))
        # A key that is held is one step.
        await press_in_turn(pilot, "u")
        assert engine.snapshot.row.channel == 0
        await press_in_turn(pilot, "a", "m", "s", "f")
        assert switches(engine) == [(False, False, False), (True, True, True)]
        assert [line for line in lines(screen.query_one(TrackGrid)) if "MSL" in line]
        await press_in_turn(pilot, "m", "f")
        assert switches(engine)[1] == (False, True, False)


async def test_the_cursor_goes_over_tracks_and_measures_and_on_to_the_notes(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_song(pilot)
        await press_in_turn(pilot, "a", "right", "right", "up", "L")
        assert (engine.snapshot.track, engine.snapshot.selected) == (0, 6)
        await press_in_turn(pilot, "H", "down", "down")
        assert (engine.snapshot.track, engine.snapshot.selected) == (1, 2)
        await press_in_turn(pilot, "w")
        assert engine.of(Audition) == [Audition(2)]
        await press_in_turn(pilot, "enter")
        await until(pilot, lambda: app.screen is app.writing)
        strip = app.screen.query_one(SongStrip)
        await until(pilot, lambda: "track 2 Track 2 · measure 3 of 8" in strip.caption())
        # The track is chosen from every screen.
        await press_in_turn(pilot, "ctrl+up")
        assert engine.snapshot.track == 0
        assert app.screen is not screen


async def test_a_bass_is_added_played_by_rule_and_frozen_by_keys(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        await press_in_turn(pilot, "y")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        # Past the four kinds of this track, and a new one of chords.
        await press_in_turn(pilot, *["down"] * 5, "enter")
        await until(pilot, lambda: app.screen is screen)
        row = engine.snapshot.row
        assert (row.kind, row.program, row.octave) == ("bass", 33, -2)
        await press_in_turn(pilot, "R")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await press_in_turn(pilot, "down", "enter")
        await until(pilot, lambda: app.screen is screen)
        rule = engine.snapshot.row.accompaniment
        assert rule == Accompaniment("walking")
        drawn = "\n".join(lines(screen.query_one(TrackGrid)))
        assert "bass by rule: walking" in drawn
        assert "Finger Bass" in drawn
        assert "~" in drawn
        await press_in_turn(pilot, "R")
        slots = engine.snapshot.row.slots
        assert engine.snapshot.row.accompaniment is None
        assert [slot.origin.title for slot in slots if not slot.empty][:1] == ["walking"]
        assert "~" not in "\n".join(lines(screen.query_one(TrackGrid)))
        await press_in_turn(pilot, "u")
        assert engine.snapshot.row.accompaniment == rule


async def test_a_rule_says_in_which_metres_it_rests() -> None:
    slots = (Slot.blank(GRIDS["6/8"]), *[Slot()] * 3)
    written = Slot.brought_in(measure("CDEF"), Origin("written"))
    drums = Track(kind="drums", accompaniment=Accompaniment("rock"), slots=slots)
    engine = FakeEngine(Song(tracks=(drums, Track(slots=(slots[0], *[written] * 3)))))
    async with ArmonicaApp(engine, seed=1).run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        words = screen.query_one(PlaceLine)
        assert "measure 1 of 4 in 6/8, rock rests in 6/8" in words.plain()
        row = "\n".join(lines(screen.query_one(TrackGrid)))
        assert row.count("~") == 3
        await press_in_turn(pilot, "right")
        assert "rests" not in words.plain()


async def test_an_instrument_is_found_by_a_part_of_its_name(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_song(pilot)
        await press_in_turn(pilot, "P")
        await until(pilot, lambda: isinstance(app.screen, InstrumentPicker))
        await pilot.press(*"nyl", "enter")
        await until(pilot, lambda: app.screen is screen)
        await until(pilot, lambda: engine.snapshot.row.program == 24)
        assert "prog 25 Nylon Guitar" in screen.query_one(PlaceLine).plain()
        # A melody has no rule, and says how it would.
        await press_in_turn(pilot, "R")
        assert engine.snapshot.row.accompaniment is None
        assert app.screen is screen


async def test_measures_are_copied_between_tracks(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_song(pilot)
        await press_in_turn(pilot, "p", "c", "a", "right", "p")
        song = engine.snapshot.song
        assert song.slot(1, 1).measure == song.slot(0, 0).measure
        await press_in_turn(pilot, "i")
        assert engine.snapshot.song.length == 9
        # The copied measure lies before what was put in; what goes takes its neighbours along.
        await press_in_turn(pilot, "right", "right", "p", "d")
        assert engine.snapshot.row.slots[3].empty
        await press_in_turn(pilot, "x")
        assert engine.snapshot.song.length == 8


async def test_the_mouse_chooses_a_track_and_a_measure_and_opens_it(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        await press_in_turn(pilot, "a", "a")
        grid = screen.query_one(TrackGrid)
        await pilot.click(grid, offset=(2, 14))
        assert engine.snapshot.track == 1
        await pilot.click(grid, offset=(30 + 11 * 3 + 2, 2))
        await until(pilot, lambda: (engine.snapshot.track, engine.snapshot.selected) == (0, 3))
        await pilot.click(grid, offset=(30 + 11 * 2 + 2, 2), times=2)
        await until(pilot, lambda: app.screen is app.writing)
        assert engine.snapshot.selected == 2


async def test_the_playhead_goes_over_all_tracks(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        await press_in_turn(pilot, "space")
        engine.tell(PlayheadMoved(2, 1.0))
        await until(pilot, lambda: "▶3" in lines(screen.query_one(TrackGrid))[0])
        await press_in_turn(pilot, "space")
        await until(pilot, lambda: "▶" not in lines(screen.query_one(TrackGrid))[0])


async def test_sixteen_tracks_scroll_with_the_cursor(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_song(pilot)
        await press_in_turn(pilot, *["a"] * 15)
        assert len(engine.snapshot.song.tracks) == 16
        grid = screen.query_one(TrackGrid)
        assert [line for line in lines(grid) if line.startswith("16 Track 16")]
        assert not [line for line in lines(grid) if line.startswith("1 Track 1 ")]
        await press_in_turn(pilot, "1")
        assert [line for line in lines(grid) if line.startswith("1 Track 1 ")]
        assert grid.plain().count("\n") == 15


DIALOGS = {"form.edit", "form.loop", "form.jumps", "form.clear"}
"""What opens a dialog, which takes the keys after it."""

KEYS = sorted(
    {
        key.strip()
        for action in ACTIONS
        if action.place == "song" and action.id not in DIALOGS
        for key in ArmonicaApp(FakeEngine()).keymap.keys.get(action.id, ())
    }
    - {"enter", "n", "T", "e", "E", "y", "P"}
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(KEYS), min_size=3, max_size=25))
async def test_whatever_is_pressed_the_screen_stands_and_shows_what_is_there(
    keys: list[str],
) -> None:
    engine = FakeEngine()
    app: ArmonicaApp = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        screen: Any = await open_song(pilot)
        await press_in_turn(pilot, *keys)
        shown = engine.snapshot
        place = screen.query_one(PlaceLine).plain()
        assert f"of {len(shown.song.tracks)}" in place
        assert f"measure {shown.selected + 1} of {shown.song.length}" in place
        assert app.screen is screen
