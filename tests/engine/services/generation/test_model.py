"""A MusicGen in audiocraft's format, small and with random weights, through the whole studio."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch

from engine.protocol.generation import (
    AudioModelStatus,
    CloseAudioModel,
    Generate,
    MakeAgain,
    MakeTwin,
    OpenAudioModel,
    SetGeneration,
    SetTrait,
    TakeProgressed,
)
from engine.protocol.notices import Cancel, CommandFailed, Notice
from engine.services.generation import take_store
from engine.services.generation.backends import StudioParts
from engine.steering.probes import store
from engine.steering.probes.fit import fit
from engine.steering.spec import AudioSpec
from tests.support.checkpoints import write_model
from tests.support.fake_audio import FakeStage
from tests.support.generation import StudioHarness


def probe(spec: AudioSpec, name: str) -> None:
    """Put a probe on the shelf that was fitted to differences of chance."""
    drawn = torch.Generator().manual_seed(1)
    shape = (spec.layers, spec.heads, spec.head_size)
    labels = torch.arange(40) % 2 == 0
    features = torch.randn(40, *shape, generator=drawn) + labels[:, None, None, None] * 0.5
    found = fit(
        features, labels, torch.arange(40) // 2, name=name, spec=spec, read_out="last", window=1,
        origin="chance",
    )  # fmt: skip
    store.write(found, store.place(spec, name))


@pytest.fixture
def parts() -> StudioParts:
    """Return the parts of a user, but for the sound device."""
    stage = FakeStage().parts()
    return StudioParts(devices=stage.devices, sink=stage.sink)


def test_a_song_is_continued_steered_cancelled_repeated_and_the_model_unloaded(
    parts: StudioParts, tmp_path: Path
) -> None:
    folder = write_model(tmp_path / "small")
    harness = StudioHarness(parts).opened(str(folder))
    spec = harness.shown.model.spec
    assert spec is not None
    assert harness.shown.model.memory > 100_000
    assert harness.shown.traits == ()
    probe(spec, "drums")
    harness.opened(str(folder)).until(lambda s: s.traits)
    harness.do(SetTrait("drums", mode="add", arm="iti"), SetGeneration(seconds=2.0, seed=5))
    whole = harness.take(Generate())
    assert whole.title == "Song +drums"
    assert (whole.prompt_seconds, whole.seconds) == (2.0, 4.0)
    assert take_store.read(whole.id).versions[1] == ("torch", torch.__version__)
    grown = harness.listener.of(TakeProgressed)
    assert grown[-1].step == grown[-1].steps == 103
    assert all(meter.name == "drums" for event in grown for meter in event.meters)

    harness.do(SetGeneration(seconds=20.0), Generate())
    job = harness.until(lambda s: s.job).job
    assert job is not None
    seen = harness.listener.wait(TakeProgressed, lambda g: g.job == job and g.seconds > 2.2)
    part = harness.take(Cancel(job))
    assert not part.whole
    assert seen.seconds <= part.seconds < 22.0
    for take in (whole, part):
        again = harness.take(MakeAgain(take.id))
        assert take_store.place(again.id).read_bytes() == take_store.place(take.id).read_bytes()
    assert not [n for n in harness.listener.of(Notice) if "otherwise" in n.text]
    twin = harness.take(MakeTwin(whole.id))
    assert take_store.read(twin.id).prompt == take_store.read(whole.id).prompt
    harness.do(CloseAudioModel()).until(lambda s: s.model == AudioModelStatus())
    assert not harness.listener.of(CommandFailed)
    harness.engine.close()
    assert not [t for t in threading.enumerate() if t.name == "audio jobs"]


def test_a_folder_that_holds_no_model_is_refused_and_the_loaded_one_stays(
    parts: StudioParts, tmp_path: Path
) -> None:
    folder = write_model(tmp_path / "small")
    harness = StudioHarness(parts).opened(str(folder))
    assert "no model" in harness.refused(OpenAudioModel("tyny")).message
    assert harness.shown.model.state == "ready"
    (tmp_path / "empty").mkdir()
    harness.refused(OpenAudioModel(str(tmp_path / "empty")))
    assert harness.until(lambda s: s.model.state == "failed").model.detail
    harness.opened(str(folder))
    harness.engine.close()
