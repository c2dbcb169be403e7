"""Keymaps: TOML files of ``id = "keys"`` over the default one."""

from __future__ import annotations

import difflib
import os
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.binding import Binding
from textual.keys import REPLACED_KEYS, Keys

from engine.errors import BadFile
from engine.locations import config_folder
from tui.action_table import ACTIONS, IDS, shown
from tui.action_tables.action import SCREENS, Place

SHIPPED = Path(__file__).resolve().parent / "keymaps"

_NAMED = {key.value for key in Keys} | set(REPLACED_KEYS)
_MODIFIERS = {"ctrl", "shift", "alt", "super", "hyper", "meta"}


class BadKeymap(BadFile):
    """A keymap that is missing or damaged, or speaks of what is not there."""

    title = "Keymap"


@dataclass(frozen=True)
class Keymap:
    """The keys of each action, in long form (``question_mark``), and what clashed."""

    name: str
    keys: Mapping[str, tuple[str, ...]]
    clashes: tuple[str, ...] = ()

    def bindings(self, screen: Place) -> list[Binding]:
        """Return a screen's bindings for Textual; each runs ``do`` with the action's id."""
        return [
            Binding(key, f"do('{a.id}')", a.label, id=a.id, tooltip=a.sentence, show=False)
            for a in ACTIONS
            if a.on(screen)
            for key in self.keys.get(a.id, ())
        ]

    def label(self, action: str) -> str:
        """Return an action's first key as the user reads it, or the palette's name for none."""
        return next((shown(key) for key in self.keys.get(action, ())), "the palette")


def fitting() -> str:
    """Return the name of the keymap for this terminal: ``tmux`` inside tmux or screen."""
    return "tmux" if os.environ.get("TMUX") or os.environ.get("STY") else "default"


def load(name: str) -> Keymap:
    """Read a keymap over the default one: a file, the user's by this name, or a shipped one.

    Raises `BadKeymap`, naming file, line's key and the nearest known word.
    """
    keys = dict(_read(SHIPPED / "default.toml"))
    clashes: list[str] = []
    if name != "default" or _own("default").exists():
        path = _place(name)
        if not path.exists():
            known = ", ".join(sorted(names()))
            raise BadKeymap(f"There is no keymap called {name!r}.", f"Known: {known}.")
        over = dict(_read(path))
        keys |= over
        clashes = list(_clashes(keys, path.name))
    return Keymap(name, keys, tuple(clashes))


def names() -> set[str]:
    """Return the names of all keymaps, shipped and the user's own."""
    own = config_folder() / "keymaps"
    return {path.stem for folder in (SHIPPED, own) for path in folder.glob("*.toml")}


def _place(name: str) -> Path:
    if name.endswith(".toml"):
        return Path(name).expanduser()
    return _own(name) if _own(name).exists() else SHIPPED / f"{name}.toml"


def _own(name: str) -> Path:
    return config_folder() / "keymaps" / f"{name}.toml"


def _read(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadKeymap(
            f"The keymap {path} cannot be read: {error}.", "Mend or remove it."
        ) from None
    for action, value in _flat(table):
        if action not in IDS:
            raise BadKeymap(f"{path}: there is no action {action!r}.", _near(action, IDS))
        if not isinstance(value, str):
            raise BadKeymap(f"{path}: the keys of {action} are not text.", 'Write "a, b".')
        yield action, tuple(_key(part.strip(), action, path) for part in _parts(value))


def _parts(value: str) -> list[str]:
    return [part for part in value.split(",") if part.strip()]


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _key(text: str, action: str, path: Path) -> str:
    *modifiers, name = text.split("+") if len(text) > 1 else [text]
    known = len(name) == 1 or name in _NAMED or _is_character(name)
    if not known or not set(modifiers) <= _MODIFIERS:
        raise BadKeymap(f"{path}: {text!r} of {action} is not a key.", _near(text, sorted(_NAMED)))
    # Textual's own long form, so that "?" and "question_mark" are seen as one key.
    return next(iter(Binding.make_bindings([Binding(text, "")]))).key


def _is_character(name: str) -> bool:
    try:
        unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return False
    return True


def _near(word: str, known: tuple[str, ...] | list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.4)
    return f"Did you mean {near[0]!r}?" if near else "The help screen shows all actions."


def _clashes(keys: Mapping[str, tuple[str, ...]], file: str) -> Iterator[str]:
    reported = set()
    for screen in SCREENS:
        actions: dict[str, str] = {}
        here = {action.id for action in ACTIONS if action.on(screen)}
        for action, key in ((a, key) for a, each in keys.items() if a in here for key in each):
            first = actions.setdefault(key, action)
            # What clashes everywhere is reported once.
            if first != action and (first, action, key) not in reported:
                reported.add((first, action, key))
                yield f"{file}: {key} is both {first} and {action}; {first} keeps it."
