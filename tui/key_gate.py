"""The keys between the terminal and the screens: in order, bounded, and overtaken by what ends."""

from __future__ import annotations

import threading
import time
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Collection
from typing import Any

from textual.app import App, ScreenError
from textual.events import Key, MouseMove, MouseUp
from textual.message import Message

MOST = 500
"""How many keys may wait: more than a line that stalls holds back of what a person types."""

TYPED_AHEAD = 30
"""How many keys may wait where a key with ctrl that ends or silences does not pass them by."""

PAUSE = 0.5
"""Seconds without a key after which a run of keys that is left out has ended."""

ALONE = 0.1
"""Seconds without another after which the last key of such a run is one that was pressed."""

AHEAD = 100
"""How many equal keys are with the screens at a time: what they change together is drawn once.

What is told to end waits for these, some milliseconds each.
"""

TURN = 2.0
"""Seconds after which a key is handed over though the screens are still at the one before."""

LOOK = 0.002
"""Seconds between two looks whether they still are."""

TICK = 0.02
"""Seconds between two looks at screens that are not there yet."""


class KeyGate:
    """Hands what is typed, clicked and pasted to the screens as fast as they are ready for it.

    What waits here, and not in the screens, can still be overtaken and left out:

    - Where more than `MOST` keys wait, nobody has typed them (text was pasted, and the terminal
      did not say so). They are left out, and so are all that follow until the keys pause; then
      ``left_out`` is told how many they were.
    - Of the keys ``urgent`` those with a modifier pass such a run by at once, and more than
      `TYPED_AHEAD` keys that wait are left out for them, as a terminal does on an interrupt. One
      that could be a letter of a text is met where no other key follows it within `ALONE`.

    A key comes to the screens when they have met those before it, so that text that is typed
    ahead goes into the line that a key opens, and is not overtaken by it; equal keys go together.

    ``room`` says how many the screens can take (None: they are not there), ``idle`` that they
    have met all they were given, ``post`` hands over; these, and ``left_out``, are called on the
    loop. Any thread may call `put`.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        *,
        room: Callable[[], int | None],
        post: Callable[[Message], object],
        left_out: Callable[[int], object],
        idle: Callable[[], bool] = lambda: True,
        urgent: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._room = room
        self._post = post
        self._left_out = left_out
        self._idle = idle
        self._posted: Message | None = None
        self._posted_at = float("-inf")
        self._urgent = urgent
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[Message] = deque()
        self._pumping = False
        self._flooded = False
        self._dropped = 0
        self._pressed = float("-inf")
        self._last: Key | None = None
        self._looking = False

    def put(self, message: Message) -> None:
        """Receive what was typed, clicked or pasted; never waits."""
        with self._lock:
            if isinstance(message, Key):
                if not self._let_in(message):
                    return
            elif isinstance(message, MouseMove) and self._waiting:
                if isinstance(self._waiting[-1], MouseMove):
                    self._waiting.pop()
            elif len(self._waiting) >= MOST and not isinstance(message, MouseUp):
                return
            self._waiting.append(message)
            self._begin()

    def _let_in(self, key: Key) -> bool:
        now = self._clock()
        paused, self._pressed = now - self._pressed >= PAUSE, now
        urgent = key.key in self._urgent
        if urgent and not key.is_printable:
            if len(self._waiting) > TYPED_AHEAD:
                self._forget_keys()
            return True
        if self._flooded and not paused:
            self._last = key if urgent else None
            self._dropped += 1
            if urgent and not self._looking:
                self._looking = True
                self._loop.call_soon_threadsafe(self._look_again)
            return False
        self._flooded, self._last = False, None
        if len(self._waiting) < MOST:
            return True
        self._flooded = True
        if not self._dropped:
            self._loop.call_soon_threadsafe(self._notify_flood)
        self._dropped += 1 + self._forget_keys()
        return False

    def _forget_keys(self) -> int:
        # A button that was let go must be known to be.
        kept = deque(each for each in self._waiting if not isinstance(each, Key))
        count, self._waiting = len(self._waiting) - len(kept), kept
        return count

    def _notify_flood(self) -> None:
        with self._lock:
            rest = self._pressed + PAUSE - self._clock()
            if self._flooded and rest > 0:
                self._loop.call_later(rest, self._notify_flood)
                return
            self._flooded = False
            count, self._dropped = self._dropped, 0
        self._left_out(count)

    def _look_again(self) -> None:
        with self._lock:
            rest = self._pressed + ALONE - self._clock()
            if self._last is not None and rest > 0:
                self._loop.call_later(rest, self._look_again)
                return
            self._looking = False
            if self._last is not None:
                self._waiting.append(self._last)
                self._flooded, self._last = False, None
                self._begin()

    def _begin(self) -> None:
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon_threadsafe(self._pump)

    def _pump(self) -> None:
        room = self._room()
        if room is None:
            self._loop.call_later(TICK, self._pump)
            return
        free = self._idle() or self._clock() - self._posted_at >= TURN
        with self._lock:
            self._pumping = bool(self._waiting)
            if not self._pumping:
                return
            batch: list[Message] = []
            while self._waiting and len(batch) < room and (free or self._as_before()):
                free = False
                self._posted = self._waiting.popleft()
                batch.append(self._posted)
        if batch:
            self._posted_at = self._clock()
        for message in batch:
            self._post(message)
        # The screens take their part of what is ready now before this is done again.
        if batch:
            self._loop.call_soon(self._pump)
        else:
            self._loop.call_later(LOOK, self._pump)

    def _as_before(self) -> bool:
        now, before = self._waiting[0], self._posted
        if isinstance(now, Key) and now.key in self._urgent and not now.is_printable:
            return True
        if isinstance(now, Key) and isinstance(before, Key):
            return now.key == before.key
        return not isinstance(now, Key) and not isinstance(before, Key)


def key_gate(app: App[Any], loop: AbstractEventLoop, urgent: Collection[str]) -> KeyGate:
    """Return the gate before an application; none passes once that is told to end."""

    def room() -> int | None:
        if app._exit or not app.is_running:
            return None
        try:
            target = app.focused or app.screen
        except ScreenError:
            return None
        return AHEAD - sum(node.message_queue_size for node in target.ancestors_with_self)

    def idle() -> bool:
        target = app.focused or app.screen
        return app.screen.is_mounted and not any(
            node.message_queue_size for node in target.ancestors_with_self
        )

    def left_out(count: int) -> None:
        words = f"{count:,} keys came faster than anyone types, and were left out."
        app.notify(words, title="Keys", severity="warning", markup=False)

    return KeyGate(
        loop, room=room, post=app.post_message, left_out=left_out, idle=idle, urgent=urgent
    )
