"""What is asked before something is done: tunes, files, keys, the palette."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, Label, OptionList

from engine.locations import SONGS, config_folder, data_folder, songs_folder
from engine.protocol.base import Command, with_request
from engine.protocol.edit import Randomise
from engine.protocol.files import (
    READING,
    ExportMidi,
    ImportMidi,
    LoadTune,
    LookIntoMidi,
    MidiLookedInto,
    OpenSong,
    PreviewTune,
    SaveSong,
)
from engine.protocol.notices import Cancel, CommandFailed, JobProgressed, Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import AuditionMeasures
from tests.support.fake_engine import TRACKS, TUNES, FakeEngine
from tests.support.pictures import lines
from tests.support.screens import toasts
from tests.support.waiting import until
from tui import keymap
from tui.app import ArmonicaApp
from tui.dialogs.help import Help
from tui.dialogs.midi_import import Importer
from tui.dialogs.open_song import Opener
from tui.dialogs.tune_browser import Browser
from tui.widgets.tune_preview import Phrase


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
        await until(pilot, lambda: engine.of(LoadTune))
        # Of 16 measures, twelve are left from the fifth on.
        assert engine.of(LoadTune) == [LoadTune(1, TUNES[1].tune, 5, 12)]


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
        assert not engine.of(LoadTune)


async def test_the_measures_of_a_tune_are_shown_and_heard_before_they_are_taken(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, Browser) and app.screen.tune is not None)
        phrase = app.screen.query_one(Phrase)
        await until(pilot, lambda: phrase.measures)
        assert "Measures 1 to" in phrase.plain()
        # Five fit in a row of eighty; four are proposed.
        assert lines(phrase)[0].split() == ["1", "2", "3", "4", "5"]
        await pilot.press("down", "down", "enter", "3")
        await until(pilot, lambda: phrase.first == 3)
        assert engine.of(PreviewTune)[-1] == PreviewTune(TUNES[2].tune, 3, 5)
        await pilot.press("ctrl+l")
        assert engine.of(AuditionMeasures) == [AuditionMeasures(phrase.measures[:4])]
        await pilot.press("escape")
        await until(pilot, lambda: len(engine.of(AuditionMeasures)) == 2)
        assert engine.of(AuditionMeasures)[-1] == AuditionMeasures()


async def test_the_cursor_asks_for_the_measures_of_the_tune_it_rests_on_only(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, Browser) and app.screen.tune is not None)
        for _ in range(3):
            app.screen.action_list("cursor_down")  # type: ignore[attr-defined]
        phrase = app.screen.query_one(Phrase)
        last = PreviewTune(TUNES[3].tune, 1, 5)
        await until(pilot, lambda: phrase.measures and engine.of(PreviewTune)[-1] == last)
        passed = {PreviewTune(tune.tune, 1, 5) for tune in TUNES[1:3]}
        assert not passed.intersection(engine.of(PreviewTune))


async def test_a_track_of_a_midi_file_comes_into_the_selected_slot(
    app: ArmonicaApp, engine: FakeEngine, tmp_path: Path
) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("3", "i")
        await until(pilot, lambda: isinstance(app.screen, Importer))
        sheet = app.screen
        sheet.query_one("#path", Input).value = str(tmp_path / "a.mid")
        await pilot.press("enter")
        tracks = sheet.query_one(OptionList)
        await until(pilot, lambda: tracks.display)
        prompts = [str(tracks.get_option_at_index(at).prompt) for at in range(tracks.option_count)]
        assert ["Kit" in prompts[0], "drums" in prompts[0], "120 notes" in prompts[1]] == [True] * 3
        # The first that has more than drums is proposed; one further down is taken.
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.screen is app.composing)
        assert engine.of(ImportMidi) == [ImportMidi(2, str(tmp_path / "a.mid"), 4)]
        await until(pilot, lambda: toasts(pilot))
        assert ["A pitch moved" in note for note in toasts(pilot)] == [True]


async def test_a_track_of_chords_offers_each_of_its_lines(
    app: ArmonicaApp, engine: FakeEngine, tmp_path: Path
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, Importer))
        sheet = app.screen
        sheet.query_one("#path", Input).value = str(tmp_path / "a.mid")
        await pilot.press("enter")
        tracks = sheet.query_one(OptionList)
        await until(pilot, lambda: tracks.display)
        prompts = [str(tracks.get_option_at_index(at).prompt) for at in range(tracks.option_count)]
        assert [prompt.partition("300 notes, ")[2] for prompt in prompts[-3:]] == [
            "the highest line",
            "an inner line",
            "the lowest line",
        ]
        await pilot.press("end", "enter")
        await until(pilot, lambda: app.screen is app.composing)
        assert engine.of(ImportMidi) == [ImportMidi(0, str(tmp_path / "a.mid"), 5, "bass")]


async def test_who_opens_a_song_waits_for_its_own_answer(
    app: ArmonicaApp, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Command] = []
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, Opener))
        opener = app.screen
        monkeypatch.setattr(engine, "send", sent.append)
        await pilot.press(*"same", "enter")
        mine = next(each for each in sent if isinstance(each, OpenSong))
        # Another screen opens the same song, and is answered first.
        theirs = with_request(mine)
        assert theirs == mine
        engine.tell(Notice("Opened.", request=theirs.request))
        engine.tell(CommandFailed("Song", "It is gone.", "", theirs.request))
        await until(pilot, lambda: len(toasts(pilot)) == 2)
        assert app.screen is opener
        engine.tell(Notice("Opened.", request=mine.request))
        await until(pilot, lambda: app.screen is app.composing)


async def test_a_long_file_shows_how_far_it_is_and_escape_ends_the_reading(
    app: ArmonicaApp, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Command] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, Importer))
        # The engine answers when it has read the file, and that takes its time.
        monkeypatch.setattr(engine, "send", sent.append)
        await pilot.press(*"long", "enter")
        await until(pilot, lambda: LookIntoMidi("long") in sent)
        (look,) = [each for each in sent if isinstance(each, LookIntoMidi)]
        # Another screen reads the same file, and what it is told is not for this one.
        other = with_request(LookIntoMidi("long"))
        engine.tell(JobProgressed(6, READING, 0.41, other.request))
        engine.tell(JobProgressed(7, READING, 0.42, look.request))
        engine.tell(MidiLookedInto("long", TRACKS, other.request))
        engine.tell(CommandFailed("MIDI file", "It is none.", "", other.request))
        how = app.screen.query_one("#how", Label)
        await until(pilot, lambda: "42%" in str(how.render()))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.composing)
        # What the screen beneath asks meanwhile is its own affair.
        about = [each for each in sent if isinstance(each, LookIntoMidi | Cancel)]
        assert about == [LookIntoMidi("long"), Cancel(7)]


async def test_a_midi_file_that_is_not_there_is_told_beside_its_path(app: ArmonicaApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("i", "enter")
        sheet = app.screen
        how = sheet.query_one("#how", Label)
        assert "path" in str(how.render())
        await pilot.press(*"missing", "enter")
        await until(pilot, lambda: sheet.query_one("#path").has_class("-wrong"))
        assert "Check its name" in str(how.render())
        await pilot.pause()
        assert not toasts(pilot)
        await pilot.press("backspace")
        assert not sheet.query_one("#path").has_class("-wrong")


async def test_a_place_that_cannot_be_written_is_told_beside_it(app: ArmonicaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X", *"/missing/a", "enter")
        form = app.screen
        await until(pilot, lambda: form.query_one("#field-0").has_class("-wrong"))
        await until(pilot, lambda: "missing" in str(form.query_one("#hint", Label).render()))
        await pilot.press("escape")
        assert app.screen is app.composing


async def test_a_path_that_is_refused_is_told_beside_it_and_can_be_mended(
    app: ArmonicaApp,
) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("ctrl+o", *"missing", "enter")
        sheet = app.screen
        await until(pilot, lambda: sheet.query_one("#path").has_class("-wrong"))
        await until(pilot, lambda: "Check" in str(sheet.query_one("#how", Label).render()))
        await pilot.pause()
        assert not toasts(pilot)
        await pilot.press(*["backspace"] * 7, *"there", "enter")
        await until(pilot, lambda: app.session.shown.song.title == "Opened")
        assert app.screen is app.composing


async def test_a_song_is_saved_where_it_is_told_and_then_there_again(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    usual = data_folder() / "songs" / "The Rakes of Kildare.armonica"
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("right", "S", "enter")
        await until(pilot, lambda: app.session.shown.saved)
        await pilot.press("right", "S")
        assert engine.of(SaveSong) == [SaveSong(str(usual)), SaveSong(None)]


async def test_a_file_that_is_there_is_replaced_at_the_second_enter_only(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    there = data_folder() / "songs" / "The Rakes of Kildare.mid"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X", "enter")
        await pilot.pause()
        assert not engine.of(ExportMidi)
        assert "there already" in str(app.screen.query_one("#hint", Label).render())
        await pilot.press("enter")
        assert engine.of(ExportMidi) == [ExportMidi(str(there))]


async def test_a_song_is_opened_from_the_list_or_by_its_path(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    mine = songs_folder() / "Mine.armonica"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+o")
        lines = app.screen.query_one(OptionList)
        prompts = [str(lines.get_option_at_index(at).prompt) for at in range(lines.option_count)]
        assert prompts[0] == "Mine"
        assert prompts[1].endswith("(comes with Armonica)")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.shown.song.title == "Opened")
        await pilot.press("ctrl+o", "down", "enter")
        await until(pilot, lambda: len(engine.of(OpenSong)) == 2)
        await until(pilot, lambda: app.screen is app.composing)
        await pilot.press("ctrl+o", *"Mine", "enter")
        await until(pilot, lambda: app.screen is app.composing)
        assert engine.of(OpenSong)[-1] == OpenSong(str(mine))
        engine.sent.pop()
        await pilot.press("ctrl+o", *"/a/b", "enter")
        await until(pilot, lambda: len(engine.of(OpenSong)) == 3)
        first = sorted(SONGS.glob("*.armonica"))[0]
        assert engine.of(OpenSong) == [
            OpenSong(str(mine)),
            OpenSong(str(first)),
            OpenSong("/a/b"),
        ]


async def test_a_name_alone_is_saved_among_the_songs(app: ArmonicaApp, engine: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("W", *"reel", "enter")
        await until(pilot, lambda: engine.of(SaveSong))
        assert engine.of(SaveSong) == [SaveSong(str(songs_folder() / "reel"))]


async def test_help_shows_the_keys_of_the_keymap_in_use(engine: FakeEngine) -> None:
    app = ArmonicaApp(engine, keymap=keymap.load("tmux"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("?")
        await until(pilot, lambda: isinstance(app.screen, Help))
        words = str(app.screen.query_one("#keys-table").render())
        assert "Take the last step back" in words
        assert "^z" not in words
        await pilot.press("q")
        await until(pilot, lambda: app.screen is app.composing)


async def test_clashes_are_told_once_at_the_start(engine: FakeEngine) -> None:
    path = config_folder() / "keymaps" / "mine.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[app]\nquit = "V"')
    app = ArmonicaApp(engine, keymap=keymap.load("mine"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: len(toasts(pilot)))
        # One for each screen on which another action has the key.
        assert ["V is both" in note for note in toasts(pilot)] == [True, True]


async def test_everything_can_be_done_from_the_palette(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(":", *"randomise")
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count)
        await pilot.press("down", "enter")
        await until(pilot, lambda: engine.of(Randomise))
        assert isinstance(engine.snapshot, Snapshot)
