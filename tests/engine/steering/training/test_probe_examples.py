"""Probing sets: the same mix with a part and without it, and passages that lie apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.corpus.audio.render import Clip, Clips, clips
from engine.corpus.clip_format import CLIP_PARTS, RATE, SECONDS
from engine.corpus.table import shipped
from engine.errors import UnknownName
from engine.steering.musicgen.model import models_folder, open_model
from engine.steering.probes.head_readings import read_heads
from engine.steering.spec import PARTS
from engine.steering.training.probe_examples import (
    PLACES,
    SLOW_TRAITS,
    examples,
    notes_a_second,
    train_probe,
)
from tests.support.checkpoints import write_musicgen_small
from tests.support.small_musicgen import write_model


def all_of(folder: Path) -> Clips:
    """The clips of every split, for a set that is a little larger."""
    found = [clips(folder, split) for split in ("train", "validation", "test")]
    sheets = tuple(sheet for each in found for sheet in each.sheets)
    return Clips(np.concatenate([each.stems for each in found]), sheets)


@pytest.mark.parametrize("part", PARTS)
def test_pairs_differ_in_the_part_alone(part: str, clips_folder: Path) -> None:
    source = all_of(clips_folder)
    found = list(examples(part, source, shipped(), 12, seed=0))
    assert len(found) == 12
    clusters = {sheet.cluster for sheet in source.sheets}
    for present, absent in zip(found[::2], found[1::2], strict=True):
        assert (present.present, absent.present) == (True, False)
        assert present.group == absent.group
        assert present.group in clusters
        assert present.places == absent.places
        assert 1 <= len(present.places) <= PLACES
        assert all(2.0 <= at <= 7.8 for at in present.places)
        assert absent.wave.any()
        for at in present.places:
            window = slice(int((at - 1) * RATE), int(at * RATE))
            assert np.abs(present.wave[window] - absent.wave[window]).max() > 1e-3


@pytest.mark.parametrize("trait", SLOW_TRAITS)
def test_passages_of_a_trait_are_what_their_sheets_say(trait: str, clips_folder: Path) -> None:
    source, corpus = all_of(clips_folder), shipped()
    measured = {
        "fast": lambda sheet: sheet.tempo,
        "minor": lambda sheet: float(sheet.minor),
        "dense": notes_a_second(corpus),
    }[trait]
    values = {sheet.cluster: measured(sheet) for sheet in source.sheets}
    found = list(examples(trait, source, corpus, 8, seed=0))
    assert found
    with_it = [values[each.group] for each in found if each.present]
    without = [values[each.group] for each in found if not each.present]
    assert len(with_it) <= 4
    assert len(without) <= 4
    if with_it and without:
        assert min(with_it) > max(without)


def test_the_same_seed_gives_the_same_examples(clips_folder: Path) -> None:
    source = clips(clips_folder, "train")
    first, again, other = (list(examples("bass", source, shipped(), 4, seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(a.wave, b.wave) for a, b in zip(first, again, strict=True))
    assert first[0].places != other[0].places


def test_notes_are_counted_as_the_tune_has_them(clips_folder: Path) -> None:
    corpus = shipped()
    counted = notes_a_second(corpus)
    for sheet in clips(clips_folder, "test").sheets:
        row = next(at for at, tune in enumerate(corpus.tunes) if tune.id == sheet.tune)
        rows = corpus.rows_of(row)
        notes = [
            len(corpus.measure(int(rows[(sheet.first - 1 + at) % len(rows)])).pitches)
            for at in range(sheet.measures)
        ]
        seconds = sheet.measures * 4 * 60 / sheet.tempo
        assert counted(sheet) == pytest.approx(sum(notes) / seconds)


def test_a_trait_that_is_none_is_refused(clips_folder: Path) -> None:
    with pytest.raises(UnknownName):
        examples("kazoo", clips(clips_folder, "test"), shipped(), 4, seed=0)


def test_heads_are_read_at_each_place(clips_folder: Path, tmp_path: Path) -> None:
    model = open_model(write_model(tmp_path), device="cpu", threads=1)
    source = clips(clips_folder, "test")
    found = list(examples("drums", source, shipped(), 4, seed=0))
    reported: list[int] = []
    features, labels, groups = read_heads(model, iter(found), "last", reported.append)
    places = sum(len(each.places) for each in found)
    assert features.shape == (places, 1, 2, 16)
    assert labels.tolist() == [each.present for each in found for _ in each.places]
    assert groups.tolist() == [each.group for each in found for _ in each.places]
    assert reported[-1] == places
    mean, _, _ = read_heads(model, iter(found), "mean")
    assert mean.shape == features.shape
    # A mean over time varies less than what it is the mean of.
    assert float(mean.var()) < float(features.var())


def test_a_model_of_another_rate_hears_the_clips_at_its_own(clips_folder: Path) -> None:
    write_musicgen_small(models_folder())
    model = open_model("facebook/musicgen-small", device="cpu", threads=1)
    assert model.spec.sample_rate == 32_000
    source = clips(clips_folder, "test")
    probe = train_probe(model, "drums", source, shipped(), count=8, seed=0)
    assert probe.card.digest == model.spec.digest
    assert probe.card.present + probe.card.absent >= 16


def test_every_clip_lasts_as_long_as_is_read(clips_folder: Path) -> None:
    sheet: Clip = clips(clips_folder, "test").sheets[0]
    assert sheet.measures * sheet.measure_seconds >= SECONDS
    assert CLIP_PARTS[0] == "melody"
