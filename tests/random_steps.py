"""What random runs of the program are made of: keys, bytes that are none, titles and endings."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from textual.keys import REPLACED_KEYS

from tui import keymap

ENDINGS = ("quit", "ctrl-c", "SIGTERM", "SIGHUP", "close", "SIGKILL")
QUIET = 2.5
"""Seconds without a key after which everything is kept that is to be."""

NAMED = {
    "left": b"\x1b[D",
    "right": b"\x1b[C",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "pageup": b"\x1b[5~",
    "pagedown": b"\x1b[6~",
    "end": b"\x1b[F",
    "delete": b"\x1b[3~",
    "backspace": b"\x7f",
    "tab": b"\t",
    "shift+tab": b"\x1b[Z",
    "enter": b"\r",
    "space": b" ",
    "f1": b"\x1bOP",
    "f2": b"\x1bOQ",
    "f3": b"\x1bOR",
    "f4": b"\x1bOS",
    "f5": b"\x1b[15~",
    "f6": b"\x1b[17~",
    "f9": b"\x1b[20~",
}
_SCREENS = tuple(NAMED[key] for key in ("f2", "f2", "f3", "f4", "f5", "f6", "f9"))
_JUNK = (b"\xff", b"\xe9", b"\xc3", b"\x80\x81", b"\x00", b"\x1b[<;M", b"\x1b[200~", b"\x1b[201~")
DOUBTS = frozenset(b"uU:T\x1a\x19\x10")
"""Keys that undo, rename, or open the list of all that can be done."""


def bytes_of(key: str) -> bytes:
    """Return what a terminal sends for a key of the keymap, nothing for one it cannot."""
    way, _, last = key.rpartition("+")
    if key in NAMED:
        return NAMED[key]
    if way == "ctrl" and len(last) == 1:
        return bytes([ord(last) & 0x1F])
    if way in ("shift", "alt") and last in NAMED:
        return b"\x1b[1;" + (b"2" if way == "shift" else b"3") + NAMED[last][-1:]
    if len(key) > 1:
        with suppress(KeyError):
            key = unicodedata.lookup(REPLACED_KEYS.get(key, key).replace("_", " "))
    return key.encode() if len(key) == 1 else b""


@dataclass(frozen=True, slots=True)
class Start:
    """One start: what becomes of a kept song, the steps, and how it ends."""

    kept: str
    steps: tuple[tuple[str, bytes, float], ...]
    endings: tuple[str, ...]
    gap: float
    controlling: bool


def drawn(number: int, seed: int) -> tuple[Start, ...]:
    """Draw the starts of a run; in most runs no key can undo, so all work can be followed."""
    draws = random.Random(f"{seed}-{number}")
    actions = keymap.load("default").keys
    quits = actions["app.quit"]
    keys = [bytes_of(each) for some in actions.values() for each in some if each not in quits]
    if draws.random() < 0.6:
        keys = [each for each in keys if not DOUBTS & {*each[:1]}]
    starts = []
    for _ in range(draws.choice((1, 2, 2, 3))):
        steps: list[tuple[str, bytes, float]] = []
        for part in range(draws.randint(1, 3)):
            steps += [_step(draws, keys) for _ in range(draws.randint(0, 25))]
            if part or draws.random() < 0.7:
                steps.append(("title", b"+" * draws.randint(0, 5), 0.0))
        if draws.random() < 0.15:
            steps.insert(draws.randint(0, len(steps)), ("kill the player", b"", 0.0))
        if draws.random() < 0.4:
            steps += [("rest", b"", QUIET)]
        endings = draws.sample(ENDINGS, draws.choice((1, 1, 1, 2)))
        starts.append(
            Start(
                draws.choice(("take", "take", "leave", "throw", "escape")),
                tuple(steps),
                tuple(endings),
                draws.choice((0.0, 0.1, 1.0)) * draws.random(),
                draws.random() < 0.6,
            )
        )
    return tuple(starts)


def _step(draws: random.Random, keys: Sequence[bytes]) -> tuple[str, bytes, float]:
    pause = draws.choice((0.0, 0.02, 0.1, 0.3))
    name = b"n%d" % draws.randint(0, 9999)
    path = draws.choice(
        (name, b"~/%s.armonica" % name, b"./%s/a.mid" % name, b"/proc/full", b"\xff")
    )
    place = b"%d;%dM" % (draws.randint(1, 160), draws.randint(1, 32))
    match draws.choices(range(9), (60, 10, 10, 6, 4, 4, 3, 3, 4))[0]:
        case 0:
            return "key", draws.choice(keys), pause
        case 1:
            return "screen", draws.choice(_SCREENS), pause
        case 2:
            return "escape", b"\x1b", 0.3
        case 3:
            return "enter", b"\r", 0.2
        case 4:
            return "mouse", b"\x1b[<%d;" % draws.choice((0, 2, 32, 64, 65)) + place, pause
        case 5:
            return "junk", draws.choice(_JUNK), pause
        case 6:
            return "held", draws.choice(keys) * draws.randint(20, 80), pause
        case 7:
            return "open", b"\x0f|" + draws.choice((path, b"\x1b[B" * draws.randint(0, 5))), pause
        case _:
            what = draws.choice((b"S", b"W", b"X", b"i"))
            return "file", what + b"|" + draws.choice((b"", b"\x15" + path)), pause
