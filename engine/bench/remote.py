"""`armonica bench remote`: how steady notes are that come home over a slow and lossy line.

``python -m engine.bench.remote 600`` listens for ten minutes.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.bench import Result
from engine.bench.fixture import load
from engine.bench.jack import JackListener, JackServer, Message, starts
from engine.bench.lossy_proxy import AGAIN, SlowLine
from engine.common.printing import put
from engine.config import Settings
from engine.errors import NotReady
from engine.latent.spec import LatentModel
from engine.midi import messages as m
from engine.protocol.edit import SetTempo
from engine.protocol.transport import Play, Stop
from engine.remote.client import RemoteEngine
from engine.remote.connect import Address
from engine.remote.player_bridge import PlayerBridge
from engine.remote.player_router import PlayerRouter
from engine.remote.server import Server
from engine.remote.sockets import tcp_door
from engine.runtime.engine import Engine

DELAY, JITTER, LOSS = 0.1, 0.01, 0.01
"""Seconds each way, the most that chance adds to them, and the share of packets that come
`AGAIN` seconds later still."""

SECONDS = 20.0
"""How long each plays."""

TEMPO = 200.0

_PORT = "listener"
_PATIENCE = 30.0
_ALIKE = 8
"""How far a note is looked for among those that arrived."""


@dataclass(frozen=True, slots=True)
class RemoteNotes:
    """What came of the notes of one turn: how late each started, and how many never did.

    ``lateness`` is in milliseconds after its time by the engine's clock; ``held`` counts the
    notes that went on sounding after the stop.
    """

    lateness: tuple[float, ...]
    lost: int
    held: int


class _Watched(PlayerRouter):
    """Remembers the notes that the engine plays."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[m.TimedNote] = []

    def send(self, message: m.ToPlayer) -> None:
        """Take notes down and passes everything on."""
        if isinstance(message, m.Notes):
            self.notes += message.notes
        super().send(message)


def run(seconds: float = SECONDS, beside: float = SECONDS) -> tuple[Result, ...]:
    """Play a song to a port of this machine: from beside it, and over the line."""
    local, far, lost_packets, packets = measure(seconds, beside)
    line = (
        f"of {1000 * DELAY:g} to {1000 * (DELAY + JITTER):g} ms each way with {100 * LOSS:g} % of "
        f"packets {1000 * AGAIN:g} ms later still ({lost_packets} of {packets})"
    )
    how = (
        f"how long after its time each note that starts arrives at a port of a JACK server; over "
        f"the line, {line}, {len(far.lateness)} notes in {seconds:g} s, {far.lost} lost and "
        f"{far.held} stuck; the other is the same engine and song without the line, "
        f"{len(local.lateness)} notes; {load()}"
    )
    return tuple(
        Result(
            f"notes over a line {name}",
            float(np.percentile(far.lateness, share)),
            float(np.percentile(local.lateness, share)),
            "ms",
            how,
        )
        for name, share in (("p50", 50), ("p99", 99), ("max", 100))
    )


def measure(seconds: float, beside: float) -> tuple[RemoteNotes, RemoteNotes, int, int]:
    """Return what came of the notes beside the port and over the line, and packets lost and sent.

    Raises `NotReady` where JACK is missing or nothing plays.
    """
    with (
        tempfile.TemporaryDirectory() as home,
        JackServer("armonica-remote") as jack,
        _environment({"ARMONICA_HOME": home} | jack.variables),
        JackListener(_PORT, jack) as listener,
    ):
        switchboard = _Watched()
        engine = Engine(_no_model, switchboard, settings=Settings(port=_PORT, autosave=False))
        door = tcp_door()
        server = Server(engine, switchboard, [door])
        engine.start()
        server.start()
        try:
            _until(lambda: engine.snapshot.port.state == "open", "The port does not open.")
            engine.send(SetTempo(TEMPO))
            local = _turn(engine.send, switchboard, listener, beside)
            assert door.port is not None  # It listens at one.
            with SlowLine(door.port, DELAY, LOSS, JITTER) as line:
                far = _over(line, switchboard, listener, seconds)
                return local, far, line.lost, line.carried
        finally:
            engine.close()
            server.close()


def _over(
    line: SlowLine, switchboard: _Watched, listener: JackListener, seconds: float
) -> RemoteNotes:
    where = Address("tcp", "127.0.0.1", "", line.port)
    guest = RemoteEngine(where, home=lambda hear: PlayerBridge(hear, _PORT))
    guest.start()
    try:
        _until(lambda: switchboard.far, "Nobody plays over the line.")
        _until(lambda: guest.snapshot.port.state == "open", "The port there does not open.")
        return _turn(guest.send, switchboard, listener, seconds)
    finally:
        guest.close()


def _turn(
    send: Callable[[Play | Stop], None],
    switchboard: _Watched,
    listener: JackListener,
    seconds: float,
) -> RemoteNotes:
    since = len(listener.messages)
    switchboard.notes.clear()
    send(Play())
    if listener.first(starts, since) is None:
        raise NotReady("The loop does not start.", "See `armonica doctor`.")
    time.sleep(seconds)
    until = time.monotonic()
    send(Stop())
    if listener.first(lambda data: data == b"\xfc", since) is None:
        raise NotReady("The loop does not stop.", "See `armonica doctor`.")
    time.sleep(0.5)
    # By now the reader has told of all that came before the stop.
    heard = [each for each in list(listener.messages)[since:] if starts(each[1])]
    due = [note for note in switchboard.notes if note.on < until - 0.05]
    return _compared(due, heard, len(listener.holding()))


def _compared(due: Sequence[m.TimedNote], heard: Sequence[Message], held: int) -> RemoteNotes:
    place, lateness, lost = 0, [], 0
    for note in sorted(due, key=lambda note: note.on):
        window = heard[place : place + _ALIKE]
        at = next((n for n, (_, data) in enumerate(window) if data[1] == note.pitch), None)
        if at is None or abs(window[at][0] - note.on) > 1.0:
            lost += 1
            continue
        lateness.append(1000 * (window[at][0] - note.on))
        place += at + 1
    return RemoteNotes(tuple(lateness), lost, held)


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise NotReady(otherwise, "See `armonica doctor`.")
        time.sleep(0.02)


def _no_model() -> LatentModel:
    raise NotReady("The song is played as it is.")


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def main() -> None:
    """Print the figures of a line that is listened to for as many seconds as the argument says."""
    for result in run(float(sys.argv[1])):
        put(f"{result.name}: {result.ours:.4g} ms against {result.other:.4g} ms")
    put(result.how)


if __name__ == "__main__":
    main()
