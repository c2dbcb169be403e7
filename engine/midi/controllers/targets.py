"""What a control can move: the words of a controller map, as data.

A target is a word, for some with a name behind it: ``tempo``, ``gauge note_density``,
``strength drums``. Some take a value in a range, some are done at a press.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import OutOfRange, UnknownName
from engine.music.song import MOST_SLOTS
from engine.text import printable


@dataclass(frozen=True, slots=True)
class Sort:
    """One word of a map.

    ``low`` to ``high`` is what a control covers where the map says nothing, ``least`` to
    ``most`` what it may cover; none of them where it is done at a press. ``named`` is what
    the name behind the word is, or empty. ``whole`` values are rounded.
    """

    word: str
    says: str
    low: float = 0.0
    high: float = 0.0
    least: float = 0.0
    most: float = 0.0
    whole: bool = False
    named: str = ""

    @property
    def pressed(self) -> bool:
        """Whether it is done at a press, and takes no value."""
        return self.least == self.most


def _range(word: str, says: str, low: float, high: float, *rest: float, named: str = "") -> Sort:
    least, most = rest or (low, high)
    return Sort(word, says, low, high, least, most, named=named)


SORTS: dict[str, Sort] = {
    each.word: each
    for each in (
        _range("gauge", "a gauge of the selected measure", -3, 3, named="dimension"),
        _range("strength", "how hard a trait is pushed", 0, 10, named="trait"),
        _range("aim", "the confidence that a closed loop aims at", 0, 1, named="trait"),
        Sort("mode", "a trait: remove, leave, add", -1, 1, -1, 1, whole=True, named="trait"),
        _range("tempo", "the tempo", 40, 240, 20, 400),
        _range("swing", "the swing in per cent", 50, 75),
        Sort("velocity", "the velocity of the track", 1, 127, 1, 127, whole=True),
        _range("temperature", "the temperature of the next take", 0, 2, 0, 10),
        _range("length", "the seconds of the next take", 1, 30, 0.5, 300),
        Sort("measure", "the selected measure", 1, 8, 1, MOST_SLOTS, whole=True),
        Sort("play", "play the loop, or stop"),
        Sort("start", "play the loop from the selected measure"),
        Sort("stop", "stop the loop"),
        Sort("panic", "stop, and silence every channel"),
        Sort("previous", "go to the measure before"),
        Sort("next", "go to the next measure"),
        Sort("go", "go to a measure", named="number"),
        Sort("hear", "hear the measure once"),
        Sort("randomise", "move all unlocked gauges towards a random draw"),
        Sort("original", "bring all gauges back to how the measure came in"),
        Sort("reset", "bring a gauge back to its ghost", named="dimension"),
        Sort("lock", "lock or unlock a gauge", named="dimension"),
        Sort("vary", "move all unlocked gauges a short way"),
        Sort("record", "record what is played, from the selected measure on"),
        Sort("finish", "end the recording; the loop runs on"),
        Sort("capture", "put what was just played into measures"),
        Sort("undo", "take the last step back"),
        Sort("redo", "do again what was taken back"),
        Sort("generate", "make a take"),
        Sort("pause", "hold the take that grows, or let it go on"),
        Sort("cancel", "end the take that grows"),
        Sort("take", "play the newest take, or stop it"),
        Sort("add", "add a trait, or leave it alone", named="trait"),
        Sort("remove", "remove a trait, or leave it alone", named="trait"),
    )
}
"""All words, in the order in which they are offered."""

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """What one control moves: a word, and the name behind it where it takes one.

    Raises `UnknownName` for a word that there is not and `OutOfRange` for a name that lacks,
    is too long, or stands behind a word that takes none.
    """

    word: str
    name: str = ""

    def __post_init__(self) -> None:
        if self.word not in SORTS:
            raise UnknownName("target", self.word, SORTS)
        named = self.sort.named
        if bool(named) != bool(self.name):
            what = f"takes the name of a {named}" if named else "takes no name"
            raise OutOfRange(f"{self.word!r} {what}.", f"Write {self.word} {named}".strip() + ".")
        if len(self.name) > LONGEST_NAME or printable(self.name) != self.name:
            raise OutOfRange(f"{self.name[:20]!r} is no name of a {named}.")
        if named == "number" and not (self.name.isascii() and self.name.isdigit()):
            raise OutOfRange(f"{self.name!r} is no number of a measure.", "Write go 3.")

    @property
    def sort(self) -> Sort:
        """What the word means."""
        return SORTS[self.word]

    @classmethod
    def read(cls, text: str) -> Target:
        """Read a target as a map writes it."""
        word, _, name = text.strip().partition(" ")
        return cls(word, name.strip())

    def __str__(self) -> str:
        return f"{self.word} {self.name}".strip()

    @property
    def label(self) -> str:
        """The target as the player reads it: ``note density``, ``drums strength``, ``tempo``."""
        name = self.name.replace("_", " ")
        if self.word == "gauge":
            return name
        if self.sort.named == "trait" and not self.sort.pressed:
            return f"{name} {self.word}"
        return f"{self.word} {name}".strip()
