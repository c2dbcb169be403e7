"""What is asked about songs that are not saved: at the start, at the end, and when saving."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Label, OptionList

from engine.locations import songs_folder
from engine.protocol.base import Command, Event
from engine.protocol.facts import MarkSaved
from engine.protocol.files import (
    AtTheEnd,
    ForgetKept,
    KeepUnsaved,
    Kept,
    LeaveKept,
    LetUnsavedGo,
    RecoverSong,
    SaveSong,
)
from engine.protocol.notices import CommandFailed, Notice
from tests.support.fake_engine import FakeEngine
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.dialogs.choice import Choice
from tui.dialogs.leaving import Leaving
from tui.run import report_ends

NEW, OLD = Kept("new.armonica", 2e9, "New"), Kept("old.armonica", 1e9, "Old", "/songs/old.armonica")


ABOUT_KEPT = (RecoverSong, ForgetKept, LeaveKept)


class WithoutKeeper(FakeEngine):
    """An engine that answers nothing about songs that were kept."""

    def answer(self, command: Command) -> tuple[Event, ...]:
        """Return no events where a command is about one."""
        return () if isinstance(command, ABOUT_KEPT) else super().answer(command)


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        (["enter"], [RecoverSong("new.armonica"), LeaveKept("old.armonica")]),
        (["escape"], [LeaveKept("new.armonica"), LeaveKept("old.armonica")]),
        (
            ["down", "enter", "down", "down", "enter"],
            [LeaveKept("new.armonica"), ForgetKept("old.armonica")],
        ),
        (
            ["down", "down", "enter", "enter"],
            [ForgetKept("new.armonica"), RecoverSong("old.armonica")],
        ),
    ],
)
async def test_kept_songs_are_offered_the_newest_first(
    keys: list[str], sent: list[Command]
) -> None:
    engine = WithoutKeeper()
    app = ArmonicaApp(engine, recovered=[NEW, OLD])
    async with app.run_test(size=(80, 24)) as pilot:
        for key in keys:
            await until(pilot, lambda: isinstance(app.screen, Choice))
            await pilot.press(key)
        await until(pilot, lambda: app.screen is app.composing)
        assert engine.of(*ABOUT_KEPT) == sent


async def test_the_end_asks_only_if_nothing_is_kept(engine: FakeEngine) -> None:
    app = ArmonicaApp(engine, keeps=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right")
        await until(pilot, lambda: not app.session.shown.saved)
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, Leaving))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.composing)
        await pilot.press("Q", "enter", "enter")
        await until(pilot, lambda: not app.is_running)
        assert len(engine.of(SaveSong)) == 1
        assert not engine.of(KeepUnsaved)
    other = FakeEngine()
    kept = ArmonicaApp(other)
    async with kept.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "Q")
        await until(pilot, lambda: not kept.is_running)
        assert other.of(KeepUnsaved) == [KeepUnsaved()]


class FullDisk(FakeEngine):
    """An engine that can keep nothing; with ``copies`` it can write copies."""

    copies = False
    silent = False

    def answer(self, command: Command) -> tuple[Event, ...]:
        """Return the events that a command brings about."""
        if isinstance(command, KeepUnsaved) and self.silent:
            return ()
        if isinstance(command, KeepUnsaved) and not (command.copies and self.copies):
            return (
                CommandFailed(
                    "Cannot write", "The disk is full.", "Free some space.", command.request
                ),
            )
        return super().answer(command)


@pytest.mark.parametrize(
    ("before", "copy"),
    [
        (["right"], ["down", "enter"]),
        # What was left for a song that is saved cannot be saved from here.
        (["right", "ctrl+o", *"/a/b", "enter"], ["enter"]),
    ],
)
async def test_the_end_asks_where_nothing_can_be_kept(before: list[str], copy: list[str]) -> None:
    engine = FullDisk()
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*before)
        await until(pilot, lambda: app.screen is app.composing)
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, Leaving))
        words = app.screen.query_one("#words", Label)
        await until(pilot, lambda: "The disk is full." in str(words.content))
        assert "The Rakes of Kildare is not saved" in str(words.content)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.composing)
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, Leaving))
        await until(pilot, lambda: app.screen.query_one(OptionList).has_focus)
        await pilot.press(*copy)
        await until(pilot, lambda: len(engine.of(KeepUnsaved)) == 3)
        assert engine.of(KeepUnsaved)[-1] == KeepUnsaved(copies=True)
        assert app.is_running
        engine.copies = True
        await pilot.press("enter")
        await until(pilot, lambda: not app.is_running)
    assert not engine.of(LetUnsavedGo)


async def test_the_end_without_the_song_is_said_in_words() -> None:
    engine = FullDisk()
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "Q")
        await until(pilot, lambda: isinstance(app.screen, Leaving))
        await until(pilot, lambda: app.screen.query_one(OptionList).has_focus)
        await pilot.press("up", "enter")
        await until(pilot, lambda: not app.is_running)
    assert engine.of(LetUnsavedGo) == [LetUnsavedGo()]


async def test_the_end_asks_where_the_disk_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.dialogs.leaving.PATIENCE", 0.01)
    engine = FullDisk()
    engine.silent = True
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "Q")
        await until(pilot, lambda: isinstance(app.screen, Leaving))
        leaving = app.screen
        await until(pilot, lambda: leaving.query_one(OptionList).has_focus)
        (command,) = engine.of(KeepUnsaved)
        engine.tell(Notice("Kept.", request=command.request))
        await until(pilot, lambda: not app.is_running)


async def test_leaving_an_engine_that_goes_on_asks_nothing() -> None:
    engine = FullDisk()
    app = ArmonicaApp(engine, stays=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "Q")
        await until(pilot, lambda: not app.is_running)
    assert not engine.of(KeepUnsaved)


def test_what_became_of_songs_is_said_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    class Ended(FakeEngine):
        @property
        def ends(self) -> tuple[AtTheEnd, ...]:
            kept = AtTheEnd("Kept", Path("/kept/1.armonica"), offered=True)
            return (kept, AtTheEnd("Lost", reason="The disk is full."))

    assert "Lost" in report_ends(Ended())
    output = capsys.readouterr().err
    assert "/kept/1.armonica and offered at the next start" in output
    assert "Lost" not in output


class Changed(FakeEngine):
    """An engine whose song file was changed by another program."""

    def answer(self, command: Command) -> tuple[Event, ...]:
        """Return the events that a command brings about."""
        if isinstance(command, SaveSong) and not command.replace:
            again = SaveSong(command.path, replace=True)
            words = "a.armonica was changed by another program."
            return (CommandFailed("Cannot write", words, "Another name?", command.request, again),)
        return super().answer(command)


@pytest.mark.parametrize(
    ("keys", "replaced"),
    [(["down", "enter"], True), (["escape"], False), (["enter", "escape"], False)],
)
async def test_a_file_that_another_changed_is_replaced_only_in_words(
    keys: list[str], replaced: bool
) -> None:
    engine = Changed()
    engine.state.apply(MarkSaved("/a.armonica", engine.snapshot.song))
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "S")
        await until(pilot, lambda: isinstance(app.screen, Choice))
        await pilot.press(*keys)
        await until(pilot, lambda: app.screen is app.composing)
        wanted = [SaveSong(), SaveSong(replace=True)] if replaced else [SaveSong()]
        await until(pilot, lambda: engine.of(SaveSong) == wanted)


async def test_saving_under_the_name_of_what_is_there_asks_beside_the_name() -> None:
    engine = Changed()
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("W", *"reel", "enter")
        path = str(songs_folder() / "reel")
        await until(pilot, lambda: engine.of(SaveSong) == [SaveSong(path)])
        hint = app.screen.query_one("#hint", Label)
        await until(pilot, lambda: "Enter again replaces it" in str(hint.content))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.composing)
        assert engine.of(SaveSong)[-1] == SaveSong(path, replace=True)
