"""Where the player's JACK ports lead, so that those of its successor can lead there, too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Protocol

from engine.midi.ports import CLIENT, NAMED_OUT, VIRTUAL_OUT

JACK = "jack"

_OURS = re.compile(rf"{CLIENT}(-\d+)?:({VIRTUAL_OUT}|{NAMED_OUT})")


class ConnectableServer(Protocol):
    """A JACK server that is asked where ports lead, and connects them."""

    def look(self) -> tuple[list[str], list[str]] | None:
        """Return the ports that can be played to and heard; None where no server answers."""
        ...

    def connections(self) -> dict[str, tuple[str, ...]]:
        """Return all outputs, and where they lead."""
        ...

    def connect(self, source: str, target: str) -> None:
        """Connect two ports."""
        ...


class Connections:
    """Where the player's JACK ports led when it was last seen alive."""

    def __init__(self, server: ConnectableServer) -> None:
        self._server = server
        self._leads: dict[str, tuple[str, ...]] = {}
        self._gone: list[str] = []

    def look(self, alive: Callable[[], bool]) -> tuple[str, ...] | None:
        """Remember where the ports of players lead, unless the player has died meanwhile.

        Gives the ports that can be played to, but those that went and came since the last look;
        None where no server answers.
        """
        seen = self._server.look()
        leads = self._ports()
        if alive():
            self._leads = leads
        return None if seen is None else tuple(f"{JACK}:{name}" for name in seen[0])

    def likely(self, count: int) -> tuple[str, ...]:
        """Return where the player's ports lead, where it has so many and nobody else has any."""
        leads = self._leads.values() if len(self._leads) <= count else ()
        return _whole(target for targets in leads for target in targets)

    def find(self, count: int) -> bool:
        """Find out which ports were the player's, which has died and had so many.

        Those of other players on this machine are still there, and nothing else tells them
        apart. False where the server has not noticed the death yet.
        """
        there = self._ports()
        self._gone = sorted(name for name in self._leads if name not in there)
        return len(self._gone) >= min(count, len(self._leads))

    @property
    def targets(self) -> tuple[str, ...]:
        """The ports that the player's led to."""
        return _whole(target for name in self._gone for target in self._leads[name])

    def restore(self) -> bool:
        """Connect the successor's virtual ports as the old ones were; False where none is there.

        Which is which follows from the order of their names.
        """
        old = [name for name in self._gone if _virtual(name) and self._leads[name]]
        others = self._leads.keys() - set(self._gone)
        self._server.look()
        there = sorted(name for name in self._ports() if _virtual(name) and name not in others)
        if len(there) < len(old):
            return False
        for before, now in zip(old, there, strict=False):
            for target in self._leads[before]:
                self._server.connect(now, target)
        return True

    def _ports(self) -> dict[str, tuple[str, ...]]:
        leads = self._server.connections()
        return {name: targets for name, targets in leads.items() if _OURS.fullmatch(name)}


def _virtual(name: str) -> bool:
    return name.endswith(f":{VIRTUAL_OUT}")


def _whole(targets: Iterable[str]) -> tuple[str, ...]:
    # Our names, without repetition.
    return tuple(f"{JACK}:{target}" for target in dict.fromkeys(targets))
