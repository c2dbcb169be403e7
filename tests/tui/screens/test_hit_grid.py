"""The grid of drums and chords on the notes screen, under keys."""

from __future__ import annotations

import pytest

from engine.music.accompaniment.style import Accompaniment
from engine.music.slot import Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.transport import Audition, AuditionHits, Play
from tests.support.fake_engine import FakeEngine
from tests.support.pictures import lines
from tests.support.screens import open_notes, press_in_turn
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.widgets.hit_grid import HitGrid
from tui.widgets.note_editor import NoteEditor
from tui.widgets.place_line import PlaceLine

KICK, SNARE = 36, 38


def drums(**more: object) -> FakeEngine:
    """Return an engine with a melody track, and one of drums that is selected by its number."""
    track = Track(kind="drums", channel=9, slots=(Slot(),) * 8, **more)  # type: ignore[arg-type]
    return FakeEngine(Song(tracks=(track, Track())))


def held(engine: FakeEngine, slot: int = 0) -> list[tuple[float, int, int]]:
    """Return place, drum and velocity of what a measure holds."""
    pattern = engine.snapshot.song.slot(slot).pattern
    return [(float(h.onset), h.pitch, h.velocity) for h in (pattern.hits if pattern else ())]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("theme", ["dark", "mono"])
async def test_drums_are_written_by_keys_and_seen(size: tuple[int, int], theme: str) -> None:
    engine = drums()
    app = ArmonicaApp(engine, theme=theme, seed=1)
    async with app.run_test(size=size) as pilot:
        screen = await open_notes(pilot)
        grid = screen.query_one(HitGrid)
        await until(pilot, lambda: grid.display and not screen.query_one(NoteEditor).display)
        screen.cursor.pitch = SNARE
        # Kicks on one and three by halves, a snare on two; the row above the kick is its own.
        await press_in_turn(pilot, "down", "2", "enter", "enter", "3", "H", "H", "H", "H")
        assert held(engine) == [(0, KICK, 96), (2, KICK, 96)]
        await press_in_turn(pilot, "<", "up", "right", "enter")
        drawn = lines(grid)
        row = next(line for line in drawn if "Bass Drum" in line)
        assert row.count("▓") >= 2
        for name in ("Crash Cymbal 1", "Closed Hi-hat", "Acoustic Snare", "Hand Clap"):
            assert [line for line in drawn if name in line]
        # Each edit is heard while the loop rests.
        assert "Bass Drum: 1, 3" in grid.plain()


async def test_hits_are_made_louder_copied_pasted_removed_and_undone() -> None:
    engine = drums()
    app = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_notes(pilot)
        screen.cursor.pitch = KICK
        await press_in_turn(pilot, "enter", "left", "Z", "Z", "z")
        assert held(engine) == [(0, KICK, 104)]
        assert "velocity 104" in screen.query_one(PlaceLine).plain()
        await press_in_turn(pilot, "c", "right", "right", "p")
        assert held(engine) == [(0, KICK, 104), (2, KICK, 104)]
        # A copied measure goes to the next one.
        await press_in_turn(pilot, "a", "c", "escape", ">")
        screen.cursor.place *= 0
        await press_in_turn(pilot, "p")
        assert held(engine, 1) == held(engine, 0)
        await press_in_turn(pilot, "a", "d")
        assert held(engine, 1) == []
        await press_in_turn(pilot, "u", "w")
        assert held(engine, 1) == held(engine, 0)
        assert engine.of(Audition)[-1] == Audition(1)
        # What is done to melodies says so, and does nothing.
        await press_in_turn(pilot, "[", "U")
        assert held(engine, 1) == []


async def test_another_track_has_its_roll_again_and_a_rule_is_shown_as_one() -> None:
    engine = drums(accompaniment=Accompaniment("rock"))
    app = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        grid = screen.query_one(HitGrid)
        assert "By rule." in grid.plain()
        assert "by rule: rock" in screen.query_one(PlaceLine).plain()
        await press_in_turn(pilot, "enter")
        assert engine.snapshot.song.slot(0).empty
        await press_in_turn(pilot, "ctrl+down")
        await until(pilot, lambda: screen.query_one(NoteEditor).display and not grid.display)
        await press_in_turn(pilot, "enter")
        assert engine.snapshot.song.slot(0, 1).measure.pitches


async def test_a_drum_that_the_cursor_comes_to_is_heard_while_the_loop_rests() -> None:
    engine = drums()
    app = ArmonicaApp(engine, seed=1)

    def heard() -> list[tuple[int, int]]:
        sent = [each for each in engine.sent if isinstance(each, AuditionHits)]
        return [(hit.pitch, hit.velocity) for each in sent for hit in each.hits]

    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_notes(pilot)
        screen.cursor.pitch = SNARE
        await press_in_turn(pilot, "down", "f")
        assert heard() == [(KICK, 96)] * 2
        await press_in_turn(pilot, "enter", "left", "Z", "f")
        assert heard()[2:] == [(KICK, 104)]
        engine.send(Play())
        await press_in_turn(pilot, "up", "f")
        assert len(heard()) == 3
