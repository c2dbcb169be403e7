"""The form on the song screen: sections, their order, loops and jumps, by keys and the mouse."""

from __future__ import annotations

import pytest

from engine.music.form import OrderEntry
from engine.music.scales import Key
from engine.protocol.form import Crossfade, JumpTo
from engine.protocol.transport import PlayheadMoved
from tests.support.fake_engine import FakeEngine
from tests.support.pictures import lines
from tests.support.screens import open_song, press_in_turn, toasts
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.dialogs.choice import Choice
from tui.dialogs.form import Form
from tui.widgets.order_line import OrderLine
from tui.widgets.place_line import PlaceLine
from tui.widgets.track_grid import TrackGrid

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.fixture
def engine() -> FakeEngine:
    """Return an engine with eight measures."""
    return FakeEngine()


@pytest.fixture
def app(engine: FakeEngine) -> ArmonicaApp:
    """Return the application."""
    return ArmonicaApp(engine)


def order(engine: FakeEngine) -> list[str]:
    """Return the order by the names of its sections, with how often each is played."""
    form = engine.snapshot.song.form
    return [f"{form.sections[each.section].name}{each.repeats}" for each in form.order]


@pytest.mark.parametrize("size", SIZES)
async def test_sections_are_begun_ordered_repeated_and_made_unique(
    app: ArmonicaApp, engine: FakeEngine, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await open_song(pilot)
        line = screen.query_one(OrderLine)
        assert line.plain().startswith("no sections: b begins one at the measure")
        await press_in_turn(pilot, "right", "right", "b")
        assert order(engine) == ["A1", "B1"]
        # The order follows the measure that is selected.
        assert engine.snapshot.entry == 1
        await press_in_turn(pilot, "<", "o")
        assert order(engine) == ["A1", "A1", "B1"]
        await press_in_turn(pilot, ">", ">", "*", "*", "/")
        assert order(engine) == ["A1", "A1", "B2"]
        await press_in_turn(pilot, "<")
        assert "in 2 places" in screen.query_one(PlaceLine).plain()
        await press_in_turn(pilot, "M")
        assert order(engine) == ["A1", "A21", "B2"]
        assert "in the order once" in screen.query_one(PlaceLine).plain()
        assert " A2" in line.plain()
        await press_in_turn(pilot, "z", "V", "X", "u", "u")
        assert order(engine) == ["A21", "A1", "B2"]
        assert line.plain().startswith("order  A2  A  B*2; loops the song")
        text = lines(screen.query_one(TrackGrid))[0]
        assert "A" in text
        assert "B" in text or size[0] == 80


async def test_a_section_is_faded_into_another_over_repeats(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_song(pilot)
        await press_in_turn(pilot, "ctrl+x")
        assert not isinstance(app.screen, Form)
        await press_in_turn(pilot, *["right"] * 4, "b", "<", "ctrl+x")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await press_in_turn(pilot, "down", "backspace", "2", "enter")
        await until(pilot, lambda: engine.of(Crossfade))
        assert engine.of(Crossfade) == [Crossfade(0, 1, 2)]
        await until(pilot, lambda: order(engine) == ["A1", "C1", "B1"])
        assert app.session.shown.song.length == 16


async def test_a_section_gets_its_settings_in_a_form(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        await press_in_turn(pilot, "right", "right", "b", "r")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await press_in_turn(pilot, "ctrl+u", *"Hook", "down", *"90", "down", *"120")
        await press_in_turn(pilot, "down", *"D dorian".replace(" ", ""))
        await press_in_turn(pilot, "enter")
        # "Ddorian" is no key, and the form says so.
        assert isinstance(app.screen, Form)
        await press_in_turn(pilot, "ctrl+u", "D", "space", *"dorian", "enter")
        await until(pilot, lambda: app.screen is screen)
        section = engine.snapshot.song.form.sections[1]
        assert (section.name, section.tempo, section.ramp) == ("Hook", 90.0, 120.0)
        assert section.key == Key(2, "dorian")
        assert "90 bpm to 120, D dorian" in screen.query_one(PlaceLine).plain()


async def test_loops_and_jumps_are_chosen_and_shown(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await open_song(pilot)
        line = screen.query_one(OrderLine)
        await press_in_turn(pilot, "right", "right", "b", "G")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await press_in_turn(pilot, "j", "enter")
        await until(pilot, lambda: "loops section B" in line.plain())
        assert engine.snapshot.loop == (2, 6)
        await press_in_turn(pilot, "G", "enter")
        await until(pilot, lambda: "loops the song" in line.plain())
        await press_in_turn(pilot, "quotation_mark")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await press_in_turn(pilot, "k", "enter")
        await until(pilot, lambda: "jumps at the end of the measure" in line.plain())
        await press_in_turn(pilot, "<", "g")
        assert engine.of(JumpTo)[-1] == JumpTo(0)
        await press_in_turn(pilot, "right", "g")
        assert engine.of(JumpTo)[-1] == JumpTo(slot=1)
        engine.tell(PlayheadMoved(2, 1.0, 1, 0, 0, 0))
        await until(pilot, lambda: "▶B" in line.plain())
        assert "→A" in line.plain()
        await pilot.click(line, offset=(1, 0))
        await until(pilot, lambda: engine.snapshot.entry == 0)
        assert not toasts(pilot)


async def test_sections_are_added_joined_dropped_and_taken_away(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_song(pilot)
        before = engine.snapshot.song
        await press_in_turn(pilot, "F")
        form = engine.snapshot.song.form
        assert [(each.name, each.length) for each in form.sections] == [("A", 8), ("B", 4)]
        assert (engine.snapshot.selected, engine.snapshot.entry) == (8, 1)
        await press_in_turn(pilot, "<", "grave_accent")
        assert engine.snapshot.song.form.order == (OrderEntry(0),)
        await press_in_turn(pilot, "u", "number_sign")
        assert [each.name for each in engine.snapshot.song.form.sections] == ["B"]
        await press_in_turn(pilot, "u", "backslash")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await press_in_turn(pilot, "enter")
        await until(pilot, lambda: app.screen is screen)
        assert not engine.snapshot.song.form
        await press_in_turn(pilot, "u", "u")
        assert engine.snapshot.song == before


async def test_a_narrow_screen_says_whole_words_where_there_are_no_sections(
    app: ArmonicaApp,
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_song(pilot)
        line = lines(screen.query_one(OrderLine))[0].strip()
        assert line == "no sections: b begins one at the measure"
