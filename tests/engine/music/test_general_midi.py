"""The names of programs and drums, and programs by what users call them."""

from __future__ import annotations

import pytest

from engine.errors import OutOfRange
from engine.music.general_midi import COMMON_DRUMS, DRUM_NAMES, PROGRAMS, drum_name, program_named


def test_there_are_128_programs_and_47_drums_each_with_a_name_of_its_own() -> None:
    assert len(PROGRAMS) == len(set(PROGRAMS)) == 128
    assert len(DRUM_NAMES) == len(set(DRUM_NAMES)) == 47
    # Where General MIDI has them.
    assert (PROGRAMS[24], PROGRAMS[73], PROGRAMS[127]) == ("Nylon Guitar", "Flute", "Gunshot")
    assert (drum_name(36), drum_name(38), drum_name(42)) == (
        "Bass Drum", "Acoustic Snare", "Closed Hi-hat",
    )  # fmt: skip
    assert (drum_name(81), drum_name(82), drum_name(34)) == ("Open Triangle", "Drum 82", "Drum 34")
    assert all("Drum " + str(pitch) != drum_name(pitch) for pitch in COMMON_DRUMS)


@pytest.mark.parametrize(
    ("text", "program"),
    [("1", 0), ("128", 127), ("Flute", 73), (" slap  bass 2 ", 37), ("nylon", 24), ("piano 2", 5)],
)
def test_a_program_is_meant_by_number_name_or_a_part_of_its_name(text: str, program: int) -> None:
    assert program_named(text) == program


@pytest.mark.parametrize(
    ("text", "words"),
    [("0", "lies from 1"), ("129", "lies from 1"), ("", "No program"), ("spoons", "No program"),
     ("slap", "Slap Bass 1, Slap Bass 2"), ("9" * 5000, "lies from 1")],
)  # fmt: skip
def test_what_is_no_program_or_may_be_several_is_said_so(text: str, words: str) -> None:
    with pytest.raises(OutOfRange, match=words):
        program_named(text)
