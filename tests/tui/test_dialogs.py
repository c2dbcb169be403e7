"""What is asked before something is done: tunes, files, a kept song, keys, the palette."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, Label, OptionList

from engine import commands as c
from engine.events import Snapshot
from engine.locations import config_folder, data_folder
from tests.tui.fake_engine import TUNES, FakeEngine
from tests.tui.waiting import until
from tui import keymap
from tui.app import ArmonicaApp
from tui.screens.browser import Browser
from tui.screens.choice import Choice
from tui.screens.form import Form
from tui.screens.help import Help


async def test_measures_come_from_a_tune_that_was_looked_for(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "b")
        await until(pilot, lambda: isinstance(app.screen, Browser))
        browser = app.screen
        assert isinstance(browser, Browser)
        await pilot.press(*"kitty")
        await until(pilot, lambda: browser.query_one(OptionList).option_count == 1)
        await pilot.press("enter", "5", "tab", "2", "0", "enter")
        await until(pilot, lambda: engine.of(c.LoadTune))
        # Of 16 measures, twelve are left from the fifth on.
        assert engine.of(c.LoadTune) == [c.LoadTune(1, TUNES[1].tune, 5, 12)]


async def test_a_measure_that_a_tune_has_not_is_told_beside_it(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, Browser) and app.screen.tune is not None)
        await pilot.press("down", "enter", "9", "9", "enter")
        assert app.screen.query_one("#first", Input).has_class("-wrong")
        assert "1 to 16" in str(app.screen.query_one("#how", Label).render())
        await pilot.press("escape")
        assert app.screen is app.composing
        assert not engine.of(c.LoadTune)


async def test_a_midi_file_comes_into_the_selected_slot(
    app: ArmonicaApp, engine: FakeEngine, tmp_path: Path
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "i")
        await until(pilot, lambda: isinstance(app.screen, Form))
        app.screen.query_one("#field-0", Input).value = str(tmp_path / "a.mid")
        await pilot.press("tab", "2", "enter")
        await until(pilot, lambda: engine.of(c.ImportMidi))
        assert engine.of(c.ImportMidi) == [c.ImportMidi(2, str(tmp_path / "a.mid"), 2)]


async def test_a_song_is_saved_where_it_is_told_and_then_there_again(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    usual = data_folder() / "songs" / "The Rakes of Kildare.armonica"
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("right", "S", "enter")
        await until(pilot, lambda: app.composing.shown.saved)
        await pilot.press("right", "S")
        assert engine.of(c.SaveSong) == [c.SaveSong(str(usual)), c.SaveSong(None)]


async def test_a_file_that_is_there_is_replaced_at_the_second_enter_only(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    there = data_folder() / "songs" / "The Rakes of Kildare.mid"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X", "enter")
        await pilot.pause()
        assert not engine.of(c.ExportMidi)
        assert "there already" in str(app.screen.query_one("#hint", Label).render())
        await pilot.press("enter")
        assert engine.of(c.ExportMidi) == [c.ExportMidi(str(there))]


async def test_a_song_is_opened(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+o", "x", "enter")
        await until(pilot, lambda: app.composing.shown.song.title == "Opened")
        assert len(engine.of(c.OpenSong)) == 1


@pytest.mark.parametrize(("keys", "recovered"), [(["enter"], True), (["down", "enter"], False)])
async def test_a_kept_song_is_offered(keys: list[str], recovered: bool) -> None:
    engine = FakeEngine()
    met = engine._meet
    engine._meet = lambda command: () if isinstance(command, c.RecoverSong) else met(command)  # type: ignore[method-assign]
    app = ArmonicaApp(engine, recovered="kept.armonica")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await pilot.press(*keys)
        assert engine.of(c.RecoverSong) == ([c.RecoverSong("kept.armonica")] if recovered else [])


async def test_the_end_asks_only_if_nothing_is_kept(engine: FakeEngine) -> None:
    app = ArmonicaApp(engine, keeps=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right")
        await until(pilot, lambda: not app.composing.shown.saved)
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await pilot.press("escape")
        assert app.screen is app.composing
    kept = ArmonicaApp(FakeEngine())
    async with kept.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "Q")
        await until(pilot, lambda: not kept.is_running)


async def test_help_shows_the_keys_of_the_keymap_in_use(engine: FakeEngine) -> None:
    app = ArmonicaApp(engine, keymap=keymap.load("tmux"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("?")
        await until(pilot, lambda: isinstance(app.screen, Help))
        words = str(app.screen.query_one("#keys-table").render())
        assert "Take the last step back" in words
        assert "^z" not in words
        await pilot.press("q")
        assert app.screen is app.composing


async def test_clashes_are_told_once_at_the_start(engine: FakeEngine) -> None:
    path = config_folder() / "keymaps" / "mine.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[app]\nquit = "u"')
    app = ArmonicaApp(engine, keymap=keymap.load("mine"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert ["u is both" in note.message for note in app._notifications] == [True]


async def test_everything_can_be_done_from_the_palette(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(":", *"randomise")
        await pilot.pause(0.3)
        await pilot.press("down", "enter")
        await until(pilot, lambda: engine.of(c.Randomise))
        assert isinstance(engine.snapshot, Snapshot)
