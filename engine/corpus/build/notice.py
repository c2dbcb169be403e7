"""The notice that goes with the table: the books, those who transcribed them, and music21."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from importlib import metadata

from engine.corpus.build.tunebooks import BOOKS, BookTune

TRANSCRIBERS = {
    "lee worman": "A. Lee Worman",
    "ak/fiddler": "AK (The Fiddler's Companion)",
    "puckette": "Bob Puckette",
    "safranek": "Bob Safranek",
    "chris falt": "Chris Falt",
    "dan g. petersen": "Dan G. Petersen",
    "wooldridge": "Dave Wooldridge",
    "frank nordberg": "Frank Nordberg",
    "norbeck": "Henrik Norbeck",
    "ivan bradley": "Ivan Bradley",
    "jack campin": "Jack Campin",
    "walsh": "John B. Walsh",
    "john chambers": "John Chambers",
    "michael d. long": "Michael D. Long",
    "michael hogan": "Michael Hogan",
    "mvhplank": "mvhplank",
    "nick terhorst": "Nick Terhorst",
    "norbert paap": "Norbert Paap",
    "paul de grae": "Paul de Grae",
    "ray davies": "Ray Davies",
    "robert thorpe": "Robert Thorpe",
    "stephen foy": "Stephen Foy",
    "ted hastings": "Ted Hastings",
    "tom keays": "Tom Keays",
    "trish o'nei": "Trish O'Neil",
    "trish so'nei": "Trish O'Neil",
}
"""What to look for in a Z: field, which also holds addresses, dates and remarks, and whom
it names."""

HEAD = """\
The table of measures
=====================

measures.safetensors and tunes.tsv hold measures (onsets and pitches) of tunes from three
printed books, whose melodies are in the public domain. `armonica corpus build` derived them
from the ABC transcriptions that come with music21 {version} (Michael Scott Asato Cuthbert and
cuthbertLab, https://www.music21.org). music21 is under the BSD licence; its corpus is not, and
is distributed with the permission of the encoders on the terms of the license.txt beside it.
The transcriptions themselves are not included, and none of them carries a licence line.

Transcribed, contributed, proofread or corrected, as the Z: fields say, with the number of
tunes that name each; thanks are due to all of them.
"""


def notice(tunes: Iterable[BookTune]) -> str:
    """Return the text of the notice for all tunes that were read."""
    named: dict[str, Counter[str]] = defaultdict(Counter)
    for tune in tunes:
        named[tune.book.folder].update(names(tune.credited))
    lines = [HEAD.format(version=metadata.version("music21"))]
    for book in BOOKS:
        lines += [f"{book.title} ({book.printed})", ""]
        lines += [f"  {count:5}  {name}" for name, count in sorted(named[book.folder].items())]
        lines += [""]
    return "\n".join(lines)


def names(fields: Iterable[str]) -> set[str]:
    """Return who is named in the Z: fields of a tune."""
    text = "\n".join(fields).casefold()
    return {name for needle, name in TRANSCRIBERS.items() if needle in text}
