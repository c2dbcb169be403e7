"""An engine at the other end of a line, as the screens know one; it attaches again by itself."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import ArmonicaError
from engine.event_bus import Subscriber, Subscription, Subscriptions
from engine.midi import messages as m
from engine.protocol.base import Command, Event
from engine.protocol.devices import ControllersState
from engine.protocol.files import AtTheEnd
from engine.protocol.generation import GenerationState
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.remote import protocol as v
from engine.remote.audio_router import Loudspeaker
from engine.remote.client_line import ClientLine
from engine.remote.connect import Address, NoWay
from engine.remote.player_bridge import ENOUGH, PlayerBridge

FIRST_ANSWER = 120.0
"""Seconds in which the engine must answer the first time: ssh may ask its user something."""

LATER_ANSWER = 20.0
"""The same when the line broke and is opened again."""

ECHO, FIRST_ECHO = 0.5, 0.05
"""Seconds between two measurements of the line, later and at first."""

SILENCE = 8.0
"""Seconds without a word of the engine after which the line is taken to be broken."""

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts to attach again; the last goes on."""

_CLOSING = 2.0

log = logging.getLogger(__name__)


class SentAway(ArmonicaError):
    """The answer of an engine that does not let one in."""

    title = "Line"


@dataclass(frozen=True, slots=True)
class _Hangup:
    pass


class RemoteEngine:
    """Everything that the screens need of an engine, over a line of which this holds one end.

    ``watches`` asks for events; with ``home`` the music sounds here, too, and with ``sound``
    takes do; each is made with what hears it. While the line is down commands are refused, and
    it is opened again.
    """

    def __init__(
        self,
        address: Address,
        *,
        watches: bool = True,
        home: Callable[[Callable[[m.FromPlayer], None]], PlayerBridge] | None = None,
        sound: Callable[[Callable[[v.SoundSeen | v.SoundDid], None]], Loudspeaker] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._watches = watches
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._studio: GenerationState | None = None
        self._controls: ControllersState | None = None
        self._subscriptions = Subscriptions()
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._wake, self._woken = os.pipe()
        for descriptor in (self._wake, self._woken):
            os.set_blocking(descriptor, False)
        self._make_home = home
        self._home: PlayerBridge | None = None
        self._make_sound = sound
        self._sound: Loudspeaker | None = None
        self._line: ClientLine | None = None
        self._engine = self._place = ""
        self.welcome: v.Welcome | None = None
        self._tries = 0
        self._next_try = 0.0
        self._ended = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    @property
    def snapshot(self) -> Snapshot:
        """The latest state that came; any thread may look."""
        return self._snapshot or Snapshot()

    @property
    def ends(self) -> tuple[AtTheEnd, ...]:
        """What became of songs at the end: the engine goes on, and they with it."""
        return ()

    @property
    def attached(self) -> bool:
        """Whether the line is there."""
        return self._line is not None

    def start(self) -> None:
        """Attach for the first time; raises `NoWay` or `SentAway` where it cannot."""
        line = self._open(again=False)
        if self._make_home is not None:
            self._home = self._make_home(self._put)
        if self._make_sound is not None:
            self._sound = self._make_sound(self._put)
        self._greeted(line)
        self._thread.start()

    def send(self, command: Command) -> None:
        """Send a command; never waits."""
        self._put(command)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Publish events to ``callback`` on the line's thread, the latest snapshot first."""
        subscription = Subscription(callback)
        self._put(subscription)
        return subscription.end

    def close(self) -> None:
        """Leave the engine, which goes on, and silences the player here."""
        self._put(_Hangup())
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(2 * _CLOSING)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until this has been closed, or the engine has sent it away."""
        return self._over.wait(timeout)

    def _put(self, item: Any) -> None:
        self._inbox.put(item)
        with contextlib.suppress(OSError):
            os.write(self._woken, b".")

    # The thread

    def _run(self) -> None:
        try:
            while not self._ended:
                self._turn()
        except Exception:
            log.exception("The line met a fault")
        finally:
            if self._line is not None:
                self._line.wire.close()
                self._line = None
            if self._home is not None:
                self._home.close()
            if self._sound is not None:
                self._sound.close()
            self._over.set()

    def _turn(self) -> None:
        now = self._clock()
        if self._line is None and now >= self._next_try:
            self._attach_again(now)
        line = self._line
        reads, writes = [self._wake], []
        pause = max(0.0, self._next_try - now)
        if line is not None:
            reads.append(line.wire.reads)
            writes = [line.wire.writes] if line.outbox.waiting else []
            pause = max(0.0, line.echo_at - now)
        readable, writable, _ = select.select(reads, writes, [], min(pause, 0.1))
        if self._wake in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 65_536)
        self._empty_inbox()
        if line is not None and line is self._line:
            if writable:
                line.outbox.flush()
            self._tend(line, line.wire.reads in readable)
        self._tick()

    def _tick(self) -> None:
        if self._home is not None:
            self._home.tick()

    def _empty_inbox(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._handle(self._inbox.get_nowait())

    def _handle(self, item: Any) -> None:
        match item:
            case _Hangup():
                self._leave()
            case Subscription():
                self._subscriptions.add(item)
                if self._snapshot is not None:
                    item.publish(self._snapshot)
                for known in (self._studio, self._controls):
                    if known is not None:
                        item.publish(known)
            case Command():
                self._send_command(item)
            case v.SoundSeen() | v.SoundDid():
                self._send_line(v.to_engine(item))
            case _ if self._home is not None:
                report = self._home.convert(item)
                if report is not None and self._line is not None:
                    self._send_line(v.encode_report(report))

    def _send_command(self, command: Command) -> None:
        try:
            if self._line is None:
                raise NoWay("The line to the engine is down.", "It is being opened again.")
            if not self._send_line(v.encode_command(command)):
                raise NoWay("The line to the engine takes nothing.", "Wait a moment.")
        except ArmonicaError as error:
            self._publish(CommandFailed.of(error, command.request))

    def _send_line(self, data: bytes) -> bool:
        return self._line is not None and self._line.outbox.put(data)

    def _tend(self, line: ClientLine, readable: bool) -> None:
        now = self._clock()
        if readable:
            lines = line.read(now)
            for data in lines or ():
                self._on_line(line, data)
            if lines is None:
                self._broken(line)
                return
        if now - line.heard > SILENCE:
            self._broken(line)
            return
        if now >= line.echo_at:
            line.echoes += 1
            line.echo_at = now + (FIRST_ECHO if line.echoes < 2 * ENOUGH else ECHO)
            self._send_line(v.to_engine(v.Echo(now)))
            line.acknowledge()
        if self._home is not None and (measured := self._home.measurement()) is not None:
            self._send_line(v.to_engine(measured))

    def _on_line(self, line: ClientLine, data: bytes) -> None:
        message = line.decode(data)
        match message:
            case None:
                pass
            case Event():
                self._publish(message)
            case v.FromEngine():
                self._on_line_message(message)
            case _ if self._home is not None:
                self._home.play(message)

    def _on_line_message(self, message: v.FromEngine) -> None:
        match message:
            case v.Echoed(sent, there) if self._home is not None:
                self._home.on_echo(sent, there)
            case v.SoundOrder() if self._sound is not None:
                self._sound.obey(message)
            case v.Score(plan) if self._home is not None:
                self._home.keep_to(plan)
            case v.Denied(title, text, remedy):
                self._publish(CommandFailed(title, text, remedy))

    def _publish(self, event: Event) -> None:
        if isinstance(event, Snapshot):
            self._snapshot = event
        elif isinstance(event, GenerationState):
            self._studio = event
        elif isinstance(event, ControllersState):
            self._controls = event
        self._subscriptions.publish(event)

    # Attaching

    def _open(self, again: bool) -> ClientLine:
        """Dial, says who is here, and wait for the answer and the first snapshot."""
        token = self._address.token()
        line = ClientLine(self._address.dial(again), self._clock())
        try:
            line.outbox.put(
                v.to_engine(
                    v.Hello(
                        v.VOCABULARY,
                        token=token,
                        place=self._place,
                        watches=self._watches,
                        plays=self._make_home is not None,
                    )
                )
            )
            self._await_welcome(line, again)
        except BaseException:
            line.wire.close()
            raise
        return line

    def _await_welcome(self, line: ClientLine, again: bool) -> None:
        until = self._clock() + (LATER_ANSWER if again else FIRST_ANSWER)
        while (left := until - self._clock()) > 0 and not self._ended:
            writes = [line.wire.writes] if line.outbox.waiting else []
            readable, writable, _ = select.select([line.wire.reads], writes, [], min(left, 0.2))
            if writable:
                line.outbox.flush()
            if again:
                # The music that is here goes on meanwhile.
                self._empty_inbox()
                self._tick()
            if not readable:
                continue
            lines = line.read(self._clock())
            for data in lines or ():
                self._await(line, data)
            if line.welcome is not None and (line.shown or not self._watches):
                return
            if lines is None:
                says = line.wire.says()
                raise NoWay(
                    f"The line to {self._address} ended before the engine answered"
                    f"{': ' + says if says else ''}.",
                    "Look whether Armonica is installed there and its service runs.",
                )
        raise NoWay(f"The engine at {self._address} does not answer.", "Look how it is there.")

    def _await(self, line: ClientLine, data: bytes) -> None:
        if line.welcome is not None:
            self._on_line(line, data)
            return
        heard = v.by_engine(*v.parsed(data, v.LONGEST_FROM_ENGINE))
        if isinstance(heard, v.Denied):
            raise SentAway(heard.message, heard.remedy)
        if isinstance(heard, v.Welcome):
            line.welcome = heard

    def _greeted(self, line: ClientLine) -> None:
        assert line.welcome is not None  # Only then is there a line.
        anew = bool(self._engine) and self._engine != line.welcome.engine
        self.welcome = line.welcome
        self._engine, self._place = line.welcome.engine, line.welcome.place
        self._line = line
        self._tries = 0
        if anew and self._studio is not None:
            # An engine that was never asked for anything says nothing of its studio.
            self._publish(GenerationState())
        if anew and self._controls is not None:
            self._publish(ControllersState())
        line.echo_at = self._clock()
        if self._home is not None:
            self._home.attached(anew)
            for report in self._home.ports():
                self._send_line(v.encode_report(report))
        if self._sound is not None and (seen := self._sound.seen) is not None:
            self._send_line(v.to_engine(seen))

    def _attach_again(self, now: float) -> None:
        try:
            line = self._open(again=True)
        except ArmonicaError as error:
            if self._tries == 0:
                log.warning("The line is not back: %s", error.line())
            self._next_try = self._clock() + PAUSES[min(self._tries, len(PAUSES) - 1)]
            self._tries += 1
            return
        self._greeted(line)
        self._publish(Notice(f"The line to {self._address} is back."))
        log.info("The line was down for some time until %.1f", now)

    def _broken(self, line: ClientLine) -> None:
        line.wire.close()
        self._line = None
        self._next_try = self._clock() + PAUSES[0]
        if self._home is not None:
            self._home.broken()
        text = f"The line to {self._address} is down; it is being opened again."
        self._publish(Notice(text, "warning"))

    def _leave(self) -> None:
        self._ended = True
        line = self._line
        if line is None:
            return
        self._send_line(v.to_engine(v.Goodbye()))
        until = self._clock() + _CLOSING
        while line.outbox.waiting and self._clock() < until:
            _, writable, _ = select.select([], [line.wire.writes], [], 0.1)
            if writable:
                line.outbox.flush()
