"""Trait rows: what a probe is worth, how its trait is set, its meter, its lamp, its history."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.geometry import Offset
from textual.message import Message

from engine.protocol.generation import Meter, Trait, TraitResult
from tui.formatting import generation as words
from tui.formatting.text import fitting
from tui.view_models.meter_history import Column
from tui.widgets.canvas import Picture, Wheeled

SOLID = "▁▂▃▄▅▆▇█"
DOTTED = "⣀⣤⣶⣿"
"""Columns of a history: solid where the trait was pushed, dotted where it was left alone."""

WIDE = 108
"""Cells from which words are written out."""

LAMP = 6
"""Cells of a lamp: its mark, a gap, sign and share of the gate."""


@dataclass(frozen=True, slots=True)
class TraitRow:
    """A trait as it is to be drawn: how it is set, its latest meter, its history.

    ``columns`` are as many as `TraitRows.history_width` says; ``live`` says whether audio grows,
    ``bound`` whether a control moves the trait. ``result`` is what became of it in the take
    that the history is of.
    """

    trait: Trait
    meter: Meter | None
    columns: tuple[Column | None, ...]
    pushes: tuple[int, int]
    live: bool
    bound: bool = False
    result: TraitResult | None = None

    @property
    def missed(self) -> str:
        """Say that the trait was asked for and not reached; empty where it was."""
        if self.result is None or not self.result.missed:
            return ""
        return words.not_reached(self.result)


class _Places(NamedTuple):
    """Columns of a row, and how wide meter and history are."""

    label: int
    accuracy: int
    mode: int
    arm: int
    want: int
    meter: int
    meter_width: int
    number: int
    lamp: int
    history: int
    history_width: int


class TraitRows(Wheeled, can_focus=True):
    """Draws a row (two where there is room) for each trait, and knows which is chosen."""

    BINDING_GROUP_TITLE = "Traits"
    DEFAULT_CSS = """
    TraitRows {
        & > .traits--label { color: $foreground; }
        & > .traits--chosen { color: $foreground; text-style: bold; }
        & > .traits--pointer { color: $focus; text-style: bold; }
        & > .traits--words { color: $text-quiet; text-style: $style-quiet; }
        & > .traits--mode { color: $focus; text-style: bold; }
        & > .traits--track { color: $faint; }
        & > .traits--fill { color: $fill; }
        & > .traits--knob { color: $knob; text-style: bold; }
        & > .traits--there { color: $notes; text-style: bold; }
        & > .traits--mark { color: $text-quiet; }
        & > .traits--number { color: $foreground; }
        & > .traits--lamp { color: $playing; text-style: bold; }
        & > .traits--pushed { color: $notes; }
        & > .traits--free { color: $fill; text-style: $style-quiet; }
        & > .traits--warning { color: $text-differs; text-style: bold; }
    }
    """

    @dataclass
    class Chosen(Message):
        """The mouse chose a trait."""

        index: int

    class Rolled(Wheeled.Rolled):
        """The wheel went over a trait, up (1) or down (-1)."""

    _readings: tuple[TraitRow, ...] = ()
    _chosen = 0
    _instead = ""

    def show(self, readings: Sequence[TraitRow], chosen: int, instead: str = "") -> None:
        """Show traits, one of them chosen by its place; ``instead`` says why there are none."""
        now = (tuple(readings), chosen, instead)
        if now != (self._readings, self._chosen, self._instead):
            self._readings, self._chosen, self._instead = now
            self.redraw()

    def plain(self) -> str:
        """Format the chosen trait in one line."""
        if self._chosen >= len(self._readings):
            return self._instead or "No traits."
        each = self._readings[self._chosen]
        trait, meter = each.trait, each.meter
        parts = [f"{trait.name} {words.share(trait.accuracy)} {words.doubt(trait)}", trait.mode,
                 f"{trait.arm} {words.want(trait)}".strip(), words.advised(trait)]  # fmt: skip
        if meter is not None:
            parts.append(f"confidence {words.share(meter.confidence)}")
            parts.append(f"threshold {words.share(trait.threshold)}")
            if each.live:
                parts.append(f"push {words.signed(meter.gate)}{' now' * meter.pushed}")
            parts.append("pushed {} of {} steps".format(*each.pushes))
        if each.missed:
            parts.append(each.missed)
        return ", ".join(parts) + "."

    # Where things lie

    @property
    def tall(self) -> bool:
        """Whether a trait takes two rows."""
        wide = self.size.width >= WIDE
        return wide and 1 + 2 * max(1, len(self._readings)) <= self.size.height

    @property
    def history_width(self) -> int:
        """How many columns a history has."""
        return self._places(self.size.width).history_width

    def _places(self, width: int) -> _Places:
        wide = width >= WIDE
        longest = max((len(each.trait.name) for each in self._readings), default=6)
        label, accuracy = 2, 13 if wide else 7
        name = min(max(7, longest), 12 if wide else 8)
        mode = label + name + 1 + accuracy + (2 if wide else 1)
        arm = mode + (9 if wide else 2)
        want = arm + (12 if wide else 7)
        meter = want + 7
        rest = width - meter - 1 - 3 - 1 - LAMP - 1
        long = max(6, rest * 13 // 20 if not wide else rest // 2)
        number = meter + long + 1
        lamp = number + 4
        history = lamp + LAMP + 1
        return _Places(label, label + name + 1, mode, arm, want, meter, long, number, lamp, history,
                       max(1, width - history))  # fmt: skip

    def _room(self) -> int:
        # A heading stands over the rows; under rows of one line each, the chosen one in words.
        return max(1, (self.size.height - 1) // 2 if self.tall else self.size.height - 2)

    def _first(self) -> int:
        room = self._room()
        return max(0, min(self._chosen - room // 2, len(self._readings) - room))

    # Drawing

    def paint(self, picture: Picture) -> None:
        """Draw the heading and the rows in sight, or why there are none."""
        if not self._readings:
            lines = textwrap.wrap(self._instead, max(20, min(88, picture.width - 4)))
            for row, line in enumerate(lines[: picture.height - 1], start=1):
                picture.put(2, row, line, self.style_of("traits--words"))
            return
        places = self._places(picture.width)
        first, room = self._first(), self._room()
        self._paint_heading(picture, places, first, room)
        step = 2 if self.tall else 1
        for row, index in enumerate(range(first, min(len(self._readings), first + room))):
            self._paint_row(picture, places, index, 1 + row * step)
        last = 1 + step * min(room, len(self._readings) - first)
        if last < picture.height:
            text = self._sentence(self._readings[self._chosen], picture.width - 2)
            loud = text.startswith(("! ", words.MISSED))
            style = "traits--warning" if loud else "traits--words"
            picture.put(2, picture.height - 1, text, self.style_of(style))

    def _paint_heading(self, picture: Picture, at: _Places, first: int, room: int) -> None:
        style = self.style_of("traits--words")
        count = len(self._readings)
        name = "trait" if count <= room else f"{first + 1}-{first + room}/{count}"
        heads = (
            (at.label, name),
            (at.accuracy, "held-out"),
            (at.mode, "set" if picture.width >= WIDE else ""),
            (at.arm, "arm"),
            (at.want, "push"),
            (at.meter, "confidence now"),
            (at.lamp, "gate"),
            (at.history, fitting(at.history_width, "history of the last take", "history")),
        )
        for x, words_ in heads:
            picture.put(x, 0, words_, style)

    def _paint_row(self, picture: Picture, at: _Places, index: int, y: int) -> None:
        each = self._readings[index]
        trait, chosen = each.trait, index == self._chosen
        quiet = self.style_of("traits--words")
        if chosen:
            picture.put(0, y, "▸" if self.has_focus else "▹", self.style_of("traits--pointer"))
        if each.bound:
            picture.put(1, y, "∙", self.style_of("traits--fill"))
        name = fitting(at.accuracy - at.label - 1, trait.name)
        picture.put(
            at.label, y, name, self.style_of("traits--chosen" if chosen else "traits--label")
        )
        wide = picture.width >= WIDE
        half = (trait.high - trait.low) / 2
        accuracy = words.share(trait.accuracy)
        worth = f"{accuracy} ({words.share(trait.low)}-{words.share(trait.high)})"
        picture.put(at.accuracy, y, worth if wide else f"{accuracy}±{words.share(half)}", quiet)
        if trait.warnings:
            x = min(at.label + cell_len(name) + 1, at.accuracy - 1)
            picture.put(x, y, "!", self.style_of("traits--warning"))
        mode = {"off": "·", "add": "+", "remove": "-"}[trait.mode]
        text = f" {trait.mode}" if wide and trait.mode != "off" else ""
        style = quiet if trait.mode == "off" else self.style_of("traits--mode")
        picture.put(at.mode, y, mode + text, style)
        style = quiet if trait.mode == "off" else self.style_of("traits--number")
        arm = trait.arm if wide else trait.arm.removesuffix("-loop")
        picture.put(at.arm, y, arm, style)
        picture.put(at.want, y, words.want(trait), style)
        self._paint_meter(picture, each, at, y, chosen)
        self._paint_lamp(picture, each, at.lamp, y)
        self._paint_history(picture, each, at, y)
        if self.tall:
            self._paint_second(picture, each, at, y + 1)

    def _paint_second(self, picture: Picture, each: TraitRow, at: _Places, y: int) -> None:
        trait, quiet = each.trait, self.style_of("traits--words")
        picture.put(at.accuracy, y, f"chance {words.share(trait.chance)}", quiet)
        there, advised = f"from {words.share(trait.threshold)}", words.advised(trait)
        room = at.meter_width
        text = fitting(room, f"there {there} · {advised}", f"{there} · {advised}", advised)
        picture.put(at.meter, y, text, quiet)
        if each.missed:
            text = fitting(at.meter - at.mode - 1, f"{words.MISSED} {each.missed}")
            picture.put(at.mode, y, text, self.style_of("traits--warning"))
        elif each.pushes[1]:
            text = "pushed {} of {} steps".format(*each.pushes)
            picture.put(at.mode, y, fitting(at.meter - at.mode - 1, text), quiet)

    def _paint_meter(
        self, picture: Picture, each: TraitRow, at: _Places, y: int, chosen: bool
    ) -> None:
        trait, meter, cells = each.trait, each.meter, at.meter_width
        picture.put(at.meter, y, "─" * cells, self.style_of("traits--track"))
        here = None if meter is None else _cell(meter.confidence, cells)
        there = meter is not None and meter.confidence >= trait.threshold
        fill = self.style_of("traits--there" if there else "traits--fill")
        if here is not None:
            picture.put(at.meter, y, "━" * here, fill)
        threshold = _cell(trait.threshold, cells)
        passed = here is not None and threshold < here
        mark = self.style_of("traits--mark")
        picture.put(at.meter + threshold, y, "╋" if passed else "┼", fill if passed else mark)
        aim = words.aim(trait)
        target = None if aim is None else _cell(aim, cells)
        if target is not None:
            picture.put(at.meter + target, y, "◇", self.style_of("traits--knob"))
        if here is not None and meter is not None:
            knob = "◆" if here == target else "●"
            style = "traits--there" if there else "traits--knob" if chosen else "traits--fill"
            picture.put(at.meter + here, y, knob, self.style_of(style))
            style = "traits--there" if there else "traits--number"
            picture.put(at.number, y, words.share(meter.confidence), self.style_of(style))
        else:
            picture.put(at.number, y, " ·", self.style_of("traits--words"))

    def _paint_lamp(self, picture: Picture, each: TraitRow, x: int, y: int) -> None:
        meter = each.meter
        if each.missed:
            picture.put(x, y, words.MISSED, self.style_of("traits--warning"))
            return
        if meter is None or not each.live or abs(meter.gate) < 0.005:
            mark = "●" if meter is not None and each.live and meter.pushed else "·"
            picture.put(x, y, mark, self.style_of("traits--words"))
            return
        mark = "●" if meter.pushed else "○"
        picture.put(x, y, f"{mark} {words.signed(meter.gate)}", self.style_of("traits--lamp"))

    def _paint_history(self, picture: Picture, each: TraitRow, at: _Places, y: int) -> None:
        rows = 2 if self.tall else 1
        for place, column in enumerate(each.columns[: at.history_width]):
            if column is None:
                continue
            signs = SOLID if column.pushed else DOTTED
            style = self.style_of("traits--pushed" if column.pushed else "traits--free")
            levels = len(signs) * rows
            level = max(1, min(levels, round(column.level * levels)))
            for row in range(rows):
                part = min(len(signs), level - row * len(signs))
                if part > 0:
                    picture.put(at.history + place, y + rows - 1 - row, signs[part - 1], style)

    def _sentence(self, each: TraitRow, room: int) -> str:
        trait, advised = each.trait, words.advised(each.trait)
        if each.missed:
            missed = f"{words.MISSED} {trait.name} {each.missed} · {advised}"
            pushed = "pushed {} of {} steps".format(*each.pushes)
            return fitting(room, f"{missed} · {pushed}", missed)
        if trait.warnings:
            return "! " + fitting(room - 2, f"{trait.name}: {trait.warnings[0]}")
        worth = f"{trait.name} {words.share(trait.accuracy)} {words.doubt(trait)}"
        there = f"{worth} · there from {words.share(trait.threshold)}"
        pushed = "pushed {} of {} steps".format(*each.pushes)
        if not each.pushes[1]:
            long = f"{there} · {advised} · held-out accuracy of its probe"
            return fitting(room, long, f"{there} · {advised}", there)
        long = f"{there} · {advised} · {pushed}"
        return fitting(room, long, f"{worth} · {advised} · {pushed}", f"{there} · {advised}", worth)

    # Mouse and focus

    def rolled(self, place: Offset) -> int | None:
        """Return the trait under the mouse."""
        row = (place.y - 1) // (2 if self.tall else 1)
        index = self._first() + row
        return index if 0 <= row < self._room() and index < len(self._readings) else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the trait under the mouse."""
        index = self.rolled(event.get_content_offset_capture(self))
        if index is not None:
            event.stop()
            self.post_message(self.Chosen(index))


def _cell(value: float, cells: int) -> int:
    if not 0.0 <= value <= 1.0:
        value = 1.0 if value > 1.0 else 0.0
    return round(value * (cells - 1))
