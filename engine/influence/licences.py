"""Under which terms the music of each book may be used."""

from __future__ import annotations

UNKNOWN = "unknown"
"""What is not known counts as in copyright."""

PUBLIC_DOMAIN = "public domain"
CREDITED = ("CC BY", "CC BY-SA")
"""Licences under which whoever uses the music names where it is from."""

FREE = (PUBLIC_DOMAIN, "CC0")

LICENCES = {
    "Aird's Airs": PUBLIC_DOMAIN,
    "O'Neill's Music of Ireland": PUBLIC_DOMAIN,
    "Ryan's Mammoth Collection": PUBLIC_DOMAIN,
}
"""Books of 1778 to 1903: their melodies are in the public domain (see presets/corpus/NOTICE)."""


def licence(book: str) -> str:
    """Return the licence of a book's music, `UNKNOWN` for a book that is not known."""
    return LICENCES.get(book, UNKNOWN)
