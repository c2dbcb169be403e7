"""Controllers in words: bindings as lines, and who moves what."""

from __future__ import annotations

from engine.midi.controllers.bindings import Binding
from engine.midi.controllers.controls import LAST, Control
from engine.midi.controllers.targets import Target
from engine.protocol.devices import Bound, ControllersState, ControllerState
from tui.formatting.text import fitting


def control(which: Control) -> str:
    """Format a control shortly: ``cc 16 ch 1``."""
    number = "" if LAST[which.kind] == 0 else f" {which.number}"
    return f"{which.kind}{number} ch {which.channel + 1}"


def movers(target: Target, controls: ControllersState) -> str:
    """Describe which controls move a target: ``cc 16 ch 1 of nano``; nothing where none does."""
    return ", ".join(
        f"{control(bound.binding.control)} of {device.device}"
        for device in controls.devices
        for bound in device.bindings
        if bound.binding.target == target
    )


def heading(device: ControllerState, width: int) -> str:
    """Format a device in a line that fits: its name, whether it is there, whose map it has."""
    here = "" if device.port else ", not here"
    own = "map that ships" if device.shipped else "own map"
    note = f". {device.note}" if device.note else ""
    words = f"{device.device}{here}, {own if device.bindings else 'nothing bound'}{note}"
    return fitting(width, words)


def line(bound: Bound, width: int) -> str:
    """Format a binding in a line that fits."""
    binding = bound.binding
    room = max(16, min(30, width - 48))
    label = fitting(room, binding.target.label).ljust(room)
    says = f"{control(binding.control):<16} {label} {settings(binding)}{_state(bound)}"
    return fitting(width, says)


def settings(binding: Binding) -> str:
    """Describe how a control moves its target: its range, and what of the rest is not usual."""
    if binding.target.sort.pressed:
        return "at a press"
    low, high = binding.range
    parts = [f"{low:g} to {high:g}"]
    if binding.curve != "linear":
        curve = binding.curve
        parts.append(curve if isinstance(curve, str) else f"power {curve:g}")
    if binding.encoding != "absolute":
        parts.append(binding.encoding)
    elif binding.takeover != "pickup":
        parts.append(binding.takeover)
    return ", ".join(parts)


def _state(bound: Bound) -> str:
    binding = bound.binding
    if bound.place is None or binding.target.sort.pressed or binding.encoding != "absolute":
        return ""
    here = round(binding.value(bound.place), 2)
    return f", at {here:g}" + ("" if bound.held else " ◇")
