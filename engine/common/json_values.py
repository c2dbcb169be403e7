"""Readers of plain JSON values, each strict about its kind; the codec is made of them."""

from __future__ import annotations

import math
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from engine.errors import UserError

_LARGEST = 2**63
"""Whole numbers lie below it, and at or above its negative."""

_FAR = ("nan", "inf", "-inf")

Reader = Callable[[Any], Any]
Forms = Mapping[type, tuple[Callable[[Any], Any], Reader]]
"""How values of a class are written, and how they are read."""


class BadLine(UserError):
    """A line that says nothing of the vocabulary of its line."""

    title = "Line"


def exactly(kind: type) -> Reader:
    """Return the reader of values of one kind, which are taken as they are."""

    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise BadLine(f"{kind.__name__} is wanted, not {type(value).__name__}.")
        return value

    return read


string, listed = exactly(str), exactly(list)
_integer, mapping = exactly(int), exactly(dict)


def text(value: Any) -> str:
    """Read a text that is one in UTF-8, too."""
    read: str = string(value)
    if not read.isascii():
        try:
            read.encode()
        except UnicodeEncodeError:
            raise BadLine("A text holds half a sign.") from None
    return read


def whole(value: Any) -> int:
    """Read a whole number of 64 bits."""
    if type(value) is int and -_LARGEST <= value < _LARGEST:
        return value
    _integer(value)
    raise BadLine("A whole number has more than 64 bits.")


def number(value: Any) -> float:
    """Read a number, or the text that stands for none or an infinite one."""
    return float(value) if value in _FAR else finite(value)


def finite(value: Any) -> float:
    """Read a number that is one, and not without an end."""
    if type(value) not in (int, float):
        raise BadLine(f"A number is wanted, not {type(value).__name__}.")
    try:
        read = float(value)
    except OverflowError:
        read = math.inf
    if not math.isfinite(read):
        raise BadLine("A number is too large.")
    return read


def _fraction(value: Any) -> Fraction:
    above, below = (whole(part) for part in listed(value))
    if below == 0:
        raise BadLine("A fraction is divided by nothing.")
    return Fraction(above, below)


FORMS: Forms = {
    bytes: (
        lambda value: b2a_base64(value, newline=False).decode(),
        lambda body: a2b_base64(text(body), strict_mode=True),
    ),
    Fraction: (lambda value: [value.numerator, value.denominator], _fraction),
}
"""The forms of bytes (base 64) and of fractions (numerator and denominator)."""


def one_of(choices: Sequence[Any]) -> Reader:
    """Return the reader of one of some values, each of its own kind."""
    known = {(type(choice), choice) for choice in choices}

    def read(value: Any) -> Any:
        if isinstance(value, list | dict) or (type(value), value) not in known:
            raise BadLine(f"{str(value)[:40]!r} is none of {', '.join(map(str, choices))}.")
        return value

    return read


def each_of(readers: Sequence[Reader]) -> Reader:
    """Return the reader of a list of so many values, each with a reader of its own."""

    def read(value: Any) -> tuple[Any, ...]:
        items = listed(value)
        if len(items) != len(readers):
            raise BadLine(f"{len(readers)} values are wanted, not {len(items)}.")
        return tuple(reader(item) for reader, item in zip(readers, items, strict=True))

    return read


def pairs(key: Reader, item: Reader) -> Reader:
    """Return the reader of a mapping, which is written as a list of pairs."""

    def read(value: Any) -> dict[Any, Any]:
        both = each_of((key, item))
        return dict(both(pair) for pair in listed(value))

    return read
