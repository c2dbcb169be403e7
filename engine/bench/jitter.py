"""`armonica bench jitter`: how steady the MIDI clock is beside a busy screen and a busy model."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from engine.bench import Result
from engine.bench.fake_controller import FIRST, KNOBS
from engine.bench.fixture import PLAY, Stage, load, measure_song, stage
from engine.bench.gauge_script import LESS, MORE
from engine.bench.large_songs import beside
from engine.bench.metronome import INTERVAL
from engine.bench.terminal import PseudoTerminal
from engine.errors import NotReady
from engine.midi.controllers.bindings import Binding, DeviceMap
from engine.midi.controllers.controls import Control
from engine.midi.controllers.targets import Target

TEMPO = 120.0
ROUNDS, SECONDS = 3, 5.0
"""How often each has its turn, and for how long."""

REDRAWS = 30.0
"""Keys a second that move a gauge."""

BURST = 0.75
"""Seconds of keys after which as long a rest as the map needs to be asked for and filled."""

REST = 0.5

SWEEPS = 500
"""Messages a second of a controller whose eight knobs are turned at once."""

NOTES = 2000
"""Notes a minute that 16 tracks play."""

_SWEEPER = "sweeper"
_BOUND = "∙"
"""What the screen draws before a gauge that a controller which is there moves."""

_STEER, _COMPOSE = "}", "{"
"""The keys that go to the steer screen and back."""

_LENGTHEN, _LONGER = "]", 52
"""A second more, and how often: a take long enough to grow through a turn and beyond."""

_GROWING = "growing"
"""What the steer screen says while a take grows."""

_TICK = b"\xf8"


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> tuple[Result, ...]:
    """Listen to both clocks in turn and compares how far their intervals are off.

    Ours has two turns beside the other's: beside a busy compose screen, and while a steered
    take grows; and two beside each other: at rest, and while a controller's knobs are swept.
    """
    ours: list[float] = []
    growing: list[float] = []
    other: list[float] = []
    resting: list[float] = []
    swept: list[float] = []
    with (
        stage(measure_song(TEMPO), _device()) as parts,
        parts.bare("engine.bench.metronome", str(seconds)) as bare,
    ):
        painted = parts.terminal.mark()
        for _ in range(rounds):
            ours += _ours(parts, seconds)
            other += _other(parts, bare, seconds)
        written = (parts.terminal.mark() - painted) // 1024
        swept_bytes = _knobs(parts, rounds, seconds, resting, swept)
        shown = parts.terminal.mark()
        parts.terminal.press(_STEER)
        parts.terminal.wait_for("ready", shown)
        # The first trait is added: what grows is pushed and metered.
        parts.terminal.type("a")
        for _ in range(_LONGER):
            parts.terminal.press(_LENGTHEN)
            time.sleep(1 / REDRAWS)
        for _ in range(rounds):
            growing += _growing(parts, seconds)
        parts.terminal.press(_COMPOSE)
        how = (
            f"deviation of the intervals of the MIDI clock at {TEMPO:g} BPM at a port of "
            f"{parts.jack.description}, read by a process of its own, over {rounds} turns of "
            f"{seconds:g} s; %s, {load()}; messages wait for the end of a period, which alone "
            "makes 0.5 to 0.8 ms; the other is %s"
        )
    among, beside_them = _many_tracks(rounds, seconds)
    many = (
        f"meanwhile 16 tracks play {NOTES} notes a minute and keys move a gauge {REDRAWS:g} times "
        "a second"
    )
    busy = (
        f"meanwhile keys move a gauge {REDRAWS:g} times a second, and in their pauses the map is "
        f"filled anew ({written} KiB written)"
    )
    growth = "meanwhile a steered take of the small model grows"
    hands = (
        f"meanwhile a fake controller turns {KNOBS} knobs of gauges to and fro with {SWEEPS} "
        f"messages a second in all ({swept_bytes // 1024} KiB written)"
    )
    bare_clock = "a real-time process that does nothing else"
    at_rest = "our own clock while nothing is touched"
    results = []
    for what, found, next_to, meanwhile, whose in (
        ("jitter", ours, other, busy, bare_clock),
        ("jitter while audio grows", growing, other, growth, bare_clock),
        ("jitter while knobs are swept", swept, resting, hands, at_rest),
        ("jitter with 16 tracks", among, beside_them, many, bare_clock),
    ):
        for name, share in (("p50", 50), ("p99", 99), ("max", 100)):
            a, b = (float(np.percentile(column, share)) for column in (found, next_to))
            results.append(Result(f"{what} {name}", a, b, "ms", how % (meanwhile, whose)))
    return tuple(results)


def _many_tracks(rounds: int, seconds: float) -> tuple[list[float], list[float]]:
    """Return what the clock does while 16 tracks play, and what the other does, in turn."""
    ours: list[float] = []
    other: list[float] = []
    with (
        stage(beside(measure_song(TEMPO), NOTES)) as parts,
        parts.bare("engine.bench.metronome", str(seconds)) as bare,
    ):
        for _ in range(rounds):
            ours += _ours(parts, seconds)
            other += _other(parts, bare, seconds)
    return ours, other


def _device() -> DeviceMap:
    """Return the map of the fake controller: a knob for each of the first gauges."""
    from engine.latent.weights import load as load_model
    from engine.locations import MEASURE_VAE

    names = load_model(MEASURE_VAE).spec.names
    return DeviceMap(
        _SWEEPER,
        tuple(
            Binding(Control("cc", 0, FIRST + n), Target("gauge", names[n]), takeover="jump")
            for n in range(KNOBS)
        ),
    )


def _knobs(
    parts: Stage, rounds: int, seconds: float, resting: list[float], swept: list[float]
) -> int:
    """Add what the clock does at rest and while knobs are swept; gives the bytes written."""
    shown, written = parts.terminal.mark(), 0
    with parts.beside("engine.bench.fake_controller", _SWEEPER, str(SWEEPS), str(seconds)) as hand:
        parts.terminal.wait_for(_BOUND, shown)
        for _ in range(rounds):
            resting += _turn(parts, seconds, lambda: time.sleep(seconds))
            before = parts.terminal.mark()
            swept += _turn(parts, seconds, lambda: _sweep(hand, seconds))
            written += parts.terminal.mark() - before
    return written


def _sweep(hand: PseudoTerminal, seconds: float) -> None:
    said = hand.mark()
    hand.press("x")
    hand.wait_for("done", said, timeout=seconds + 10)


def _check_stopped(parts: Stage, heard: int) -> None:
    if parts.listener.first(lambda data: data == b"\xfc", heard) is None:
        raise NotReady("The loop does not stop.", "See `armonica doctor`.")


def _turn(parts: Stage, seconds: float, meanwhile: Callable[[], None]) -> list[float]:
    # The screen must have seen that it rests: the key that starts the loop stops it, too.
    time.sleep(REST)
    parts.play()
    heard = len(parts.listener.messages)
    meanwhile()
    found = _deviations(parts, heard, round(seconds / INTERVAL))
    parts.terminal.press(PLAY)
    _check_stopped(parts, heard)
    return found


def _ours(parts: Stage, seconds: float) -> list[float]:
    parts.play()
    heard, until = len(parts.listener.messages), time.monotonic() + seconds
    keys = 0
    while time.monotonic() < until:
        for _ in range(round(BURST * REDRAWS)):
            # Forth and back across the gauge, so that each key finds something to draw.
            parts.terminal.press(MORE if keys % 32 < 16 else LESS)
            keys += 1
            time.sleep(1 / REDRAWS)
        time.sleep(REST)
    found = _deviations(parts, heard, round(seconds / INTERVAL))
    parts.terminal.press(PLAY)
    _check_stopped(parts, heard)
    return found


def _growing(parts: Stage, seconds: float) -> list[float]:
    written = parts.terminal.mark()
    parts.terminal.press("g")
    parts.terminal.wait_for(_GROWING, written)
    heard = len(parts.listener.messages)
    parts.play()
    time.sleep(seconds)
    found = _deviations(parts, heard, round(seconds / INTERVAL))
    parts.terminal.press(PLAY)
    parts.terminal.type("c")
    _check_stopped(parts, heard)
    return found


def _other(parts: Stage, bare: PseudoTerminal, seconds: float) -> list[float]:
    heard, written = len(parts.listener.messages), bare.mark()
    bare.press("x")
    bare.wait_for("done", written, timeout=seconds + 10)
    return _deviations(parts, heard, round(seconds / INTERVAL) - 1)


def _deviations(parts: Stage, since: int, least: int) -> list[float]:
    """Return by how many milliseconds each interval since then differs from the true one."""
    ticks = [at for at, data in parts.listener.messages[since:] if data == _TICK]
    if len(ticks) < 0.95 * least:
        raise NotReady(
            f"Of {least} ticks of the clock {len(ticks)} arrived.", "See `armonica doctor`."
        )
    return [abs(b - a - INTERVAL) * 1000 for a, b in pairwise(ticks)]
