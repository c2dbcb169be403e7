"""What programs are called: by General MIDI, and by a file of the user's own.

The file is `instruments.toml` in the folder of the configuration:

    [[program]]
    bank = [8, 1]        # controllers 0 and 32, "-" where one is not sent; may be left out
    program = 5          # from 1
    name = "Tine Piano"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import UserError
from engine.locations import config_folder
from engine.music.general_midi import PROGRAMS
from engine.music.track import Track
from engine.text import printable

FILE = "instruments.toml"
LARGEST = 1_000_000
LONGEST = 40
"""The longest name in characters."""

Instrument = tuple[int, int | None, int | None]
"""A program (from 0), and the two numbers of its bank."""


class BadNames(UserError):
    """A file of names that cannot be read."""

    title = "Names of instruments"


@dataclass(frozen=True, slots=True)
class InstrumentNames:
    """The names of instruments: the user's own, before those of General MIDI."""

    own: Mapping[Instrument, str] = field(default_factory=dict)

    def of(self, track: Track) -> str:
        """Return what a track's instrument is called; drums are a kit."""
        if (name := self.own.get(track.instrument)) is not None:
            return name
        if track.kind == "drums":
            return "Drums" if not track.program else f"Drum kit {track.program + 1}"
        # A bank that the user does not name is a variation of the program.
        return PROGRAMS[track.program]

    def listed(self) -> tuple[tuple[str, Instrument], ...]:
        """Return every instrument that has a name: the user's own first, then General MIDI's."""
        own = sorted(self.own.items(), key=lambda each: each[1].casefold())
        usual = [(name, (number, None, None)) for number, name in enumerate(PROGRAMS)]
        return (*((name, instrument) for instrument, name in own), *usual)


def own_file() -> Path:
    """Return where the user's own names lie."""
    return config_folder() / FILE


def read(place: Path | None = None) -> InstrumentNames:
    """Read the user's own names; those of General MIDI alone where there is no such file.

    Raises `BadNames` for a file that is not one.
    """
    place = own_file() if place is None else place
    try:
        with place.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return InstrumentNames()
    except OSError as error:
        raise _bad(place, error.strerror or "it cannot be read") from None
    try:
        if len(data) > LARGEST:
            raise ValueError("it is too large")
        body = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise _bad(place, str(error).splitlines()[0] if str(error) else "no TOML") from None
    rows = body.pop("program", [])
    if body or not isinstance(rows, list):
        raise _bad(place, "it holds other things than [[program]]")
    own: dict[Instrument, str] = {}
    for number, row in enumerate(rows, 1):
        instrument, name = _entry(place, number, row)
        own[instrument] = name
    return InstrumentNames(own)


def _entry(place: Path, number: int, row: object) -> tuple[Instrument, str]:
    where = f"[[program]] {number}"
    if not isinstance(row, dict) or not {"program", "name"} <= row.keys() <= {
        "program", "name", "bank",
    }:  # fmt: skip
        raise _bad(place, f"{where} is not a program, a name and maybe a bank")
    program, name, bank = row["program"], row["name"], row.get("bank", ["-", "-"])
    if type(program) is not int or not 1 <= program <= len(PROGRAMS):
        raise _bad(place, f"the program of {where} does not lie from 1 to {len(PROGRAMS)}")
    shown = printable(name, " ").strip() if isinstance(name, str) else ""
    if not 1 <= len(shown) <= LONGEST:
        raise _bad(place, f"the name of {where} has not 1 to {LONGEST} characters")
    if not isinstance(bank, list) or len(bank) != 2 or not all(map(_is_bank, bank)):
        raise _bad(place, f"the bank of {where} is not two numbers from 0 to 127, or -")
    msb, lsb = (None if part == "-" else part for part in bank)
    return (program - 1, msb, lsb), shown


def _is_bank(value: object) -> bool:
    return value == "-" or (type(value) is int and 0 <= value <= 127)


def _bad(place: Path, why: str) -> BadNames:
    return BadNames(f"{printable(str(place))} is no file of names: {printable(why, ' ')}.",
                    "Mend it, or take it away.")  # fmt: skip
