"""Traits of one's own: what two folders of recordings must hold, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import OutOfRange
from engine.steering.musicgen.model import AudioModel, open_model
from engine.steering.probes import store, user_traits
from engine.steering.probes.fit import TooFewExamples
from engine.steering.probes.user_traits import BadFolder, survey, train
from tests.support.checkpoints import SAMPLE_RATE, write_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> AudioModel:
    found = open_model(write_model(tmp_path_factory.mktemp("models") / "small"), device="cpu")
    # What random weights give is all near one entry of the codebooks, for it is mostly biases.
    for name, weights in found.codec.encoder.named_parameters():
        weights.data *= 0.0 if name.endswith("bias") else 2.0
    return found


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Return two empty folders."""
    found = tmp_path / "with", tmp_path / "without"
    for folder in found:
        folder.mkdir()
    return found


def tone(seconds: float, pitch: float = 440.0, rate: int = SAMPLE_RATE) -> np.ndarray:
    return (0.5 * np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * pitch / rate)).astype("f4")


def noise(seconds: float, seed: int = 0, rate: int = SAMPLE_RATE) -> np.ndarray:
    drawn = np.random.default_rng(seed).uniform(-0.5, 0.5, round(seconds * rate))
    return drawn.astype("f4")


def fill(folders: tuple[Path, Path], count: int = 3, seconds: float = 1.6) -> None:
    """Put noises into the first folder and tones into the second."""
    for at in range(count):
        soundfile.write(folders[0] / f"noise{at}.wav", noise(seconds, at), SAMPLE_RATE)
        soundfile.write(folders[1] / f"tone{at}.wav", tone(seconds, 200 + 90 * at), SAMPLE_RATE)


def test_high_is_told_from_low(model: AudioModel, folders: tuple[Path, Path]) -> None:
    for at in range(4):
        soundfile.write(folders[0] / f"high{at}.wav", tone(2.5, 3000), SAMPLE_RATE)
        soundfile.write(folders[1] / f"low{at}.wav", tone(2.5, 200), SAMPLE_RATE)
    shares: list[float] = []
    made = train(model, "high", survey(*folders, 0.5), on_progress=shares.append)
    card = made.probe.card
    assert made.files == (4, 4)
    assert made.segments == (20, 20)
    assert (made.silent, made.left_out) == (0, ())
    assert card.accuracy > 0.9
    assert (card.present, card.absent, card.groups) == (20, 20, 8)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    store.write(made.probe, store.place(model.spec, "high"))
    assert store.find("high", model.spec).card == card


def test_the_doubt_counts_files_and_not_segments(
    model: AudioModel, folders: tuple[Path, Path]
) -> None:
    fill(folders, count=2, seconds=10)
    card = train(model, "noise", survey(*folders, 0.5)).probe.card
    assert card.present == 40
    # Four files tell little, however many segments they are cut into.
    assert card.low < 0.6
    assert any(each.startswith("2 files with it and 2 without are few") for each in card.warnings)


def test_files_of_one_name_are_held_out_together(folders: tuple[Path, Path]) -> None:
    fill(folders)
    for folder, suffix in zip(folders, ("flac", "wav"), strict=True):
        soundfile.write(folder / f"song.{suffix}", noise(1), SAMPLE_RATE)
    groups = {each.path.name: each.group for each in survey(*folders, 0.5).found}
    assert groups["song.flac"] == groups["song.wav"]
    assert len(set(groups.values())) == len(groups) - 1


def test_the_same_recordings_give_the_same_probe(
    model: AudioModel, folders: tuple[Path, Path]
) -> None:
    fill(folders)
    first, second = (
        train(model, "noise", survey(*folders, 0.5), read_out="mean") for _ in range(2)
    )
    assert first.probe.card == second.probe.card
    assert (first.probe.card.read_out, first.probe.card.window) == ("mean", 25)
    assert first.probe.weights.equal(second.probe.weights)


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_files_of_any_rate_and_width_are_read(
    folders: tuple[Path, Path], rate: int, model: AudioModel
) -> None:
    fill(folders)
    stereo = np.stack([noise(1.5, 9, rate), noise(1.5, 8, rate)], axis=1)
    soundfile.write(folders[0] / "stereo.wav", stereo, rate)
    made = train(model, "noise", survey(*folders, 0.5))
    assert made.files == (4, 3)
    assert made.segments == (12, 9)


def test_what_cannot_be_used_is_left_out_and_named(
    model: AudioModel, folders: tuple[Path, Path]
) -> None:
    fill(folders)
    have, lack = folders
    (have / "notes.txt").write_text("no sound")
    (have / ".hidden").write_text("not looked at")
    soundfile.write(have / "sample.wav", noise(1)[:1], SAMPLE_RATE)
    soundfile.write(lack / "nan.wav", np.full(16_000, np.nan, "f4"), SAMPLE_RATE, subtype="FLOAT")
    soundfile.write(lack / "silent.wav", np.zeros(16_000, "f4"), SAMPLE_RATE)
    half = np.concatenate([noise(0.5, 7), np.zeros(16_000, "f4")])
    soundfile.write(have / "half.wav", half, SAMPLE_RATE)
    made = train(model, "noise", survey(have, lack, 0.5))
    assert {each.path.name for each in made.left_out} == {
        "notes.txt", "sample.wav", "nan.wav", "silent.wav",
    }  # fmt: skip
    assert all(each.path.name in each.why for each in made.left_out)
    assert made.silent == 2
    assert made.segments == (10, 9)


def test_of_long_files_the_beginning_counts_and_files_share_the_segments(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, model: AudioModel
) -> None:
    monkeypatch.setattr(user_traits, "HEARD_OF_FILE", 4.0)
    monkeypatch.setattr(user_traits, "MOST_SEGMENTS", 15)
    fill(folders)
    soundfile.write(folders[0] / "long.wav", noise(6), SAMPLE_RATE)
    recordings = survey(*folders, 0.5)
    counts = {each.path.name: each.segments for each in recordings.found}
    assert counts["long.wav"] == counts["noise0.wav"] == 3
    assert {each.path.name for each in recordings.found if each.cut} == {"long.wav"}
    made = train(model, "noise", recordings)
    assert made.segments == (12, 9)
    assert any(each.startswith("Of 1 files only") for each in made.probe.card.warnings)


def test_unbalanced_recordings_are_said(model: AudioModel, folders: tuple[Path, Path]) -> None:
    fill(folders)
    soundfile.write(folders[0] / "long.wav", noise(10, 5), SAMPLE_RATE)
    warnings = train(model, "noise", survey(*folders, 0.5)).probe.card.warnings
    assert any(each.startswith("29 segments with it and 9 without") for each in warnings)
    assert any(each.startswith("One file gives 20 of the 29 segments") for each in warnings)


def test_too_little_is_refused_with_what_there_is(
    model: AudioModel, folders: tuple[Path, Path]
) -> None:
    fill(folders, count=1, seconds=9)
    with pytest.raises(TooFewExamples, match="There are 1 files with the trait, of 18 segments;"):
        train(model, "noise", survey(*folders, 0.5))
    fill(folders, count=3)
    with pytest.raises(TooFewExamples, match="There are 3 files with the trait, of 3 segments;"):
        train(model, "noise", survey(*folders, 1.5))


def test_what_turns_out_silent_is_refused_with_its_count(
    model: AudioModel, folders: tuple[Path, Path]
) -> None:
    fill(folders)
    for path in folders[1].iterdir():
        wave = tone(1.6)
        wave[8000:] *= 1e-4
        soundfile.write(path, wave, SAMPLE_RATE, subtype="FLOAT")
    with pytest.raises(TooFewExamples, match=r"3 files without .* 3 segments beside 6 silent"):
        train(model, "noise", survey(*folders, 0.5))
    for path in (*folders[0].iterdir(), *folders[1].iterdir()):
        soundfile.write(path, np.zeros(25_600, "f4"), SAMPLE_RATE)
    with pytest.raises(TooFewExamples, match="silent"):
        train(model, "noise", survey(*folders, 0.5))


def test_folders_that_cannot_be(folders: tuple[Path, Path], tmp_path: Path) -> None:
    have, lack = folders
    with pytest.raises(BadFolder, match="holds no files"):
        survey(have, lack)
    fill(folders)
    with pytest.raises(BadFolder, match="is not there"):
        survey(have, tmp_path / "nowhere")
    with pytest.raises(BadFolder, match="is not a folder"):
        survey(have / "noise0.wav", lack)
    for other in (have, tmp_path):
        with pytest.raises(BadFolder, match="share recordings"):
            survey(have, other)
    with pytest.raises(BadFolder, match="less than a segment of 3 s"):
        survey(have, lack)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), 31.0])
def test_segments_that_cannot_be(folders: tuple[Path, Path], seconds: float) -> None:
    with pytest.raises(OutOfRange, match="A segment lasts"):
        survey(*folders, seconds)
