"""Styles for ten levels, and which way of drawing them a terminal can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from rich.style import Style
from textual.app import App
from textual.color import Color, Gradient

from engine.latent.attribute_map_text import LEVELS

Cells = Literal["colour", "digits", "shades"]
"""How the cells of a map are drawn: colours with a digit where the level changes, a digit in
every cell, or a character that is the denser the higher the level."""

CELLS: tuple[Cells, ...] = ("colour", "digits", "shades")

VARIABLE = "map-cells"
"""The theme variable that chooses one of `CELLS`."""

FADED = 0.65
"""How far a cell without training measures goes towards the ground."""


def blends(app: App[Any]) -> bool:
    """Return whether in-between colours can be seen: not with 16 colours or the terminal's own."""
    return not app.native_ansi_color and app.console.color_system not in ("standard", "windows")


def cells(app: App[Any]) -> Cells:
    """Return the way of drawing that the theme asks for, or that suits the terminal."""
    variables: Mapping[str, str] = app.theme_variables
    for known in CELLS:
        if variables.get(VARIABLE) == known:
            return known
    return "colour" if blends(app) else "shades"


def ramp(*stops: Style) -> tuple[Style, ...]:
    """Return a style for each level, its ground going from the first stop to the last."""
    last = len(stops) - 1
    grounds = Gradient(*((at / last, _ground(stop)) for at, stop in enumerate(stops)))
    return tuple(_on(grounds.get_color(level / (LEVELS - 1))) for level in range(LEVELS))


def faded(styles: tuple[Style, ...], ground: Style) -> tuple[Style, ...]:
    """Return the same levels sunk towards the ground."""
    under = _ground(ground)
    return tuple(
        Style(
            color=_ink(style).blend(under, FADED).rich_color,
            bgcolor=_ground(style).blend(under, FADED).rich_color,
        )
        for style in styles
    )


def _on(ground: Color) -> Style:
    ink = ground.blend(ground.get_contrast_text(1.0), 0.75)
    return Style(color=ink.rich_color, bgcolor=ground.rich_color)


def _ground(style: Style) -> Color:
    return Color.from_rich_color(style.bgcolor) if style.bgcolor is not None else Color(0, 0, 0)


def _ink(style: Style) -> Color:
    return Color.from_rich_color(style.color) if style.color is not None else Color(255, 255, 255)
