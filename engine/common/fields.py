"""Reads the fields of a JSON object one by one, each with its kind and range."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn

from engine.errors import BadFile
from engine.text import printable

_LONGEST_TEXT = 4000


class BadTake(BadFile):
    """A take whose recipe or files are missing, damaged, or not those of one another."""

    title = "Take"


def bad(what: str) -> NoReturn:
    """Raise `BadTake`."""
    raise BadTake(f"The recipe cannot be read: {what}.", "Make the take anew.")


class Fields:
    """Takes fields out of an object; what is missing or cannot be goes to `bad`."""

    def __init__(self, body: object, where: str) -> None:
        if not isinstance(body, dict):
            self.bad(f"{where} is not an object")
        self._body: dict[str, object] = dict(body)
        self._where = where

    def bad(self, what: str) -> NoReturn:
        """Raise `BadTake`; the fields of another kind of file raise its own error."""
        bad(what)

    def __contains__(self, name: str) -> bool:
        return name in self._body

    def take(self, name: str) -> Any:
        """Return a field as it is."""
        if name not in self._body:
            self.bad(f"{self._where} lacks {name}")
        return self._body.pop(name)

    def part(self, name: str) -> Fields:
        """Return a field that is an object."""
        return Fields(self.take(name), f"the {name} of {self._where}")

    def rows(self, name: str, most: int) -> list[Any]:
        """Return a field that is a list of at most ``most``."""
        value = self.take(name)
        if not isinstance(value, list) or len(value) > most:
            self.bad(f"the {name} of {self._where} are not a list of at most {most}")
        return value

    def raw_text(self, name: str) -> str:
        """Return a text that is not for showing, such as the name of a file."""
        value = self.take(name)
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            self.bad(f"the {name} of {self._where} is not a text")
        return value

    def text(self, name: str) -> str:
        """Return a text, made fit to be shown."""
        return printable(self.raw_text(name))

    def truth(self, name: str) -> bool:
        """Return a field that is true or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            self.bad(f"the {name} of {self._where} is neither true nor false")
        return value

    def end(self) -> None:
        """Make sure that no field is left."""
        if self._body:
            self.bad(f"{self._where} has a field {str(min(self._body))[:40]!r} that is not known")


def number(
    value: object, low: float, high: float, what: str, bad: Callable[[str], NoReturn] = bad
) -> float:
    """Return a number from ``low`` to ``high``; what is none goes to ``bad``."""
    # Compared before it becomes a float: a whole number may be too large for one.
    if type(value) not in (int, float) or not low <= value <= high:  # type: ignore[operator]
        bad(f"{what} is not a number from {low:g} to {high:g}")
    return float(value)  # type: ignore[arg-type]


def parsed(data: bytes) -> object:
    """Return what a JSON text holds; raises `BadTake` for anything else."""
    try:
        return json.loads(data.decode(), parse_constant=no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        bad("it is damaged")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("too large")
    return value


def no_constant(name: str) -> NoReturn:
    """Raise ValueError for what JSON calls NaN or Infinity."""
    raise ValueError(f"{name} is no number")
