"""Rendered clips: the same from the same seed whatever came between, and what they say is so."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.fft import rfft

from engine import locations
from engine.corpus.audio import render as rendering
from engine.corpus.audio.render import CARD, MANIFEST, Clip, arrangement, clips, render, size_of
from engine.corpus.clip_format import CLIP_PARTS, RATE, SAMPLES, SECONDS
from engine.corpus.table import SPLITS, Corpus, Tune, shipped, write
from engine.errors import BadCorpus, CannotWrite, OutOfRange
from engine.music.accompaniment.drum_figures import CRASH
from engine.music.note_line import Line, Stretch
from tests.support.clips import COUNTS
from tests.support.process_pool import alone

SPLIT_NAMES = ("validation", "test", "train")


Strength = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render two clips at a time, in this process: a worker's own is tried once, as a fixture."""
    monkeypatch.setattr(rendering, "spread", alone)
    monkeypatch.setattr(rendering, "_CHUNK", 2)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def played(sheet: Clip) -> list[Stretch]:
    """The notes of the tune as the manifest tells them."""
    corpus = shipped()
    tune = next(at for at, tune in enumerate(corpus.tunes) if tune.id == sheet.tune)
    rows = corpus.rows_of(tune)
    line = Line(
        [
            corpus.measure(int(rows[(sheet.first - 1 + at) % len(rows)]))
            for at in range(sheet.measures)
        ]
    )
    return [
        Stretch(note.start, note.end, note.pitch + sheet.transposed)
        for note in line.between(0.0, 4.0 * sheet.measures)
    ]


def all_clips(folder: Path) -> list[tuple[Clip, np.ndarray[tuple[int, ...], np.dtype[np.int16]]]]:
    found = []
    for split in SPLIT_NAMES:
        opened = clips(folder, split)
        found += [(sheet, opened.stems[at]) for at, sheet in enumerate(opened.sheets)]
    return found


# What is in a folder


def test_every_split_is_there_and_every_part_is_heard(clips_folder: Path) -> None:
    for split in SPLIT_NAMES:
        opened = clips(clips_folder, split)
        assert len(opened) == COUNTS[split]
        assert opened.stems.shape == (COUNTS[split], len(CLIP_PARTS), SAMPLES)
        assert [sheet.number for sheet in opened.sheets] == list(range(COUNTS[split]))
        assert {sheet.split for sheet in opened.sheets} == {split}
    for _, stems in all_clips(clips_folder):
        for part, stem in zip(CLIP_PARTS, stems.astype(float), strict=True):
            level = 10 * np.log10((stem**2).mean() / 32768**2)
            assert -45 < level < -15, part
            assert np.mean(np.abs(stem) >= 32767) < 1e-3, part


def test_tunes_are_of_their_split_and_no_two_splits_share_one(clips_folder: Path) -> None:
    tunes = {tune.id: tune for tune in shipped().tunes}
    clusters: dict[str, set[int]] = {}
    for sheet, _ in all_clips(clips_folder):
        tune = tunes[sheet.tune]
        assert (tune.split, tune.title, tune.cluster) == (sheet.split, sheet.title, sheet.cluster)
        clusters.setdefault(sheet.split, set()).add(sheet.cluster)
    assert not clusters["train"] & (clusters["validation"] | clusters["test"])
    assert not clusters["validation"] & clusters["test"]


def test_the_manifest_tells_which_notes_are_heard(clips_folder: Path) -> None:
    """Note of the tune are looked for in the melody's stem, where the sheet says they are."""
    hits, misses = [], []
    for sheet, stems in all_clips(clips_folder):
        melody = stems[0].astype(float)
        for note in played(sheet):
            half = sheet.swing
            beat, within = divmod(note.start, 1.0)
            swung = within * 2 * half if within < 0.5 else half + (within - 0.5) * 2 * (1 - half)
            start = (beat + swung) * 60 / sheet.tempo
            length = min(0.3, (note.end - note.start) * 0.7 * 60 / sheet.tempo)
            if length < 0.15 or start + length > SECONDS:
                continue
            window = melody[round((start + 0.04) * RATE) : round((start + length) * RATE)]
            strength = np.abs(rfft(window * np.hanning(len(window)), 16384))

            def around(pitch: int, strength: Strength = strength) -> float:
                # The first four partials, as the octave is no matter of the tune.
                places = [440 * 2 ** ((pitch - 69) / 12) * n * 16384 / RATE for n in (1, 2, 3, 4)]
                return sum(float(strength[round(p) - 3 : round(p) + 4].max()) for p in places)

            hits.append(around(note.pitch))
            misses.append(np.mean([around(note.pitch + off) for off in (-6, 6)]))
    assert len(hits) > 100
    assert np.mean(np.array(hits) > 2 * np.array(misses)) > 0.95


def test_drums_are_heard_on_the_beat_that_the_sheet_tells(clips_folder: Path) -> None:
    for sheet, stems in all_clips(clips_folder):
        drums = np.abs(stems[1].astype(float))
        frames = drums[: len(drums) // 160 * 160].reshape(-1, 160).mean(axis=1)
        rise = np.maximum(np.diff(frames, prepend=0), 0)
        first = [round(at * sheet.measure_seconds * 100) for at in range(sheet.measures)]
        on = [rise[at : at + 4].max() for at in first if at < len(rise) - 4]
        assert min(on) > 3 * np.median(rise)


def test_a_measure_of_a_sheet_lasts_four_quarters() -> None:
    sheet = Clip("test", 0, "a", 0, "A", 1, 3, 0, "D minor", True, 80.0, 0.5, {})
    assert sheet.measure_seconds == 3.0


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from(SPLIT_NAMES))
def test_an_arrangement_lasts_as_long_as_a_clip_and_tells_its_tune(seed: int, split: str) -> None:
    corpus = shipped()
    tunes = np.array([at for at, tune in enumerate(corpus.tunes) if tune.split == split])
    made, facts = arrangement(corpus, tunes, np.random.default_rng(seed))
    sheet = Clip(split=split, number=0, **facts)  # type: ignore[arg-type]
    assert made.seconds(made.length) >= SECONDS
    assert made.seconds(made.length - 4) < SECONDS + 0.1
    melody = made.parts[0].notes
    assert [(n.start, n.pitch) for n in melody] == [(n.start, n.pitch) for n in played(sheet)]
    assert sheet.programs == {part.name: part.program for part in made.parts}
    assert json.loads(json.dumps(asdict(sheet))) == asdict(sheet)
    assert CRASH not in {note.pitch for note in made.parts[1].notes if note.start == 0}


# The same again


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("done", [2, 8])
def test_a_run_that_was_killed_goes_on_to_the_same_bytes(
    done: int, clips_folder: Path, tmp_path: Path
) -> None:
    def kill(finished: int, total: int) -> None:
        assert total == sum(COUNTS.values())
        if finished == done:
            raise Killed

    with pytest.raises(Killed):
        render(tmp_path, locations.CORPUS, seed=5, counts=COUNTS, on_progress=kill)
    reported: list[int] = []
    render(
        tmp_path,
        locations.CORPUS,
        seed=5,
        counts=COUNTS,
        on_progress=lambda finished, _: reported.append(finished),
    )
    assert reported[0] == done + 2
    assert reported[-1] == 14
    assert files(tmp_path) == files(clips_folder)


@pytest.mark.usefixtures("here")
def test_a_line_that_was_cut_short_is_rendered_again(clips_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    shutil.copytree(clips_folder, folder)
    manifest = (folder / MANIFEST).read_bytes()
    lines = manifest.splitlines(keepends=True)
    (folder / MANIFEST).write_bytes(b"".join(lines[:11]) + lines[11][:40])
    with (folder / "train.stems").open("r+b") as stems:
        stems.seek(3 * len(CLIP_PARTS) * SAMPLES * 2)
        stems.write(bytes(3 * len(CLIP_PARTS) * SAMPLES * 2))
    render(folder, locations.CORPUS, seed=5, counts=COUNTS)
    assert files(folder) == files(clips_folder)


@pytest.mark.usefixtures("here")
def test_a_clip_depends_on_seed_split_and_number_alone(clips_folder: Path, tmp_path: Path) -> None:
    render(tmp_path / "fewer", locations.CORPUS, seed=5, counts={"train": 2})
    render(tmp_path / "other", locations.CORPUS, seed=6, counts={"train": 1})
    known, fewer = clips(clips_folder, "train"), clips(tmp_path / "fewer", "train")
    assert fewer.sheets == known.sheets[:2]
    assert np.array_equal(fewer.stems, known.stems[:2])
    assert clips(tmp_path / "other", "train").sheets[0] != known.sheets[0]
    first = {split: clips(clips_folder, split).sheets[0].tempo for split in SPLITS}
    assert len(set(first.values())) == 3


# What is refused


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("change", ["seed", "counts", "damaged"])
def test_another_run_does_not_go_into_the_same_folder(
    change: str, clips_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "clips"
    shutil.copytree(clips_folder, folder)
    if change == "damaged":
        (folder / CARD).write_text("{")
    before = files(folder)
    seed = 6 if change == "seed" else 5
    counts = {**COUNTS, "train": 7} if change == "counts" else COUNTS
    with pytest.raises(BadCorpus, match="made otherwise"):
        render(folder, locations.CORPUS, seed=seed, counts=counts)
    assert files(folder) == before


@pytest.mark.usefixtures("here")
def test_a_disk_that_is_too_small_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3e9))
    with pytest.raises(CannotWrite) as caught:
        render(tmp_path, locations.CORPUS, seed=0, counts={"train": 12_000})
    assert "18.4 GB" in caught.value.message
    assert "3.0 GB are free" in caught.value.message
    assert "another disk" in caught.value.remedy
    assert not (tmp_path / "train.stems").exists()


def test_what_is_there_already_needs_no_room(
    clips_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    before = files(clips_folder)
    render(clips_folder, locations.CORPUS, seed=5, counts=COUNTS, workers=1)
    assert files(clips_folder) == before


def test_the_size_is_that_of_the_files(clips_folder: Path) -> None:
    stems = sum((clips_folder / f"{split}.stems").stat().st_size for split in SPLITS)
    assert size_of(COUNTS) == stems


@pytest.mark.parametrize("counts", [{"train": 0}, {"train": -1}, {"all": 3}])
def test_counts_that_cannot_be_are_refused(counts: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(OutOfRange):
        render(tmp_path, locations.CORPUS, seed=0, counts=counts)
    assert not list(tmp_path.iterdir())


def test_a_table_without_tunes_of_a_split_is_refused(tmp_path: Path) -> None:
    tune = Tune("made/up/1", "Made Up", 1, "The One", "4/4", "G major", 0, "train")
    shape = np.zeros(1, np.int32)
    tokens = shipped().tokens[:1]
    write(tmp_path / "table", Corpus(tokens, shape, shape + 1, shape, (tune,), ""), "notice")
    with pytest.raises(BadCorpus, match="no tunes of test"):
        render(tmp_path / "clips", tmp_path / "table", seed=0, counts={"train": 1, "test": 1})


def test_folders_that_hold_no_clips_are_refused(tmp_path: Path, clips_folder: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere", locations.CORPUS):
        with pytest.raises(BadCorpus, match="no rendered clips"):
            clips(folder, "train")
    folder = tmp_path / "clips"
    shutil.copytree(clips_folder, folder)
    with (folder / "test.stems").open("r+b") as stems:
        stems.truncate(size_of({"test": 3}))
    with pytest.raises(BadCorpus, match="no whole clips of test"):
        clips(folder, "test")
    lines = (folder / MANIFEST).read_text().splitlines(keepends=True)
    (folder / MANIFEST).write_text("".join(lines[:1] + lines[2:]))
    with pytest.raises(BadCorpus, match="lacks lines"):
        clips(folder, "validation")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.integers(0, 3000))
def test_a_damaged_manifest_is_told_and_never_a_fault(
    clips_folder: Path, tmp_path: Path, noise: bytes, at: int
) -> None:
    whole = (clips_folder / MANIFEST).read_bytes()
    folder = tmp_path / "damaged"
    folder.mkdir(exist_ok=True)
    if not (folder / "train.stems").exists():
        (folder / "train.stems").symlink_to(clips_folder / "train.stems")
    (folder / MANIFEST).write_bytes(whole[:at] + noise + whole[at + len(noise) :])
    # What is still read is whole; anything but `BadCorpus` is a fault.
    with suppress(BadCorpus):
        found = clips(folder, "train")
        assert [sheet.number for sheet in found.sheets] == list(range(len(found)))
