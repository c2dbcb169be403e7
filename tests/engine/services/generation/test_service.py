"""Takes are asked for, grow, are kept, repeated and compared: commands in, events out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.music.song import Song
from engine.protocol.base import Command
from engine.protocol.edit import ClearSlot
from engine.protocol.generation import (
    Generate,
    GenerationState,
    MakeAgain,
    MakeTwin,
    PauseGeneration,
    PlayTake,
    Prompt,
    RemoveTake,
    SaveTake,
    SetGeneration,
    SetTrait,
    TakeProgressed,
    TogglePlayback,
)
from engine.protocol.notices import Cancel, Notice
from engine.services.generation import take_store
from engine.steering.spec import LONGEST
from tests.support.events import Listener
from tests.support.fake_audio import FakeStage, plant_probes
from tests.support.generation import NOTHING, StudioHarness, files

IMPOSSIBLE: tuple[tuple[Command, str], ...] = (
    (SetTrait("drumz", mode="add"), "drumz"),
    (SetTrait("drums", strength=11.0), "strength"),
    (SetTrait("drums", strength=float("nan")), "strength"),
    (SetTrait("drums", target=-0.1), "target"),
    (SetTrait("drums", mode="louder"), "louder"),  # type: ignore[arg-type]
    (SetGeneration(seconds=0.0), "length"),
    (SetGeneration(seconds=LONGEST + 1), "length"),
    (SetGeneration(seed=-1), "seed"),
    (SetGeneration(temperature=float("inf")), "temperature"),
    (SetGeneration(top_k=-5), "codes"),
    (SetGeneration(Prompt("take", "20260101-000000-none")), "take"),
    (SetGeneration(Prompt("take", "../../etc/passwd")), "take"),
    (SetGeneration(Prompt("file", "")), "No file"),
    (MakeAgain("20260101-000000-none"), "take"),
    (MakeTwin("none"), "take"),
    (PlayTake("none"), "take"),
    (PlayTake(None), "Nothing grows"),
    (TogglePlayback("none"), "take"),
    (TogglePlayback(), "no take to play"),
    (SaveTake("none", "x.wav"), "take"),
    (RemoveTake("../secret"), "take"),
)


@pytest.fixture
def stage(home: Path) -> FakeStage:
    """Return the parts of a studio, and two probes."""
    del home
    plant_probes("drums", "bass")
    return FakeStage()


@pytest.fixture
def harness(stage: FakeStage) -> Iterator[StudioHarness]:
    """Yield an engine whose audio model is there."""
    made = StudioHarness(stage.parts()).opened()
    yield made
    made.engine.close()


def test_opening_tells_the_model_its_traits_the_sound_and_what_was_kept(
    harness: StudioHarness,
) -> None:
    shown = harness.shown
    assert (shown.model.name, shown.model.memory) == ("toy", 1_000_000)
    assert [trait.name for trait in shown.traits] == ["bass", "drums"]
    assert shown.traits[0].low <= shown.traits[0].accuracy <= shown.traits[0].high
    assert (shown.sound, shown.silence) == ("Loudspeaker", "")
    late = Listener()
    harness.engine.subscribe(late)
    assert late.wait(GenerationState) == shown


def test_a_take_grows_steered_is_heard_and_kept_with_its_recipe(harness: StudioHarness) -> None:
    plain = harness.take(SetGeneration(seconds=4.0, seed=3), Generate())
    take = harness.take(SetTrait("drums", mode="add", strength=6.0), Generate())
    assert (plain.arm, plain.pushed, take.arm) == ("none", (), "closed-loop")
    assert take.pushed == (("drums", 6.0),)
    assert take.title == "Song +drums"
    assert take.whole
    assert (take.seconds, take.prompt_seconds) == (6.0, 2.0)
    assert dict(take.heard)["drums"] > dict(plain.heard)["drums"] + 0.2
    grown = [event for event in harness.listener.of(TakeProgressed) if event.peaks]
    assert grown[-1].step == grown[-1].steps == 203
    assert grown[-1].seconds == grown[-1].of == 6.0
    assert 0 < len(grown[-1].history) <= 128
    assert [meter.name for meter in grown[-1].meters] == ["bass", "drums"]
    assert grown[-1].left == (0.0, 0.0)
    recipe = take_store.read(take.id)
    assert recipe.take == take
    assert len(recipe.trace) == recipe.steps == 203
    # The meter crosses the threshold of its probe on the way.
    threshold = harness.shown.traits[1].threshold
    assert recipe.trace[0][1].confidence < threshold < grown[-1].meters[1].confidence
    wave, rate = take_store.read_wave(take.id)
    assert len(wave) / rate == 6.0
    assert files() == [".flac", ".flac", ".json", ".json", ".safetensors", ".safetensors"]


def test_what_is_turned_on_the_way_is_in_the_recipe_and_again_is_bit_for_bit_the_same(
    harness: StudioHarness, stage: FakeStage
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def at(step: int) -> None:
        if step == 40:
            reached.set()
            assert go_on.wait(60)

    stage.model.at_step = at
    harness.do(SetGeneration(seconds=3.0), Generate())
    assert reached.wait(60)
    harness.do(SetTrait("drums", mode="add", strength=5.0, arm="iti"))
    harness.until(lambda s: s.traits[1].mode == "add")
    go_on.set()
    first = harness.until(lambda s: s.job is None and s.takes).takes[0]
    recipe = take_store.read(first.id)
    assert [change.step for change in recipe.changes] == [40]
    assert recipe.changes[0].setting.arm == first.arm == "iti"
    assert not recipe.traits[1].setting.active
    # The song and the settings may have changed; the recipe says what was.
    harness.do(ClearSlot(0), ClearSlot(1), SetGeneration(seed=9), SetTrait("drums", mode="off"))
    second = harness.take(MakeAgain(first.id))
    assert take_store.place(second.id).read_bytes() == take_store.place(first.id).read_bytes()
    assert take_store.read(second.id).trace == recipe.trace
    assert second.parent == first.id
    assert harness.listener.wait(Notice, lambda n: "bit for bit" in n.text)


def test_a_twin_has_the_same_seed_and_no_push(harness: StudioHarness) -> None:
    take = harness.take(
        SetGeneration(seconds=2.0, seed=7), SetTrait("drums", mode="add"), Generate()
    )
    twin = harness.take(MakeTwin(take.id))
    assert (twin.seed, twin.arm, twin.pushed, twin.parent) == (7, "none", (), take.id)
    assert next(t for t in harness.shown.takes if t.id == take.id).twin == twin.id
    one, other = take_store.read(take.id), take_store.read(twin.id)
    assert one.take.twin == twin.id
    assert (one.prompt, one.frames) == (other.prompt, other.frames)
    assert one.codes != other.codes
    assert all(meter.gate == 0 and not meter.pushed for step in other.trace for meter in step)
    plain = harness.take(SetTrait("drums", mode="off"), Generate())
    assert take_store.read(plain.id).codes == other.codes


def test_pause_holds_and_lets_go_on(harness: StudioHarness, stage: FakeStage) -> None:
    steps: list[int] = []

    def at(step: int) -> None:
        steps.append(step)
        if step == 10:
            harness.do(PauseGeneration(True)).until(lambda s: s.paused)

    stage.model.at_step = at
    harness.do(SetGeneration(NOTHING, seconds=1.0), Generate())
    harness.until(lambda s: s.paused)
    held = harness.listener.wait(TakeProgressed, lambda g: g.step == 11)
    assert held.seconds == pytest.approx(8 / 50)
    harness.do(PauseGeneration(False)).until(lambda s: s.job is None and s.takes)
    assert steps == list(range(53))
    assert harness.shown.takes[0].whole
    assert harness.refused(PauseGeneration(True)).message == "Nothing grows that could be held."


def test_a_take_that_is_held_can_be_cancelled_and_is_kept(
    harness: StudioHarness, stage: FakeStage
) -> None:
    def at(step: int) -> None:
        if step == 30:
            harness.do(PauseGeneration(True)).until(lambda s: s.paused)

    stage.model.at_step = at
    harness.do(SetGeneration(NOTHING, seconds=2.0), Generate())
    job = harness.until(lambda s: s.paused).job
    assert job is not None
    take = harness.take(Cancel(job))
    assert not take.whole
    assert take.seconds == pytest.approx(28 / 50)
    assert not harness.shown.paused
    again = harness.take(MakeAgain(take.id))
    assert take_store.place(again.id).read_bytes() == take_store.place(take.id).read_bytes()


def test_the_second_of_two_replaces_the_first_which_is_kept_as_far_as_it_was(
    harness: StudioHarness, stage: FakeStage
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def at(step: int) -> None:
        if step == 20:
            begun.set()
            assert gate.wait(60)

    stage.model.at_step = at
    harness.do(SetGeneration(NOTHING, seconds=1.0), Generate())
    assert begun.wait(60)
    first = harness.shown.job
    harness.do(Generate()).until(lambda s: s.job != first)
    gate.set()
    shown = harness.until(lambda s: s.job is None and len(s.takes) == 2)
    assert sorted(take.whole for take in shown.takes) == [False, True]
    assert len({take.id for take in shown.takes}) == 2


def test_closing_while_it_grows_leaves_nothing_half_written(
    harness: StudioHarness, stage: FakeStage
) -> None:
    begun = threading.Event()
    stage.model.at_step = lambda step: begun.set() if step == 30 else None
    harness.do(SetGeneration(NOTHING, seconds=20.0), Generate())
    assert begun.wait(60)
    harness.engine.close()
    assert not [t for t in threading.enumerate() if t.name == "audio jobs"]
    kept = take_store.listed()
    assert not kept.faults
    assert files() in ([], [".flac", ".json", ".safetensors"])
    assert all(not take.whole and not take.heard for take in kept.takes)


def test_what_cannot_be_is_refused_in_a_line_and_changes_nothing(harness: StudioHarness) -> None:
    before = harness.shown
    for command, says in IMPOSSIBLE:
        failure = harness.refused(command)
        assert says in failure.message
        assert "\n" not in failure.message + failure.remedy
    assert harness.shown == before


def test_prompts_that_hold_no_music_are_refused_and_the_next_take_grows(
    harness: StudioHarness, tmp_path: Path
) -> None:
    rate = 16_000
    tone = np.sin(np.arange(2 * rate) / 10).astype(np.float32) / 2
    for name, wave in {
        "silent": np.zeros(rate, dtype=np.float32),
        "one": np.ones(1, dtype=np.float32),
        "nan": np.full(rate, np.nan, dtype=np.float32),
        "short": tone[: rate // 4],
    }.items():
        soundfile.write(tmp_path / f"{name}.wav", wave, rate, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("no audio")
    (tmp_path / "text.mid").write_text("no notes")
    for name in ("missing.wav", "silent.wav", "one.wav", "nan.wav", "short.wav", "text.wav",
                 "text.mid", "."):  # fmt: skip
        harness.listener.events.clear()
        harness.do(SetGeneration(Prompt("file", str(tmp_path / name)), seconds=1.0))
        failure = harness.refused(Generate())
        assert failure.message
        harness.until(lambda s: s.job is None)
    assert files() == []
    soundfile.write(tmp_path / "good.flac", np.stack([tone, tone], axis=1), 44_100)
    take = harness.take(SetGeneration(Prompt("file", str(tmp_path / "good.flac"))), Generate())
    assert take.title == "good.flac"
    assert take.prompt_seconds == pytest.approx(2 * rate / 44_100, abs=0.02)


def test_a_song_without_notes_has_nothing_to_continue(stage: FakeStage) -> None:
    harness = StudioHarness(stage.parts(), Song("Empty", 120.0)).opened()
    assert "nothing to be heard" in harness.refused(Generate()).message
    harness.engine.close()


def test_a_take_is_continued_from_its_own_codes(harness: StudioHarness) -> None:
    first = harness.take(SetGeneration(NOTHING, seconds=2.0), Generate())
    second = harness.take(SetGeneration(Prompt("take", first.id), seconds=1.0), Generate())
    assert (second.parent, second.prompt_seconds, second.seconds) == (first.id, 2.0, 3.0)
    codes = take_store.read_codes(take_store.read(second.id))
    np.testing.assert_array_equal(codes[:, :100], take_store.read_codes(take_store.read(first.id)))


def test_a_prompt_of_up_to_a_minute_is_kept_whole(harness: StudioHarness, tmp_path: Path) -> None:
    tone = np.sin(np.arange(70 * 8_000) / 10).astype(np.float32) / 2
    soundfile.write(tmp_path / "long.wav", tone[: 40 * 8_000], 8_000)
    prompt = Prompt("file", str(tmp_path / "long.wav"))
    # The model hears thirty seconds at once, and goes on from the last of these.
    take = harness.take(SetGeneration(prompt, seconds=2.0), Generate())
    assert (take.prompt_seconds, take.seconds) == (40.0, 42.0)
    soundfile.write(tmp_path / "long.wav", tone, 8_000)
    take = harness.take(SetGeneration(seconds=1.0), Generate())
    assert (take.prompt_seconds, take.seconds) == (60.0, 61.0)
