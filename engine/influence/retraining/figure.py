"""The figure of `evaluate influence`: change against k with its bands, and who foretells it.

Drawn with Pillow at twice its size and brought down, so that lines are smooth.
"""

from __future__ import annotations

from io import BytesIO
from math import ceil, floor, log
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from engine.common import atomic
from engine.influence.retraining.table import ARMS, FORETOLD, MEASURED

SCALE = 2
WIDTH, PANEL, LEFT = 1200, 400, 90
PLOT, HEIGHT, BARS = 560, 300, 220
INK, FAINT, PAPER = "#222222", "#d4d4d4", "#ffffff"
COLOURS = {
    "search": "#56b4e9",
    "fused": "#0072b2",
    "raw": "#d55e00",
    "latent": "#009e73",
    "gradient": "#cc79a7",
    "random": "#555555",
    "least": "#b8860b",
    "output": "#882255",
    "another seed": "#555555",
}
"""Okabe and Ito's colours, which stay apart for colour-blind eyes."""

Box = tuple[float, float, float, float]


def draw(found: dict[str, Any], path: Path) -> None:
    """Write the document's figure as a PNG file; raises `CannotWrite`."""
    image = Image.new("RGB", (WIDTH * SCALE, 2 * PANEL * SCALE), PAPER)
    pen = _Pen(image)
    for at, measured in enumerate(("plain", "bound")):
        top = at * PANEL + 50
        pen.text(LEFT, top - 34, f"{MEASURED[measured].capitalize()}: change in nats a note", 17)
        _changes(pen, found, measured, (LEFT, top, LEFT + PLOT, top + HEIGHT))
        left = LEFT + PLOT + 300
        if found["datamodel"]:
            pen.text(left - 120, top - 34, "Linear datamodeling score", 17)
            _scores(pen, found["datamodel"][measured], (left, top, left + BARS, top + HEIGHT))
    content = BytesIO()
    image.resize((WIDTH, 2 * PANEL), Image.Resampling.LANCZOS).save(content, "PNG", optimize=True)
    atomic.write(path, content.getvalue())


def _changes(pen: _Pen, found: dict[str, Any], measured: str, box: Box) -> None:
    left, top, right, bottom = box
    rows = [row for row in found["arms"] if row.get(measured, {}).get("change")]
    noise = found["noise"][measured] or 0.0
    ends = [value for row in rows for value in row[measured]["change"]] + [noise, -noise, 0.0]
    low, high = min(ends), max(ends)
    ks = sorted({row["k"] for row in rows}) or [1]
    span = log(ks[-1] / ks[0]) or 1.0

    def x(k: float) -> float:
        return left + 30 + float(log(k / ks[0]) / span) * (right - left - 60)

    def y(value: float) -> float:
        return bottom - float((value - low) / ((high - low) or 1.0)) * (bottom - top)

    pen.box((left, y(noise), right, y(-noise)), "#eeeeee")
    for value in _round_values(low, high):
        pen.line([(left, y(value)), (right, y(value))], FAINT if value else INK, 1)
        pen.text(left - 8, y(value), f"{value:+.2f}", 13, "rm")
    for k in ks:
        pen.text(x(k), bottom + 16, f"k = {k}", 13, "mm")
    arms = [name for name in ARMS if any(row["arm"] == name for row in rows)]
    for at, arm in enumerate(arms):
        # Beside one another, so that their intervals can be told apart.
        shift = (at - (len(arms) - 1) / 2) * 9
        points = []
        for row in rows:
            if row["arm"] == arm:
                mean, first, last = row[measured]["change"]
                place = x(row["k"]) + shift
                pen.line([(place, y(first)), (place, y(last))], COLOURS[arm], 2)
                points.append((place, y(mean)))
        pen.line(points, COLOURS[arm], 2)
        for point in points:
            pen.dot(point, 4, COLOURS[arm])
        pen.dot((right + 14, top + 12 + at * 22), 4, COLOURS[arm])
        pen.text(right + 26, top + 12 + at * 22, ARMS[arm], 13, "lm")
    pen.box((right + 8, top + 8 + len(arms) * 22, right + 20, top + 18 + len(arms) * 22), "#e4e4e4")
    pen.text(right + 26, top + 12 + len(arms) * 22, "a reseed, 95 %", 13, "lm")


def _scores(pen: _Pen, scores: dict[str, Any], box: Box) -> None:
    left, top, right, bottom = box
    names = [name for name in FORETOLD if scores.get(name)]
    ends = [value for name in names for value in scores[name]] + [0.0]
    low, high = min(ends), max(ends)

    def x(value: float) -> float:
        return left + float((value - low) / ((high - low) or 1.0)) * (right - left)

    for value in _round_values(low, high):
        pen.line([(x(value), top), (x(value), bottom)], FAINT if value else INK, 1)
        pen.text(x(value), bottom + 16, f"{value:.2f}", 13, "mm")
    step = (bottom - top) / max(1, len(names))
    for at, name in enumerate(names):
        mean, first, last = scores[name]
        middle = top + (at + 0.5) * step
        colour = COLOURS.get(name, INK)
        pen.box((min(x(0.0), x(mean)), middle - 9, max(x(0.0), x(mean)), middle + 9), colour)
        pen.line([(x(first), middle), (x(last), middle)], INK, 2)
        pen.text(left - 10, middle, name, 13, "rm")


def _round_values(low: float, high: float) -> list[float]:
    # Four to eight of them, zero among them where it lies within.
    span = (high - low) or 1.0
    steps = [10.0**power * first for power in range(-4, 3) for first in (1, 2, 5)]
    step = next(each for each in steps if span / each <= 8)
    return [round(at * step, 9) for at in range(ceil(low / step), floor(high / step) + 1)]


class _Pen:
    """Draws on an image that is larger than what will be seen."""

    def __init__(self, image: Image.Image) -> None:
        self._draw = ImageDraw.Draw(image)

    def line(self, points: list[tuple[float, float]], colour: str, width: int) -> None:
        if len(points) > 1:
            scaled = [(x * SCALE, y * SCALE) for x, y in points]
            self._draw.line(scaled, colour, width * SCALE, joint="curve")

    def box(self, box: Box, colour: str) -> None:
        left, top, right, bottom = (value * SCALE for value in box)
        self._draw.rectangle((left, min(top, bottom), right, max(top, bottom)), colour)

    def dot(self, point: tuple[float, float], radius: float, colour: str) -> None:
        x, y = point
        box = (x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse(tuple(value * SCALE for value in box), colour)

    def text(self, x: float, y: float, text: str, size: int, anchor: str = "la") -> None:
        font = ImageFont.load_default(size * SCALE)
        self._draw.text((x * SCALE, y * SCALE), text, INK, font, anchor)
