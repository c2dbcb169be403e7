"""Themes as data: TOML files, with what one leaves out taken from the dark one."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from textual.theme import Theme

FOLDER = Path(__file__).resolve().parent / "themes"

NAMES = ("dark", "light", "mono")


def themes() -> tuple[Theme, ...]:
    """Gives all themes."""
    return tuple(theme(name) for name in NAMES)


@cache
def theme(name: str) -> Theme:
    """Reads a theme by name; its variables are filled from the dark theme's."""
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return Theme(name=name, **{**table, "variables": defaults() | table["variables"]})


@cache
def defaults() -> dict[str, str]:
    """Gives the variables of the dark theme, which stand wherever another has none."""
    table = tomllib.loads((FOLDER / "dark.toml").read_text(encoding="utf-8"))
    variables: dict[str, str] = table["variables"]
    return variables
