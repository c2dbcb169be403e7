"""Any file a player may give becomes a wave or a clear line; what is written is whole."""

from __future__ import annotations

import contextlib
import errno
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio import files
from engine.audio.files import BadAudioFile, BadAudioName
from engine.errors import ArmonicaError, CannotWrite, OutOfRange
from tests.support.pitch_detection import pitch, tone

RATE = 32_000


def stereo(frequency: float, seconds: float, rate: int) -> Any:
    left = tone(frequency, seconds, rate)
    return np.stack([left, left], axis=1)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_every_kind_is_read_as_mono_at_the_wanted_rate(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    soundfile.write(path, stereo(440, 2, 44_100), 44_100)
    wave = files.read(path, RATE)
    assert wave.dtype == np.float32
    assert wave.shape == (64_000,)
    assert pitch(wave, RATE) == pytest.approx(69, abs=0.05)
    info = files.inspect(path)
    assert (info.seconds, info.rate, info.channels, info.kind) == (2, 44_100, 2, kind.upper())


@pytest.mark.parametrize("rate", [8_000, 11_025, 32_000, 96_000, 192_000])
def test_every_rate_keeps_its_pitch_and_length(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", tone(523.25, 1, rate), rate)
    wave = files.read(tmp_path / "a.wav", RATE)
    assert len(wave) == pytest.approx(RATE, abs=2)
    assert pitch(wave, RATE) == pytest.approx(72, abs=0.05)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_a_part_is_what_the_whole_has_there(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    rate = 44_100
    sweep = np.sin(np.cumsum(np.linspace(0.01, 0.3, 8 * rate))).astype(np.float32) * 0.5
    soundfile.write(path, sweep, rate)
    whole = files.read(path, rate)
    np.testing.assert_allclose(whole, soundfile.read(path, dtype="float32")[0], atol=1e-5)
    for seconds in (0.1, 1.5, 6.9):
        part = files.read(path, rate, last=seconds)
        np.testing.assert_allclose(part, whole[-len(part) :], atol=1e-4)
    np.testing.assert_allclose(files.read(path, rate, first=1.5), whole[:66_150], atol=1e-4)
    assert len(files.read(path, rate, last=60)) == len(whole)


def test_of_an_hour_only_the_part_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hour.wav"
    with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_U8") as file:
        for _ in range(61):
            file.write(np.zeros(60 * 8_000, dtype=np.float32))
        file.write(tone(440, 2, 8_000))
    frames = []
    read = soundfile.SoundFile.read

    def counted(file: soundfile.SoundFile, *given: Any, **named: Any) -> Any:
        frames.append(len(found := read(file, *given, **named)))
        return found

    monkeypatch.setattr(soundfile.SoundFile, "read", counted)
    assert pitch(files.read(path, RATE, last=2), RATE) == pytest.approx(69, abs=0.05)
    assert 2 * 8_000 <= sum(frames) < 60 * 8_000
    with pytest.raises(BadAudioFile, match="silent there"):
        files.read(path, RATE, first=2)
    with pytest.raises(BadAudioFile, match="longer than an hour"):
        files.read(path, RATE)


def _save(path: Path, wave: Any, rate: int = 44_100) -> Path:
    soundfile.write(path, wave, rate, subtype="FLOAT")
    return path


def test_what_is_no_sound_is_refused_in_a_line(tmp_path: Path) -> None:
    good = tone(440, 1, 44_100)
    spoilt, endless = good.copy(), good.copy()
    spoilt[30_000], endless[30_000] = np.nan, np.inf
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.mp3").write_text("All work and no play\n" * 400)
    (tmp_path / "raw.raw").write_bytes(bytes(range(256)) * 400)
    os.mkfifo(tmp_path / "pipe.wav")
    flac = tmp_path / "whole.flac"
    soundfile.write(flac, good, 44_100)
    (tmp_path / "cut.flac").write_bytes(flac.read_bytes()[: flac.stat().st_size // 2])
    refused = {
        _save(tmp_path / "silent.wav", good * 0): "silent.wav is silent",
        _save(tmp_path / "one.wav", good[:1]): "holds 1 samples",
        _save(tmp_path / "none.wav", good[:0]): "holds 0 samples",
        _save(tmp_path / "nan.wav", spoilt): "no numbers",
        _save(tmp_path / "inf.wav", endless): "no numbers",
        _save(tmp_path / "loud.wav", good * 32768): "84 dB over full scale",
        _save(tmp_path / "against.wav", np.stack([good, -good], axis=1)): "cancel each other",
        _save(tmp_path / "slow.wav", good, 4_000): "has 4000 samples a second",
        tmp_path / "missing.wav": "No such file",
        tmp_path / "empty.wav": "is empty",
        tmp_path / "text.mp3": "is no audio file",
        tmp_path / "raw.raw": "is no audio file",
        tmp_path / "pipe.wav": "is not a file",
        tmp_path / "cut.flac": "is damaged",
        tmp_path / "a\0.wav": "cannot be read",
        tmp_path: "is a folder",
    }
    for path, says in refused.items():
        with pytest.raises(BadAudioFile, match=says) as caught:
            files.read(path, RATE)
        assert caught.value.remedy
        assert caught.value.exit_code == 2


def test_parts_and_rates_have_ranges(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.wav", tone(440, 1, 44_100))
    for wrong in ({"first": 0.0}, {"last": -1.0}, {"last": float("nan")}, {"first": 1, "last": 1}):
        with pytest.raises(OutOfRange):
            files.read(path, RATE, **wrong)
    with pytest.raises(OutOfRange):
        files.read(path, 1_000)


def _bytes(kind: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, stereo(440, 0.4, 22_050), 22_050, format=kind)
    return buffer.getvalue()


WHOLE = {kind: _bytes(kind) for kind in ("WAV", "FLAC", "OGG", "MP3", "AIFF")}


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    body = bytearray(WHOLE[draw(st.sampled_from(sorted(WHOLE)))])
    for _ in range(draw(st.integers(0, 8))):
        body[draw(st.integers(0, min(len(body) - 1, 4_000)))] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.integers(0, len(body)))])


def _is_open(path: Path) -> bool:
    """Return whether this process has a file open; other threads may have others."""
    place = Path("/proc/self/fd")
    opened = set()
    for each in list(place.iterdir()) if place.exists() else []:
        with contextlib.suppress(OSError):
            opened.add(os.readlink(each))  # noqa: PTH115
    return str(path) in opened


@settings(max_examples=150, deadline=2_000)
@given(body=st.one_of(spoilt(), st.binary(max_size=2_000)), last=st.sampled_from([None, 0.1]))
def test_whatever_the_bytes_a_wave_comes_or_a_clear_line(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, last: float | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(body)
    with contextlib.suppress(BadAudioFile):
        wave = files.read(path, RATE, last=last)
        assert wave.dtype == np.float32
        assert wave.size
        assert np.isfinite(wave).all()
    assert not _is_open(path)


def test_nothing_is_printed_over_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.mp3"
    path.write_bytes(WHOLE["MP3"][:500])
    with pytest.raises(BadAudioFile):
        files.read(path, RATE)
    assert capfd.readouterr().err == ""
    os.write(2, b"told")
    assert capfd.readouterr().err == "told"


@pytest.mark.parametrize(
    ("name", "depth", "subtype", "step"),
    [
        ("a.wav", "16", "PCM_16", 2.0**-15),
        ("a.wav", "24", "PCM_24", 2.0**-23),
        ("a.wav", "float", "FLOAT", 0.0),
        ("a.flac", "16", "PCM_16", 2.0**-15),
        ("A.FLAC", "float", "PCM_24", 2.0**-23),
    ],
)
def test_what_is_written_is_read_back(
    tmp_path: Path, name: str, depth: files.Depth, subtype: str, step: float
) -> None:
    wave = stereo(440, 0.5, RATE)
    written = files.write(tmp_path / name, wave, RATE, depth)
    assert (written.seconds, written.rate, written.gain) == (0.5, RATE, 0)
    assert written.peak == pytest.approx(-6.02, abs=0.01)
    back, rate = soundfile.read(tmp_path / name, dtype="float32")
    assert (rate, soundfile.info(str(tmp_path / name)).subtype) == (RATE, subtype)
    np.testing.assert_allclose(back, wave, atol=step)


def test_a_wave_over_full_scale_is_turned_down_and_that_is_said(tmp_path: Path) -> None:
    loud = tone(440, 0.5, RATE, level=4.0)
    written = files.write(tmp_path / "a.wav", loud, RATE)
    assert written.gain == pytest.approx(-12.04, abs=0.01)
    back, _ = soundfile.read(tmp_path / "a.wav")
    np.testing.assert_allclose(back, loud / 4, atol=1e-4)
    kept = files.write(tmp_path / "b.wav", loud, RATE, "float")
    assert kept.gain == 0
    assert np.abs(soundfile.read(tmp_path / "b.wav")[0]).max() == pytest.approx(4)


def test_equal_waves_are_equal_files() -> None:
    wave = tone(440, 0.1, RATE)
    first, _ = files.encode(wave, RATE, ".wav", "float")
    at = first.find(b"PEAK")
    assert at > 0
    assert first[at + 12 : at + 16] == bytes(4)


@pytest.mark.parametrize("name", ["a.mp3", "a", "a.wav.txt"])
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadAudioName, match=r"neither \.wav nor \.flac"):
        files.write(tmp_path / name, tone(440, 0.1, RATE), RATE)


def test_what_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    wave = tone(440, 0.1, RATE)
    for wrong in (wave[:0], np.full_like(wave, np.nan), np.full_like(wave, np.inf)):
        with pytest.raises(OutOfRange):
            files.write(path, wrong, RATE)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("engine.common.atomic.os.fsync", full)
    with pytest.raises(CannotWrite, match="No space left") as caught:
        files.write(path, wave, RATE)
    assert "Free some space" in caught.value.remedy
    assert [each.name for each in tmp_path.iterdir()] == ["a.wav"]
    assert path.read_bytes() == b"old"


@settings(max_examples=30)
@given(
    samples=st.lists(st.floats(width=32, allow_nan=True), min_size=0, max_size=60),
    depth=st.sampled_from(["16", "24", "float"]),
    suffix=st.sampled_from([".wav", ".flac"]),
)
def test_any_wave_is_written_or_refused(
    samples: list[float], depth: files.Depth, suffix: str
) -> None:
    wave = np.array(samples, dtype=np.float32)
    try:
        content, _ = files.encode(wave, RATE, suffix, depth)
    except ArmonicaError:
        assert not wave.size or not np.isfinite(wave).all()
    else:
        assert len(soundfile.read(io.BytesIO(content))[0]) == len(wave)
