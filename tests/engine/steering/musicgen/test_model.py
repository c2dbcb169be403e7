"""Opening models: shipped, known by name, in folders of strangers."""

from __future__ import annotations

import os
import pickle
import shutil
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import ArmonicaError, BadModel, ModelTooBig, NotReady, OutOfRange
from engine.steering.musicgen import memory
from engine.steering.musicgen.checkpoint import read_package
from engine.steering.musicgen.generate import Request, generate
from engine.steering.musicgen.model import AudioModel, models_folder, open_model
from tests.support.checkpoints import (
    CODEBOOKS,
    ENTRIES,
    lm_config,
    write_model,
    write_musicgen_small,
    write_part,
)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "stranger")


@pytest.fixture
def model(folder: Path) -> AudioModel:
    return open_model(folder, device="cpu")


def changed(folder: Path, tmp_path: Path, **changes: Any) -> Path:
    """Return a copy of a model with some of its language model's package changed."""
    copy = Path(shutil.copytree(folder, tmp_path / "changed"))
    package = torch.load(copy / "state_dict.bin", weights_only=True)
    torch.save(package | changes, copy / "state_dict.bin")
    return copy


def test_a_folder_is_a_model(model: AudioModel) -> None:
    spec = model.spec
    assert (spec.name, spec.layers, spec.heads, spec.head_size) == ("stranger", 2, 4, 8)
    assert (spec.sample_rate, spec.frame_rate, spec.codebooks) == (16000, 50.0, CODEBOOKS)
    assert (spec.longest, spec.text, model.threads) == (30.0, False, 1)
    assert len(spec.digest) == 16
    assert int(spec.digest, 16) >= 0


def test_the_digest_is_of_the_weights_alone(folder: Path, tmp_path: Path) -> None:
    again = write_model(tmp_path / "elsewhere")
    other = write_model(tmp_path / "other", seed=1)
    digests = [open_model(each, device="cpu").spec.digest for each in (folder, again, other)]
    assert digests[0] == digests[1] != digests[2]


def test_a_second_of_sound_is_fifty_frames(model: AudioModel) -> None:
    codes = model.encode(np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32))
    assert codes.shape == (CODEBOOKS, 50)
    assert codes.dtype == torch.int64
    assert 0 <= int(codes.min()) <= int(codes.max()) < ENTRIES
    wave = model.decode(codes)
    assert wave.shape == (16000,)
    assert wave.dtype == torch.float32


def test_what_is_decoded_is_never_cut_off_at_full_scale(
    model: AudioModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    loud = torch.linspace(-3.0, 3.0, 640)[None, None]
    monkeypatch.setattr(model.codec, "decode", lambda _: loud)
    torch.testing.assert_close(model.decode(torch.zeros(CODEBOOKS, 2).long()), loud[0, 0])


def test_a_closed_model_says_so(model: AudioModel) -> None:
    model.close()
    model.close()
    with pytest.raises(NotReady, match="unloaded"):
        model.encode(np.zeros(100, np.float32))


@pytest.mark.long
def test_musicgen_small_is_opened_by_name_without_a_network() -> None:
    write_musicgen_small(models_folder())
    model = open_model("facebook/musicgen-small", device="cpu")
    spec = model.spec
    assert (spec.name, spec.text, spec.sample_rate) == ("facebook/musicgen-small", True, 32000)
    step = list(generate(model, Request(6, text="drums", seed=1)))[-1]
    assert model.decode(step.codes).shape == (6 * 640,)
    # What is described may change what comes; the empty description is no description.
    described, empty = model.conditions("drums", None)["description"][0]
    assert described.abs().sum() > 0
    assert not empty.any()


def test_parts_of_a_model_that_are_missing_are_named() -> None:
    place = write_musicgen_small(models_folder())
    shutil.rmtree(models_folder() / "t5-base")
    with pytest.raises(BadModel, match="t5-base") as raised:
        open_model(place, device="cpu")
    assert str(models_folder() / "t5-base") in raised.value.remedy


def test_a_model_that_takes_a_melody_opens_without_one(tmp_path: Path) -> None:
    config = lm_config(text="lut")
    chroma: dict[str, Any] = {
        "sample_rate": 16000,
        "n_chroma": 12,
        "radix2_exp": 14,
        "argmax": True,
    }
    chroma |= {"match_len_on_eval": True, "eval_wavs": None, "n_eval_wavs": 0}
    config["conditioners"]["self_wav"] = {"model": "chroma_stem", "chroma_stem": chroma}
    config["fuser"] |= {"cross": [], "prepend": ["self_wav", "description"]}
    folder = write_model(tmp_path / "melody", config=config)
    model = open_model(folder, device="cpu")
    # 30 seconds of 16,000 samples, one frame in 4,096 of them and one at the end.
    assert model.conditions(None)["self_wav"][0].shape == (1, 30 * 16000 // 4096 + 1, 32)
    ours = list(generate(model, Request(8, text="3", temperature=0)))[-1].codes
    from audiocraft.models.musicgen import MusicGen

    musicgen = MusicGen("melody", model.codec, model.lm)
    rows, _ = musicgen._prepare_tokens_and_attributes(["3"], None)
    theirs = model.lm.generate(None, rows, max_gen_len=8, use_sampling=False, cfg_coef=3.0)
    assert torch.equal(ours, theirs[0])


class _Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("evil",)


@pytest.mark.parametrize("name", ["state_dict.bin", "compression_state_dict.bin"])
def test_nothing_in_a_folder_is_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    copy = changed(folder, tmp_path)
    torch.save({"best_state": {}, "xp.cfg": _Evil()}, copy / name)
    with pytest.raises(BadModel, match="more than weights"):
        open_model(copy, device="cpu")
    (copy / name).write_bytes(pickle.dumps(_Evil()))
    with pytest.raises(BadModel):
        open_model(copy, device="cpu")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1]\nb: *x", "repeats"),
        ("a: " + "x" * 300_000, "characters"),
        ("a: [", "cannot be read"),
        ("a: !!python/object/apply:os.mkdir [evil]", "cannot be read"),
        ("a: 1", "not that of its weights"),
        ("[" * 200_000, "cannot be read"),
    ],
)
def test_configurations_that_ask_for_more(
    folder: Path, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(BadModel, match=message):
        open_model(changed(folder, tmp_path, **{"xp.cfg": text}), device="cpu")


@pytest.mark.parametrize(
    "size", [{"size": 64}, {"layers": 3}, {"hidden": 2000}, {"entries": 64}, {"heads": 5}]
)
def test_a_configuration_of_other_weights(
    folder: Path, tmp_path: Path, size: dict[str, Any]
) -> None:
    from omegaconf import OmegaConf

    text = OmegaConf.to_yaml(OmegaConf.create(lm_config(**size)))
    with pytest.raises(BadModel, match="not that of its weights"):
        open_model(changed(folder, tmp_path, **{"xp.cfg": text}), device="cpu")


@pytest.mark.parametrize(
    "value", ["${oc.env:HOME}", "${ oc.env : HOME }", "${oc.${at}:HOME}", "${oc.create:[1]}"]
)
def test_values_of_this_machine_stay_empty(folder: Path, tmp_path: Path, value: str) -> None:
    from omegaconf import OmegaConf

    config = lm_config() | {"at": "env", "dora": {"dir": value}, "model": "${lm_model}"}
    copy = changed(folder, tmp_path, **{"xp.cfg": OmegaConf.to_yaml(OmegaConf.create(config))})
    built = open_model(copy, device="cpu").lm.cfg
    assert built.dora.dir is None
    assert built.model == "transformer_lm"
    config["dataset"] = {"segment_duration": value}
    copy = changed(
        folder, tmp_path / "b", **{"xp.cfg": OmegaConf.to_yaml(OmegaConf.create(config))}
    )
    with pytest.raises(BadModel, match="not that of its weights"):
        open_model(copy, device="cpu")


def test_a_configuration_kept_as_objects_is_read(folder: Path, tmp_path: Path) -> None:
    from omegaconf import OmegaConf

    copy = changed(folder, tmp_path, **{"xp.cfg": OmegaConf.create(lm_config())})
    assert "transformer_lm" in read_package(copy / "state_dict.bin")["xp.cfg"]
    assert open_model(copy, device="cpu").spec.layers == 2


@pytest.mark.parametrize("where", ["/etc/hostname", "../..", "somebody/else", "dac_44khz"])
def test_a_codec_elsewhere_is_one_of_the_known(folder: Path, tmp_path: Path, where: str) -> None:
    copy = changed(folder, tmp_path)
    torch.save({"pretrained": where}, copy / "compression_state_dict.bin")
    with pytest.raises(BadModel, match="not known here"):
        open_model(copy, device="cpu")


def test_a_codec_of_another_model(folder: Path, tmp_path: Path) -> None:
    other = write_model(tmp_path / "other", entries=16)
    copy = changed(folder, tmp_path)
    shutil.copy(other / "compression_state_dict.bin", copy)
    with pytest.raises(BadModel, match="parts of two models"):
        open_model(copy, device="cpu")


@pytest.mark.parametrize("name", ["no/such/folder", "facebook/musicgen-tiny"])
def test_names_that_nothing_carries(name: str) -> None:
    with pytest.raises(BadModel, match="There is no model"):
        open_model(name)


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=r"There is no state_dict\.bin"):
        open_model(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"PK\x03\x04" + b"\0" * 50])
def test_damaged_files(folder: Path, tmp_path: Path, content: bytes) -> None:
    copy = changed(folder, tmp_path)
    (copy / "state_dict.bin").write_bytes(content)
    with pytest.raises(BadModel):
        open_model(copy, device="cpu")


def test_a_device_that_is_not_there(folder: Path) -> None:
    for device in ("cuda:99", "quantum"):
        with pytest.raises(OutOfRange):
            open_model(folder, device=device)


def test_too_little_memory_is_said_before_loading(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda _: 100_000_000)
    with pytest.raises(ModelTooBig, match=r"0\.1 GB are free"):
        open_model(folder, device="cpu")


def test_what_would_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda _: 4_000_000_000)
    with pytest.raises(ModelTooBig) as raised:
        memory.require("facebook/musicgen-large", 15_000_000_000, "cpu")
    assert "tiny" in raised.value.remedy
    assert "facebook/musicgen-small" in raised.value.remedy
    assert "medium" not in raised.value.remedy


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
    ],
)
def test_memory_that_runs_out_while_generating(model: AudioModel, error: Exception) -> None:
    class Greedy:
        def push(self, step: int) -> torch.Tensor | None:
            if step == 3:
                raise error
            return None

        def read(self, step: int, outputs: torch.Tensor) -> None: ...

        def readings(self) -> dict[str, Any]:
            return {}

    growing = generate(model, Request(20), Greedy())
    assert [next(growing).number for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ModelTooBig, match="Memory ran out"):
        next(growing)
    # The instrument plays on.
    assert list(generate(model, Request(5)))[-1].frames == 5


def test_memory_in_use_is_known() -> None:
    assert memory.memory_in_use().process > 10_000_000


def test_the_shipped_model_is_looked_for_in_the_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.steering.musicgen.model.TINY_MUSICGEN", Path("nowhere"))
    with pytest.raises(ArmonicaError, match="nowhere"):
        open_model()


def test_other_kinds_of_models_are_refused(tmp_path: Path) -> None:
    from tests.support.checkpoints import language_model

    config = lm_config() | {"lm_model": "transformer_lm_magnet"}
    write_part(tmp_path / "state_dict.bin", language_model(), config)
    with pytest.raises(BadModel, match="step by step"):
        open_model(tmp_path, device="cpu")


def test_our_own_codec_takes_the_place_of_audiocrafts(tmp_path: Path) -> None:
    from engine.steering.musicgen.codec import CodecShape, SpectralCodec, save_codec

    write_model(tmp_path, codec=False, codebooks=3, entries=16)
    shape = CodecShape(width=16, encoder=1, decoder=1, latent=8, codebooks=3, codes=16, rounds=2)
    save_codec(tmp_path, SpectralCodec(shape), {})
    model = open_model(tmp_path, device="cpu")
    assert model.spec.frame_rate == shape.rate / shape.hop
    codes = model.encode(np.zeros(shape.hop * 10, np.float32))
    assert codes.shape == (3, 10)
    step = list(generate(model, Request(20, codes)))[-1]
    assert model.decode(step.codes).shape == (20 * shape.hop,)
