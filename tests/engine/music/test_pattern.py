"""Patterns: several notes at once, in order, and never one pitch twice at a time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.groove import Groove
from engine.music.pattern import Hit, Pattern
from engine.music.scales import C_MAJOR
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.music.track_line import track_lines
from tests.support.measures import measure
from tests.support.values import HITS


def hits(*notes: tuple[float, int], duration: float = 0.25) -> Slot:
    """Return a slot whose pattern has notes at such onsets."""
    made = [Hit(Fraction(at), pitch, Fraction(duration)) for at, pitch in notes]
    return Slot(origin=Origin("written"), pattern=Pattern.of(made))


def heard(song: Song, track: int = 0) -> list[tuple[float, int]]:
    """Return onset and MIDI pitch of what a track plays."""
    return [(round(note.start, 3), pitch) for note, pitch, _ in track_lines(song)[track].notes()]


@given(st.lists(HITS, max_size=30))
def test_of_notes_in_any_order_no_pitch_lies_on_itself_and_every_place_is_struck(
    drawn: list[Hit],
) -> None:
    pattern = Pattern.of(drawn)
    assert {(h.onset, h.pitch) for h in pattern.hits} == {(h.onset, h.pitch) for h in drawn}
    for pitch in pattern.pitches:
        own = [hit for hit in pattern.hits if hit.pitch == pitch]
        assert all(a.end <= b.onset for a, b in pairwise(own))
    last = {(hit.onset, hit.pitch): hit for hit in drawn}
    for hit in pattern.hits:
        asked = last[hit.onset, hit.pitch]
        assert (hit.velocity, hit.duration <= asked.duration) == (asked.velocity, True)


def test_several_notes_sound_at_once_beside_a_melody_and_end_with_the_measure() -> None:
    chord = hits((0, 60), (0, 64), (2, 67), duration=8)
    song = Song(tracks=(Track(slots=(chord, Slot.brought_in(measure("C---"), Origin("midi")))),))
    notes = song.line().once()
    assert [(n.start, n.end, n.pitch) for n in notes] == [
        (0.0, 4.0, 60), (0.0, 4.0, 64), (2.0, 4.0, 67), (4.0, 8.0, 60),
    ]  # fmt: skip


def test_drums_are_neither_transposed_nor_held_to_a_key_and_chords_are() -> None:
    slot = hits((0, 36), (1, 37))
    track = Track(slots=(slot,), octave=1, transpose=2)
    song = Song(tracks=(track, replace(track, kind="drums")), key=C_MAJOR, lock=True)
    assert heard(song, 0) == [(0.0, 36 + 14), (1.0, 36 + 14)]
    assert heard(song, 1) == [(0.0, 36), (1.0, 37)]


def test_swing_moves_the_notes_of_one_place_alike_and_humanise_too() -> None:
    slot = hits((0, 36), (0.5, 42), (0.5, 38), (1.5, 42))
    groove = Groove(swing=75.0, timing=20.0, velocity=9, seed=3)
    track = Track(slots=(slot,), kind="drums", groove=groove)
    notes = Song(tracks=(track,)).line().once()
    hat, snare = (n for n in notes if abs(n.start - 0.75) < 0.1)
    assert (hat.start, hat.louder) == (snare.start, snare.louder)
    assert hat.start != 0.75


def test_a_measure_with_a_pattern_has_no_melody_and_no_code() -> None:
    pattern = Pattern((Hit(Fraction(0), 36),))
    for wrong in (
        {"measure": measure("C---")},
        {"measure": measure("----")},
        {"latent": (0.0,)},
        {"source": measure("....")},
    ):
        with pytest.raises(OutOfRange, match="no melody"):
            Slot(pattern=pattern, **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        (Fraction(1, 7), 36), (Fraction(-1), 36), (Fraction(16), 36), (Fraction(0), 128),
        (Fraction(0), 36, Fraction(0)), (Fraction(0), 36, Fraction(1), 0),
    ],
)  # fmt: skip
def test_what_no_note_can_be_is_refused(wrong: tuple[Fraction, int]) -> None:
    with pytest.raises(OutOfRange):
        Hit(*wrong)
