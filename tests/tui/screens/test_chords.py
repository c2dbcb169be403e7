"""Chords on the song screen and the notes screen: typed, played, shown, and taken back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from textual.widgets import Input, Label, OptionList

from engine.music.slot import Origin
from engine.music.song import Song
from engine.protocol.chords import WriteChords
from engine.protocol.edit import LoadMeasures, SetKey
from engine.protocol.transport import AuditionMeasures, KeysPlayed
from tests.support.fake_engine import FakeEngine
from tests.support.measures import measure
from tests.support.pictures import lines
from tests.support.screens import open_notes, open_song, press_in_turn
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.dialogs.choice import Choice
from tui.dialogs.chord_form import ChordForm
from tui.widgets.note_editor import NoteEditor
from tui.widgets.place_line import PlaceLine
from tui.widgets.track_grid import TrackGrid


@pytest.fixture
def engine() -> FakeEngine:
    """Return an engine with a measure of C D E F in an empty song."""
    engine = FakeEngine(Song())
    engine.send(LoadMeasures(0, (measure("CDEF"),), (Origin("written"),)))
    return engine


@pytest.fixture
def app(engine: FakeEngine) -> ArmonicaApp:
    """Return the application on it."""
    return ArmonicaApp(engine, seed=1)


def chords(engine: FakeEngine) -> list[tuple[int, float, str]]:
    """Return measure, place and name of each chord."""
    return [(e.slot, float(e.place), e.name()) for e in engine.snapshot.song.chords]


async def test_chords_are_typed_on_the_song_screen_and_stand_over_the_tracks(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        grid = screen.query_one(TrackGrid)
        before = lines(grid)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ChordForm))
        await pilot.press(*"C | Am7 D7 | G", "enter")
        await until(pilot, lambda: app.screen is screen)
        assert chords(engine) == [(0, 0, "C"), (1, 0, "Am7"), (1, 2, "D7"), (2, 0, "G")]
        await until(pilot, lambda: len(lines(grid)[1].split()) == 5)
        drawn = lines(grid)
        assert drawn[1].split() == ["chords", "C", "Am7", "D7", "G"]
        # Each begins over its measure, and the tracks lie one row lower.
        assert drawn[1].index("G") == drawn[0].index("3")
        assert drawn[2] == before[1]
        assert "chord C" in screen.query_one(PlaceLine).plain()
        assert "2.3 D7" in grid.plain()
        heard = engine.of(AuditionMeasures)
        assert isinstance(heard[-1], AuditionMeasures)
        assert [pitch % 12 for pitch in heard[-1].measures[0].pitches] == [0, 4, 7]
        await press_in_turn(pilot, "u")
        assert chords(engine) == []
        assert lines(grid) == before


async def test_what_is_no_chord_is_refused_where_it_is_typed(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_song(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ChordForm))
        await pilot.press(*"Hm", "enter")
        await until(pilot, lambda: "no chord" in str(app.screen.query_one("#hint").render()))
        await pilot.press("backspace", "backspace", *"3:F", "enter")
        await until(pilot, lambda: app.screen is screen)
        assert chords(engine) == [(0, 2, "F")]


async def test_a_chord_is_played_at_the_cursor_of_the_notes_and_taken_away(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        await press_in_turn(pilot, "right", "right")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ChordForm))
        line = app.screen.query_one("#field-0", Input)
        engine.tell(KeysPlayed((57, 60, 64)))
        await until(pilot, lambda: line.value == "Am")
        engine.tell(KeysPlayed((57, 60, 64, 67)))
        await until(pilot, lambda: line.value == "Am7")
        # What makes no chord, and keys that are let go, leave it.
        engine.tell(KeysPlayed((57, 60, 64, 67, 68)))
        await pilot.pause(0.1)
        engine.tell(KeysPlayed())
        await pilot.pause(0.1)
        await pilot.press("enter")
        await until(pilot, lambda: chords(engine) == [(0, 2, "Am7")])
        await until(pilot, lambda: app.screen is screen)
        editor = screen.query_one(NoteEditor)
        assert "3 Am7" in lines(editor)[0]
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ChordForm))
        await pilot.press(*["backspace"] * 3, "enter")
        await until(pilot, lambda: chords(engine) == [])


@pytest.mark.parametrize("theme", ["dark", "mono"])
async def test_the_roll_shows_degrees_tones_and_tensions(engine: FakeEngine, theme: str) -> None:
    engine.send(WriteChords(0, Fraction(0), "C 4:Bm7b5"))
    app = ArmonicaApp(engine, theme=theme, seed=1)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_notes(pilot)
        await until(pilot, lambda: "1 C" in lines(screen.query_one(NoteEditor))[0])
        editor = screen.query_one(NoteEditor)
        rows = {}
        for pitch in range(60, 67):
            y = editor.row(pitch)
            assert y is not None
            rows[pitch] = lines(editor)[y]
        # Degrees stand beside the rows of the key, the others are dotted.
        assert [rows[pitch][4] for pitch in range(60, 67)] == [*"1 2 34 "]
        assert all((" · ·" in rows[pitch]) == (pitch in (61, 63, 66)) for pitch in rows)
        # The tones of the chord at the cursor on the left, those of the next on the right.
        assert [pitch for pitch in rows if "├" in rows[pitch]] == [60, 64]
        assert [pitch for pitch in rows if "┤" in rows[pitch]] == [62, 65]
        # D is no tone of C; F is one of Bm7b5.
        assert [pitch for pitch in rows if "○" in rows[pitch]] == [62]
        assert "D4 is of the key." in editor.plain()
        await press_in_turn(pilot, "right", "k", "k")
        place = screen.query_one(PlaceLine).plain()
        assert "beat 2 · D4 · degree 2 of C major · tension: 9th of C" in place


async def test_chords_are_suggested_with_their_likelihoods_and_taken(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_song(pilot)
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        words = str(app.screen.query_one(Label).render())
        assert "In C major" in words
        assert "learned from no music" in words
        offered = [str(each.prompt) for each in app.screen.query_one(OptionList).options]
        likelihoods = [int(line.split()[1]) for line in offered[:5]]
        assert likelihoods == sorted(likelihoods, reverse=True)
        assert 0 < sum(likelihoods) <= 101
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.screen is screen)
        assert chords(engine) == [(0, 0, offered[1].split()[0])]
        # The likeliest go where none begins; what is there stays.
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await pilot.press(*["down"] * 5, "enter")
        await until(pilot, lambda: len(chords(engine)) > 1)
        assert chords(engine)[0] == (0, 0, offered[1].split()[0])
        assert engine.snapshot.undo[0] == "fill in chords"


async def test_the_key_of_the_notes_is_told_and_taken(app: ArmonicaApp, engine: FakeEngine) -> None:
    engine.send(SetKey(tonic=6))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        line = screen.query_one(PlaceLine)
        await until(pilot, lambda: "% by its notes)" in line.plain())
        assert "key F# major (" in line.plain()
        found = line.plain().partition("(")[2].partition("%")[0].rsplit(" ", 2)[0]
        await press_in_turn(pilot, "A")
        assert engine.snapshot.song.key.name == found != "F# major"
        await until(pilot, lambda: f"key {found}, " in line.plain())
        await press_in_turn(pilot, "u")
        assert engine.snapshot.song.key.name == "F# major"
