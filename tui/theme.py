"""Themes as data: TOML files, with what one leaves out taken from the dark one."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from engine.errors import BadFile, UnknownName
from engine.locations import config_folder

FOLDER = Path(__file__).resolve().parent / "themes"

NAMES = ("dark", "light", "terminal", "mono")

_PLAIN = {"style-differs", "style-quiet", "style-held", "dialog-line", "map-cells"}
"""Variables that are words and not colours; those of Textual end in ``-style``."""


class BadTheme(BadFile):
    """A theme that is damaged or speaks of colours that there are not."""

    title = "Theme"


def themes() -> tuple[Theme, ...]:
    """Return the themes that ship."""
    return tuple(load(name) for name in NAMES)


@cache
def defaults() -> dict[str, str]:
    """Return the variables of the dark theme, which stand wherever another has none."""
    variables: dict[str, str] = _read(FOLDER / "dark.toml")["variables"]
    return variables


def load(name: str) -> Theme:
    """Read a theme by name (the user's own first) or as a file.

    Its colours and variables lie over those of the dark theme. Raises `UnknownName`, and
    `BadTheme` naming the file and what is wrong in it.
    """
    own = {path.stem: path for path in (config_folder() / "themes").glob("*.toml")}
    path = own.get(name) or (Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml")
    if not path.exists():
        raise UnknownName("theme", name, sorted({*NAMES, *own}))
    base, table = _read(FOLDER / "dark.toml"), _read(path)
    variables = {**base.pop("variables"), **table.pop("variables", {})}
    fields = {key: value for key, value in (base | table).items() if key != "name"}
    for key, value in (fields | variables).items():
        if isinstance(value, bool):
            continue
        if key in _PLAIN or key.endswith("-style"):
            known = isinstance(value, str)
        else:
            known = isinstance(value, str) and _is_colour(value)
        if not known:
            raise BadTheme(f"{path}: {key} cannot be {value!r}.", 'Write a colour as "#7cc7d6".')
    try:
        return Theme(name=path.stem, variables=variables, **fields)
    except TypeError:
        unknown = sorted(set(table) - set(Theme.__dataclass_fields__))
        words = f"{path}: a theme has no {', '.join(unknown)}."
        raise BadTheme(words, "See the ones that ship.") from None


def _is_colour(value: str) -> bool:
    try:
        Color.parse(value)
    except ColorParseError:
        return False
    return True


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadTheme(f"The theme {path} cannot be read: {error}.", "Mend or remove it.") from None
