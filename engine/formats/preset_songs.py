"""The songs that ship, made from the corpus.

``python -m engine.formats.preset_songs`` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine import locations
from engine.common.printing import put
from engine.corpus.table import Corpus, corpus_origin, shipped
from engine.errors import UnknownName
from engine.formats.song_file import SUFFIX, Document, write
from engine.music.scales import key_of
from engine.music.slot import Slot
from engine.music.song import Song
from engine.music.track import Track


@dataclass(frozen=True, slots=True)
class PresetRecipe:
    """A song from measures of one tune: the tune's id, which measures, and how they sound.

    The book's own key is not taken: it prints the signature of C major over a tune in A minor.
    """

    file: str
    tune: str
    first: int
    count: int
    tempo: float
    program: int
    key: str


RECIPES = (
    # A hornpipe in dotted eighths: eight bars that differ in all four attributes. Harp.
    PresetRecipe(
        "1-the-londonderry-hornpipe", "oneills1850/1701-1780/1753", 1, 8, 92.0, 46, "D major"
    ),
    # A reel in a minor mode. Flute.
    PresetRecipe("2-the-star-of-munster", "oneills1850/1176-1275/1218", 1, 8, 104.0, 73, "A minor"),
    # Violin.
    PresetRecipe("3-the-soldiers-joy", "oneills1850/1625-1700/1642", 1, 8, 108.0, 40, "D major"),
)


def song(recipe: PresetRecipe, corpus: Corpus) -> Song:
    """Return the song of a recipe; raises `UnknownName` where the corpus has no such tune."""
    ids = [tune.id for tune in corpus.tunes]
    if recipe.tune not in ids:
        raise UnknownName("tune", recipe.tune, ids)
    which = ids.index(recipe.tune)
    rows = [int(row) for row in corpus.rows_of(which)]
    chosen = rows[recipe.first - 1 : recipe.first - 1 + recipe.count]
    slots = tuple(
        Slot.brought_in(corpus.measure(row), corpus_origin(corpus.origin(row))) for row in chosen
    )
    title = corpus.tunes[which].title
    track = Track(program=recipe.program, slots=slots)
    return Song(title, recipe.tempo, (track,), key=key_of(recipe.key))


def ship(folder: Path = locations.SONGS) -> tuple[Path, ...]:
    """Write every song and return the files; the same corpus gives the same bytes."""
    corpus = shipped()
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(
        write(folder / f"{recipe.file}{SUFFIX}", Document(song(recipe, corpus)))
        for recipe in RECIPES
    )


if __name__ == "__main__":
    for path in ship():
        put(str(path))
