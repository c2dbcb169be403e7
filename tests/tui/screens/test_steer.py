"""The steer screen under keys: what is asked of the engine, what is shown of its answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.geometry import Region
from textual.widgets import Input, Label, OptionList

from engine.locations import songs_folder
from engine.protocol.base import Event
from engine.protocol.edit import SetTempo
from engine.protocol.generation import (
    PEAKS,
    AudioModelStatus,
    CloseAudioModel,
    Generate,
    Generation,
    GenerationState,
    MakeAgain,
    MakeTwin,
    Meter,
    NudgeGeneration,
    NudgeTrait,
    OpenAudioModel,
    PauseGeneration,
    PlaybackMoved,
    PlayTake,
    Prompt,
    RemoveTake,
    SaveTake,
    SetGeneration,
    SetTrait,
    StopTake,
    Take,
    TakeProgressed,
    Trait,
    TraitResult,
)
from engine.protocol.notices import Cancel, CommandFailed, JobProgressed
from engine.protocol.transport import Play, PlayheadMoved
from engine.steering.spec import ARMS, MODES
from tests.support.fake_generation import (
    SPEC,
    STEPS,
    TRAITS,
    FakeStudio,
    grown,
    take,
)
from tests.support.pictures import lines
from tests.support.screens import open_steer, toasts
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.dialogs.choice import Choice
from tui.dialogs.form import Form
from tui.dialogs.help import Help
from tui.layouts.steer import steering
from tui.widgets.footer import KeysLine
from tui.widgets.job_bar import JobBar
from tui.widgets.takes_list import TakesList
from tui.widgets.too_small import TooSmall
from tui.widgets.trait_rows import TraitRows
from tui.widgets.transport import Transport
from tui.widgets.waveform import Waveform

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def studio() -> FakeStudio:
    """Return an engine whose audio model is there."""
    made = FakeStudio()
    made.open()
    made.sent.clear()
    return made


@pytest.fixture
def app(studio: FakeStudio) -> ArmonicaApp:
    """Return the application on it."""
    return ArmonicaApp(studio, seed=1)


async def test_the_model_is_opened_when_the_screen_is_first_shown_and_not_before() -> None:
    studio = FakeStudio()
    app = ArmonicaApp(studio)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right")
        assert not studio.of(OpenAudioModel)
        await pilot.press("}")
        await until(pilot, lambda: studio.of(OpenAudioModel))
        assert studio.of(OpenAudioModel) == [OpenAudioModel("tiny")]
        await pilot.press("{")
        await until(pilot, lambda: app.screen is app.composing)
        await pilot.press("f3")
        await until(pilot, lambda: app.screen is app.steering)
        await pilot.press("f2", "f3", "f2")
        await until(pilot, lambda: app.screen is app.composing)
        assert len(studio.of(OpenAudioModel)) == 1


def trait(studio: FakeStudio, name: str) -> Trait:
    """Return a trait as it is set."""
    return next(each for each in studio.studio.traits if each.name == name)


@pytest.mark.parametrize("size", SIZES)
async def test_traits_are_chosen_added_removed_and_pushed_harder(
    app: ArmonicaApp, studio: FakeStudio, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await open_steer(pilot, studio)
        await pilot.press("down", "a", "3", "a", "a", "r", "enter", "enter", "enter", "0")
        assert studio.of(SetTrait, NudgeTrait) == [
            SetTrait("bass", mode="add"),
            SetTrait("guitar", mode="add"),
            SetTrait("guitar", mode="off"),
            SetTrait("guitar", mode="remove"),
            NudgeTrait("guitar", mode=1),
            NudgeTrait("guitar", mode=1),
            NudgeTrait("guitar", mode=1),
            SetTrait("guitar", mode="off"),
        ]
        studio.sent.clear()
        await pilot.press("right", "l", "shift+right", "comma")
        assert studio.of(NudgeTrait) == [
            NudgeTrait("guitar", strength=0.5, target=0.05),
            NudgeTrait("guitar", strength=0.5, target=0.05),
            NudgeTrait("guitar", strength=2.0, target=0.2),
            NudgeTrait("guitar", strength=-0.1, target=-0.01),
        ]
        assert trait(studio, "guitar").strength == 6.9
        for key, there in (("left", 0.8), ("alt+right", 0.81), ("L", 1.0)):
            await pilot.press("1", key)
            assert trait(studio, "drums").target == there
        assert trait(studio, "drums").strength == 4.0


async def test_a_held_key_adds_up_before_the_answer_comes_back(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_steer(pilot, studio)
        studio.muted = True
        await pilot.press("2", *["right"] * 5)
        assert trait(studio, "bass").strength == 5.0


async def test_arms_come_in_turn_and_one_that_only_watches_is_not_pushed(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await open_steer(pilot, studio)
        for arm in ("none", "iti", "smitin", "closed-loop"):
            await pilot.press("m")
            await until(
                pilot,
                lambda arm=arm: screen.trait is not None and screen.trait.arm == arm,  # type: ignore[misc]
            )
        await pilot.press("5", "right")
        await until(pilot, lambda: toasts(pilot))
        assert ["only watched" in note for note in toasts(pilot)] == [True]
        await pilot.press("x")
        assert {command.name for command in studio.of(SetTrait)} == {"drums", "bass", "piano"}  # type: ignore[attr-defined]


async def test_strength_and_target_are_typed_within_their_ranges(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_steer(pilot, studio)
        await pilot.press("=", "2", "enter")
        assert "from 0 to 1" in str(app.screen.query_one("#hint", Label).render())
        await pilot.press("backspace", *"0.7", "enter")
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("3", "=")
        await until(pilot, lambda: isinstance(app.screen, Form))
        assert "4 is advised" in str(app.screen.query_one("#hint", Label).render())
        await pilot.press(*"7.5", "enter")
        await until(pilot, lambda: app.screen is screen)
        assert studio.of(SetTrait) == [
            SetTrait("drums", target=0.7),
            SetTrait("guitar", strength=7.5),
        ]


@pytest.mark.parametrize("size", SIZES)
async def test_a_take_grows_with_its_meters_is_held_let_go_and_cancelled(
    app: ArmonicaApp, studio: FakeStudio, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = await open_steer(pilot, studio)
        await pilot.press("p")
        await until(pilot, lambda: any("Nothing grows" in n for n in toasts(pilot)))
        await pilot.press("g")
        bar, rows, wave = (screen.query_one(kind) for kind in (JobBar, TraitRows, Waveform))
        await until(pilot, lambda: "growing" in bar.plain())
        for step in (100, 200):
            studio.tell(grown(step))
            await until(pilot, lambda step=step: f"step {step} of 400" in bar.plain())  # type: ignore[misc]
        for text in ("tiny", "61 MiB", "4.0 of 8 s", "2.3 s a second", "1-3 s left"):
            assert text in bar.plain()
        assert "drums .96 (.94-.98, chance .50), add, closed-loop to .85" in rows.plain()
        assert "threshold .61" in rows.plain()
        assert "pushed 100 of 200 steps" in rows.plain()
        assert "8 s of 12 s, of which the prompt 4 s" in wave.plain()
        picture = "\n".join(lines(rows))
        assert all(sign in picture for sign in ("╋", "┼", "◇", "●", "+.", "⣀"))
        await pilot.press("p")
        await until(pilot, lambda: "paused" in bar.plain())
        await pilot.press("p", "c")
        await until(pilot, lambda: "resting" in bar.plain())
        assert studio.of(Generate, PauseGeneration, Cancel) == [
            Generate(), PauseGeneration(True), PauseGeneration(False), Cancel(7),
        ]  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_not_reached_is_said_in_the_rows_of_its_trait_and_its_take(
    app: ArmonicaApp, studio: FakeStudio, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await open_steer(pilot, studio)
        rows, takes = screen.query_one(TraitRows), screen.query_one(TakesList)
        assert "advised 4" in rows.plain()
        assert "advised 4" in "\n".join(lines(rows))
        await pilot.press("g")
        studio.tell(grown(100))
        await until(pilot, lambda: "pushed 50 of 100" in rows.plain())
        assert "reached" not in rows.plain()
        results = (
            TraitResult("drums", "add", 0.06, 0.85, False),
            TraitResult("bass", "remove", 0.2, 0.25, True),
        )
        studio.change(job=None, growing=None, takes=(take(1), take(9, results=results)))
        await until(pilot, lambda: "drums" in rows.plain() and "not reached" in rows.plain())
        assert "not reached: .06 of .85" in rows.plain()
        heading, drums, *others = lines(rows)
        assert "✕" in drums
        assert "✕" not in heading
        shown = "\n".join(others)
        assert "✕" in shown
        assert "not reached: .06 of .85" in shown
        await until(pilot, lambda: screen.takes.id == "t9")
        assert "drums not reached: .06 of .85" in takes.plain()
        _, missed, reached = lines(takes)[:3]
        assert "drums +4✕" in missed
        assert "✕ not reached" in missed
        assert "✕" not in reached
        # It is the last take that is told of, and only until the next one grows.
        await pilot.press("g")
        studio.tell(grown(50, job=8))
        await until(pilot, lambda: "reached" not in rows.plain())


async def test_only_what_changed_of_a_meter_is_drawn_again(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_steer(pilot, studio)
        await pilot.press("g")
        for step in (198, 200):
            studio.tell(grown(step))
            await until(pilot, lambda step=step: screen.growth.last == grown(step))  # type: ignore[misc]
        rows, wave = screen.query_one(TraitRows), screen.query_one(Waveform)
        before, drawn = rows.picture(), wave.picture()
        studio.tell(grown(202))
        await until(pilot, lambda: screen.growth.last == grown(202))
        cells = sum(region.area for region in before.changes(rows.picture()))
        assert cells < 70
        assert sum(region.area for region in drawn.changes(wave.picture())) < 60


async def test_the_wave_of_the_prompt_is_hollow_and_what_is_made_is_filled(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    loud = take(1, peaks=((-0.8, 0.8),) * PEAKS)
    studio.change(takes=(loud,))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_steer(pilot, studio)
        wave = screen.query_one(Waveform)
        middle = lines(wave)[3]
        assert middle[:20].strip() == ""
        assert set(middle[30:70]) == {"⣿"}
        assert "╎" in middle


@pytest.mark.parametrize("size", SIZES)
async def test_takes_are_played_compared_continued_and_made_again(
    app: ArmonicaApp, studio: FakeStudio, size: tuple[int, int]
) -> None:
    twin = take(3, title="unsteered", pushed=(), arm="none")
    studio.change(takes=(take(1), take(2, twin="t3"), twin))
    async with app.run_test(size=size) as pilot:
        screen = await open_steer(pilot, studio)
        assert screen.takes.id == "t3"
        listed = screen.query_one(TakesList)
        await pilot.press("tab", "down", "enter")
        await until(pilot, lambda: screen.takes.plays)
        assert "drums +4 bass -2.5, heard drums .98" in listed.plain()
        assert "A/B" in listed.plain()
        studio.tell(PlaybackMoved("t2", 5.5))
        await until(pilot, lambda: screen.takes.played.at == 5.5)
        assert "plays at 5.5 s" in screen.query_one(Waveform).plain()
        # The twin goes on where the other was.
        await pilot.press("b")
        await until(pilot, lambda: screen.session.studio.playing == "t3")
        assert screen.takes.id == "t3"
        studio.tell(PlaybackMoved("t3", 6.0))
        await until(pilot, lambda: screen.takes.played.at == 6.0)
        await pilot.press("b", "right")
        assert studio.of(PlayTake) == [
            PlayTake("t2"), PlayTake("t3", 5.5), PlayTake("t2", 6.0), PlayTake("t2", 7.0),
        ]  # fmt: skip
        await pilot.press("enter", "w", "w")
        assert len(studio.of(StopTake)) == 2
        studio.sent.clear()
        await pilot.press("down", "b")
        await until(pilot, lambda: screen.session.studio.job is not None)
        # The twin is made beside what is chosen; a take that was asked for is looked at.
        assert screen.takes.id == "t1"
        studio.change(job=None, growing=None)
        await pilot.press("u", "o")
        assert studio.of(MakeTwin, SetGeneration, MakeAgain) == [
            MakeTwin("t1"), SetGeneration(prompt=Prompt("take", "t1")), MakeAgain("t1"),
        ]  # fmt: skip
        await until(pilot, lambda: screen.takes.id == "t9")
        studio.change(job=None, growing=None, takes=(*studio.studio.takes, take(9)))
        await until(pilot, lambda: screen.session.studio.job is None)
        assert screen.takes.id == "t9"
        await pilot.press("n")
        assert studio.of(SetGeneration, Generate)[-2:] == [
            SetGeneration(prompt=Prompt("take", "t9")),
            Generate(),
        ]


async def test_what_grows_can_be_heard_but_not_yet_kept(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await open_steer(pilot, studio)
        await pilot.press("w", "g")
        await until(pilot, lambda: screen.takes.id == "t9")
        studio.tell(grown(90))
        await pilot.press("w")
        await until(pilot, lambda: screen.takes.plays)
        assert studio.of(PlayTake) == [PlayTake(None)]
        await pilot.press("s")
        await until(pilot, lambda: any("still grows" in n for n in toasts(pilot)))
        assert app.screen is screen


async def test_an_unsteered_take_is_its_own_twin(app: ArmonicaApp, studio: FakeStudio) -> None:
    studio.change(takes=(take(1, pushed=(), arm="none"),))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_steer(pilot, studio)
        await pilot.press("b")
        await until(pilot, lambda: any("own twin" in n for n in toasts(pilot)))
        assert not studio.of(MakeTwin, PlayTake)


async def test_a_take_is_saved_where_it_is_told_and_removed_only_after_a_word(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    studio.change(takes=(take(1),))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_steer(pilot, studio)
        await pilot.press("s", "enter")
        await until(pilot, lambda: app.screen is screen)
        usual = songs_folder() / "The Rakes of Kildare 1.wav"
        assert studio.of(SaveTake) == [SaveTake("t1", str(usual))]
        await pilot.press("D", "enter")
        await until(pilot, lambda: app.screen is screen)
        assert not studio.of(RemoveTake)
        await pilot.press("D")
        assert isinstance(app.screen, Choice)
        await pilot.press("down", "enter")
        await until(pilot, lambda: not screen.session.studio.takes)
        assert "Nothing has been made" in "".join(lines(screen.query_one(TakesList)))


async def test_what_is_continued_is_chosen_from_a_list_or_is_a_file(
    app: ArmonicaApp, studio: FakeStudio, tmp_path: Path
) -> None:
    studio.change(takes=(take(1),))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_steer(pilot, studio)
        bar = screen.query_one(JobBar)
        assert "continues the song by 8 s" in bar.plain()
        await pilot.press("i", "down", "enter")
        await until(pilot, lambda: "continues The Rakes of Kildare 1" in bar.plain())
        await pilot.press("i", "down", "down", "enter")
        await until(pilot, lambda: "nothing" in bar.plain())
        await pilot.press("i", "up", "enter")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press(*"missing", "enter")
        form = app.screen
        await until(pilot, lambda: form.query_one("#field-0", Input).has_class("-wrong"))
        await until(pilot, lambda: "Check" in str(form.query_one("#hint", Label).render()))
        form.query_one("#field-0", Input).value = str(tmp_path / "a.wav")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        await until(pilot, lambda: "continues a.wav by 8 s" in bar.plain())


async def test_settings_are_typed_at_once_or_turned_by_keys(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_steer(pilot, studio)
        for key, seconds in (("]", 9.0), ("]", 10.0), ("[", 9.0)):
            await pilot.press(key)
            assert studio.studio.generation.seconds == seconds
        for key, temperature in ((")", 0.95), ("(", 0.9), ("(", 0.85)):
            await pilot.press(key)
            assert studio.studio.generation.temperature == temperature
        assert studio.of(NudgeGeneration)[0] == NudgeGeneration(seconds=1.0)
        await pilot.press("d")
        assert 0 <= studio.studio.generation.seed < 2**31
        assert studio.of(SetGeneration) == [SetGeneration(seed=studio.studio.generation.seed)]
        studio.sent.clear()
        await pilot.press("e", *"12", "tab", *"77", "tab", *"1.1", "tab", *"250", "enter")
        await until(pilot, lambda: app.screen is screen)
        typed = SetGeneration(seconds=12.0, seed=77, temperature=1.1, top_k=250)
        assert studio.of(SetGeneration) == [typed]
        assert "seed 77 · temperature 1.1 · top 250" in screen.query_one(JobBar).plain()


async def test_another_model_is_loaded_by_its_name_and_unloaded(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_steer(pilot, studio)
        await pilot.press("M", *"facebook/musicgen-small", "enter")
        bar = screen.query_one(JobBar)
        await until(pilot, lambda: "loading" in bar.plain())
        assert studio.of(OpenAudioModel) == [OpenAudioModel("facebook/musicgen-small")]
        detail = "state_dict.bin: 3.1 of 840 MiB, 4 MiB a second, 3-5 min left"
        studio.change(model=AudioModelStatus("facebook/musicgen-small", "loading", detail=detail))
        await until(pilot, lambda: detail in bar.plain())
        failed = "There is no network. Put the files into models/musicgen-small."
        studio.change(
            model=AudioModelStatus("facebook/musicgen-small", "failed", detail=failed), traits=()
        )
        rows = screen.query_one(TraitRows)
        await until(pilot, lambda: failed in rows.plain())
        assert "Put the files" in " ".join(" ".join(lines(rows)).split())
        await pilot.press("U")
        assert studio.of(CloseAudioModel) == [CloseAudioModel()]
        await until(pilot, lambda: "M loads one" in rows.plain())


async def test_no_probe_and_no_sound_are_said_in_their_places(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    studio.change(traits=(), sound="", silence="There is no sound device here.")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_steer(pilot, studio)
        assert "armonica probes train" in screen.query_one(TraitRows).plain()
        shown = [part for part in screen.query("*") if hasattr(part, "picture") and part.display]
        rows = [part.id for part in shown if "no sound" in " ".join(lines(part))]  # type: ignore[arg-type]
        assert rows == ["job"]


async def test_the_song_plays_on_both_screens_and_jobs_are_told_on_both(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_steer(pilot, studio)
        line = screen.query_one(Transport)
        await pilot.press("space", "+")
        assert studio.of(Play, SetTempo)[0] == Play()
        await until(pilot, lambda: "▶ playing" in line.plain() and "97 bpm" in line.plain())
        studio.tell(PlayheadMoved(2, 1.5))
        studio.tell(JobProgressed(4, "training", 0.4))
        await until(pilot, lambda: "3:2.50" in line.plain() and "training 40%" in line.plain())
        await pilot.press("f2")
        await until(pilot, lambda: app.screen is app.composing)
        there = app.composing.query_one(Transport)
        await until(pilot, lambda: "3:2.50" in there.plain() and "training 40%" in there.plain())


async def test_what_came_meanwhile_is_there_on_coming_back(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_steer(pilot, studio)
        await pilot.press("right", "f2")
        await until(pilot, lambda: app.screen is app.composing)
        studio.grow(120)
        await until(pilot, lambda: screen.growth.last == grown(120))
        await pilot.resize_terminal(120, 40)
        await pilot.press("f3")
        await until(pilot, lambda: "step 120" in screen.query_one(JobBar).plain())
        assert screen.query_one(TraitRows).size.width == 118
        await pilot.press("f2")
        await until(pilot, lambda: app.composing.query_one("#bank").display)


async def test_help_and_palette_show_what_can_be_done_here(
    app: ArmonicaApp, studio: FakeStudio
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_steer(pilot, studio)
        await pilot.press("?")
        await until(pilot, lambda: isinstance(app.screen, Help))
        words = str(app.screen.query_one("#keys-table").render())
        assert "Make a take with the traits" in words
        assert "attribute map" not in words
        await pilot.press("q", ":", *"generate")
        await until(pilot, lambda: app.screen.query(OptionList))
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count)
        await pilot.press("down", "enter")
        await until(pilot, lambda: studio.of(Generate))
        assert "generate" in screen.query_one(KeysLine).plain()


async def test_a_small_terminal_says_what_it_needs(app: ArmonicaApp, studio: FakeStudio) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_steer(pilot, studio)
        await pilot.resize_terminal(70, 20)
        small = screen.query_one(TooSmall)
        await until(pilot, lambda: small.display and "70x20" in small.plain())
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: screen.query_one(TraitRows).display)


async def test_the_mouse_chooses_plays_and_pushes(app: ArmonicaApp, studio: FakeStudio) -> None:
    studio.change(takes=(take(1), take(2)))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_steer(pilot, studio)
        await pilot.click("#traits", offset=(4, 3))
        await until(pilot, lambda: screen.chosen == 2)
        await pilot.click("#takes", offset=(4, 2))
        await until(pilot, lambda: screen.takes.id == "t1" and screen.held == "takes")
        await pilot.press("w")
        await pilot.click("#wave", offset=(39, 2))
        await until(pilot, lambda: len(studio.of(PlayTake)) == 2)
        assert studio.of(PlayTake)[1] == PlayTake("t1", 6.0)


numbers = st.floats(allow_nan=True, allow_infinity=True)
names = st.sampled_from(["drums", "bass", "", "a trait with a very long name ⣿", "t1", "t2"])
waves = st.lists(st.tuples(numbers, numbers), max_size=200).map(tuple)
meters = st.lists(st.builds(Meter, names, numbers, numbers, st.booleans()), max_size=3).map(tuple)
traits = st.builds(
    Trait, names, numbers, numbers, numbers, numbers, numbers, st.sampled_from(MODES), numbers,
    numbers, st.sampled_from(ARMS), st.lists(names, max_size=2).map(tuple),
)  # fmt: skip
takes = st.builds(
    Take, names, names, names, numbers, numbers, names, st.integers(), st.sampled_from(ARMS),
    st.lists(st.tuples(names, numbers), max_size=3).map(tuple),
    st.lists(st.tuples(names, numbers), max_size=3).map(tuple),
    st.none() | names, st.none() | names, st.booleans(), waves,
)  # fmt: skip
models = st.builds(
    AudioModelStatus, names, st.sampled_from(["none", "loading", "ready", "failed"]),
    st.just(SPEC) | st.none(), st.integers(0, 2**50), names,
)  # fmt: skip
generations = st.builds(
    Generation,
    st.builds(Prompt, st.sampled_from(["song", "take", "file", "nothing"]), names),
    numbers, st.integers(), names, numbers, st.integers(),
)  # fmt: skip
studios = st.builds(
    GenerationState, models, st.lists(traits, max_size=12).map(tuple), generations,
    st.lists(takes, max_size=9).map(tuple), st.none() | st.integers(1, 3), st.booleans(),
    st.none() | names, names, names, st.none() | names,
)  # fmt: skip
growths = st.builds(
    TakeProgressed, st.integers(1, 3), st.integers(0, 400), st.integers(0, 400), numbers, numbers,
    numbers, numbers, st.tuples(numbers, numbers), meters, st.lists(meters, max_size=9).map(tuple),
    waves,
)  # fmt: skip
events = studios | growths | st.builds(PlaybackMoved, st.none() | names, numbers)
keys = st.sampled_from(["up", "down", "left", "L", "tab", "a", "m", "enter", "w", "b", "n", "g"])


@pytest.mark.long
@settings(max_examples=8, suppress_health_check=[*HealthCheck])
@given(
    st.lists(events | keys, min_size=5, max_size=20),
    st.sampled_from([(80, 24), (100, 30), (120, 40), (160, 50)]),
)
def test_no_order_of_events_and_keys_ever_breaks_the_screen(
    events: list[Event | str], size: tuple[int, int]
) -> None:
    async def play() -> None:
        studio = FakeStudio()
        app = ArmonicaApp(studio, seed=1, rate=1e6)
        async with app.run_test(size=size) as pilot:
            screen = await open_steer(pilot, studio)
            for each in events:
                if isinstance(each, str):
                    await pilot.press(each)
                else:
                    # Straight to the session, so that none is passed over.
                    screen.session.on_event(each)
                    await pilot.pause()
                    for part in screen.query("*"):
                        if hasattr(part, "picture") and part.display:
                            assert part.plain()  # type: ignore[attr-defined]

    asyncio.run(play())


def test_a_growing_take_loses_no_step_between_two_tellings() -> None:
    from tui.view_models.meter_history import Growth

    growth = Growth()
    for step in (100, 220, 330):
        growth.add(grown(step))
    assert growth.pushes("drums") == (165, 330)
    columns = growth.columns("drums", 40)
    assert [column is not None for column in columns] == [True] * 33 + [False] * 7
    assert columns[0] is not None
    assert columns[32] is not None
    assert columns[0].level < TRAITS[0].threshold < columns[32].level
    growth.add(grown(STEPS, job=8))
    assert growth.pushes("drums")[1] == 128


def test_parts_never_overlap_and_lie_on_the_screen() -> None:
    least = {"traits": 8, "wave": 6, "takes": 5}
    for width in range(80, 201, 13):
        for height in range(24, 61):
            regions = steering(width, height)
            where = (width, height)
            assert {*least, "transport", "job", "nearest", "keys"} == set(regions), where
            taken: list[Region] = []
            for region in regions.values():
                assert region.height >= 1, where
                assert Region(0, 0, width, height).contains_region(region), where
                assert not any(region.overlaps(other) for other in taken), where
                taken.append(region)
            assert all(regions[name].height >= rows for name, rows in least.items()), where
    assert set(steering(79, 24)) == {"small"}


async def test_what_is_refused_is_told(app: ArmonicaApp, studio: FakeStudio) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_steer(pilot, studio)
        studio.tell(CommandFailed("Memory", "There is too little memory.", "Make a shorter take."))
        await until(pilot, lambda: toasts(pilot))
        assert ["shorter take" in note for note in toasts(pilot)] == [True]
