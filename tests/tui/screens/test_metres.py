"""Metres on the screens: set by keys, seen where they change, and said where gauges rest."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.music.grid import GRIDS
from engine.music.measure import Measure, Note
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.analysis import AskInfluence, DrawMap, Explain
from engine.protocol.edit import SetMetre
from engine.protocol.transport import PlayheadMoved
from tests.support.fake_engine import FakeEngine
from tests.support.pictures import lines
from tests.support.screens import open_notes, open_song, press_in_turn, toasts
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.dialogs.choice import Choice
from tui.widgets.attribute_line import AttributeLine
from tui.widgets.explanation import Explanation
from tui.widgets.nearest_match import NearestLine
from tui.widgets.note_editor import NoteEditor
from tui.widgets.piano_roll import PianoRoll
from tui.widgets.place_line import PlaceLine
from tui.widgets.sensitivity_table import SensitivityTable
from tui.widgets.song_strip import SongStrip
from tui.widgets.track_grid import TrackGrid
from tui.widgets.transport import Transport

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])
METRES = [*GRIDS]


def row(*names: str) -> Track:
    """A track with a note on each pulse."""
    slots = []
    for name in names:
        grid = GRIDS[name]
        notes = [Note(pulse, Fraction(1, 2), 67) for pulse in grid.pulses]
        slots.append(Slot.brought_in(Measure.from_notes(notes, grid), Origin("midi", "Air")))
    return Track(slots=tuple(slots))


def mixed() -> FakeEngine:
    return FakeEngine(Song("Mixed", tracks=(row("6/8", "4/4", "7/8"), row("6/8", "4/4", "7/8"))))


async def choose(pilot: Pilot[Any], app: ArmonicaApp, metre: str, where: int = 0) -> None:
    """Open the metres by a key, go to one and take it, then to where it is to hold."""
    await press_in_turn(pilot, "T")
    await until(pilot, lambda: isinstance(app.screen, Choice))
    first = app.screen
    now = METRES.index(app.session.shown.song.grid(app.session.slot).name)
    ways = METRES.index(metre) - now
    await press_in_turn(pilot, *["j" if ways > 0 else "k"] * abs(ways), "enter")
    await until(pilot, lambda: app.screen is not first)
    await press_in_turn(pilot, *["j"] * where, "enter")
    await until(pilot, lambda: not isinstance(app.screen, Choice))


@SIZES
async def test_the_song_screen_says_where_the_metre_changes(size: tuple[int, int]) -> None:
    app: ArmonicaApp = ArmonicaApp(mixed(), seed=1)
    async with app.run_test(size=size) as pilot:
        screen = await open_song(pilot)
        grid = screen.query_one(TrackGrid)
        head = lines(grid)[1].split()
        assert head == ["6/8", "4/4", "7/8"]
        assert grid.plain().startswith("Metres: 6/8 from measure 1, 4/4 from measure 2, 7/8")
        assert "measure 1 of 3 in 6/8, 2 notes" in screen.query_one(PlaceLine).plain()
        # The first track begins below both rows of the head.
        assert lines(grid)[2].startswith("1 Track 1")


async def test_a_metre_is_set_by_keys_for_one_measure_and_for_all() -> None:
    engine = FakeEngine()
    app: ArmonicaApp = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        assert "4/4" not in "\n".join(lines(screen.query_one(TrackGrid)))
        await press_in_turn(pilot, "right")
        await choose(pilot, app, "3/4")
        assert [grid.name for grid in engine.snapshot.song.grids] == ["4/4", "3/4", *["4/4"] * 6]
        await choose(pilot, app, "6/8", 1)
        assert [grid.name for grid in engine.snapshot.song.grids] == ["4/4", *["6/8"] * 7]
        await choose(pilot, app, "7/8", 2)
        assert [grid.name for grid in engine.snapshot.song.grids] == ["7/8"] * 8
        await press_in_turn(pilot, "u", "u", "u")
        assert {grid.name for grid in engine.snapshot.song.grids} == {"4/4"}


async def test_a_metre_that_is_not_taken_changes_nothing() -> None:
    engine = FakeEngine()
    app: ArmonicaApp = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_notes(pilot)
        await press_in_turn(pilot, "T")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await press_in_turn(pilot, "j", "escape")
        await until(pilot, lambda: app.screen is screen)
        assert not [each for each in engine.sent if isinstance(each, SetMetre)]


@SIZES
async def test_the_roll_has_the_beats_of_the_metre(size: tuple[int, int]) -> None:
    app: ArmonicaApp = ArmonicaApp(mixed(), seed=1)
    async with app.run_test(size=size) as pilot:
        screen = await open_notes(pilot)
        roll = screen.query_one(NoteEditor)
        ruler = lines(roll)[0]
        assert ruler.startswith("6/8")
        assert [each for each in ruler if each.isdigit()] == list("6812")
        assert roll.plain().startswith("Measure in 6/8: G4 at beat 1, G4 at beat 2.")
        await press_in_turn(pilot, ">", ">")
        await until(pilot, lambda: lines(roll)[0].startswith("7/8"))
        assert [each for each in lines(roll)[0] if each.isdigit()] == list("781234567")


async def test_the_cursor_counts_in_beats_of_the_metre_and_stays_in_a_shorter_measure() -> None:
    engine = mixed()
    app: ArmonicaApp = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        place = screen.query_one(PlaceLine)
        assert place.plain().startswith("6/8, beat 1 · ")
        await press_in_turn(pilot, "4", "L")
        await until(pilot, lambda: place.plain().startswith("6/8, beat 2 · "))
        await press_in_turn(pilot, "right")
        await until(pilot, lambda: place.plain().startswith("6/8, beat 2 + 1/3 · "))
        await press_in_turn(pilot, "right")
        await choose(pilot, app, "2/4")
        await until(pilot, lambda: place.plain().startswith("2/4, beat 2 + 1/2 · "))
        # A note is put where the cursor stands.
        await press_in_turn(pilot, "enter")
        assert engine.snapshot.song.slot(0).measure.notes[-1].onset == Fraction(3, 2)


async def test_gauges_rest_in_words_and_nothing_is_asked_of_the_model() -> None:
    engine = FakeEngine(Song(tracks=(row("6/8", "4/4"),)))
    app: ArmonicaApp = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        reasons = app.screen.query_one(Explanation)
        words = "No model for 6/8: gauges rest. Notes can be written, recorded and played."
        await until(pilot, lambda: reasons.plain() == words)
        assert app.screen.query_one(SensitivityTable).plain() == "What moves what: gauges rest."
        nearest = app.screen.query_one(NearestLine)
        assert nearest.plain() == "No model for 6/8: nothing is looked for."
        await pilot.pause(0.3)
        asked = [each for each in engine.sent if isinstance(each, DrawMap | Explain | AskInfluence)]
        assert asked == []
        before = engine.snapshot.song
        await press_in_turn(pilot, "right")
        await until(pilot, lambda: "No model for 6/8: gauges rest." in " ".join(toasts(pilot)))
        assert engine.snapshot.song == before
        assert app.screen.query_one(PianoRoll).plain().startswith("Measure in 6/8")
        await press_in_turn(pilot, ">")
        await until(pilot, lambda: engine.snapshot.selected == 1)
        await press_in_turn(pilot, "right")
        assert engine.snapshot.song != before


async def test_the_notes_screen_says_that_gauges_rest() -> None:
    app: ArmonicaApp = ArmonicaApp(mixed(), seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_notes(pilot)
        readings = screen.query_one(AttributeLine)
        assert readings.plain().startswith("No model for 6/8: gauges rest.")
        await press_in_turn(pilot, ">")
        await until(pilot, lambda: readings.plain().startswith("complexity"))


async def test_the_strip_says_the_metre_where_it_changes() -> None:
    app: ArmonicaApp = ArmonicaApp(mixed(), seed=1)
    async with app.run_test(size=(120, 40)) as pilot:
        strip = app.screen.query_one(SongStrip)
        head = lines(strip)[0]
        assert ["1 6/8" in head, "2 4/4" in head, "3 7/8" in head] == [True] * 3
        assert "measure 1 of 3 in 6/8" in strip.caption()
        del pilot


async def test_the_transport_counts_in_beats_of_the_metre() -> None:
    engine = mixed()
    app: ArmonicaApp = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(120, 40)) as pilot:
        await press_in_turn(pilot, "space")
        engine.tell(PlayheadMoved(0, 1.5))
        line = app.screen.query_one(Transport)
        await until(pilot, lambda: "1:2.00" in lines(line)[0])
        engine.tell(PlayheadMoved(2, 1.0))
        await until(pilot, lambda: "3:3.00" in lines(line)[0])
