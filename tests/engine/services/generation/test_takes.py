"""Takes are kept, played, written and taken out; models come and go beneath them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio.output import Playing
from engine.common import atomic
from engine.errors import ModelTooBig
from engine.protocol.base import with_request
from engine.protocol.generation import (
    CloseAudioModel,
    Generate,
    MakeAgain,
    NudgePlayback,
    OpenAudioModel,
    PlaybackMoved,
    PlayTake,
    RemoveTake,
    SaveTake,
    SetGeneration,
    StopTake,
    TogglePlayback,
)
from engine.protocol.notices import Notice
from engine.protocol.transport import Play, PlayheadMoved, Stop
from engine.services.generation import take_store
from tests.support.fake_audio import FakeAudioModel, FakeStage, plant_probes
from tests.support.generation import NOTHING, StudioHarness, files


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


def test_a_take_starts_where_the_next_program_finds_it(
    harness: StudioHarness, stage: FakeStage
) -> None:
    take = harness.take(SetGeneration(NOTHING, seconds=1.0), Generate())
    harness.engine.close()
    (take_store.takes_folder() / "20260101-000000-foreign.json").write_text("{}")
    again = StudioHarness(stage.parts()).opened()
    assert again.until(lambda s: s.takes).takes == (take,)
    assert "passed over" in again.listener.wait(Notice, lambda n: "take" in n.text).text
    assert len([n for n in again.listener.of(Notice) if "passed over" in n.text]) == 1
    again.engine.close()


def test_a_full_disk_is_told_and_leaves_nothing(
    harness: StudioHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(temporary: Path, target: Path, content: bytes) -> None:
        if target.suffix == ".json":
            raise OSError(28, "No space left on device")
        real(temporary, target, content)

    real = atomic._stage
    monkeypatch.setattr(atomic, "_stage", full)
    failure = harness.do(SetGeneration(NOTHING, seconds=1.0)).refused(Generate())
    assert "No space left" in failure.message
    harness.until(lambda s: s.job is None)
    assert files() == []
    monkeypatch.undo()


def test_takes_are_played_followed_and_stopped(harness: StudioHarness, stage: FakeStage) -> None:
    take = harness.take(SetGeneration(NOTHING, seconds=1.0), Generate())
    harness.do(PlayTake(take.id, 0.5)).until(lambda s: s.playing == take.id)
    speaker = stage.speaker
    assert speaker is not None
    assert speaker.orders == ["load", "seek 0.5", "play"]
    assert (speaker.length, speaker.whole) == (1.0, True)
    speaker.moved(Playing("playing", 0.7, 1.0))
    harness.listener.wait(PlaybackMoved, lambda event: event.take == take.id)
    # Two hands on one take both count, and nobody goes past its ends.
    speaker.orders.clear()
    for by, places in ((0.1, 1), (0.05, 2), (-9.0, 3), (9.0, 4)):
        harness.do(NudgePlayback(by))
        harness.listener.until(lambda n=places: speaker.orders.count("play") == n)  # type: ignore[misc]
    sought = [each for each in speaker.orders if each.startswith("seek")]
    assert sought == ["seek 0.8", "seek 0.85", "seek 0", "seek 0.95"]
    speaker.moved(Playing("ended", 1.0, 1.0))
    harness.until(lambda s: s.playing is None)
    assert harness.refused(NudgePlayback(0.1)).message == "No take plays."
    assert harness.listener.of(PlaybackMoved)[-1].take is None
    harness.do(PlayTake(take.id)).until(lambda s: s.playing == take.id)
    harness.do(StopTake()).until(lambda s: s.playing is None)
    assert speaker.orders[-1] == "stop"
    harness.do(PlayTake(take.id)).until(lambda s: s.playing == take.id)
    speaker.moved(Playing("failed", reason="The sound device has gone."))
    assert harness.until(lambda s: s.silence).silence == "The sound device has gone."
    harness.engine.close()
    assert speaker.orders[-1] == "close"


def test_each_press_on_a_take_takes_the_one_before_back(
    harness: StudioHarness, stage: FakeStage
) -> None:
    first = harness.take(SetGeneration(NOTHING, seconds=1.0), Generate())
    second = harness.take(Generate())
    # Both presses of two screens count, although the sound began after neither.
    harness.do(TogglePlayback(first.id), TogglePlayback(first.id), TogglePlayback(first.id, 0.5))
    harness.until(lambda s: s.playing == first.id)
    speaker = stage.speaker
    assert speaker is not None
    assert speaker.orders[-2:] == ["seek 0.5", "play"]
    harness.do(TogglePlayback(second.id)).until(lambda s: s.playing == second.id)
    # A control plays and stops without naming a take, and begins with the newest.
    harness.do(TogglePlayback()).until(lambda s: s.playing is None)
    harness.do(TogglePlayback()).until(lambda s: s.playing == max(first.id, second.id))
    speaker.moved(Playing("ended", 1.0, 1.0))
    harness.until(lambda s: s.playing is None)
    harness.do(TogglePlayback(first.id)).until(lambda s: s.playing == first.id)
    harness.engine.close()


def test_a_take_is_heard_while_it_grows(harness: StudioHarness, stage: FakeStage) -> None:
    begun, gate = threading.Event(), threading.Event()

    def at(step: int) -> None:
        if step == 100:
            begun.set()
            assert gate.wait(60)

    stage.model.at_step = at
    harness.do(SetGeneration(NOTHING, seconds=4.0), Generate())
    growing = harness.until(lambda s: s.growing).growing
    assert begun.wait(60)
    harness.do(PlayTake()).until(lambda s: s.playing == growing)
    speaker = stage.speaker
    assert speaker is not None
    assert 0 < speaker.length < 2.0
    assert not speaker.whole
    gate.set()
    shown = harness.until(lambda s: s.job is None)
    assert shown.takes[0].id == growing
    harness.listener.until(lambda: speaker.whole)
    assert speaker.length == pytest.approx(4.0)


def test_without_a_sound_device_it_is_said_where_the_file_lies(stage: FakeStage) -> None:
    silent = FakeStage(device="")
    harness = StudioHarness(silent.parts()).opened()
    assert harness.shown.silence == "There is no sound device on this machine."
    take = harness.take(SetGeneration(NOTHING, seconds=1.0), Generate())
    failure = harness.refused(PlayTake(take.id))
    assert failure.title == "Sound"
    assert str(take_store.place(take.id)) in failure.remedy
    silent.sound = stage.sound
    harness.do(PlayTake(take.id)).until(lambda s: s.playing == take.id)
    assert harness.shown.sound == "Loudspeaker"
    harness.engine.close()


def test_a_take_is_written_where_the_player_says_and_taken_out(
    harness: StudioHarness, tmp_path: Path
) -> None:
    take = harness.take(SetGeneration(NOTHING, seconds=1.0), Generate())
    harness.do(save := with_request(SaveTake(take.id, str(tmp_path / "mine"))))
    harness.listener.accepted(save)
    wave, _ = soundfile.read(tmp_path / "mine.wav", dtype="float32")
    np.testing.assert_array_equal(wave, take_store.read_wave(take.id)[0])
    assert (tmp_path / "mine.wav.json").read_bytes() == take_store.place(
        take.id, ".json"
    ).read_bytes()
    assert "neither" in harness.refused(SaveTake(take.id, str(tmp_path / "mine.mp3"))).message
    other = harness.take(Generate())
    harness.do(RemoveTake(take.id), RemoveTake(other.id)).until(lambda s: not s.takes)
    assert files() == []


def test_another_model_takes_the_place_of_the_first(
    harness: StudioHarness, stage: FakeStage
) -> None:
    take = harness.take(SetGeneration(NOTHING, seconds=1.0), Generate())
    stage.models["other"] = FakeAudioModel("another-digest", "other")
    harness.opened("other").until(lambda s: s.model.name == "other" and s.model.state == "ready")
    assert stage.model.closed
    assert harness.shown.traits == ()
    assert "was made by toy" in harness.refused(MakeAgain(take.id)).message
    harness.do(OpenAudioModel("missing")).until(lambda s: s.model.state == "failed")
    assert "missing" in harness.shown.model.detail
    assert harness.refused(Generate()).title == "Model"
    harness.do(CloseAudioModel()).until(lambda s: s.model.state == "none")


def test_a_model_that_fails_on_the_way_leaves_what_there_was(
    harness: StudioHarness, stage: FakeStage
) -> None:
    def at(step: int) -> None:
        if step == 60:
            raise ModelTooBig("Memory ran out while toy was at work.", "Ask for fewer seconds.")

    stage.model.at_step = at
    harness.do(SetGeneration(NOTHING, seconds=2.0))
    assert harness.refused(Generate()).title == "Memory"
    take = harness.until(lambda s: s.job is None and s.takes).takes[0]
    assert not take.whole
    assert take.seconds == pytest.approx(57 / 50)
    harness.do(Play(), Stop())
    harness.listener.wait(PlayheadMoved, lambda moved: moved.slot is None)
    assert harness.player.notes()
