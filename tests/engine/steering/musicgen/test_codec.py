"""The codec: sound to codes and back, its files, and audiocraft's MusicGen that takes it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import BadModel, CannotWrite, OutOfRange
from engine.steering.musicgen.codec import (
    CARD,
    SKETCHED,
    WEIGHTS,
    digest,
    load_codec,
    read_card,
    save_codec,
)
from engine.steering.musicgen.generate import Request, generate
from engine.steering.musicgen.model import open_model
from engine.steering.musicgen.tiny import STATE
from tests.support.small_musicgen import CODEC, codec, tune, write_codec, write_model

in_one_folder = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@settings(max_examples=15)
@given(st.integers(0, 12), st.integers(0, CODEC.hop - 1), st.integers(1, 2))
def test_whole_frames_become_codes_and_come_back(frames: int, more: int, rows: int) -> None:
    made = codec()
    waves = torch.randn(rows, 1, frames * CODEC.hop + more)
    with torch.inference_mode():
        codes, scale = made.encode(waves)
        again = made.decode(codes)
    assert scale is None
    assert codes.shape == (rows, 3, frames)
    assert codes.dtype == torch.long
    assert bool(((codes >= 0) & (codes < 16)).all())
    assert again.shape == (rows, 1, frames * CODEC.hop)
    assert bool(torch.isfinite(again).all())


def test_each_row_is_coded_for_itself() -> None:
    made = codec()
    waves = torch.stack([torch.from_numpy(tune(1.0, seed))[None] for seed in (1, 2)])
    with torch.inference_mode():
        both, _ = made.encode(waves)
        assert torch.equal(both[1:], made.encode(waves[1:])[0])
        assert torch.equal(made.decode(both)[1:], made.decode(both[1:]))


def test_it_tells_audiocraft_what_it_is() -> None:
    made = codec()
    assert (made.sample_rate, made.frame_rate, made.channels) == (16_000, 25.0, 1)
    assert (made.num_codebooks, made.total_codebooks, made.cardinality) == (3, 3, 16)
    made.set_num_codebooks(3)
    with pytest.raises(OutOfRange):
        made.set_num_codebooks(2)


def test_a_codec_that_is_saved_and_loaded_gives_the_same_codes(tmp_path: Path) -> None:
    save_codec(tmp_path / "one", codec(), {"seed": 0, "steps": 7})
    first = load_codec(tmp_path / "one")
    save_codec(tmp_path / "two", first, read_card(tmp_path / "one"))
    second = load_codec(tmp_path / "two")
    wave = torch.from_numpy(tune())[None, None]
    with torch.inference_mode():
        codes, _ = first.encode(wave)
        assert torch.equal(codes, second.encode(wave)[0])
        assert torch.equal(first.decode(codes), second.decode(codes))
    for name in (CARD, WEIGHTS):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert read_card(tmp_path / "one") == {"seed": 0, "steps": 7, "shape": asdict(CODEC)}
    assert not first.training


def test_a_sketch_has_the_magnitudes_and_takes_fewer_rounds() -> None:
    shape = replace(CODEC, rounds=64)
    made = codec(shape=shape)
    codes = torch.randint(0, 16, (1, 3, 25), generator=torch.Generator().manual_seed(0))
    whole, sketch = made.decode(codes), made.sketch(codes)
    assert whole.shape == sketch.shape
    assert not torch.equal(whole, sketch)
    made.rounds = SKETCHED
    assert torch.equal(made.decode(codes), sketch)
    assert made.sketch(codes[..., :0]).shape == (1, 1, 0)


def test_half_precision_costs_next_to_nothing(tmp_path: Path) -> None:
    made, loaded = codec(), load_codec(write_codec(tmp_path))
    wave = torch.from_numpy(tune())[None, None]
    with torch.inference_mode():
        same = made.encode(wave)[0] == loaded.encode(wave)[0]
    assert float(same.float().mean()) > 0.95


def test_a_model_of_a_tiny_language_model_and_a_codec_opens_and_generates(tmp_path: Path) -> None:
    model = open_model(write_model(tmp_path / "small"), device="cpu", threads=1)
    assert (model.spec.codebooks, model.spec.frame_rate, model.spec.heads) == (3, 25.0, 2)
    prompt = model.encode(tune(1.0))
    assert prompt.shape == (3, 25)
    *_, step = generate(model, Request(frames=40, prompt=prompt, seed=4))
    assert step.codes.shape == (3, 40)
    assert torch.equal(step.codes[:, :25], prompt)
    assert model.decode(step.codes).shape == (40 * CODEC.hop,)


def test_a_codec_of_other_codes_than_the_language_model_is_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "small")
    save_codec(folder, codec(shape=replace(CODEC, codes=17)), {})
    with pytest.raises(BadModel, match="3 x 17"):
        open_model(folder, device="cpu", threads=1)


# Damage


@in_one_folder
@given(st.sampled_from([CARD, WEIGHTS, STATE]), st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_short_is_told(tmp_path: Path, name: str, share: float) -> None:
    folder = tmp_path / "small"
    if not folder.exists():
        write_model(folder)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(share * len(whole))])
    try:
        with pytest.raises(BadModel) as caught:
            open_model(folder, device="cpu", threads=1)
    finally:
        (folder / name).write_bytes(whole)
    assert "\n" not in caught.value.line()


@in_one_folder
@given(
    st.one_of(
        st.just([]),
        st.just({}),
        st.just({"shape": None}),
        st.builds(
            lambda name, value: {"shape": {**asdict(CODEC), name: value}},
            st.sampled_from([*asdict(CODEC), "other"]),
            st.sampled_from([-1, 0, 1.5, "16", None, True, 7, 10**6, 10**12, float("nan")]),
        ),
    )
)
def test_a_card_of_anything_is_read_or_told(tmp_path: Path, card: object) -> None:
    if not (tmp_path / WEIGHTS).exists():
        write_codec(tmp_path)
    (tmp_path / CARD).write_text(json.dumps(card))
    # What is still read is a codec; anything but `BadModel` is a fault.
    with suppress(BadModel):
        found = load_codec(tmp_path)
        found.rounds = 1
        with torch.inference_mode():
            codes, _ = found.encode(torch.from_numpy(tune(0.2))[None, None])
            assert found.decode(codes).shape[-1] == codes.shape[-1] * found.shape.hop


def test_a_folder_without_a_codec_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="train codec"):
        load_codec(tmp_path / "nowhere")
    other = write_codec(tmp_path / "other")
    (other / CARD).write_bytes((write_codec(tmp_path / "whole") / CARD).read_bytes())
    save_codec(other, codec(shape=replace(CODEC, width=8)), {})
    (other / CARD).write_bytes((tmp_path / "whole" / CARD).read_bytes())
    with pytest.raises(BadModel):
        load_codec(other)


def test_a_codec_cannot_be_written_onto_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite):
        save_codec(tmp_path / "file" / "codec", codec(), {})
