"""Pulses by hand-moved time: what is estimated against what was true."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.midi.sync.pulse_filter import LOCKED, Pulses
from tests.support.clock_streams import (
    PULSE,
    gaussian,
    periods,
    ramp,
    recorded,
    steady,
    tempi,
    uniform,
    without,
)

TEMPI = (20.0, 60.0, 120.0, 174.0, 300.0, 400.0)
MS = 0.001


def errors(
    true: Sequence[float], received: Sequence[tuple[int, float]], after: int = 2 * LOCKED
) -> list[float]:
    """Return by how much the estimate of each pulse was off, from one on, in seconds."""
    pulses = Pulses(0.02)
    found = []
    for number, at in received:
        pulses.receive(at)
        if number >= after:
            found.append(pulses.when(number + 1) - true[number])
    return found


def p99(found: Sequence[float]) -> float:
    """Return what 99 of a hundred errors are within."""
    return sorted(map(abs, found))[int(len(found) * 0.99)]


@pytest.mark.parametrize("tempo", TEMPI)
def test_a_steady_clock_is_known_within_a_beat(tempo: float) -> None:
    pulses = Pulses(0.02)
    for n, at in enumerate(steady(tempo, 2)):
        pulses.receive(at)
        assert pulses.settled == (n + 1 >= LOCKED)
    assert pulses.interval == pytest.approx(60 / tempo / 24)
    assert pulses.when(pulses.number + 24) == pytest.approx(at + 60 / tempo)


@pytest.mark.parametrize("tempo", [60.0, 120.0, 174.0])
@pytest.mark.parametrize("seed", range(3))
def test_jitter_is_averaged_away(tempo: float, seed: int) -> None:
    true = steady(tempo, 120)
    assert p99(errors(true, list(enumerate(uniform(true, 1 * MS, seed))))) < 0.5 * MS
    assert p99(errors(true, list(enumerate(uniform(true, 3 * MS, seed))))) < 1.5 * MS
    assert p99(errors(true, list(enumerate(gaussian(true, 1 * MS, seed))))) < 1 * MS
    assert p99(errors(true, list(enumerate(gaussian(true, 3 * MS, seed))))) < 3 * MS


@pytest.mark.parametrize("tempo", [60.0, 96.0, 133.0, 174.0])
@pytest.mark.parametrize("frames", [64, 256, 1024])
def test_periods_of_a_sound_server_delay_by_half_a_period(tempo: float, frames: int) -> None:
    true, period = steady(tempo, 60), frames / 48_000
    found = errors(true, list(enumerate(periods(true, frames))))
    assert -0.2 * period < min(found)
    assert max(found) < 1.2 * period
    if frames < 1024:
        # Shorter than an interval of the clock, so that they look like jitter.
        assert max(abs(error - period / 2) for error in found) < period / 4


@pytest.mark.parametrize("lost", [1, 5, 24])
@pytest.mark.parametrize("jitter", [0.0, 1 * MS, 3 * MS])
def test_lost_pulses_are_counted(lost: int, jitter: float) -> None:
    true = steady(120, 60)
    received = without(uniform(true, jitter), [(first, lost) for first in range(150, 1300, 150)])
    found = errors(true, received)
    assert max(map(abs, found)) < max(0.8 * jitter, 0.1 * MS)
    pulses = Pulses(0.02)
    for _, at in received:
        pulses.receive(at)
    assert pulses.lost == 8 * lost
    assert pulses.number == len(true)


def test_pulses_that_were_held_up_and_come_at_once_are_not_lost() -> None:
    true = steady(120, 40)
    late = list(true)
    for first in range(100, 900, 100):
        late[first : first + 4] = [true[first + 3] + 4 * MS] * 4
    assert max(map(abs, errors(true, list(enumerate(late))))) < 0.5 * MS


def test_one_late_pulse_moves_nothing() -> None:
    true = steady(120, 40)
    late = [at + 12 * MS * (n % 100 == 99) for n, at in enumerate(true)]
    assert max(map(abs, errors(true, list(enumerate(late))))) < 0.1 * MS


@pytest.mark.parametrize("tempi_", [(90, 140), (140, 90), (120, 180)])
@pytest.mark.parametrize(("jitter", "most"), [(0.0, 2), (1 * MS, 3), (3 * MS, 5)])
def test_ramps_are_followed(tempi_: tuple[float, float], jitter: float, most: float) -> None:
    true = tempi(ramp(*tempi_, 12, 20), 30)
    found = errors(true, list(enumerate(uniform(true, jitter))), after=12 * 24)
    assert max(map(abs, found)) < most * MS


@pytest.mark.parametrize("tempo", [60, 80, 90, 110, 130, 160, 180, 240])
@pytest.mark.parametrize("jitter", [0.0, 1 * MS])
def test_a_jump_of_tempo_is_followed_and_no_pulse_is_miscounted(
    tempo: float, jitter: float
) -> None:
    true = tempi(lambda beat: 120 if beat < 12 else tempo, 24)
    found = errors(true, list(enumerate(uniform(true, jitter))), after=13 * 24)
    assert max(map(abs, found)) < max(jitter, 0.1 * MS)


@pytest.mark.parametrize(
    ("name", "tempo", "frames"),
    [
        ("jack-64-frames-120-bpm", 120, 64),
        ("jack-256-frames-133-bpm", 133, 256),
        ("jack-1024-frames-120-bpm", 120, 1024),
    ],
)
def test_recorded_clocks_are_followed(name: str, tempo: float, frames: int) -> None:
    arrived = [at for at, data in recorded(name) if data == PULSE]
    interval, period = 60 / tempo / 24, frames / 48_000
    # They came from half a period early to half a period late around this line.
    middle = statistics.median(at - n * interval for n, at in enumerate(arrived))
    true = [middle + n * interval for n in range(len(arrived))]
    found = errors(true, list(enumerate(arrived)))
    assert max(map(abs, found)) < (0.25 if frames < 1024 else 1.0) * period


def test_a_recorded_clock_that_wanders_is_followed() -> None:
    arrived = [at for at, data in recorded("jack-64-frames-97-bpm-wandering") if data == PULSE]
    # Each interval is up to a fifth longer or shorter, and what went wrong is not made good.
    found = errors(arrived, list(enumerate(arrived)))
    assert statistics.median(map(abs, found)) < 3 * MS
    assert max(map(abs, found)) < 60 / 97 / 24 / 2


@example([0.0, 7.0, *[0.0] * 10, 8.0, 0.0, 0.0], 1.0)
@given(st.lists(st.floats(0, 10), max_size=60), st.floats(0.001, 1.0))
def test_any_pulses_at_all_leave_it_finite(times: list[float], interval: float) -> None:
    pulses = Pulses(interval)
    for at in times:
        before, lost = pulses.heard, pulses.lost
        pulses.receive(at)
        assert math.isfinite(pulses.when(pulses.number + 96))
        assert 0.001 <= pulses.interval <= 2
        assert pulses.spread >= 0
        # What was counted as lost in a silence may be taken back, whatever its length.
        assert pulses.heard >= before - 200 - max(0, lost - pulses.lost)
    pulses.begin()
    assert not pulses.settled
