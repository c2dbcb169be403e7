"""Names that would steer a terminal if they got there as they are."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

EVIL = "ev\x1b[31m\x1b]0;pwn\x07\x9b2J\x7f\u202e\u2066\udcff\r\n[red]x"
"""Colour, the title of the window, a cleared screen, the direction of writing, a byte that is no
text, another line, and markup; it can be the name of a file."""

EVIL_TEXT = EVIL.replace("\udcff", "") + "[/][/y][@click=app.exit]z[/]"
"""The same for what is written as UTF-8, with more markup."""


def leaves(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Yield every word of a command line, with those before it, and its parser."""
    verbs = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not verbs:
        yield words, parser
    for each in verbs:
        for name, word in each.choices.items():
            yield from leaves(word, (*words, name))
