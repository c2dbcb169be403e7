"""The engine as a service of its user: started out of the way, asked how it is, and ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from engine import logs
from engine.common.child_process import child_command, child_environment
from engine.common.json_values import BadLine
from engine.common.line_pipe import LineReader
from engine.errors import ArmonicaError
from engine.remote import protocol as v
from engine.remote import sockets
from engine.remote.connect import Address, NoWay, Wire

STARTING = 60.0
"""Seconds in which a service must answer after its start."""

ENDING = 20.0
"""Seconds in which it must end when it is asked to."""

_ANSWER = 5.0
_LOOK = 0.05
_TAIL = 262_144


class ServiceFailed(ArmonicaError):
    """A service that does not start, answer or end."""

    title = "Service"


def start(arguments: Sequence[str] = ()) -> v.EngineState:
    """Start a service with the arguments of `armonica serve`, and wait until it answers.

    It belongs to no terminal. Raises `AlreadyServed` or `ServiceFailed`.
    """
    # Whoever holds the claim is named in the refusal.
    sockets.claim().close()
    folder = sockets.private(sockets.folder())
    said = folder / "start.log"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*child_command("engine"), "serve", "--detached", *arguments],
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=Path.home() if Path.home().is_dir() else folder,
            start_new_session=True,
        )
    until = time.monotonic() + STARTING
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ServiceFailed(_reason(said), f"{logs.place()} may say more.")
        with contextlib.suppress(ArmonicaError):
            return status()
        time.sleep(_LOOK)
    process.terminate()
    raise ServiceFailed("The service does not answer.", f"{logs.place()} may say why.")


def status() -> v.EngineState:
    """Ask the service how it is; raises `NoWay` where none is."""
    answer = _ask(v.Status())
    if not isinstance(answer, v.EngineState):
        raise ServiceFailed("The service answers with something else.", "Stop and start it.")
    return answer


def stop() -> int:
    """End the service with everything saved and silent, and wait for that; gives its process.

    Raises `NoWay` where none is, `ServiceFailed` where it does not end.
    """
    whose = status().pid
    with contextlib.suppress(ServiceFailed):
        # It may say goodbye in place of an answer.
        _ask(v.EndService())
    until = time.monotonic() + ENDING
    asked = False
    while time.monotonic() < until:
        try:
            sockets.claim().close()
            return whose
        except sockets.AlreadyServed:
            if not asked and time.monotonic() > until - ENDING / 2:
                asked = True
                with contextlib.suppress(OSError):
                    os.kill(whose, signal.SIGTERM)
            time.sleep(_LOOK)
    raise ServiceFailed(
        f"The service, process {whose}, does not end.", f"{logs.place()} may say why."
    )


def log_lines(count: int) -> list[str]:
    """Return the last lines of the log, which is bounded."""
    try:
        with logs.place().open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []


def _reason(said: Path) -> str:
    with contextlib.suppress(OSError):
        words = said.read_bytes()[-2000:].decode(errors="replace").strip().splitlines()
        if words:
            return f"The service did not start: {words[-1].removeprefix('armonica: ')}"
    return "The service did not start."


def _ask(question: v.ToEngine) -> v.FromEngine | None:
    """Describe one thing to the service and return what it answers."""
    wire = Address().dial()
    try:
        for said in (v.Hello(v.VOCABULARY, watches=False), question):
            _write(wire, v.to_engine(said))
        lines = LineReader(v.LONGEST_FROM_ENGINE)
        until = time.monotonic() + _ANSWER
        while (left := until - time.monotonic()) > 0:
            readable, _, _ = select.select([wire.reads], [], [], left)
            data = os.read(wire.reads, 65_536) if readable else b""
            if not data:
                break
            for line in lines.feed(data):
                answer = v.by_engine(*v.parsed(line, v.LONGEST_FROM_ENGINE))
                if isinstance(answer, v.Denied):
                    raise ServiceFailed(answer.message, answer.remedy)
                if isinstance(answer, v.EngineState):
                    return answer
    except (OSError, BadLine) as error:
        raise NoWay(f"The service does not answer: {error}.") from None
    finally:
        wire.close()
    return None


def _write(wire: Wire, said: bytes) -> None:
    with socket.socket(fileno=os.dup(wire.writes)) as line:
        line.setblocking(True)
        line.settimeout(_ANSWER)
        line.sendall(said)
        line.setblocking(False)
