"""The fields of a song file, each taken out with its type and range."""

from __future__ import annotations

import math
from typing import NoReturn

from engine.common.fields import Fields, number
from engine.errors import BadSong
from engine.music.performance import Touch, Touches
from engine.text import printable

LONGEST_TEXT = 1000
MOST_DIMENSIONS = 1024
_LARGEST_CODE = 1000.0


class SongFields(Fields):
    """Takes fields out of an object of a song, each with its type and range."""

    def bad(self, what: str) -> NoReturn:
        """Raise `BadSong`."""
        bad_song(what)

    def text(self, name: str) -> str:
        """Return a text, made fit to be shown."""
        value = self.take(name)
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            bad_song(
                f"the {name} of {self._where} is not a text of at most {LONGEST_TEXT} characters"
            )
        # Read leniently, because an older program may have written a file's name as it was.
        return printable(value)

    def integers(self, name: str, most: int) -> tuple[int, ...]:
        """Return a list of at most ``most`` whole numbers."""
        values = self.rows(name, most)
        if set(map(type, values)) <= {int}:
            # A long song has hundreds of thousands, of which none need be looked at alone.
            return tuple(values)
        return tuple(self.is_integer(name, value) for value in values)

    def text_or_none(self, name: str) -> str | None:
        """Return a text, None where the field is missing."""
        return self.text(name) if name in self._body else None

    def tokens_or_none(self, name: str, most: int) -> tuple[int, ...] | None:
        """Return the ``most`` tokens of a measure at most, None where there is none."""
        if name in self._body and self._body[name] is None:
            del self._body[name]
            return None
        return self.integers(name, most)

    def whole(self, name: str) -> int:
        """Return a whole number."""
        return self.is_integer(name, self.take(name))

    def whole_or_none(self, name: str) -> int | None:
        """Return a whole number, None where none stands there."""
        value = self.take(name)
        return None if value is None else self.is_integer(name, value)

    def real(self, name: str) -> float:
        """Return a number."""
        return self._number(name, self.take(name))

    def real_or_none(self, name: str) -> float | None:
        """Return a number, None where none stands there."""
        value = self.take(name)
        return None if value is None else self._number(name, value)

    def code(self, name: str) -> tuple[float, ...] | None:
        """Return a latent code, None where there is none."""
        values = self.take(name)
        if values is None:
            return None
        if not isinstance(values, list) or not 1 <= len(values) <= MOST_DIMENSIONS:
            bad_song(f"the {name} of {self._where} is not a list of numbers")
        plain = set(map(type, values)) == {float} and math.isfinite(sum(values))
        if plain and min(values) >= -_LARGEST_CODE and max(values) <= _LARGEST_CODE:
            return tuple(values)
        return tuple(self._number(name, value) for value in values)

    def touches(self, name: str, most: int) -> Touches:
        """Return how each note of a measure was played, ``most`` at most."""
        values = self.take(name)
        if not isinstance(values, list) or len(values) > most:
            bad_song(f"how {self._where} was played is not a list of at most {most}")
        return tuple(None if value is None else self._touch(name, value) for value in values)

    def _touch(self, name: str, value: object) -> Touch:
        if not isinstance(value, list) or len(value) != 2:
            bad_song(f"how a note of {self._where} was played is not a velocity and a deviation")
        return Touch(self.is_integer(name, value[0]), self._number(name, value[1]))

    def is_integer(self, name: str, value: object) -> int:
        """Return a value that is a whole number."""
        if type(value) is not int:
            bad_song(f"the {name} of {self._where} is not a whole number")
        return value

    def _number(self, name: str, value: object) -> float:
        what = f"the {name} of {self._where}"
        return number(value, -_LARGEST_CODE, _LARGEST_CODE, what, bad_song)


def bad_song(what: str) -> NoReturn:
    """Raise `BadSong`."""
    raise BadSong(f"The song cannot be read: {what}.", "Open another, or a copy of it.")
