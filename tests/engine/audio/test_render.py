"""Measures and songs as waves: in time, in tune, and dying away at the end."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from engine.audio import soundfont
from engine.audio.render import LOUDNESS, performed, render, stems
from engine.audio.synth import SoundedNote, Synth
from engine.errors import OutOfRange
from engine.music.measure import HOLD, SILENCE, Measure
from engine.music.pattern import Hit, Pattern
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.music.track_line import TrackLine, track_lines
from tests.support.measures import quarters
from tests.support.pitch_detection import pitch

RATE = 32_000
OCARINA = Track(program=79, velocity=100)


@pytest.fixture(scope="module")
def synth() -> Synth:
    return Synth(soundfont.find(), RATE)


def test_notes_are_played_at_the_tempo_and_held_over_bar_lines() -> None:
    held = Measure((HOLD,) * 6 + quarters(60, 60, 62, 64).tokens[6:])
    notes, seconds = performed(
        TrackLine.of_measures([quarters(60, 64, 67, 72), held], Track(velocity=80)), 120
    )
    assert seconds == 4
    expected = [(0, 0.5, 60), (0.5, 1, 64), (1, 1.5, 67), (1.5, 2.5, 72)]
    expected += [(2.5, 3, 60), (3, 3.5, 62), (3.5, 4, 64)]
    assert notes == tuple(SoundedNote(*each, 80) for each in expected)


def test_measures_sound_in_tune_and_die_away(synth: Synth) -> None:
    wave = render(synth, [TrackLine.of_measures([quarters(60, 64, 67, 72)], OCARINA)], 60)
    assert wave.shape == (6 * RATE, 2)
    for beat, note in enumerate((60, 64, 67, 72)):
        measured = pitch(wave[beat * RATE + 3_200 : beat * RATE + 25_000, 0], RATE)
        assert measured == pytest.approx(note, abs=0.3)
    assert np.abs(wave).max() == pytest.approx(LOUDNESS)
    assert np.abs(wave[-RATE // 2 :]).max() < 0.01
    assert len(render(synth, [SILENCE], 60, tail=0)) == 4 * RATE
    assert not render(synth, [SILENCE], 60).any()


def test_the_sum_of_stems_is_the_mix_with_drums_by_level_and_pan(synth: Synth) -> None:
    melody = Track(program=79, slots=(Slot.brought_in(quarters(60, 64, 67, 72), Origin("midi")),))
    hits = tuple(Hit(Fraction(at), 38) for at in range(4))
    kit = Track(kind="drums", channel=9, pan=0, level=110,
                slots=(Slot(origin=Origin("written"), pattern=Pattern(hits)),))  # fmt: skip
    parts = track_lines(Song("Song", 120, (melody, kit)))
    found, mixed = stems(synth, parts, 120)
    assert len(found) == 2
    assert np.abs(found[0] + found[1] - mixed).max() < 1e-6
    loudest = max(np.abs(wave).max() for wave in (mixed, *found))
    assert loudest == pytest.approx(LOUDNESS)
    # The kit is heard on the left alone, and the mix is that of `render` up to one gain.
    assert np.abs(found[1][:, 1]).max() < 1e-6 < np.abs(found[1][:, 0]).max()
    usual = render(synth, parts, 120)
    gain = np.abs(mixed).max() / np.abs(usual).max()
    assert np.allclose(usual * gain, mixed, atol=1e-5)


def test_a_song_is_one_turn_of_its_loop(synth: Synth) -> None:
    slot = Slot.brought_in(quarters(60, 64, 67, 72), Origin("midi"))
    song = Song("Song", 120, (OCARINA,)).with_slot(1, slot)
    wave = render(synth, track_lines(song), song.tempo, tail=0)
    assert len(wave) == 4 * RATE
    assert not wave[: 2 * RATE].any()
    drums = render(synth, [TrackLine(song.line(), Track(channel=9))], song.tempo, tail=0)
    assert not np.array_equal(drums, wave)


def test_what_cannot_be_performed_is_refused(synth: Synth) -> None:
    with pytest.raises(OutOfRange, match="no measure"):
        render(synth, [], 120)
    with pytest.raises(OutOfRange, match="tempo"):
        performed(TrackLine.of_measures([SILENCE]), 0)
    with pytest.raises(OutOfRange, match="an hour is the most"):
        render(synth, [SILENCE] * 1_000, 60)
