"""What the widgets show, read from a snapshot: plain values, no widget and no terminal."""

from __future__ import annotations

from dataclasses import dataclass

from engine.latent.held_back import held_back
from engine.latent.spec import Dimension, Latent, resting, serves
from engine.music.attributes import ATTRIBUTES
from engine.music.modulation import Modulation
from engine.music.slot import Slot
from engine.music.song import Song
from engine.protocol.devices import Bound, ControllersState
from engine.protocol.snapshot import Snapshot

DIMENSIONS = 32
"""How many gauges are shown while no model has said how many it has."""

NAMED = len(ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class GaugeReading:
    """A gauge as it stands; ``asks`` and ``has`` are attribute values said in words.

    ``value`` and ``ghost`` are None where the measure has no code (yet). ``differs`` says
    that the decoded measure is far from what the gauge asks for. ``bound`` says that a control
    moves it, and ``knob`` where that control stands while it has not taken the gauge up.
    ``moves`` names the controller that it moves itself, with the value that it sends. ``held``
    says how far locked notes let it come.
    """

    index: int
    label: str
    value: float | None
    ghost: float | None
    locked: bool
    asks: str = ""
    has: str = ""
    differs: bool = False
    bound: bool = False
    knob: float | None = None
    moves: str = ""
    held: str = ""


def dimensions(snapshot: Snapshot) -> tuple[Dimension, ...]:
    """Return the model's dimensions, or plain ones by number until it has told them."""
    if snapshot.model.spec is not None:
        return snapshot.model.spec.dimensions
    slot = snapshot.slot
    count = len(slot.latent) if slot.latent else DIMENSIONS
    return tuple(
        Dimension(i, ATTRIBUTES[i].name, ATTRIBUTES[i].label)
        if i < NAMED
        else Dimension(i, f"z{i}", f"z{i}")
        for i in range(count)
    )


def gauges(
    snapshot: Snapshot, controls: ControllersState | None = None
) -> tuple[GaugeReading, ...]:
    """Return the readings of all gauges for the selected measure, and of what moves them."""
    slot = snapshot.slot
    bound = _bound(controls or ControllersState())
    moved = {modulation.dimension: modulation for modulation in snapshot.row.modulations}
    return tuple(
        _gauge(each, slot, snapshot.locks, bound.get(each.name), moved.get(each.index))
        for each in dimensions(snapshot)
    )


def _bound(controls: ControllersState) -> dict[str, Bound]:
    """Return what moves each gauge by its dimension's name: of devices that are here alone."""
    return {
        bound.binding.target.name: bound
        for device in controls.devices
        if device.port
        for bound in device.bindings
        if bound.binding.target.word == "gauge"
    }


def _gauge(
    dimension: Dimension,
    slot: Slot,
    locks: frozenset[int],
    bound: Bound | None,
    modulation: Modulation | None,
) -> GaugeReading:
    index = dimension.index
    value = slot.latent[index] if slot.latent is not None else None
    ghost = slot.anchor[index] if slot.anchor is not None else None
    asks = has = ""
    differs = False
    moves = modulation.name if modulation is not None else ""
    if modulation is not None and value is not None:
        moves += f" = {modulation.at(value)}"
    attribute = dimension.attribute
    if attribute is not None:
        there = attribute.of(slot.measure)
        has = attribute.say(there, slot.grid)
        target = dimension.target(value) if value is not None else None
        if value is not None and target is not None:
            asks = attribute.say(target)
            # A measure that was brought in sounds as it came and was not asked for.
            differs = slot.moved and asks != has and _far(dimension, value, target, there)
    return GaugeReading(
        index,
        dimension.label,
        value,
        ghost,
        index in locks,
        asks,
        has,
        differs,
        bound is not None,
        _waits(bound),
        moves,
        held_back(slot, dimension),
    )


def _waits(bound: Bound | None) -> float | None:
    """Return where a knob stands that has not taken its gauge up."""
    if bound is None or bound.held or bound.place is None:
        return None
    return bound.binding.value(bound.place)


def shown_code(snapshot: Snapshot) -> Latent | None:
    """Return the code of the selected measure; an empty one stands where its first move starts."""
    if not snapshot.song.melodic(snapshot.track, snapshot.selected):
        return None
    slot, spec = snapshot.slot, snapshot.model.spec
    if slot.latent is None and slot.empty and spec is not None and serves(slot.grid):
        return spec.origin
    return slot.latent


def waiting(snapshot: Snapshot) -> str:
    """Describe why there are no reasons to be seen yet."""
    if not snapshot.song.melodic(snapshot.track, snapshot.selected):
        return "Drums and chords have no gauges: those are of melodies."
    match snapshot.model.state:
        case "loading":
            return "The model is loading. Keys pressed now are met when it is there."
        case "failed":
            return "There is no model: gauges stand still, and all else works. See armonica doctor."
        case _ if not serves(snapshot.slot.grid):
            return f"{resting(snapshot.slot.grid)} Notes can be written, recorded and played."
        case _ if snapshot.slot.empty:
            return "An empty measure: move a gauge or randomise to make one."
    return "From here: measuring …"


def unlooked(snapshot: Snapshot) -> str:
    """Describe why nothing can be seen yet of what lies behind the measure."""
    if snapshot.model.state == "loading":
        return "What this is similar to stands here when the model is there."
    if not serves(snapshot.slot.grid):
        return f"No model for {snapshot.slot.grid.name}: nothing is looked for."
    if snapshot.slot.empty:
        return "What a measure is similar to in the training tunes stands here."
    return "Looking in the training tunes …"


def _far(dimension: Dimension, value: float, target: float, there: float) -> bool:
    """Return whether a measure is more than half a unit of the gauge from what was asked."""
    around = [dimension.target(value + half) for half in (-0.5, 0.5)]
    return abs(there - target) > max(abs(each - target) for each in around if each is not None)


def place(slot: int | None, quarters: float, song: Song) -> str:
    """Describe where the music is: measure from 1, then its beats from 1: ``3:2.50``.

    ``quarters`` are the quarter notes into the measure.
    """
    if slot is None:
        return ""
    return f"{slot + 1}:{quarters / float(song.grid(slot).beat) + 1:.2f}"
