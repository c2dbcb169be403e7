"""Each bench runs, and its figures are such as time and bytes can be."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import pytest
import torch

from engine.bench import BENCHES, Result, jitter, latency, remote, screen, song, start
from engine.bench.fixture import measure_song
from engine.bench.large_songs import beside
from engine.errors import NotReady, OutOfRange
from engine.locations import MEASURE_VAE

weights = pytest.mark.skipif(not MEASURE_VAE.exists(), reason="no weights lie in presets/models")


def measured(run: Callable[[], tuple[Result, ...]]) -> dict[str, Result]:
    """Run a bench, or skips where the machine lacks what it needs."""
    try:
        return {result.name: result for result in run()}
    except NotReady as error:
        if "missing" in error.message or "pseudo-terminal" in error.message:
            pytest.skip(error.line())
        raise


def test_every_bench_is_there() -> None:
    assert all(find_spec(module) for module in BENCHES.values())


def test_without_jack_a_bench_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
    for run in (latency.run, jitter.run):
        with pytest.raises(NotReady, match="jackd is missing") as refused:
            run()
        assert "apt-get install" in refused.value.remedy


@pytest.mark.real
@pytest.mark.alone
def test_the_first_gauge_is_painted_within_seconds() -> None:
    found = measured(lambda: start.run(rounds=2))
    assert 0.1 < found["start"].ours <= found["gauges live"].ours < 30
    assert 0.1 < found["start"].other < 60


@pytest.mark.real
@pytest.mark.alone
@weights
def test_a_key_is_heard_at_rest_and_while_playing() -> None:
    found = measured(lambda: latency.run(keys=3))
    assert set(found) == {
        f"latency {when} {name}"
        for when in ("at rest", "while playing", "while 16 tracks play")
        for name in ("p50", "p99")
    }
    for name, result in found.items():
        # What comes too late for its place in the loop is heard a turn later.
        most = 5000 if "16 tracks" in name else 1000
        assert 0 < result.other < result.ours < most


@pytest.mark.real
@pytest.mark.alone
@weights
def test_the_clock_ticks_while_gauges_move() -> None:
    found = measured(lambda: jitter.run(rounds=1, seconds=2.0))
    turns = (
        "jitter", "jitter while audio grows", "jitter while knobs are swept",
        "jitter with 16 tracks",
    )  # fmt: skip
    assert set(found) == {f"{turn} {share}" for turn in turns for share in ("p50", "p99", "max")}
    for result in (found["jitter p50"], found["jitter p99"]):
        assert 0 <= result.ours < 20
        # A bare process has no priority, and says how busy the machine is.
        assert 0 <= result.other < 1000


def test_sixteen_tracks_play_as_many_notes_as_is_said() -> None:
    one = measure_song(120.0)
    many = beside(one, 2000)
    assert len(many.tracks) == 16
    a_turn = sum(len(track.slots[0].measure.notes) for track in many.tracks)
    assert a_turn * 120 / 4 == pytest.approx(2000, rel=0.02)
    assert many.tracks[0] == one.tracks[0]


@pytest.mark.real
@pytest.mark.alone
@weights
def test_a_long_song_is_opened_and_edited_by_keys() -> None:
    found = measured(lambda: song.run(rounds=1, keys=4, measures=40))
    assert set(found) == {"song opened", "song edited p50", "song edited p99"}
    for result in found.values():
        assert result.ours > 0
        assert result.other > 0


@pytest.mark.real
@pytest.mark.alone
def test_a_step_of_a_gauge_writes_less_than_plain_textual() -> None:
    found = measured(lambda: screen.run(steps=4))["screen"]
    assert 0 < found.ours < found.other


@pytest.mark.real
@pytest.mark.alone
def test_notes_come_home_over_a_slow_line() -> None:
    found = measured(lambda: remote.run(4.0, 2.0))
    assert set(found) == {f"notes over a line {share}" for share in ("p50", "p99", "max")}
    for result in found.values():
        assert " 0 lost and 0 stuck" in result.how
    assert abs(found["notes over a line p50"].ours) < 20


def test_decoding_is_measured_beside_audiocraft_and_transformers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from engine.bench import decode

    monkeypatch.setattr(decode, "SHAPES", {"small": (64, 2, 4)})
    monkeypatch.setattr(decode, "TURNS", 1)
    found = decode.run()
    assert [result.name for result in found] == ["tiny", "small", "small, transformers"]
    assert all(0 < result.ours < 1000 for result in found)
    assert all(0 < result.other < 1000 for result in found)
    if not torch.cuda.is_available():
        with pytest.raises(OutOfRange, match="no device"):
            decode.run("cuda")


def test_what_a_gpu_would_repeat_runs_on_a_processor() -> None:
    from engine.bench import decode
    from engine.bench.random_musicgen import RandomMusicGen

    measure = decode.DecodeTiming("small", RandomMusicGen("small", 64, 2, 4, "cpu"), "cpu", 5)
    timed = decode.captured(measure)
    assert timed(False) > 0
    assert timed(True) > 0
