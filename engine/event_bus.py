"""Who is told of events: told on one thread, and none keeps the others from being told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from engine.protocol.events import Event

Subscriber = Callable[[Event], None]

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Subscription:
    """One who is told, until that is ended; any thread may end it."""

    callback: Subscriber
    ended: bool = False

    def end(self) -> None:
        """Tells no more."""
        self.ended = True

    def tell(self, event: Event) -> None:
        """Tells an event, whatever becomes of it there."""
        if self.ended:
            return
        try:
            self.callback(event)
        except Exception:
            log.exception("A subscriber failed on %s", type(event).__name__)


class Subscriptions:
    """All who are told."""

    def __init__(self) -> None:
        self._all: tuple[Subscription, ...] = ()

    def add(self, subscription: Subscription) -> None:
        """Tells one more from now on."""
        self._all = (*self._all, subscription)

    def tell(self, event: Event) -> None:
        """Tells an event to everybody who still listens."""
        self._all = tuple(each for each in self._all if not each.ended)
        for subscription in self._all:
            subscription.tell(event)
