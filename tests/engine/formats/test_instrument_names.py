"""A user's own names of instruments, read strictly."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.formats.instrument_names import BadNames, InstrumentNames, own_file, read
from engine.music.track import Track

OWN = """
[[program]]
bank = [8, "-"]
program = 5
name = "Tine Piano"

[[program]]
program = 5
name = "My Rhodes"
"""


def test_own_names_stand_before_those_of_general_midi(tmp_path: Path) -> None:
    place = tmp_path / "instruments.toml"
    place.write_text(OWN)
    names = read(place)
    assert names.of(Track(program=4)) == "My Rhodes"
    assert names.of(Track(program=4, bank_msb=8)) == "Tine Piano"
    assert names.of(Track(program=4, bank_msb=9)) == "Electric Piano 1"
    assert names.of(Track(program=0, kind="drums", channel=9)) == "Drums"
    assert [name for name, _ in names.listed()[:3]] == [
        "My Rhodes", "Tine Piano", "Acoustic Grand Piano",
    ]  # fmt: skip
    assert len(names.listed()) == 130


def test_without_a_file_the_names_are_those_of_general_midi() -> None:
    assert not own_file().exists()
    assert read() == InstrumentNames()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "no file of names"), ("a = 1", "other things"), ("program = 3", "other things"),
        ("[[program]]\nname = 'a'", "not a program, a name"),
        ("[[program]]\nprogram = 0\nname = 'a'", "from 1 to 128"),
        ("[[program]]\nprogram = true\nname = 'a'", "from 1 to 128"),
        ("[[program]]\nprogram = 1\nname = ''", "1 to 40"),
        ("[[program]]\nprogram = 1\nname = 7", "1 to 40"),
        ("[[program]]\nprogram = 1\nname = 'a'\nbank = [1]", "bank"),
        ("[[program]]\nprogram = 1\nname = 'a'\nbank = [1, 128]", "bank"),
        ("[[program]]\nprogram = 1\nname = 'a'\nport = 'b'", "maybe a bank"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    place = tmp_path / "instruments.toml"
    place.write_text(text)
    with pytest.raises(BadNames, match=words) as caught:
        read(place)
    assert "\n" not in caught.value.line()


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_lies_there_is_read_or_refused(data: bytes) -> None:
    place = own_file()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    try:
        with suppress(BadNames):
            read(place)
            tomllib.loads(data.decode())
    finally:
        place.unlink()
