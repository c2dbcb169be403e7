"""The engine's door: one thread that lets screens and players in, and listens to each in turn."""

from __future__ import annotations

import contextlib
import errno
import hmac
import logging
import math
import os
import secrets
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence

from engine.audio.devices import SoundDevices
from engine.audio.output import Playing
from engine.common.json_values import BadLine
from engine.errors import ArmonicaError, UserError
from engine.midi import messages as m
from engine.midi.player_mirror import PlayerPlan
from engine.protocol.base import Command, Event
from engine.protocol.notices import CommandFailed
from engine.remote import protocol as v
from engine.remote.connection import Connection
from engine.remote.host import Attachable, EngineHost
from engine.remote.player_router import QUIET, PlayerRouter
from engine.remote.sockets import Door
from engine.text import printable

MOST_GUESTS = 16
"""How many may be attached at once through one door."""

MOST_STRANGERS = 200
"""How many may stand at one door at once without having said who they are; the oldest of them
makes room for one who comes. Whoever says it at once is let in whatever the crowd does."""

GREETING = 3.0
"""Seconds in which a stranger must say who they are."""

SILENCE = 15.0
"""Seconds after which one who says nothing is taken to be gone; a guest asks for the time more
often than that."""

FLOOD = 10.0
"""Seconds of flooding after which a guest is shown out."""

MOST_BAD_LINES = 8
"""Lines that make no sense, after which a guest is shown out."""

_BETWEEN = 10.0
"""Seconds between two lines of the log about those who are not let in."""

_FAREWELL = 1.0
_TICK = 0.25
_CROWD = 64
"""Connections of one door that are taken before it is the others' turn."""
_TURN = 64
"""Lines of one guest that are handled before it is the others' turn."""

log = logging.getLogger(__name__)


class Unwelcome(UserError):
    """One who is not let in."""

    title = "Line"


class Ended(ArmonicaError):
    """An engine that has ended."""

    title = "Line"


class Server:
    """Serves one engine at ``doors`` until it is closed."""

    def __init__(
        self,
        engine: Attachable,
        router: PlayerRouter,
        doors: Sequence[Door],
        host: EngineHost | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._router = router
        self._doors = {door.listener: door for door in doors}
        self._host = host or EngineHost()
        self._clock = clock
        self._peers: dict[socket.socket, Connection] = {}
        self._closing = False
        self._warned = -math.inf
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = os.pipe()
        for descriptor in (self._wake, self._woken):
            os.set_blocking(descriptor, False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        for listener in self._doors:
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ, self._doors[listener])
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)

    def start(self) -> None:
        """Open the doors."""
        self._thread.start()

    def close(self) -> None:
        """Say goodbye to everybody and close the doors."""
        self._closing = True
        self._wake_up()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(2 * _FAREWELL)

    def _run(self) -> None:
        try:
            while not self._closing:
                self._turn()
            self._farewell()
        except Exception:
            log.exception("The server met a fault")
        finally:
            for peer in list(self._peers.values()):
                self._drop(peer)
            for listener in self._doors:
                listener.close()

    def _turn(self) -> None:
        now = self._clock()
        pause = min((_TICK, *(peer.pause(now) for peer in self._peers.values())))
        for peer in self._peers.values():
            self._watch(peer)
        for key, events in self._selector.select(pause):
            match key.data:
                case Door() as door:
                    self._admit(door)
                case Connection() as peer:
                    self._serve(peer, events)
                case _:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake, 65_536)
        self._handle_all()

    def _watch(self, peer: Connection) -> None:
        wanted = selectors.EVENT_READ if peer.listens else 0
        wanted |= selectors.EVENT_WRITE if peer.writes else 0
        known = self._selector.get_map().get(peer.connection)
        if wanted and known is None:
            self._selector.register(peer.connection, wanted, peer)
        elif known is not None and not wanted:
            self._selector.unregister(peer.connection)
        elif known is not None and known.events != wanted:
            self._selector.modify(peer.connection, wanted, peer)

    def _serve(self, peer: Connection, events: int) -> None:
        there = peer.connection in self._peers
        try:
            if there and events & selectors.EVENT_READ:
                there = peer.read(self._clock())
            if there and events & selectors.EVENT_WRITE:
                there = peer.write()
        except Exception:
            # Something that cannot be said must not take the others' lines with it.
            log.exception("%s cannot be served", peer.name)
            there = False
        if not there:
            self._drop(peer)

    def _admit(self, door: Door) -> None:
        # Many at once: a queue that is full of strangers would keep out who comes after them.
        for _ in range(_CROWD):
            try:
                connection, name = door.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    # Strangers hold what whoever attaches needs.
                    for each in self._doors.values():
                        self._make_room(each, 1)
                return
            except ArmonicaError as error:
                self._warn(error.line())
                continue
            self._make_room(door, MOST_STRANGERS)
            self._peers[connection] = Connection(connection, name, door, self._clock())

    def _make_room(self, door: Door, most: int) -> None:
        """Send the oldest strangers of a door away until there are fewer than ``most``."""
        # In the order in which they came.
        strangers = [peer for peer in self._peers.values() if peer.door is door]
        strangers = [peer for peer in strangers if not peer.greeted]
        for peer in strangers[: max(0, len(strangers) - most + 1)]:
            # What they have said by now counts, though it was not read yet.
            self._serve(peer, selectors.EVENT_READ)
            if peer.connection in self._peers:
                self._handle_lines(peer, self._clock())
            if peer.greeted or peer.connection not in self._peers:
                continue
            if not peer.ending:
                self._warn(f"{peer.name} was sent away: too many stand at the door.")
                peer.outbox.put(v.denied(Unwelcome("Too many stand at the door.")))
            peer.write()
            self._drop(peer)

    def _warn(self, what: str) -> None:
        # A crowd at the door must not drive all else out of the log.
        if self._clock() >= self._warned + _BETWEEN:
            self._warned = self._clock()
            log.warning("%s", what)

    def _handle_all(self) -> None:
        now = self._clock()
        for peer in list(self._peers.values()):
            self._handle_lines(peer, now)
            self._look_after(peer, now)

    def _handle_lines(self, peer: Connection, now: float) -> None:
        for _ in range(_TURN):
            data = None if peer.ending else peer.next_line(now)
            if data is None:
                return
            self._accept(peer, data, now)

    def _look_after(self, peer: Connection, now: float) -> None:
        if peer.connection not in self._peers:
            return
        if peer.ending:
            if not peer.writes or now - peer.heard > _FAREWELL:
                self._drop(peer)
        elif not peer.greeted and now - peer.since > GREETING:
            self._refuse(peer, Unwelcome("Nobody said who they are in time."))
        elif peer.flooded is not None and now - peer.flooded > FLOOD:
            self._refuse(peer, Unwelcome("This is a flood."))
        elif peer.outbox.hopeless:
            log.warning("%s is too slow for what is played, and is let go", peer.name)
            self._drop(peer)
        elif peer.greeted and now - peer.heard > SILENCE:
            log.warning("%s has said nothing for %g s, and is taken to be gone", peer.name, SILENCE)
            self._drop(peer)
        elif peer.greeted:
            self._router.on_reach(peer.place, now - peer.heard <= QUIET)

    def _accept(self, peer: Connection, data: bytes, now: float) -> None:
        try:
            if not peer.greeted:
                self._welcome(peer, v.for_engine(data))
            else:
                self._handle(peer, v.for_engine(data), now)
        except BadLine as error:
            peer.bad_lines += 1
            if peer.greeted:
                log.warning("%s: %s", peer.name, error.line())
            peer.outbox.put(v.denied(error))
            if not peer.greeted or peer.bad_lines >= MOST_BAD_LINES:
                self._refuse(peer, Unwelcome("Nothing more is heard on this line."))
        except ArmonicaError as error:
            self._refuse(peer, error)

    def _welcome(self, peer: Connection, hello: object) -> None:
        if not isinstance(hello, v.Hello):
            raise Unwelcome("A line begins with who is there.")
        token = peer.door.token
        if token is not None and not hmac.compare_digest(token.encode(), hello.token.encode()):
            raise Unwelcome("The token is not the one of this engine.", "Look for the right one.")
        if hello.vocabulary != v.VOCABULARY:
            raise Unwelcome(
                f"The engine is Armonica {v.Hello(v.VOCABULARY).version} and this end is "
                f"{printable(hello.version)[:40]}, with other words.",
                "Bring both machines to the same version.",
            )
        beside = (each for each in self._peers.values() if each.door is peer.door)
        if sum(each.greeted for each in beside) >= MOST_GUESTS:
            raise Unwelcome("The engine has as many guests as it takes.", "Try again later.")
        self._seat(peer, hello)

    def _seat(self, peer: Connection, hello: v.Hello) -> None:
        for other in list(self._peers.values()):
            if hello.place and other.place == hello.place:
                # Their old line is broken, though nobody noticed here.
                self._drop(other)
        peer.welcome()
        peer.place = hello.place or secrets.token_hex(8)
        peer.watches = hello.watches
        peer.outbox.put(v.from_engine(self._host.welcome(peer.place)))
        if hello.plays:
            self._router.sit(
                peer.place, lambda message: self._play(peer, message), leads=hello.watches
            )
        if hello.watches:
            peer.leave = self._engine.subscribe(lambda event: self._send_event(peer, event))
        if hello.plays or hello.watches:
            log.info("%s is attached%s", peer.name, " and plays" if hello.plays else "")

    def _handle(
        self, peer: Connection, message: Command | m.FromPlayer | v.ToEngine, now: float
    ) -> None:
        match message:
            case Command() if not self._may(peer, message):
                pass
            case Command():
                self._engine.send(message)
            case v.Echo(sent):
                peer.outbox.put(v.from_engine(v.Echoed(sent, now)))
            case v.Measured(delay, anew):
                self._router.measured(peer.place, delay, anew)
            case v.Got(count):
                peer.outbox.acknowledge(count)
            case v.SoundSeen(devices, reason) if self._host.sound is not None:
                sound = SoundDevices(devices, reason)
                self._host.sound.seen(peer.place, lambda order: self._sound(peer, order), sound)
            case v.SoundDid(state, position, length, reason) if self._host.sound is not None:
                self._host.sound.did(peer.place, Playing(state, position, length, reason))
            case v.SoundSeen() | v.SoundDid():
                pass
            case v.Goodbye():
                self._router.leave(peer.place)
                peer.ending = True
            case v.Status():
                attached = sum(each.watches for each in self._peers.values())
                ports = (door.port for door in self._doors.values() if door.port is not None)
                answer = self._host.state(self._engine.snapshot, attached, next(ports, None))
                peer.outbox.put(v.from_engine(answer))
            case v.EndService():
                log.info("%s asked the engine to end", peer.name)
                self._host.ended()
            case v.ToEngine():
                raise BadLine(f"{type(message).__name__} comes too late on this line.")
            case _:
                self._router.on_report(peer.place, message)

    def _may(self, peer: Connection, command: Command) -> bool:
        try:
            self._host.fence.check(command, self._engine.snapshot.path)
        except ArmonicaError as error:
            self._warn(f"{peer.name} was refused: {error.message}")
            if peer.watches:
                peer.outbox.put_event(CommandFailed.of(error, command.request))
            else:
                peer.outbox.put(v.denied(error))
            return False
        return True

    def _play(self, peer: Connection, message: m.ToPlayer | PlayerPlan) -> None:
        peer.outbox.put_music(message)
        self._wake_up()

    def _sound(self, peer: Connection, order: v.SoundOrder) -> None:
        peer.outbox.put_sound(order)
        self._wake_up()

    def _send_event(self, peer: Connection, event: Event) -> None:
        peer.outbox.put_event(event)
        self._wake_up()

    def _refuse(self, peer: Connection, error: ArmonicaError) -> None:
        text = f"{peer.name} is shown out: {error.message}"
        if peer.greeted:
            log.warning("%s", text)
        else:
            self._warn(text)
        peer.outbox.put(v.denied(error))
        peer.ending = True
        peer.heard = self._clock()

    def _drop(self, peer: Connection) -> None:
        if self._peers.pop(peer.connection, None) is None:
            # Dropped before: its place may be another's by now.
            return
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(peer.connection)
        if peer.greeted:
            self._router.leave(peer.place)
            if self._host.sound is not None:
                self._host.sound.leave(peer.place)
            if peer.watches:
                log.info("%s is not attached any more", peer.name)
        peer.close()

    def _farewell(self) -> None:
        until = time.monotonic() + _FAREWELL
        for peer in self._peers.values():
            peer.outbox.put(v.denied(Ended("The engine has ended.")))
        while time.monotonic() < until and any(peer.writes for peer in self._peers.values()):
            for peer in list(self._peers.values()):
                if not peer.write():
                    self._drop(peer)
            time.sleep(0.01)

    def _wake_up(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._woken, b".")
