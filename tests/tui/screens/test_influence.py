"""The influence screen under keys: what is asked of the engine, what is shown of its answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Input, Label, OptionList

from engine.locations import songs_folder
from engine.music.slot import Origin
from engine.music.song import Song
from engine.protocol.analysis import (
    AskInfluence,
    AskTakeInfluence,
    InfluenceFound,
    RegenerateAway,
    WriteProvenance,
)
from engine.protocol.base import Command, Event
from engine.protocol.edit import LoadMeasures, LockDimension, SelectSlot, SetLatent
from engine.protocol.files import ExportMidi
from engine.protocol.generation import PlayTake, StopTake
from engine.protocol.transport import AuditionMeasures, Play, PlayheadMoved
from engine.services.analysis.influence_queries import InfluenceQueries
from tests.support import fake_influence
from tests.support.fake_engine import FakeEngine
from tests.support.fake_generation import FakeStudio, take
from tests.support.fake_influence import MISSING_INDEX, TUNES, YESTERDAY, borrowed_song
from tests.support.pictures import lines
from tests.support.screens import (
    influence_answered,
    open_influence,
    open_influence_of_takes,
    open_steer,
    toasts,
)
from tests.support.waiting import quiet, until
from tui.app import ArmonicaApp
from tui.dialogs.choice import Choice
from tui.dialogs.form import Form
from tui.dialogs.help import Help
from tui.layouts.influence import behind
from tui.screens.influence import InfluenceScreen
from tui.widgets.comparison import Comparison
from tui.widgets.footer import KeysLine
from tui.widgets.match_list import MatchList
from tui.widgets.nearest_match import NearestLine
from tui.widgets.originality import Verdict
from tui.widgets.too_small import TooSmall
from tui.widgets.transport import Transport

SIZES = [(80, 24), (120, 40)]


class LateEngine(FakeEngine):
    """Keeps answers about influence back while it is told to."""

    def __init__(self, start: Song | None = None) -> None:
        self.late = False
        self.kept: list[InfluenceFound] = []
        super().__init__(start if start is not None else borrowed_song())

    def tell(self, event: Event) -> None:
        """Tell an event, unless it is an answer that is kept back."""
        if self.late and isinstance(event, InfluenceFound):
            self.kept.append(event)
        else:
            super().tell(event)

    def let_go(self, answer: InfluenceFound) -> None:
        """Tell an answer that was kept back."""
        super().tell(answer)


@pytest.fixture
def engine() -> LateEngine:
    """Return an engine with borrowed measures."""
    return LateEngine()


@pytest.fixture
def app(engine: LateEngine) -> ArmonicaApp:
    """Return the application on it."""
    return ArmonicaApp(engine, seed=1)


def parts(screen: InfluenceScreen) -> tuple[Verdict, MatchList, Comparison]:
    """Return verdict, matches and comparison."""
    kinds = (Verdict, MatchList, Comparison)
    return tuple(screen.query_one(kind) for kind in kinds)  # type: ignore[return-value]


def titles(matches: MatchList) -> list[str]:
    """Return the first words of the titles, by rank."""
    return [row[7:].split()[0] for row in lines(matches)[1:6] if row[7:].strip()]


# Coming and going


@pytest.mark.parametrize("key", ["f4", "|"])
@pytest.mark.parametrize("size", SIZES)
async def test_the_screen_tells_what_the_selected_measure_is_similar_to(
    app: ArmonicaApp, size: tuple[int, int], key: str
) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await open_influence(pilot, key)
        verdict, matches, comparison = parts(screen)
        assert verdict.plain().startswith("Measure 1 of 7: Close: nearer than 88 % of held-out")
        assert "originality 0.12, human tunes 0.21 to 0.68, below" in verdict.plain()
        assert matches.plain() == (
            "1 of 5, The Rakes of Kildare, O'Neill's Music of Ireland 1203, measure 1, public "
            "domain, similar; nothing has confirmed an influence, 7 notes in a row agree, "
            "notes 0.88, latent 0.94, nearer than 88 % of human tunes."
        )
        assert comparison.plain().startswith("7 of 8 notes agree with The Rakes of Kildare")
        picture = lines(matches)
        assert "similar to" in picture[0]
        assert picture[1].split()[:2] == ["▸", "1"]
        assert "Measure 1 of 7" in lines(verdict)[0]
        assert "●" in lines(verdict)[1]
        assert ".12 ▼" in lines(verdict)[1]
        assert ("longest exact match 7 notes" in lines(verdict)[1]) == (size[0] == 120)
        await pilot.press("f2")
        await until(pilot, lambda: app.screen is app.composing)


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_follows_the_selected_measure_and_an_edit(
    app: ArmonicaApp, engine: LateEngine, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await open_influence(pilot)
        verdict, matches, _ = parts(screen)
        await pilot.press("right", "right")
        await influence_answered(pilot)
        assert engine.snapshot.selected == 2
        assert "Measure 3 of 7" in verdict.plain()
        assert "A Song of Yesterday" in matches.plain()
        assert "measures 1-2" in matches.plain()
        engine.send(LoadMeasures(2, (TUNES[2].measures[0],), (Origin("corpus", "Reel"),)))
        await until(pilot, lambda: "Whiddon's -- Reel" in matches.plain())
        await pilot.press("u")
        await until(pilot, lambda: "A Song of Yesterday" in matches.plain())
        await pilot.press("left", "<")
        await influence_answered(pilot)
        assert "The Rakes of Kildare" in matches.plain()


async def test_an_empty_measure_is_said_to_be_one(app: ArmonicaApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await open_influence(pilot)
        await pilot.press("right")
        await influence_answered(pilot)
        verdict, matches, comparison = parts(screen)
        words = "Measure 2 of 7: What a measure is similar to in the training tunes stands here."
        assert verdict.plain() == words
        assert matches.plain() == "No pieces."
        assert comparison.plain() == "Nothing to compare."
        for key, words in (
            ("a", "nothing to compare"), ("x", "no piece"), ("f", "Nothing has been found"),
            ("r", "Measure 2 has no notes"),
        ):  # fmt: skip
            await pilot.press(key)
            await until(pilot, lambda words=words: words in "".join(toasts(pilot)[-1:]))  # type: ignore[misc]
        await pilot.press("enter", "down")
        assert app.screen is screen


async def test_a_newer_question_overtakes_an_older_one(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        verdict, matches, _ = parts(screen)
        engine.late = True
        for measure in (YESTERDAY[0], TUNES[2].measures[0]):
            count = len(engine.kept)
            engine.send(LoadMeasures(0, (measure,), (Origin("corpus", "A"),)))
            await until(pilot, lambda count=count: len(engine.kept) > count)  # type: ignore[misc]
        # What stands there is of before, and says so.
        assert "The Rakes of Kildare" in matches.plain()
        assert lines(verdict)[2].startswith("as it was before: Close")
        older, newer = engine.kept
        engine.let_go(older)
        await pilot.pause(0.1)
        assert "The Rakes of Kildare" in matches.plain()
        engine.let_go(newer)
        await until(pilot, lambda: "Whiddon's -- Reel" in matches.plain())
        assert "before" not in lines(verdict)[2]
        engine.let_go(older)
        await pilot.pause(0.1)
        assert "Whiddon's -- Reel" in matches.plain()


async def test_a_late_answer_about_another_measure_is_not_shown(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        verdict, matches, _ = parts(screen)
        engine.late = True
        for number in (2, 5):
            count = len(engine.kept)
            await pilot.press(*["right"] * (number - engine.snapshot.selected))
            await until(pilot, lambda count=count: len(engine.kept) > count)  # type: ignore[misc]
        assert verdict.plain() == "Measure 6 of 7: Looking in the training tunes …"
        engine.let_go(engine.kept[0])
        await pilot.pause(0.1)
        assert verdict.plain() == "Measure 6 of 7: Looking in the training tunes …"
        assert matches.plain() == "No pieces."
        engine.let_go(engine.kept[-1])
        await until(pilot, lambda: "Nearest" in verdict.plain())


async def test_the_model_is_waited_for_in_words() -> None:
    engine = FakeEngine(borrowed_song(), ready=False)
    app = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        verdict, _, _ = parts(screen)
        assert "when the model is there" in verdict.plain()
        assert not engine.of(AskInfluence)
        engine.adopt()
        await until(pilot, lambda: "Close" in verdict.plain())


# What is said


@pytest.mark.parametrize("size", SIZES)
async def test_no_close_match_is_said_plainly(app: ArmonicaApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await open_influence(pilot)
        await pilot.press(*["right"] * 5)
        await influence_answered(pilot)
        verdict, matches, _ = parts(screen)
        assert lines(verdict)[2].startswith("No close match: ")
        assert "above" in verdict.plain()
        assert "▲" in lines(verdict)[1]
        assert "similar" not in "\n".join(lines(matches))
        assert lines(matches)[0].split()[0] == "nearest"
        assert "not close; nothing has confirmed an influence" in matches.plain()
        await pilot.press("f2")
        await until(pilot, lambda: app.screen is app.composing)
        (line,) = lines(app.composing.query_one(NearestLine))
        assert line.startswith("· no close match: ")


@pytest.mark.parametrize("size", SIZES)
async def test_an_error_of_the_index_is_said_in_its_place_and_interrupts_nothing(
    size: tuple[int, int],
) -> None:
    engine = LateEngine()
    engine.influences = InfluenceQueries(fake_influence.parts(error=MISSING_INDEX))
    app = ArmonicaApp(engine, seed=1)
    async with app.run_test(size=size, notifications=True) as pilot:
        await quiet(pilot)
        line = app.composing.query_one(NearestLine)
        assert line.plain() == MISSING_INDEX.line()
        screen = await open_influence(pilot)
        verdict, matches, comparison = parts(screen)
        assert verdict.plain() == f"Measure 1 of 7: {MISSING_INDEX.line()}"
        assert " ".join(lines(verdict)[1:]).strip().startswith("There is no index.")
        assert (matches.plain(), comparison.plain()) == ("No pieces.", "Nothing to compare.")
        assert toasts(pilot) == []
        await pilot.press("right", "right")
        await influence_answered(pilot)
        assert toasts(pilot) == []
        assert "There is no index." in verdict.plain()


async def test_an_unknown_licence_counts_as_in_copyright_and_alerts_by_colour_and_mark(
    app: ArmonicaApp,
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_influence(pilot)
        await pilot.press("right", "right")
        await influence_answered(pilot)
        verdict, matches, _ = parts(screen)
        row = lines(matches)[1]
        assert row[:6].split() == ["▸", "1", "!!"]
        assert "unknown" in row
        assert "red alert" in matches.plain()
        why = "16 notes in a row, licence unknown: no proof of copying."
        alert = f"!! #1 A Song of Yesterday: {why}"
        assert lines(verdict)[2] == alert
        assert "not known or in copyright: similarity is not proof" in verdict.plain()
        # Where there is little room the alert is said in fewer words, and whole.
        await pilot.resize_terminal(80, 24)
        short = f"!! #1: {why}"
        await until(pilot, lambda: lines(verdict)[2] == short)
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: lines(verdict)[2] == alert)
        red = matches.style_of("matches--red")
        assert matches.picture().rows[1][4] == ("!", red)
        assert red.color != matches.style_of("matches--label").color
        # The free ones carry no mark.
        assert all(row[4:6].strip() == "" for row in lines(matches)[2:6])
        await pilot.press("f2")
        await until(pilot, lambda: app.screen is app.composing)
        line = app.composing.query_one(NearestLine)
        await until(pilot, lambda: lines(line)[0].startswith("≈ !! A Song of Yesterday"))


async def test_what_is_seldom_so_near_is_looked_at_without_being_red(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_influence(pilot)
        verdict, matches, _ = parts(screen)
        answer = screen.influence
        assert answer is not None
        assert answer.found is not None
        first, *rest = answer.found.matches
        amber = replace(first, licence="CC BY-SA", alert="amber", run=3)
        found = replace(answer.found, matches=(amber, *rest))
        engine.tell(replace(answer, found=found))
        await until(pilot, lambda: "alert" in matches.plain())
        row = lines(matches)[1]
        assert row[:6].split() == ["▸", "1", "!"]
        assert "CC BY-SA" in row
        assert matches.picture().rows[1][5] == ("!", matches.style_of("matches--amber"))
        assert lines(verdict)[2].startswith("! #1 The Rakes of Kildare: 3 notes in a row, asks")


async def test_gradients_are_asked_on_demand_and_agree_without_calling_it_influence(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await open_influence(pilot)
        _, matches, _ = parts(screen)
        await pilot.press("e")
        await until(pilot, lambda: "the model's gradients agree" in matches.plain())
        assert engine.of(AskInfluence)[-1] == AskInfluence(0, 10, gradients=True, track=0)
        assert "gradient" in lines(matches)[1]
        assert "influence" not in matches.plain()
        # What became of the measure has not been weighed.
        await pilot.press("x")
        await influence_answered(pilot)
        assert engine.of(AskInfluence)[-1] == AskInfluence(0, track=0)
        assert "gradient" not in "".join(lines(matches))
        await pilot.press("right")
        await influence_answered(pilot)
        await pilot.press("e")
        await until(pilot, lambda: "Nothing has been found" in "".join(toasts(pilot)))


async def test_influence_is_said_only_of_what_a_retraining_confirmed(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_influence(pilot)
        _, matches, _ = parts(screen)
        assert "similar; nothing has confirmed an influence" in lines(matches)[7]
        answer = screen.influence
        assert answer is not None
        assert answer.found is not None
        first, *rest = answer.found.matches
        sure = replace(first, evidence="retrained")
        engine.tell(replace(answer, found=replace(answer.found, matches=(sure, *rest))))
        await until(pilot, lambda: "influence on a small model" in matches.plain())
        assert "retrain" in lines(matches)[1]
        assert "similar" not in lines(matches)[1]
        assert "similar" in lines(matches)[2]
        at = lines(matches)[1].index("retrain")
        assert matches.picture().rows[1][at] == ("r", matches.style_of("matches--sure"))


# Side by side


@pytest.mark.parametrize("theme", ["dark", "mono"])
@pytest.mark.parametrize("size", SIZES)
async def test_enter_gives_both_rolls_the_room_and_what_agrees_is_marked_by_shape(
    engine: LateEngine, size: tuple[int, int], theme: str
) -> None:
    app = ArmonicaApp(engine, theme=theme, seed=1)
    async with app.run_test(size=size) as pilot:
        screen = await open_influence(pilot)
        _, matches, comparison = parts(screen)
        before = comparison.size.height
        await pilot.press("enter")
        await until(pilot, lambda: comparison.size.height > before)
        assert matches.size.height == 4
        await pilot.pause()
        picture = lines(comparison)
        assert "yours, measure 1" in picture[0]
        assert "in print, The Rakes of Kildare" in "\n".join(picture)
        solid, thin = set("█▀▄▌▘▖"), set("━▔▁─")
        both = "".join(picture[1:])
        assert solid & set(both)
        assert thin & set(both)
        # Seven notes agree, one on each side does not.
        agrees = comparison.style_of("comparison--agrees")
        differs = comparison.style_of("comparison--differs")
        for row in comparison.picture().rows[1:]:
            for character, style in row:
                if character in solid:
                    assert style == agrees
                elif character in thin:
                    assert style == differs
        await pilot.press("enter")
        await until(pilot, lambda: comparison.size.height == before)


async def test_going_down_the_list_compares_with_another_piece(app: ArmonicaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        _, matches, comparison = parts(screen)
        await pilot.press("enter", "down", "j")
        assert matches.plain().startswith("3 of 5, ")
        assert matches.plain().split(", ")[1] in comparison.plain()
        assert lines(matches)[1].split()[:2] == ["▸", "3"]
        await pilot.press(*["down"] * 9)
        assert matches.plain().startswith("5 of 5, ")
        await pilot.press("k", *["up"] * 9)
        assert matches.plain().startswith("1 of 5, ")


async def test_what_was_made_and_what_is_in_print_are_heard_in_turn(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await open_influence(pilot)
        _, _, comparison = parts(screen)
        await pilot.press("a")
        assert engine.of(AuditionMeasures) == [AuditionMeasures((borrowed_song().slot(0).measure,))]
        assert lines(comparison)[0].lstrip().startswith("♪ yours")
        await pilot.press("a")
        assert engine.of(AuditionMeasures)[-1] == AuditionMeasures((TUNES[0].measures[0],))
        assert "♪ in print, The Rakes" in lines(comparison)[0]
        assert "♪ yours" not in lines(comparison)[0]
        await pilot.press("a", "down")
        assert "♪" not in "".join(lines(comparison))
        await pilot.press("a")
        assert engine.of(AuditionMeasures)[-1] == AuditionMeasures(
            (borrowed_song().slot(0).measure,)
        )
        # Another measure has not been heard.
        await pilot.press("right", "right")
        await influence_answered(pilot)
        assert "♪" not in "".join(lines(comparison))
        before = len(engine.of(AuditionMeasures))
        await pilot.press("space")
        await until(pilot, lambda: app.session.shown.playing)
        await pilot.press("a")
        assert len(engine.of(AuditionMeasures)) == before
        await until(pilot, lambda: "loop is playing" in "".join(toasts(pilot)[:1]))


async def test_an_edit_has_not_been_heard(app: ArmonicaApp, engine: LateEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        _, _, comparison = parts(screen)
        await pilot.press("a")
        engine.send(LoadMeasures(0, (YESTERDAY[0],), (Origin("corpus", "A"),)))
        await influence_answered(pilot)
        assert "A Song of Yesterday" in comparison.plain()
        assert "♪" not in "".join(lines(comparison))
        await pilot.press("a")
        assert engine.of(AuditionMeasures)[-1] == AuditionMeasures((YESTERDAY[0],))


# What is named


async def choose(pilot: Pilot[Any], words: str) -> None:
    """Choose a line of the list of what may be named, by its words."""
    app = pilot.app
    await pilot.press("f")
    await until(pilot, lambda: isinstance(app.screen, Choice))
    options = app.screen.query_one(OptionList)
    prompts = [str(options.get_option_at_index(at).prompt) for at in range(options.option_count)]
    options.highlighted = prompts.index(words)
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(app.screen, Choice))
    await influence_answered(pilot)


async def test_tunes_are_kept_to_a_book_or_a_licence(app: ArmonicaApp, engine: LateEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        verdict, matches, _ = parts(screen)
        await pilot.press("down")
        await choose(pilot, "Aird's Airs only")
        request = engine.of(AskInfluence)[-1]
        assert request == AskInfluence(0, 10, books=frozenset({"Aird's Airs"}), track=0)
        assert matches.plain().startswith("1 of 1, Haste to the Wedding")
        assert "Aird's Airs only" in lines(verdict)[0]
        # Of what is named nothing is close, whatever else there is.
        assert "No close match" in verdict.plain()
        await choose(pilot, "licence: unknown")
        assert matches.plain().startswith("1 of 1, A Song of Yesterday")
        assert "unknown only" in lines(verdict)[0]
        await pilot.press("f", "escape")
        assert engine.of(AskInfluence)[-1] == AskInfluence(
            0, 10, licences=frozenset({"unknown"}), track=0
        )
        await choose(pilot, "every book and licence")
        assert matches.plain().startswith("1 of 5, ")
        assert "only" not in lines(verdict)[0]


async def test_a_measure_is_asked_about_alone_or_with_those_around_it(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        verdict, matches, _ = parts(screen)
        await pilot.press("right", "right")
        await influence_answered(pilot)
        assert "measures 1-2" in matches.plain()
        await pilot.press("m")
        await influence_answered(pilot)
        assert engine.of(AskInfluence)[-1] == AskInfluence(2, 10, alone=True, track=0)
        assert "measure 1," in matches.plain()
        assert verdict.plain().startswith("Measure 3 of 7, alone: ")
        await pilot.press("m")
        await influence_answered(pilot)
        assert "alone" not in verdict.plain()


# Going away


async def test_away_is_one_step_and_the_tune_is_marked(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await open_influence(pilot)
        verdict, matches, _ = parts(screen)
        before, steps = engine.snapshot.song, len(engine.snapshot.undo)
        await pilot.press("x")
        await influence_answered(pilot)
        (away,) = engine.of(RegenerateAway)
        assert isinstance(away, RegenerateAway)
        assert (away.slot, away.without, away.amount) == (0, frozenset({10}), 0.5)
        assert len(engine.snapshot.undo) == steps + 1
        assert engine.snapshot.row.slots[1:] == before.tracks[0].slots[1:]
        assert engine.snapshot.row.slots[0] != before.tracks[0].slots[0]
        assert "The Rakes of Kildare" not in matches.plain()
        await until(pilot, lambda: any("is now nearest to" in words for words in toasts(pilot)))
        row = next(row for row in lines(matches)[1:] if "The Rakes of Kildare" in row)
        assert row[5] == "x"
        assert "away from 1 tune by 50%" in lines(verdict)[0]
        await pilot.press("u")
        await influence_answered(pilot)
        assert engine.snapshot.song == before
        assert "The Rakes of Kildare" in matches.plain()
        assert matches.plain().endswith("kept away from.")
        await pilot.press("U")
        await influence_answered(pilot)
        assert engine.snapshot.song != before


async def test_another_draw_an_amount_and_forgetting(app: ArmonicaApp, engine: LateEngine) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await open_influence(pilot)
        verdict, matches, _ = parts(screen)
        await pilot.press(")", ")", "x")
        await influence_answered(pilot)
        await pilot.press("u", "(", "r")
        await influence_answered(pilot)
        first, second = engine.of(RegenerateAway)
        assert (first.amount, second.amount) == (0.7, 0.6)  # type: ignore[attr-defined]
        assert first.without == second.without == {10}  # type: ignore[attr-defined]
        assert first.seed != second.seed  # type: ignore[attr-defined]
        await pilot.press(*["("] * 9)
        assert screen.amount == 0.1
        await pilot.press(*[")"] * 12)
        assert screen.amount == 1.0
        await until(pilot, lambda: "up to 100%" in "".join(toasts(pilot)[-1:]))
        await choose(pilot, "all but what is kept away from")
        assert engine.of(AskInfluence)[-1] == AskInfluence(0, 10, without=frozenset({10}), track=0)
        assert "Rakes" not in "\n".join(lines(matches))
        assert "1 tune left out" in lines(verdict)[0]
        await pilot.press("c")
        await influence_answered(pilot)
        assert "Rakes" in "\n".join(lines(matches))
        assert "away" not in lines(verdict)[0]
        await pilot.press("r")
        assert engine.of(RegenerateAway)[-1].without == frozenset()  # type: ignore[attr-defined]


async def test_where_no_way_leads_away_that_is_said(app: ArmonicaApp, engine: LateEngine) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await open_influence(pilot)
        for at in range(32):
            engine.send(LockDimension(at, True))
        before = engine.snapshot.song
        await pilot.press("x")
        await until(pilot, lambda: any("locked" in words for words in toasts(pilot)))
        assert engine.snapshot.song == before
        assert app.screen is screen


# Writing it down


async def path(pilot: Pilot[Any]) -> Input:
    """Wait for the form that asks for a path."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, Form))
    await until(pilot, lambda: app.screen.query(Input))
    return app.screen.query_one("#field-0", Input)


async def test_provenance_and_a_midi_file_ask_for_a_path(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        await pilot.press("w")
        field = await path(pilot)
        assert field.value == str(songs_folder() / "Borrowed provenance.json")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert engine.of(WriteProvenance) == [WriteProvenance(field.value)]
        await pilot.press("X")
        field = await path(pilot)
        assert field.value == str(songs_folder() / "Borrowed.mid")
        field.value = "/missing/one.mid"
        await pilot.press("enter")
        form = app.screen
        await until(pilot, lambda: "Name a folder" in str(form.query_one("#hint", Label).render()))
        field.value = "mine"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        sent = ExportMidi(str(songs_folder() / "mine"), credits=True)
        assert engine.of(ExportMidi)[-1] == sent


# Takes


@pytest.fixture
def studio() -> FakeStudio:
    """Return an engine with two takes."""
    made = FakeStudio()
    made.open()
    made.change(takes=(take(1), take(2)))
    made.sent.clear()
    return made


@pytest.mark.parametrize("size", SIZES)
async def test_one_who_comes_from_the_takes_asks_about_the_chosen_one(
    studio: FakeStudio, size: tuple[int, int]
) -> None:
    app = ArmonicaApp(studio, seed=1)
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = await open_influence_of_takes(pilot, studio)
        verdict, matches, comparison = parts(screen)
        await until(pilot, lambda: studio.of(AskTakeInfluence))
        assert studio.of(AskTakeInfluence) == [AskTakeInfluence("t2", 10)]
        assert verdict.plain().startswith("The chosen take: Close: nearer than 97 %")
        assert "1 of 3, The Rakes of Kildare" in matches.plain()
        assert "heard from 0 s on" in matches.plain()
        assert "0 s on" in lines(matches)[1] or "0 s" in lines(matches)[1]
        assert comparison.plain().startswith("In print: The Rakes of Kildare, measures 1-2;")
        # Sound has no notes that could agree or differ, and is not called notes.
        assert not set("━▔▁·") & set("".join(lines(comparison)))
        assert lines(matches)[0].split()[-6:-3] == ["sound", "latent", "near%"]
        assert "sound 0.97" in verdict.plain()
        assert "longest exact match" not in "".join(lines(verdict))
        await pilot.press("left")
        await until(pilot, lambda: studio.of(AskTakeInfluence)[-1] == AskTakeInfluence("t1"))
        await influence_answered(pilot)
        await pilot.press("m", "x")
        await until(pilot, lambda: "not moved by gauges" in "".join(toasts(pilot)[-1:]))
        assert not studio.of(RegenerateAway)
        await pilot.press("w")
        field = await path(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert studio.of(WriteProvenance) == [WriteProvenance(field.value, "t1")]
        await pilot.press("tab")
        await influence_answered(pilot)
        assert verdict.plain().startswith("Measure 1 of 8")
        await pilot.press("shift+tab")
        await until(pilot, lambda: verdict.plain().startswith("The chosen take"))


async def test_a_take_is_heard_from_where_it_is_like_the_tune(studio: FakeStudio) -> None:
    app = ArmonicaApp(studio, seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_influence_of_takes(pilot, studio)
        await pilot.press("down", "a")
        assert studio.of(AuditionMeasures, PlayTake) == [
            AuditionMeasures(), PlayTake("t2", 2.0),
        ]  # fmt: skip
        studio.sent.clear()
        await pilot.press("a")
        assert studio.of(StopTake, AuditionMeasures, PlayTake) == [
            StopTake(), AuditionMeasures(TUNES[1].measures),
        ]  # fmt: skip


async def test_without_a_take_it_is_said_where_they_are_made(app: ArmonicaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        await pilot.press("tab")
        verdict, matches, _ = parts(screen)
        assert verdict.plain() == (
            "The chosen take: No finished take is chosen: f3 goes where they are made."
        )
        assert matches.plain() == "No pieces."
        await pilot.press("right", "a", "w", "f", "x", "r", "enter", "enter")
        assert app.screen is screen


async def test_a_take_that_is_removed_meanwhile_is_asked_about_no_more(studio: FakeStudio) -> None:
    app = ArmonicaApp(studio, seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence_of_takes(pilot, studio)
        verdict, matches, _ = parts(screen)
        studio.change(takes=())
        await until(pilot, lambda: "No finished take" in verdict.plain())
        assert matches.plain() == "No pieces."


# The line beside gauges and takes


@pytest.mark.parametrize("size", SIZES)
async def test_the_line_beside_the_gauges_follows_an_edit(
    app: ArmonicaApp, engine: LateEngine, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await quiet(pilot)
        line = app.composing.query_one(NearestLine)
        assert line.plain().startswith("Close: nearer than 88 % of held-out human tunes lie. Most")
        (drawn,) = lines(line)
        assert drawn.startswith("≈ The Rakes of Kildare")
        assert drawn.endswith(".12 ▼") or drawn.endswith(".12 ▼ (.21-.68)")
        engine.late = True
        await pilot.press("right")
        await until(pilot, lambda: engine.kept)
        assert line.plain().startswith("As it was before: Close")
        assert lines(line)[0].startswith("… The Rakes of Kildare")
        engine.late = False
        engine.let_go(engine.kept[-1])
        await quiet(pilot)
        assert not line.plain().startswith("As it was before")


@pytest.mark.parametrize("size", SIZES)
async def test_the_line_beside_the_takes_is_about_the_chosen_one(
    studio: FakeStudio, size: tuple[int, int]
) -> None:
    app = ArmonicaApp(studio, seed=1)
    async with app.run_test(size=size) as pilot:
        await open_steer(pilot, studio)
        line = app.steering.query_one(NearestLine)
        await until(pilot, lambda: "Most similar: The Rakes of Kildare" in line.plain())
        await pilot.press("g")
        await until(pilot, lambda: "looked for when none grows" in line.plain())
        before = len(studio.of(AskTakeInfluence))
        studio.change(job=None, growing=None, takes=())
        await until(pilot, lambda: "stands here" in line.plain())
        assert len(studio.of(AskTakeInfluence)) == before


# Help, mouse, size


async def test_help_and_palette_show_what_can_be_done_here(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_influence(pilot)
        assert "away" in screen.query_one(KeysLine).plain()
        await pilot.press("?")
        await until(pilot, lambda: isinstance(app.screen, Help))
        words = str(app.screen.query_one("#keys-table").render())
        assert "Keep away from the tune" in words
        assert "attribute map" not in words
        await pilot.press("q", ":", *"alone")
        await until(pilot, lambda: app.screen.query(OptionList))
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count)
        await pilot.press("down", "enter")
        await until(pilot, lambda: screen.session.inquiry.wanted.alone)
        await until(pilot, lambda: app.screen is screen)
        await influence_answered(pilot)
        await pilot.press("space")
        await until(pilot, lambda: engine.of(Play))


async def test_the_mouse_chooses_a_piece_and_the_wheel_goes_on(app: ArmonicaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        await pilot.click("#matches", offset=(12, 3))
        await until(pilot, lambda: screen.chosen == 2)
        matches = screen.query_one(MatchList)
        matches.post_message(MatchList.Rolled(1))
        await until(pilot, lambda: screen.chosen == 3)
        await pilot.click("#matches", offset=(12, 8))
        await pilot.pause()
        assert screen.chosen == 3


async def test_song_and_playhead_go_on_in_the_transport(
    app: ArmonicaApp, engine: LateEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        line = screen.query_one(Transport)
        await pilot.press("+", "space")
        await until(pilot, lambda: "97" in line.plain())
        engine.tell(PlayheadMoved(2, 1.5))
        await until(pilot, lambda: "3:2.50" in line.plain())


async def test_a_small_terminal_says_what_it_needs_and_sizes_change(app: ArmonicaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_influence(pilot)
        await pilot.resize_terminal(70, 20)
        small = screen.query_one(TooSmall)
        await until(pilot, lambda: small.display and "70x20" in small.plain())
        await pilot.press("enter")
        await pilot.resize_terminal(120, 40)
        matches = screen.query_one(MatchList)
        await until(pilot, lambda: matches.display and matches.size.width == 118)
        assert matches.size.height == 4


def test_parts_never_overlap_and_lie_on_the_screen() -> None:
    for near_ in (False, True):
        for width in range(80, 201, 13):
            for height in range(24, 61):
                regions = behind(width, height, near=near_)
                where = (width, height, near_)
                assert {"transport", "verdict", "matches", "compare", "keys"} == set(regions), where
                taken: list[Region] = []
                for region in regions.values():
                    assert Region(0, 0, width, height).contains_region(region), where
                    assert not any(region.overlaps(other) for other in taken), where
                    taken.append(region)
                least = {"verdict": 3, "matches": 4 if near_ else 8, "compare": 8}
                assert all(regions[name].height >= rows for name, rows in least.items()), where
    assert set(behind(79, 24)) == {"small"}


keys = st.sampled_from(
    ["up", "down", "left", "right", "tab", "enter", "a", "x", "r", "c", "m", "u", "(", "f escape"]
)
edits = st.builds(SetLatent, st.integers(0, 3), st.integers(0, 3), st.floats(-3, 3)) | st.builds(
    SelectSlot, st.integers(0, 6)
)


@pytest.mark.long
@settings(max_examples=8, suppress_health_check=[*HealthCheck])
@given(st.lists(keys | edits, min_size=5, max_size=20), st.sampled_from([*SIZES, (200, 60)]))
def test_no_order_of_edits_and_keys_ever_breaks_the_screen(
    events: list[str | Command], size: tuple[int, int]
) -> None:
    async def play() -> None:
        engine = LateEngine()
        app = ArmonicaApp(engine, seed=1, rate=1e6)
        async with app.run_test(size=size) as pilot:
            screen = await open_influence(pilot)
            for each in events:
                if isinstance(each, str):
                    await pilot.press(*each.split())
                else:
                    engine.send(each)
                    await pilot.pause()
                for part in parts(screen):
                    assert part.plain()
                    assert part.picture()
            await influence_answered(pilot)

    asyncio.run(play())
