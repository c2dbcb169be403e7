"""Notes in, the same wave out each time, and nothing of one clip in the next."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.audio import soundfont
from engine.audio.soundfont import BadSoundFont
from engine.audio.synth import SoundedNote, Synth, mix
from engine.errors import OutOfRange
from tests.support.pitch_detection import pitch

RATE = 32_000
OCARINA, ORGAN, CHOIR = 79, 16, 52

SCALE = [SoundedNote(at * 0.5, at * 0.5 + 0.45, note) for at, note in enumerate((60, 64, 67, 72))]


@pytest.fixture(scope="module")
def synth() -> Synth:
    return Synth(soundfont.find(), RATE)


def test_each_note_sounds_at_its_pitch_and_time(synth: Synth) -> None:
    wave = synth.render(SCALE, OCARINA, drums=False, seconds=2.5)
    assert wave.dtype == np.float32
    assert wave.shape == (80_000,)
    for at, note in enumerate((60, 64, 67, 72)):
        start = at * RATE // 2
        measured = pitch(wave[start + 3200 : start + 14_000], RATE)
        assert measured == pytest.approx(note, abs=0.3)


def test_a_note_begins_at_its_sample(synth: Synth) -> None:
    drum = [SoundedNote(0.7, 0.8, 38, 127)]
    wave = synth.render(drum, 0, drums=True, seconds=1.0)
    first = int(np.flatnonzero(np.abs(wave) > 1e-4)[0])
    assert 22_400 <= first < 22_400 + 160
    assert not wave[:22_400].any()


def test_a_clip_is_the_same_whatever_came_before_and_in_whatever_order(synth: Synth) -> None:
    fresh = Synth(soundfont.find(), RATE).render(SCALE, CHOIR, drums=False, seconds=1.0)
    loud = [SoundedNote(0, 60, note, 127) for note in range(30, 100)]
    synth.render(loud, ORGAN, drums=False, seconds=0.3)
    synth.render(loud, 0, drums=True, seconds=0.3)
    again = synth.render(SCALE[::-1], CHOIR, drums=False, seconds=1.0)
    assert again.tobytes() == fresh.tobytes()


def test_silence_after_a_clip_is_silence(synth: Synth) -> None:
    synth.render([SoundedNote(0, 9, 60)], CHOIR, drums=False, seconds=0.5)
    assert not synth.render([], CHOIR, drums=False, seconds=1.0).any()


def test_a_note_struck_again_where_it_ends_sounds_twice(synth: Synth) -> None:
    twice = [SoundedNote(0, 0.5, 60), SoundedNote(0.5, 1.0, 60)]
    wave = synth.render(twice, ORGAN, drums=False, seconds=1.0)
    assert np.abs(wave[24_000:30_000]).max() > 0.5 * np.abs(wave[8_000:14_000]).max()


def test_notes_past_the_end_are_not_heard_and_no_time_is_no_wave(synth: Synth) -> None:
    late = [SoundedNote(5, 6, 60)]
    assert not synth.render(late, 0, drums=False, seconds=1.0).any()
    assert synth.render(SCALE, 0, drums=False, seconds=0).shape == (0,)


def test_mono_is_the_mean_of_both_sides(synth: Synth) -> None:
    both = synth.render_stereo(SCALE, 0, drums=False, seconds=0.5)
    assert both.shape == (16_000, 2)
    mono = synth.render(SCALE, 0, drums=False, seconds=0.5)
    np.testing.assert_allclose(mono, both.mean(axis=1), atol=1e-7)


def test_parts_are_summed(synth: Synth) -> None:
    one = synth.render(SCALE, 0, drums=False, seconds=0.5)
    np.testing.assert_allclose(mix([one, one]), 2 * one, atol=1e-7)
    with pytest.raises(OutOfRange):
        mix([one, one[1:]])


@pytest.mark.parametrize(
    ("start", "end", "number", "velocity"),
    [
        (1, 1, 60, 96),
        (-1, 1, 60, 96),
        (0, float("nan"), 60, 96),
        (0, float("inf"), 60, 96),
        (0, 1, 128, 96),
        (0, 1, -1, 96),
        (0, 1, 60, 0),
        (0, 1, 60, 128),
    ],
)
def test_a_note_that_cannot_sound_is_refused(
    start: float, end: float, number: int, velocity: int
) -> None:
    with pytest.raises(OutOfRange):
        SoundedNote(start, end, number, velocity)


@pytest.mark.parametrize(("program", "seconds"), [(128, 1), (-1, 1), (0, -1), (0, 1e9)])
def test_programs_and_lengths_have_ranges(synth: Synth, program: int, seconds: float) -> None:
    with pytest.raises(OutOfRange):
        synth.render(SCALE, program, drums=False, seconds=seconds)
    with pytest.raises(OutOfRange):
        synth.render(SCALE, 0, drums=False, seconds=float("nan"))


def test_the_installed_soundfont_is_found_without_its_carrier(tmp_path: Path) -> None:
    assert soundfont.find() == soundfont.installed()
    mine = tmp_path / "mine.sf2"
    mine.symlink_to(soundfont.installed())
    assert soundfont.find(str(tmp_path / "mine")) == mine


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none.sf2", "No such file"),
        ("text.sf2", "is no SoundFont"),
        ("cut.sf2", "is cut short"),
        ("folder.sf2", "is not a file"),
        ("pipe.sf2", "is not a file"),
        ("a\0", "cannot be read"),
    ],
)
def test_a_file_that_is_no_soundfont_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "text.sf2").write_text("no SoundFont")
    (tmp_path / "cut.sf2").write_bytes(soundfont.installed().read_bytes()[:100_000])
    (tmp_path / "folder.sf2").mkdir()
    os.mkfifo(tmp_path / "pipe.sf2")
    with pytest.raises(BadSoundFont, match=says) as caught:
        soundfont.find(str(tmp_path / name))
    assert "soundfont" in caught.value.remedy


def test_a_damaged_soundfont_is_refused(tmp_path: Path) -> None:
    body = soundfont.installed().read_bytes()
    damaged = tmp_path / "damaged.sf2"
    damaged.write_bytes(b"RIFF" + (4).to_bytes(4, "little") + b"sfbk" + body[20:60])
    with pytest.raises(BadSoundFont, match="is damaged"):
        Synth(damaged, RATE)
    with pytest.raises(OutOfRange):
        Synth(soundfont.find(), 7_999)
