"""Mixes as codes: made once, gone on with after a kill, and never another codec's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.corpus.audio.render import clips
from engine.corpus.clip_format import SECONDS
from engine.errors import BadCorpus
from engine.steering.musicgen.codec import load_codec
from engine.steering.training import encoded_clips
from engine.steering.training.encoded_clips import Encoded, encode_clips, mixture_of
from engine.steering.training.mixes import mix
from tests.support.process_pool import alone
from tests.support.small_musicgen import CODEC, write_codec


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded_clips, "spread", alone)
    monkeypatch.setattr(encoded_clips, "_BATCH", 5)


@pytest.fixture
def encode(clips_folder: Path, tmp_path: Path) -> Callable[..., Encoded]:
    codec = write_codec(tmp_path / "codec")

    def made(
        name: str = "codes",
        turns: int = 2,
        seed: int = 1,
        on_progress: Callable[[float], None] = lambda _: None,
        codec: Path = codec,
    ) -> Encoded:
        return encode_clips(
            tmp_path / name,
            clips_folder,
            codec,
            "train",
            turns=turns,
            seed=seed,
            on_progress=on_progress,
        )

    return made


def test_every_clip_is_there_in_each_turn_with_what_sounds_in_it(
    encode: Callable[..., Encoded], clips_folder: Path, tmp_path: Path
) -> None:
    found, source = encode(), clips(clips_folder, "train")
    assert found.codes.shape == (12, 3, round(SECONDS * 16_000) // CODEC.hop)
    assert found.codes.dtype == np.int16
    assert len(found) == 12
    assert found.sheets == source.sheets * 2
    codec = load_codec(tmp_path / "codec")
    for at in (0, 7, 11):
        mixture = mixture_of(1, "train", *divmod(at, 6))
        assert np.array_equal(found.before[at], mixture.before)
        assert np.array_equal(found.after[at], mixture.after)
        assert found.change[at] == pytest.approx(mixture.change)
        wave = torch.from_numpy(mix(source.stems[at % 6], mixture))
        with torch.inference_mode():
            codes, _ = codec.encode(wave[None, None])
        assert np.mean(codes[0].numpy() == found.codes[at]) > 0.99
    assert not np.array_equal(found.codes[0], found.codes[6]), "another turn, another mix"


def test_a_mixture_depends_on_seed_split_turn_and_clip() -> None:
    one = mixture_of(1, "train", 0, 3)
    assert np.array_equal(one.gains, mixture_of(1, "train", 0, 3).gains)
    for other in ((2, "train", 0, 3), (1, "test", 0, 3), (1, "train", 1, 3), (1, "train", 0, 4)):
        assert not np.array_equal(one.gains, mixture_of(*other).gains)


def test_what_was_killed_goes_on_to_the_same_codes(encode: Callable[..., Encoded]) -> None:
    def kill(done: float) -> None:
        if done > 0.5:
            raise Killed

    with pytest.raises(Killed):
        encode("killed", on_progress=kill)
    reported: list[float] = []
    found = encode("killed", on_progress=reported.append)
    assert reported == [1.0], "two batches of three were kept"
    assert np.array_equal(found.codes, encode("whole").codes)
    encode("killed", on_progress=reported.append)
    assert reported == [1.0], "nothing is done twice"


def test_codes_that_are_gone_are_made_again(encode: Callable[..., Encoded], tmp_path: Path) -> None:
    whole = np.array(encode().codes)
    (tmp_path / "codes" / "train.codes").unlink()
    assert np.array_equal(encode().codes, whole)
    assert whole.any()


@pytest.mark.parametrize("change", [{"seed": 3}, {"turns": 3}])
def test_codes_of_another_seed_or_number_are_refused(
    change: dict[str, int], encode: Callable[..., Encoded]
) -> None:
    encode()
    with pytest.raises(BadCorpus, match="made otherwise"):
        encode(**change)


def test_codes_of_another_codec_are_refused(encode: Callable[..., Encoded], tmp_path: Path) -> None:
    encode()
    other = write_codec(tmp_path / "other", seed=9)
    with pytest.raises(BadCorpus, match="made otherwise"):
        encode(codec=other)


def test_a_damaged_card_is_told(encode: Callable[..., Encoded], tmp_path: Path) -> None:
    encode()
    (tmp_path / "codes" / "train.json").write_text("{")
    with pytest.raises(BadCorpus, match="made otherwise"):
        encode()
