"""Ways to an engine: the socket of this user, loopback with a token, and the user's own ssh."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from engine.common.child_process import close_pipes, end
from engine.errors import ArmonicaError, NotReady, UserError
from engine.remote import sockets

_PATIENCE = 5.0
_HOST = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*|[0-9A-Fa-f:]+(?:%[A-Za-z0-9_.-]+)?")
_USER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.@\\-]*")
_SAYS = 2000


class BadAddress(UserError):
    """An address that leads to no engine."""

    title = "Address"


class NoWay(ArmonicaError):
    """An engine that does not answer."""

    title = "Line"


@dataclass(slots=True)
class Wire:
    """A line that is open: a descriptor to read, one to write (often the same), and its end."""

    reads: int
    writes: int
    close: Callable[[], None]
    says: Callable[[], str] = lambda: ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine is: ``kind`` is unix, tcp or ssh; ``start`` starts one there, by ssh."""

    kind: str = "unix"
    host: str = ""
    user: str = ""
    port: int | None = None
    command: str = "armonica"
    token_file: Path | None = None
    start: bool = False

    def __str__(self) -> str:
        """Describe it as one would write it."""
        if self.kind == "unix":
            return "this machine"
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port is not None else ""
        return f"{self.kind}://{user}{self.host}{port}"

    def token(self) -> str:
        """Return the token that the engine wants, or none; raises `BadFile`."""
        return sockets.read_token(self.token_file) if self.kind == "tcp" else ""

    def dial(self, again: bool = False) -> Wire:
        """Open a line; ``again`` asks nothing of whoever sits at the terminal.

        Raises `NoWay` or `NotReady`.
        """
        if self.kind == "ssh":
            return _ssh(self.ssh_command(again), again)
        return _socket(self)

    def ssh_command(self, again: bool = False) -> list[str]:
        """Return the command of the user's own ssh; no part of an address becomes an option."""
        options = ["-T", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"]
        # A question in the middle of the screens could not be read, nor answered.
        options += ["-o", "BatchMode=yes"] if again else []
        options += ["-p", str(self.port)] if self.port is not None else []
        options += ["-l", self.user] if self.user else []
        words = [shlex.quote(self.command), "relay", *(["--start"] if self.start else [])]
        return ["ssh", *options, "--", self.host, *words]


def address(
    text: str | None,
    command: str = "armonica",
    token_file: Path | None = None,
    start: bool = False,
) -> Address:
    """Read an address: none (this machine), ssh://[user@]host[:port] or tcp://127.0.0.1:port.

    ``command`` is what Armonica is called on the other machine, where ``start`` starts a
    service if none runs. Raises `BadAddress`.
    """
    if text is None:
        return Address(start=start)
    try:
        parts = urlsplit(text)
        host, port, user = parts.hostname or "", parts.port, parts.username or ""
    except ValueError as error:
        raise _bad(text, f"{error}.") from None
    if parts.scheme not in ("ssh", "tcp") or not host:
        raise _bad(text, "It is none.")
    if parts.password is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _bad(text, "It has a part that no address has; passwords are for ssh to ask.")
    # Names of hosts in a configuration of ssh may have capitals, which an address loses.
    named = re.search(rf"(?i){re.escape(host)}", parts.netloc.rpartition("@")[2])
    host = named.group() if named else host
    if not _HOST.fullmatch(host) or (user and not _USER.fullmatch(user)):
        raise _bad(text, "Its host or user has a sign that none has.")
    if parts.scheme == "ssh":
        return Address("ssh", host, user, port, command, start=start)
    if host not in (sockets.LOOPBACK, "localhost") or port is None or user:
        raise _bad(text, "Engines listen on this machine alone; ssh:// leads to another.")
    return Address("tcp", sockets.LOOPBACK, "", port, token_file=token_file)


def _bad(text: str, why: str) -> BadAddress:
    return BadAddress(
        f"{text!r} is no address of an engine. {why}",
        "Addresses are ssh://user@host, tcp://127.0.0.1:PORT, or none for this machine.",
    )


def _socket(where: Address) -> Wire:
    path = sockets.socket_path()
    try:
        if where.kind == "tcp":
            line = socket.create_connection((where.host, where.port), _PATIENCE)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(_PATIENCE)
            line.connect(str(path))
    except (OSError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or "no answer"
        raise NoWay(
            f"There is no engine at {path if where.kind == 'unix' else where}: {reason}.",
            "`armonica service start` starts one; `armonica serve` does in this terminal.",
        ) from None
    line.setblocking(False)
    return Wire(line.fileno(), line.fileno(), line.close)


def _ssh(command: list[str], again: bool) -> Wire:
    if shutil.which("ssh") is None:
        raise NotReady("There is no ssh on this machine.", "Install OpenSSH's client.")
    # At the first time what ssh asks and says is the user's; later it would tear the screens.
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if again else None,
        start_new_session=again,
    )
    assert process.stdin is not None  # Both were asked for.
    assert process.stdout is not None
    for pipe in (process.stdin, process.stdout):
        os.set_blocking(pipe.fileno(), False)

    def close() -> None:
        close_pipes(process)
        end(process, 0.5, 1.0)

    def says() -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
        if process.stderr is None:
            return ""
        os.set_blocking(process.stderr.fileno(), False)
        text = (process.stderr.read(_SAYS) or b"").decode(errors="replace")
        return text.strip().rpartition("\n")[2]

    return Wire(process.stdout.fileno(), process.stdin.fileno(), close, says)
