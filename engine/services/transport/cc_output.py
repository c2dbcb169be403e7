"""The values of MIDI controllers: the gauges of the slot that is heard, each value once.

Nothing here waits or looks at a clock. `update` takes ``now`` in seconds of the monotonic
clock and gives the messages to send.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from engine.midi import messages as m
from engine.music.loop_controllers import controller_value
from engine.music.modulation import CENTRE, Modulation
from engine.music.song import Song
from engine.music.track import Track
from engine.services.transport.voice_notes import OutletOf

GAP = 0.005
"""Seconds between two values of one controller, at least: a wire carries no more to good use."""

AHEAD = 0.1
"""How far ahead the values of the next slot are sent, in seconds."""

Coming = tuple[float, int]
"""When a slot begins, and which."""


_Key = tuple[int, frozenset[tuple[int, int]]]
"""An outlet, and the channels and controllers of a modulation there."""


@dataclass(slots=True)
class SentValue:
    modulation: Modulation
    outlet: int
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

    def __init__(self, outlet_of: OutletOf = lambda _: 0) -> None:
        self._outlet_of = outlet_of
        self._sent: dict[_Key, SentValue] = {}
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
        moved = self._moved(song)
        sent = self._leave(moved.keys(), now)
        for key, (track, modulation) in moved.items():
            here = controller_value(modulation, track, slot)
            if here is not None:
                sent += self._send_now(key, modulation, here, now)
            last = self._sent.get(key)
            if coming is not None and last is not None:
                sent += self._send_ahead(
                    last, controller_value(modulation, track, coming[1]), coming[0], now
                )
            elif last is not None and last.then is not None:
                # It was to change, and does not any more: that is put right when it comes.
                sent += self._send_ahead(last, here, last.then[0], now)
        if coming is not None and moved:
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

    def _moved(self, song: Song) -> dict[_Key, tuple[Track, Modulation]]:
        """Return what gauges move; where two tracks move the same, the first of them does."""
        moved: dict[_Key, tuple[Track, Modulation]] = {}
        for number, track in enumerate(song.tracks):
            for modulation in track.modulations:
                key = self._outlet_of(number), modulation.targets
                moved.setdefault(key, (track, modulation))
        return moved

    def _leave(self, kept: Collection[_Key], now: float) -> list[m.ToPlayer]:
        sent: list[m.ToPlayer] = []
        for key in self._sent.keys() - set(kept):
            last = self._sent.pop(key)
            if last.modulation.kind == "bend":
                # Not before what is on its way.
                sent += _sends(last, CENTRE, last.then[0] if last.then else now)
        return sent

    def _send_now(
        self, key: _Key, modulation: Modulation, value: int, now: float
    ) -> list[m.ToPlayer]:
        last = self._sent.get(key)
        if last is None:
            self._sent[key] = last = SentValue(modulation, key[0], value, now)
            return _sends(last, value, now)
        last.modulation = modulation
        on_its_way = last.then is not None and last.then[0] <= now + GAP
        if value == (last.then[1] if last.then is not None and on_its_way else last.value):
            return []
        if now < last.at + GAP:
            self._due(last.at + GAP)
            return []
        last.value, last.at = value, now
        return _sends(last, value, now)

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
        return _sends(last, value, at)

    def _due(self, at: float) -> None:
        self._next_wake = at if self._next_wake is None else min(self._next_wake, at)


def _sends(to: SentValue, value: int, at: float) -> list[m.ToPlayer]:
    return [m.Send(at, data, to.outlet) for data in to.modulation.messages(value)]
