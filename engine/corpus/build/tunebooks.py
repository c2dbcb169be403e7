"""The tune books that come with music21, read tune by tune into measures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module, util
from pathlib import Path

from engine.corpus.build.bars import (
    OTHER_LENGTHS,
    OTHERS,
    PrintedBar,
    bars,
    measures,
    other_measures,
)
from engine.errors import BadCorpus
from engine.music.measure import Measure

Progress = Callable[[int, int], None]
"""Is told how many tunes are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Book:
    """A tune book: its folder in music21's corpus, its title, and when and where it was printed."""

    folder: str
    title: str
    printed: str
    numbered: bool


BOOKS = (
    Book("ryansMammoth", "Ryan's Mammoth Collection", "Elias Howe, Boston, 1883", False),
    Book(
        "oneills1850",
        "O'Neill's Music of Ireland",
        "Francis O'Neill, Lyon & Healy, Chicago, 1903",
        True,
    ),
    Book("airdsAirs", "Aird's Airs", "James Aird, Glasgow, six volumes, 1778-1801", True),
)


@dataclass(frozen=True, slots=True)
class BookTune:
    """A tune as a book has it; ``measures`` pairs each measure with its number, from 1.

    These are of four quarters. ``others`` are those of ``other_metre``, the first metre of the
    tune that is not in four.
    """

    id: str
    book: Book
    number: int
    title: str
    metre: str
    key: str
    credited: tuple[str, ...]
    measures: tuple[tuple[int, Measure], ...]
    other_metre: str = ""
    others: tuple[tuple[int, Measure], ...] = ()


def corpus_folder() -> Path:
    """Return the folder of music21's corpus; raises `BadCorpus` where music21 is not installed."""
    found = util.find_spec("music21")
    if found is None or found.origin is None:
        raise BadCorpus(
            "The tune books come with music21, which is not installed.",
            "Install the extra: uv sync --extra lab.",
        )
    return Path(found.origin).parent / "corpus"


def read_books(folder: Path, progress: Progress) -> Iterator[BookTune]:
    """Read every tune of every book below ``folder`` in order; raises `BadCorpus`.

    A tune that music21 cannot read is left out.
    """
    sources = [(book, *source) for book in BOOKS for source in _sources(folder / book.folder)]
    places: Counter[Book] = Counter()
    for done, (book, stem, text) in enumerate(sources):
        progress(done, len(sources))
        places[book] += 1
        tune = read_tune(text, book, stem, places[book])
        if tune is not None:
            yield tune
    progress(len(sources), len(sources))


def read_tune(text: str, book: Book, stem: str, place: int) -> BookTune | None:
    """Read the ABC text of one tune, or return None where music21 cannot.

    ``place`` is its place in the book, and stands for its number where the book has none.
    """
    abc = import_module("music21.abcFormat")
    base = import_module("music21.exceptions21").Music21Exception
    handler = abc.ABCHandler()
    try:
        handler.process(text)
        voices = handler.splitByVoice()
        voice = voices[0] + voices[1] if len(voices) > 1 else voices[0]
        read: list[PrintedBar] = bars(voice.tokens)
        in_others = bars(voice.tokens, OTHER_LENGTHS)
        key = _key(handler.tokens)
    except (base, ValueError, IndexError, KeyError, AttributeError, TypeError):
        return None
    fields: dict[str, list[str]] = {}
    for token in handler.tokens:
        if isinstance(token, abc.ABCMetadata):
            fields.setdefault(token.tag, []).append(" ".join(token.data.split()))
    reference = int(fields["X"][0])
    other = next((bar.metre for bar in in_others if bar.metre in OTHERS), "")
    return BookTune(
        id=f"{book.folder}/{stem}/{reference}",
        book=book,
        number=reference if book.numbered else place,
        title=_title(fields.get("T", ["Untitled"])[0]),
        metre=next((bar.metre for bar in read if bar.metre), ""),
        key=key,
        credited=tuple(fields.get("Z", ())),
        measures=tuple(measures(read)),
        other_metre=other,
        others=tuple(other_measures(in_others, other)),
    )


def _sources(folder: Path) -> Iterator[tuple[str, str]]:
    paths = sorted(folder.glob("*.abc"), key=lambda path: path.name)
    if not paths:
        raise BadCorpus(
            f"The tune book {folder.name} is not in music21's corpus.",
            "Install the extra with its corpus: uv sync --extra lab.",
        )
    for path in paths:
        # music21 would let a tune without a unit length take that of the tune before it in
        # the file, so each is read on its own.
        for text in re.split(r"(?m)^(?=X:)", path.read_text(encoding="utf-8"))[1:]:
            yield path.stem, text


def _title(field: str) -> str:
    # "Amat:eur" and "Gat::e" were left by somebody who hid addresses.
    title = re.sub(r"(?<=at):+(?=\w)", "", field).strip().rstrip(".").strip()
    # "Humours of Glin, The" is how an index writes it.
    if match := re.fullmatch(r"(.+), (The|An?)", title, flags=re.IGNORECASE):
        title = f"{match[2]} {match[1]}"
    if title.isupper():
        title = re.sub(r"[A-Z][A-Z']*", lambda word: word[0].capitalize(), title)
        title = re.sub(r"\b(O'|Mc)([a-z])", lambda word: word[1] + word[2].upper(), title)
    return title or "Untitled"


def _key(tokens: list[object]) -> str:
    key = import_module("music21.key")
    for token in tokens:
        if getattr(token, "tag", "") == "K":
            sharps, mode = token.getKeySignatureParameters()  # type: ignore[attr-defined]
            found = key.KeySignature(sharps).asKey(mode or "major")
            return f"{found.tonic.name.replace('-', 'b')} {found.mode}"
    return ""
