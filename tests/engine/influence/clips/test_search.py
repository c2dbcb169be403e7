"""An index of a few clips: how it is made, kept, refused, and what it finds."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.audio import files
from engine.cli.influence_clips import codes_of
from engine.cli.main import main
from engine.corpus.audio.render import clips
from engine.corpus.clip_format import RATE
from engine.corpus.table import shipped
from engine.errors import OutOfRange
from engine.influence.clips import build as clip_build
from engine.influence.clips import index as clip_index
from engine.influence.clips.build import build
from engine.influence.clips.evaluation import TRIALS, evaluate, table
from engine.influence.clips.index import INDEX, BadClipIndex, ClipIndex
from engine.influence.clips.search import AudioInfluence, NoPassage, open_clips, spans
from engine.services.generation import take_store
from engine.steering.musicgen.model import open_model
from engine.steering.training.encoded_clips import mixture_of
from engine.steering.training.mixes import mix
from tests.support.process_pool import alone
from tests.support.small_musicgen import write_model
from tests.support.takes import CODES, RECIPE, WAVE


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def index(clips_folder: Path, model_folder: Path, run_folder: Path) -> ClipIndex:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clip_build, "spread", alone)
        model = open_model(model_folder, threads=1)
        return build(
            run_folder, clips_folder, shipped(), model, str(model_folder), seed=0, held_out=4
        )


@pytest.fixture(scope="module")
def index_folder(index: ClipIndex, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    clip_index.write(folder, index)
    return folder


@pytest.fixture(scope="module")
def influence(index_folder: Path, model_folder: Path) -> AudioInfluence:
    return open_clips(model_folder, index_folder)


def other_mix(clips_folder: Path, number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return a mix of a training clip that is not the one that was indexed."""
    source = clips(clips_folder, "train")
    return mix(source.stems[number], mixture_of(0, "train", 9, number))


def test_another_mix_of_a_clip_finds_its_tune_first(
    influence: AudioInfluence, clips_folder: Path
) -> None:
    sheets = clips(clips_folder, "train").sheets
    for number, sheet in enumerate(sheets):
        found = influence.of_wave(other_mix(clips_folder, number), RATE)
        best = found.matches[0]
        assert (best.rank, best.cluster, best.title) == (1, sheet.cluster, sheet.title)
        assert best.evidence == "similar"
        assert best.transposed == sheet.transposed
        assert best.asked == 1
        assert abs(best.measures - sheet.measures) <= 1
        # Nearer than all four held-out clips, which are too few to call it close.
        assert best.percentile == pytest.approx(80)
        assert not found.close
        assert found.originality.value == pytest.approx(1 - best.raw)
        assert found.unit == "second"


def test_a_later_passage_says_its_measure(influence: AudioInfluence, clips_folder: Path) -> None:
    sheet = clips(clips_folder, "train").sheets[1]
    start = sheet.measure_seconds * 1.5
    found = influence.of_wave(other_mix(clips_folder, 1)[round(start * RATE) :], RATE)
    best = found.matches[0]
    length = len(shipped().rows_of(best.tune))
    assert best.title == sheet.title
    assert best.measure == sheet.first % length + 1


def test_another_rate_and_level_change_little(
    influence: AudioInfluence, clips_folder: Path
) -> None:
    import soxr

    wave = other_mix(clips_folder, 2)
    plain = influence.of_wave(wave, RATE)
    other = influence.of_wave(soxr.resample(wave, RATE, 44_100) * np.float32(0.05), 44_100)
    assert other.matches[0].cluster == plain.matches[0].cluster
    assert other.matches[0].raw == pytest.approx(plain.matches[0].raw, abs=0.05)


def test_a_stranger_is_not_close_and_no_list_is_padded(
    influence: AudioInfluence, clips_folder: Path
) -> None:
    source = clips(clips_folder, "test")
    found = influence.of_wave(mix(source.stems[0], mixture_of(0, "test", 0, 0)), RATE)
    held_out = {sheet.cluster for sheet in source.sheets}
    assert not held_out & {match.cluster for match in found.matches}
    assert len(found.matches) <= len(influence.clusters)
    known = influence.of_wave(other_mix(clips_folder, 0), RATE)
    assert found.matches[0].raw < known.matches[0].raw


def test_codes_find_as_the_sound_they_are_of(
    influence: AudioInfluence, clips_folder: Path, model_folder: Path
) -> None:
    wave = other_mix(clips_folder, 3)
    codes = open_model(model_folder, threads=1).encode(wave).numpy()
    found = influence.of_wave(wave, RATE, codes=codes, top=3)
    assert 1 <= len(found.matches) <= 3
    for bad in (codes[:1], codes.astype(np.float32), codes - 20, codes + 500, codes[:, :0]):
        with pytest.raises(OutOfRange):
            influence.of_wave(wave, RATE, codes=bad)


def test_threads_get_the_same_answers(influence: AudioInfluence, clips_folder: Path) -> None:
    waves = [other_mix(clips_folder, number) for number in range(3)]
    alone_found = [influence.of_wave(wave, RATE) for wave in waves]
    found: dict[int, object] = {}

    def ask(number: int) -> None:
        found[number] = influence.of_wave(waves[number], RATE)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(3)] == alone_found


def test_what_cannot_be_asked_about_is_told(influence: AudioInfluence) -> None:
    second = np.ones(RATE, np.float32)
    for wave, words in (
        (np.zeros(8 * RATE, np.float32), "silent"),
        (second, "too little"),
        (second[:1], "too little"),
        (second[:0], "too little"),
        (np.full(8 * RATE, np.nan, np.float32), "no number"),
        (np.zeros((8 * RATE, 2), np.float32), "more than one channel"),
    ):
        with pytest.raises(NoPassage, match=words):
            influence.of_wave(wave, RATE)
    with pytest.raises(OutOfRange, match="matches"):
        influence.of_wave(np.tile(second, 8), RATE, top=0)


@given(st.floats(3.0, 3600.0))
def test_passages_lie_within_a_piece_and_are_few(seconds: float) -> None:
    found = spans(seconds)
    assert 1 <= len(found) <= 6
    assert found[0][0] == 0
    assert all(start + length <= seconds + 1e-6 for start, length in found)
    assert found[-1][0] + found[-1][1] == pytest.approx(seconds)


def test_work_that_was_kept_is_not_done_again(
    index: ClipIndex,
    clips_folder: Path,
    model_folder: Path,
    run_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clip_build, "spread", alone)

    def heard_again(*_: object) -> None:
        raise AssertionError("a clip was heard again")

    monkeypatch.setattr(clip_build, "heard_parts", heard_again)
    # The same codec under another language model: states are new, what is heard is not.
    other = write_model(tmp_path / "other", seed=1)
    (other / "codec.safetensors").write_bytes((model_folder / "codec.safetensors").read_bytes())
    for folder, same in ((model_folder, True), (other, False)):
        model = open_model(folder, threads=1)
        again = build(run_folder, clips_folder, shipped(), model, str(folder), seed=0, held_out=4)
        np.testing.assert_array_equal(again.levels, index.levels)
        np.testing.assert_array_equal(again.raw, index.raw)
        assert np.array_equal(again.mean, index.mean) == same


def test_an_index_comes_back_as_it_was_written(index: ClipIndex, index_folder: Path) -> None:
    back = clip_index.read(index_folder)
    assert back.card == index.card
    for name in ("tune", "levels", "tokens", "states", "raw", "directions"):
        np.testing.assert_array_equal(getattr(back, name), getattr(index, name))
    again = (index_folder / INDEX).read_bytes()
    clip_index.write(index_folder, index)
    assert (index_folder / INDEX).read_bytes() == again


@given(place=st.floats(0, 1), flip=st.integers(1, 255), cut=st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_index_is_told(
    index_folder: Path, tmp_path: Path, place: float, flip: int, cut: bool
) -> None:
    content = bytearray((index_folder / INDEX).read_bytes())
    at = min(int(place * len(content)), len(content) - 1)
    if cut:
        content = content[:at]
    else:
        content[at] ^= flip
    (tmp_path / INDEX).write_bytes(content)
    try:
        found = clip_index.read(tmp_path)
    except BadClipIndex as error:
        remedy = error.remedy
    else:
        # A letter of the card that names a model is not in its content.
        assert not cut
        assert found.content == clip_index.read(index_folder).content
        return
    assert remedy == clip_index.REMEDY


def test_an_index_of_something_else_is_refused(
    index: ClipIndex, model_folder: Path, tmp_path: Path
) -> None:
    other = "0" * 16
    for card, words in (
        (replace(index.card, digest=other), "was made with"),
        (replace(index.card, ears=other), "another codec"),
        (replace(index.card, corpus=other), "another corpus"),
    ):
        folder = tmp_path / words.replace(" ", "-")
        clip_index.write(folder, replace(index, card=card))
        with pytest.raises(BadClipIndex, match=words) as caught:
            open_clips(model_folder, folder)
        assert "armonica corpus index" in caught.value.remedy
    with pytest.raises(BadClipIndex, match="no index"):
        open_clips(model_folder, tmp_path / "nowhere")


def test_trials_count_what_is_found(influence: AudioInfluence, clips_folder: Path) -> None:
    found = evaluate(influence, clips_folder, asked=2)
    assert [each["trial"] for each in found["trials"]] == list(TRIALS)
    by_name = {each["trial"]: each for each in found["trials"]}
    for name in ("another mix", "melody alone", "transposed"):
        assert by_name[name]["chroma"] == 1
    assert found["strangers"] == 2
    assert 0 <= found["overlap"] <= 1
    assert table(found).count("\n| ") == len(TRIALS) + 1


def test_the_command_tells_and_refuses(
    clips_folder: Path,
    index_folder: Path,
    model_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sound, own = (
        tmp_path / "sound.wav",
        ("--model", str(model_folder), "--index", str(index_folder)),
    )
    files.write(sound, other_mix(clips_folder, 0), RATE)
    assert main(["influence", str(sound), *own, "--top", "2", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    title = clips(clips_folder, "train").sheets[0].title
    assert document["matches"][0]["title"] == title
    assert {"rank", "book", "tune", "measure", "raw", "latent", "score", "percentile"} <= set(
        document["matches"][0]
    )
    assert {"value", "low", "high", "longest_match"} == set(document["originality"])
    assert main(["influence", str(sound), *own]) == 0
    assert title[:30] in capsys.readouterr().out
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"RIFF" + bytes(100))
    short, silent = tmp_path / "short.wav", tmp_path / "silent.flac"
    files.write(short, other_mix(clips_folder, 0)[:RATE], RATE)
    files.write(silent, np.zeros(8 * RATE, np.float32), RATE)
    for path in (bad, short, silent, tmp_path / "none.wav", tmp_path):
        assert main(["influence", str(path), *own]) == 2
        assert "Traceback" not in capsys.readouterr().err
    assert main(["influence", str(sound), *own, "--top", "0"]) == 2


def test_a_take_has_its_exact_codes(tmp_path: Path) -> None:
    kept = take_store.write(replace(RECIPE, frames=25), WAVE, CODES)
    inside, copy = (
        take_store.place(kept.take.id),
        take_store.export(kept.take.id, str(tmp_path / "a.wav")),
    )
    for path in (inside, copy):
        found = codes_of(path, "abc", 0.5)
        assert found is not None
        np.testing.assert_array_equal(found, CODES)
        assert codes_of(path, "abd", 0.5) is None
        assert codes_of(path, "abc", 0.8) is None
    take_store.remove(kept.take.id)
    assert codes_of(copy, "abc", 0.5) is None
    assert codes_of(tmp_path / "other.wav", "abc", 0.5) is None
    take_store.beside(copy).write_bytes(b"{")
    assert codes_of(copy, "abc", 0.5) is None
