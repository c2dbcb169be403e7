"""Text from files and file systems, made fit to be shown."""

from __future__ import annotations


def printable(text: str, instead: str = "?") -> str:
    """Return the text with ``instead`` for every character that is not printable.

    Line ends, escapes that steer a terminal, signs that turn the direction of writing, and bytes
    of a file name that are no text are such characters.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else instead for each in text)
