"""The values of MIDI controllers: the gauges of the slot that is heard, each value once.

Nothing here waits or looks at a clock. `update` takes ``now`` in seconds of the monotonic
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
class SentValue:
    modulation: Modulation
    value: int
    at: float
    then: tuple[float, int] | None = None
    """What it will be, and when: with the player already, and not to be had back."""
    sent_ahead: float = -math.inf
    """When that was sent."""


class CcOutput:
    """Knows the value that each controller was sent, and sends what changes.

    A value that comes too soon after another waits, and the last one is always sent.
    """

    def __init__(self) -> None:
        self._sent: dict[frozenset[tuple[int, int]], SentValue] = {}
        self.ahead = AHEAD
        self._next_wake: float | None = None

    def next_wake(self) -> float | None:
        """Return when `update` is due next though nothing has changed; None where it is not."""
        return self._next_wake

    def update(self, song: Song, slot: int, coming: Coming | None, now: float) -> list[m.ToPlayer]:
        """Send what differs from the gauges of the slot that is heard now, and of the next."""
        self._next_wake = None
        for each in self._sent.values():
            if each.then is not None and now >= each.then[0]:
                (each.at, each.value), each.then = each.then, None
        sent = self._leave(song.modulations, now)
        for modulation in song.modulations:
            here = controller_value(modulation, song, slot)
            if here is not None:
                sent += self._send_now(modulation, here, now)
            last = self._sent.get(modulation.targets)
            if coming is not None and last is not None:
                sent += self._send_ahead(
                    last, controller_value(modulation, song, coming[1]), coming[0], now
                )
            elif last is not None and last.then is not None:
                # It was to change, and does not any more: that is put right when it comes.
                sent += self._send_ahead(last, here, last.then[0], now)
        if coming is not None and song.modulations:
            # There is another slot to look ahead to then.
            self._due(coming[0])
        return sent

    def resend(self, song: Song, slot: int, coming: Coming | None, now: float) -> list[m.ToPlayer]:
        """Send everything once more, to a port that knows nothing."""
        self._sent.clear()
        return self.update(song, slot, coming, now)

    def close(self, now: float) -> list[m.ToPlayer]:
        """Leave no instrument out of tune."""
        return self._leave((), now)

    def _leave(self, modulations: tuple[Modulation, ...], now: float) -> list[m.ToPlayer]:
        kept = {modulation.targets for modulation in modulations}
        sent: list[m.ToPlayer] = []
        for targets in self._sent.keys() - kept:
            last = self._sent.pop(targets)
            if last.modulation.kind == "bend":
                # Not before what is on its way.
                sent += _sends(last.modulation, CENTRE, last.then[0] if last.then else now)
        return sent

    def _send_now(self, modulation: Modulation, value: int, now: float) -> list[m.ToPlayer]:
        last = self._sent.get(modulation.targets)
        if last is None:
            self._sent[modulation.targets] = SentValue(modulation, value, now)
            return _sends(modulation, value, now)
        on_its_way = last.then is not None and last.then[0] <= now + GAP
        if value == (last.then[1] if last.then is not None and on_its_way else last.value):
            return []
        if now < last.at + GAP:
            self._due(last.at + GAP)
            return []
        last.value, last.at = value, now
        return _sends(modulation, value, now)

    def _send_ahead(
        self, last: SentValue, value: int | None, at: float, now: float
    ) -> list[m.ToPlayer]:
        if value is None:
            return []
        if last.then is not None:
            # The later of two messages for one moment is sent last.
            at = last.then[0]
            self._due(at)
        elif now < at - self.ahead:
            self._due(at - self.ahead)
            return []
        if value == (last.value if last.then is None else last.then[1]):
            return []
        if now < last.sent_ahead + GAP:
            self._due(last.sent_ahead + GAP)
            return []
        last.then, last.sent_ahead = (at, value), now
        self._due(at)
        return _sends(last.modulation, value, at)

    def _due(self, at: float) -> None:
        self._next_wake = at if self._next_wake is None else min(self._next_wake, at)


def _sends(modulation: Modulation, value: int, at: float) -> list[m.ToPlayer]:
    return [m.Send(at, data) for data in modulation.messages(value)]
