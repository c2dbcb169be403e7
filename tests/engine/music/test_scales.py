"""Scales and keys: what belongs, what is nearest, and how keys are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.scales import ALIASES, SCALES, TONICS, Key, key_of

keys = st.builds(Key, st.integers(0, 11), st.sampled_from(sorted(SCALES)))
C, CIS, D, DIS, E, F, FIS, G = range(60, 68)


@pytest.mark.parametrize(
    ("name", "pitches"),
    [
        ("C major", "C D E F G A B"),
        ("A minor", "A B C D E F G"),
        ("D dorian", "D E F G A B C"),
        ("E phrygian", "E F G A B C D"),
        ("F lydian", "F G A B C D E"),
        ("G mixolydian", "G A B C D E F"),
        ("B locrian", "B C D E F G A"),
        ("A harmonic minor", "A B C D E F Ab"),
        ("A melodic minor", "A B C D E F# Ab"),
        ("G major pentatonic", "G A B D E"),
        ("E minor pentatonic", "E G A B D"),
        ("A blues", "A C D Eb E G"),
        ("C whole tone", "C D E F# Ab Bb"),
    ],
)
def test_a_key_has_its_notes_from_the_tonic_up(name: str, pitches: str) -> None:
    key = key_of(name)
    found = [TONICS[p % 12] for p in range(60 + key.tonic, 72 + key.tonic) if key.holds(p)]
    assert found == pitches.split()


def test_a_foreign_note_goes_to_the_nearer_side_and_between_two_it_goes_down() -> None:
    blues = Key(0, "blues")
    assert [blues.nearest(p) for p in (C, CIS, D, E, F)] == [C, C, DIS, DIS, F]
    # The leading note of a turn figure is not made a second stroke of the note it leads to.
    assert [Key().nearest(p) for p in (D, CIS, D)] == [D, C, D]


def test_at_the_foot_of_the_range_a_note_goes_up() -> None:
    # G3 is the lowest pitch there is.
    assert Key(8, "major").nearest(55) == 55
    assert Key(1, "major pentatonic").nearest(55) == 56
    assert Key(6, "major pentatonic").nearest(84) == 82


@given(keys, st.integers(0, 127))
def test_the_nearest_pitch_is_one_of_the_key_and_none_is_nearer(key: Key, pitch: int) -> None:
    found = key.nearest(pitch)
    assert 55 <= found <= 84
    assert key.holds(found)
    assert key.nearest(found) == found
    nearer = [p for p in range(55, 85) if key.holds(p) and abs(p - pitch) < abs(found - pitch)]
    assert nearer == []


@given(st.integers(55, 84))
def test_the_chromatic_scale_moves_nothing(pitch: int) -> None:
    assert Key(7, "chromatic").nearest(pitch) == pitch


@given(keys)
def test_a_key_is_read_by_its_name(key: Key) -> None:
    assert key_of(key.name) == key
    assert key_of(f"  {key.name.replace(' ', '   ')} ".lower()) == key


def test_keys_are_read_as_players_write_them() -> None:
    assert key_of("Bb") == Key(10, "major")
    assert key_of("c♯ Minor") == Key(1, "natural minor")
    assert key_of("Cb major") == Key(11)
    assert all(key_of(f"D {alias}") == Key(2, scale) for alias, scale in ALIASES.items())


@pytest.mark.parametrize("text", ["", "H major", "dorian", "D dorien", "C#b", "5"])
def test_what_is_no_key_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(OutOfRange) as caught:
        key_of(text)
    assert "dorian" in caught.value.remedy


@pytest.mark.parametrize("values", [(12, "major"), (-1, "major"), (0, "dorien")])
def test_a_key_that_is_none_cannot_be_made(values: tuple[int, str]) -> None:
    with pytest.raises(OutOfRange):
        Key(*values)


def test_degrees_count_from_the_tonic() -> None:
    dorian = Key(2, "dorian")
    assert [dorian.degree(pitch) for pitch in (62, 64, 65, 72, 73, 50)] == [1, 2, 3, 7, None, 1]
