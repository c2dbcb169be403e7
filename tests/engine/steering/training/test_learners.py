"""The three learners: each goes on after a kill bit by bit, learns, and is loaded again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.corpus.audio.render import clips
from engine.corpus.clip_format import CLIP_PARTS
from engine.errors import BadCorpus, BadModel
from engine.latent.training.run_folder import CHECKPOINT
from engine.steering.musicgen.codec import SpectralCodec, load_codec
from engine.steering.musicgen.model import open_model
from engine.steering.musicgen.spectrum import magnitude
from engine.steering.tagger import load_tagger
from engine.steering.training import codec as train_codec
from engine.steering.training import encoded_clips, musicgen
from engine.steering.training import tagger as train_tagger
from engine.steering.training.encoded_clips import encode_clips
from engine.steering.training.loop import Learner, run
from tests.support.process_pool import alone
from tests.support.small_musicgen import CODEC, LM, codec, write_codec


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded_clips, "spread", alone)
    monkeypatch.setattr(train_codec, "UNQUANTISED", 2)
    monkeypatch.setattr(train_codec, "BATCH", 3)
    monkeypatch.setattr(musicgen, "BATCH", 2)
    monkeypatch.setattr(train_tagger, "BATCH", 8)
    monkeypatch.setattr(train_tagger, "RECONSTRUCTED", 3)


def codec_learner(clips_folder: Path, folder: Path) -> Learner:
    del folder
    return train_codec.CodecLearner(clips_folder, CODEC, 3)


def tagger_learner(clips_folder: Path, folder: Path) -> Learner:
    del folder
    return train_tagger.TaggerLearner(clips_folder, codec(), 3)


def musicgen_learner(clips_folder: Path, folder: Path) -> Learner:
    if not (folder / "codec").exists():
        write_codec(folder / "codec")
    training, validation = (
        encode_clips(folder / "codes", clips_folder, folder / "codec", split, turns=1, seed=3)
        for split in ("train", "validation")
    )
    return musicgen.MusicGenLearner(training, validation, folder / "codec", LM, 3)


LEARNERS = {"codec": codec_learner, "tagger": tagger_learner, "musicgen": musicgen_learner}


def same(one: Any, other: Any) -> bool:
    """Return whether two states are equal bit by bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_learner_that_was_killed_ends_bit_by_bit_as_one_that_was_not(
    kind: str, clips_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Callable[[], Learner] = lambda: LEARNERS[kind](clips_folder, tmp_path)  # noqa: E731
    for each in (train_tagger.TaggerLearner, train_codec.CodecLearner):
        monkeypatch.setattr(each, "validate", lambda _: {})
    whole = made()
    run(whole, tmp_path / "whole", 6, {})

    killed = made()
    step = killed.step

    def until_killed(at: int, steps: int) -> dict[str, float]:
        if at == 5:
            raise Killed
        return step(at, steps)

    monkeypatch.setattr(killed, "step", until_killed)
    with pytest.raises(Killed):
        run(killed, tmp_path / "run", 6, {}, save_every=3)
    # What drew random numbers in between is not felt.
    torch.rand(7)
    last = made()
    run(last, tmp_path / "run", 6, {}, save_every=3)
    assert same(last.state(), whole.state())
    files = sorted(path.name for path in (tmp_path / "whole" / "model").iterdir())
    for name in files:
        if not name.endswith(".bin"):
            first, second = (
                (tmp_path / each / "model" / name).read_bytes() for each in ("whole", "run")
            )
            assert first == second


def test_a_codec_learns_and_loads(
    clips_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_codec, "RATE_OF_LEARNING", 2e-2)
    learner = train_codec.CodecLearner(clips_folder, CODEC, 0)
    stems = clips(clips_folder, "train").stems[:3, :, :32_000]
    wave = torch.from_numpy(stems.sum(axis=1) / 2**15).float()

    def distance() -> float:
        with torch.no_grad():
            seen = magnitude(wave)
            latents = learner.codec.latents(wave)
            return float(train_codec.spectral_losses(learner.codec, latents, seen)["log"])

    before = distance()
    losses = [learner.step(at, 60) for at in range(40)]
    assert "commitment" not in losses[1]
    assert "commitment" in losses[2]
    assert distance() < 0.8 * before
    found = learner.validate()
    assert set(found) == {"mel", "perplexity_0", "perplexity_1", "perplexity_2"}
    assert 1 < found["perplexity_0"] <= 16
    learner.export(tmp_path, {"seed": 0})
    assert isinstance(load_codec(tmp_path), SpectralCodec)


def test_a_musicgen_learns_and_opens(clips_folder: Path, tmp_path: Path) -> None:
    learner = musicgen_learner(clips_folder, tmp_path)
    losses = [learner.step(at, 25)["loss"] for at in range(25)]
    assert min(losses[-5:]) < losses[0] - 0.2
    found = learner.validate()
    assert set(found) == {"code_0", "code_1", "code_2"}
    assert all(0 < value < 5 for value in found.values())
    learner.export(tmp_path / "model", {"seed": 0})
    model = open_model(tmp_path / "model", device="cpu", threads=1)
    assert model.spec.layers == 1


def test_a_tagger_learns_and_loads(clips_folder: Path, tmp_path: Path) -> None:
    learner = tagger_learner(clips_folder, tmp_path)
    losses = [learner.step(at, 12)["loss"] for at in range(12)]
    assert sum(losses[-3:]) < sum(losses[:3])
    learner.export(tmp_path / "model", {"seed": 0})
    tagger = load_tagger(tmp_path / "model")
    assert set(tagger.parts(torch.zeros(32_000))) == set(CLIP_PARTS)


def test_clips_of_too_few_mixes_are_told(
    clips_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(musicgen, "BATCH", 16)
    with pytest.raises(BadCorpus, match="6 mixes"):
        musicgen_learner(clips_folder, tmp_path)


def test_a_seed_of_any_size_will_do(clips_folder: Path) -> None:
    learner = train_codec.CodecLearner(clips_folder, CODEC, 2**63 - 1)
    assert learner.step(0, 5)["log"] > 0


@pytest.mark.parametrize("learner", [{}, {"value": 3, "more": 1}, None])
def test_a_checkpoint_with_the_state_of_something_else_is_told(
    learner: object, tmp_path: Path, clips_folder: Path
) -> None:
    torch.save({"at": 1, "run": "{}", "learner": learner}, tmp_path / CHECKPOINT)
    with pytest.raises(BadModel, match="cannot be read as a checkpoint"):
        run(train_codec.CodecLearner(clips_folder, CODEC, 0), tmp_path, 5, {})


def test_a_decoder_learns_on_while_its_codes_stay(clips_folder: Path, tmp_path: Path) -> None:
    before = load_codec(write_codec(tmp_path / "codec", seed=1))
    folder = train_codec.train_codec(
        tmp_path / "run", clips_folder, seed=3, steps=4, keep_codes=tmp_path / "codec"
    )
    after = load_codec(folder)
    wave = torch.rand(2, 1, 16_000, generator=torch.Generator().manual_seed(0)) - 0.5
    codes, _ = before.encode(wave)
    assert torch.equal(after.encode(wave)[0], codes)
    assert not torch.equal(after.decode(codes), before.decode(codes))
    with pytest.raises(BadModel):
        train_codec.train_codec(
            tmp_path / "other", clips_folder, seed=3, steps=4, keep_codes=tmp_path / "none"
        )
