"""Keeps what grows behind a prompt about as loud as the prompt, and everything below full scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.audio.synth import Wave

HEADROOM = 2.0
"""How many dB louder than the prompt a continuation may be: about what a part adds."""

CEILING = 0.97
"""The highest sample that is given, in shares of full scale."""

SETTLING = 0.8
"""Seconds over which the power is averaged that decides how far a wave is turned down."""

PRIOR = 0.2
"""Seconds for which the prompt counts at the join, as if it had gone on."""

RISE = 6.0
"""By how many dB a second the gain may come back."""

_DECIMALS = 3
_QUIET = 1e-9


class Leveller:
    """Turns a wave down, frame by frame as it grows; it never turns it up.

    The gain moves on straight lines from the beginning of one frame to that of the next, so that
    nothing clicks. It is such that no sample lies above `CEILING`, and that behind the prompt
    the power, averaged over about `SETTLING` seconds, stays within `HEADROOM` of the prompt's.
    It depends on the samples alone and not on how they were cut into chunks.
    """

    def __init__(
        self,
        rate: int,
        hop: float,
        prompt: Sequence[float] = (0.0,),
        reference: float | None = None,
    ) -> None:
        """Take samples a second and samples a frame.

        ``prompt`` are the gains in dB that the prompt was given before, at the beginning of each
        of its frames and at its end, so one for no prompt. ``reference`` is the level in dB that
        a continuation is compared with, None for nothing to compare with.
        """
        self._hop, self._seconds = hop, hop / rate
        self._given, self._reference = tuple(prompt), reference
        self._share = 1 - math.exp(-self._seconds / SETTLING)
        self._power = 0.0
        self._gains: list[float] = []
        self._cap = 0.0
        self._rest: Wave = np.zeros(0, dtype=np.float32)
        self._held: Wave | None = None

    @property
    def gains(self) -> tuple[float, ...]:
        """The gains in dB so far: at the beginning of each frame, and at the end of the last."""
        return tuple(self._gains)

    def add(self, chunk: Wave, last: bool = False) -> Wave:
        """Return the next samples [n] of the wave; the newest frame is held back until ``last``."""
        self._rest = np.concatenate([self._rest, np.asarray(chunk, dtype=np.float32)])
        found: list[Wave] = []
        while len(self._rest):
            number = len(self._gains)
            size = round((number + 1) * self._hop) - round(number * self._hop)
            if len(self._rest) < size and not last:
                break
            frame, self._rest = self._rest[:size], self._rest[size:]
            self._add_gain(number, frame)
            found += self._turned()
            self._held = frame
        if last and self._held is not None:
            self._gains.append(self._gains[-1])
            found += self._turned()
            self._held = None
        return np.concatenate(found) if found else np.zeros(0, dtype=np.float32)

    def _add_gain(self, number: int, frame: Wave) -> None:
        before, self._cap = self._cap, _decibels(CEILING / max(float(np.abs(frame).max()), CEILING))
        end = len(self._given) - 1
        if number > end:
            self._measure(number - end, frame)
        wanted = self._given[number] if number <= end else self._wanted()
        wanted = min(wanted, before, self._cap)
        if self._gains:
            wanted = min(wanted, self._gains[-1] + RISE * self._seconds)
        self._gains.append(round(wanted, _DECIMALS))
        if number == end:
            # From the gain as it became: so the gains of a take, given again, lead to themselves.
            self._begin()
            self._measure(0, frame)

    def _begin(self) -> None:
        gain = self._gains[-1]
        louder = HEADROOM - gain if gain < 0 else 0.0
        self._power = 10 ** (((self._reference or 0.0) + louder) / 10)

    def _measure(self, number: int, frame: Wave) -> None:
        # Over what there is at first, so that a sound that is loud from its start is met soon.
        share = max(self._share, self._seconds / (PRIOR + (number + 1) * self._seconds))
        power = float(np.mean(np.square(frame, dtype=np.float64)))
        self._power += share * (power - self._power)

    def _wanted(self) -> float:
        if self._reference is None:
            return 0.0
        louder = 10 * math.log10(max(self._power, _QUIET)) - self._reference
        return min(0.0, HEADROOM - louder)

    def _turned(self) -> list[Wave]:
        if self._held is None:
            return []
        start, end = (10 ** (gain / 20) for gain in self._gains[-2:])
        ramp = np.linspace(start, end, len(self._held), endpoint=False, dtype=np.float32)
        return [self._held * ramp]


def _decibels(share: float) -> float:
    return 20 * math.log10(share)
