"""What controllers are told: the gauges of the slot that is heard, each value once.

Nothing here waits or looks at a clock. `update` is told ``now`` in seconds of the monotonic
clock and gives the messages to send.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.midi import messages as m
from engine.music.loop_controllers import controller_value
from engine.music.modulation import CENTRE, Modulation
from engine.music.song import Song

GAP = 0.005
"""Seconds between two values of one controller, at least: a wire carries no more to good use."""

AHEAD = 0.1
"""How far ahead the values of the next slot are sent, in seconds."""

Coming = tuple[float, int]
"""When a slot begins, and which."""


@dataclass(slots=True)
class _Told:
    modulation: Modulation
    value: int
    at: float
    then: tuple[float, int] | None = None
    """What it will be, and when: with the player already, and not to be had back."""
    asked: float = -math.inf
    """When the player was last told that."""


class CcOutput:
    """Knows what each controller was told, and tells it what changes.

    A value that comes too soon after another waits, and the last one is always told.
    """

    def __init__(self) -> None:
        self._told: dict[frozenset[tuple[int, int]], _Told] = {}
        self.ahead = AHEAD
        self._wake: float | None = None

    def wake(self) -> float | None:
        """Return when `update` is due next though nothing has changed; None where it is not."""
        return self._wake

    def update(self, song: Song, slot: int, coming: Coming | None, now: float) -> list[m.ToPlayer]:
        """Describe what differs from the gauges of the slot that is heard now, and of the next."""
        self._wake = None
        for each in self._told.values():
            if each.then is not None and now >= each.then[0]:
                (each.at, each.value), each.then = each.then, None
        sent = self._leave(song.modulations, now)
        for modulation in song.modulations:
            here = controller_value(modulation, song, slot)
            if here is not None:
                sent += self._bring(modulation, here, now)
            told = self._told.get(modulation.targets)
            if coming is not None and told is not None:
                sent += self._prepare(
                    told, controller_value(modulation, song, coming[1]), coming[0], now
                )
            elif told is not None and told.then is not None:
                # It was to change, and does not any more: that is put right when it comes.
                sent += self._prepare(told, here, told.then[0], now)
        if coming is not None and song.modulations:
            # There is another slot to look ahead to then.
            self._due(coming[0])
        return sent

    def again(self, song: Song, slot: int, coming: Coming | None, now: float) -> list[m.ToPlayer]:
        """Tell everything once more, to a port that knows nothing."""
        self._told.clear()
        return self.update(song, slot, coming, now)

    def close(self, now: float) -> list[m.ToPlayer]:
        """Leave no instrument out of tune."""
        return self._leave((), now)

    def _leave(self, modulations: tuple[Modulation, ...], now: float) -> list[m.ToPlayer]:
        kept = {modulation.targets for modulation in modulations}
        sent: list[m.ToPlayer] = []
        for targets in self._told.keys() - kept:
            told = self._told.pop(targets)
            if told.modulation.kind == "bend":
                # Not before what is on its way.
                sent += _sends(told.modulation, CENTRE, told.then[0] if told.then else now)
        return sent

    def _bring(self, modulation: Modulation, value: int, now: float) -> list[m.ToPlayer]:
        told = self._told.get(modulation.targets)
        if told is None:
            self._told[modulation.targets] = _Told(modulation, value, now)
            return _sends(modulation, value, now)
        on_its_way = told.then is not None and told.then[0] <= now + GAP
        if value == (told.then[1] if told.then is not None and on_its_way else told.value):
            return []
        if now < told.at + GAP:
            self._due(told.at + GAP)
            return []
        told.value, told.at = value, now
        return _sends(modulation, value, now)

    def _prepare(self, told: _Told, value: int | None, at: float, now: float) -> list[m.ToPlayer]:
        if value is None:
            return []
        if told.then is not None:
            # The later of two messages for one moment is sent last.
            at = told.then[0]
            self._due(at)
        elif now < at - self.ahead:
            self._due(at - self.ahead)
            return []
        if value == (told.value if told.then is None else told.then[1]):
            return []
        if now < told.asked + GAP:
            self._due(told.asked + GAP)
            return []
        told.then, told.asked = (at, value), now
        self._due(at)
        return _sends(told.modulation, value, at)

    def _due(self, at: float) -> None:
        self._wake = at if self._wake is None else min(self._wake, at)


def _sends(modulation: Modulation, value: int, at: float) -> list[m.ToPlayer]:
    return [m.Send(at, data) for data in modulation.messages(value)]
