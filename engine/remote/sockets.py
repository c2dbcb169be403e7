"""The doors of an engine: a Unix socket that only its user may open, and loopback with a token."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import socket
import stat
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO

from engine.errors import ArmonicaError, BadFile, NotReady, UserError
from engine.locations import state_folder

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows has none, and no Unix sockets in Python either.
    fcntl = None

LOOPBACK = "127.0.0.1"

_LONGEST_PATH = 100
"""The longest path of a Unix socket that every system takes, in bytes."""

_BACKLOG = 512
"""Connections that wait to be taken; a system may take fewer."""

_LONGEST_TOKEN = 200


class AlreadyServed(UserError):
    """A second engine where there is one."""

    title = "Service"


class CannotServe(ArmonicaError):
    """A folder that cannot hold the socket, the token or the lock: a full disk, or no rights."""

    title = "Service"


class NotOurs(ArmonicaError):
    """A connection that comes from another user."""

    title = "Line"


@dataclass(frozen=True, slots=True, eq=False)
class Door:
    """A socket that is listened at; ``token`` is what a stranger must know, ``port`` its TCP."""

    listener: socket.socket
    token: str | None = None
    port: int | None = None

    def accept(self) -> tuple[socket.socket, str]:
        """Return a connection and what to call it; raises `NotOurs` where another user comes."""
        connection, address = self.listener.accept()
        if self.port is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection, f"A guest from port {address[1]}"
        pid, user = _peer(connection)
        if user not in (None, os.getuid()):
            connection.close()
            raise NotOurs(f"A process of user {user} was sent away.")
        return connection, f"Process {pid}" if pid else "A guest"


def folder() -> Path:
    """Return the folder of the socket, the token and the lock; not one that ends with a login."""
    return state_folder() / "serve"


def socket_path() -> Path:
    """Return the path of the socket of this user's engine."""
    usual = folder() / "engine.sock"
    if len(os.fsencode(usual)) <= _LONGEST_PATH:
        return usual
    name = hashlib.sha256(os.fsencode(usual)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"armonica-{os.getuid()}-{name}" / "engine.sock"


def private(place: Path) -> Path:
    """Make a folder that only its user may enter; raises `CannotServe` or `BadFile`."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = place.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise BadFile(f"{place} belongs to another user, or is no folder.", "Remove it.")
        if stat.S_IMODE(found.st_mode) != 0o700:
            place.chmod(0o700)
    except OSError as error:
        raise _cannot(place, error) from None
    return place


def claim() -> IO[bytes]:
    """Make this the one engine of the user folder, for as long as the file given is open.

    Raises `AlreadyServed` where another is, `CannotServe` where there can be none.
    """
    if fcntl is None or not hasattr(socket, "AF_UNIX"):
        raise NotReady("This system has no Unix sockets.", "Run the engine on Linux or macOS.")
    path = private(folder()) / "lock"
    try:
        # Without a buffer, so that closing it has nothing left to write.
        file = path.open("ab+", buffering=0)
    except OSError as error:
        raise _cannot(path, error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        whose = file.read(20).decode(errors="replace").strip() or "another process"
        file.close()
        raise AlreadyServed(
            f"An engine is served already, by process {whose}, at {socket_path()}.",
            "`armonica attach` opens its screens, `armonica service stop` ends it.",
        ) from None
    try:
        file.truncate(0)
        file.write(str(os.getpid()).encode())
    except OSError as error:
        file.close()
        raise _cannot(path, error) from None
    return file


def unix_door() -> Door:
    """Listen at the user's socket; only whoever holds the claim may call this."""
    path = socket_path()
    private(path.parent)
    with contextlib.suppress(FileNotFoundError):
        # Left by an engine that was killed: the claim is ours.
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _cannot(path, error) from None
    finally:
        os.umask(before)
    return Door(listener)


def token_path() -> Path:
    """Return the file of the token of this user's engine."""
    return folder() / "token"


def tcp_door(port: int = 0) -> Door:
    """Listen on loopback with a new token, which lies in a file that only its user may read.

    Raises `NotReady` where the port is taken, `CannotServe` where the token cannot be kept.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise NotReady(f"Port {port} cannot be listened at: {error.strerror}.") from None
    token = secrets.token_urlsafe(32)
    path = private(folder()) / "token"
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token + "\n")
    except OSError as error:
        listener.close()
        raise _cannot(path, error) from None
    return Door(listener, token, listener.getsockname()[1])


def clear() -> None:
    """Remove the socket and the token of an engine that ends; it still holds the claim."""
    for path in (socket_path(), token_path()):
        with contextlib.suppress(OSError):
            path.unlink()


def read_token(path: Path | None = None) -> str:
    """Read a token from its file; raises `BadFile`."""
    place = path or token_path()
    try:
        with place.open("rb") as file:
            token = file.read(_LONGEST_TOKEN + 1).decode().strip()
    except (OSError, ValueError):
        raise BadFile(
            f"There is no token in {place}.", "Copy it from the engine's machine: --token-file."
        ) from None
    if not token or len(token) > _LONGEST_TOKEN:
        raise BadFile(f"{place} holds no token.")
    return token


def _cannot(path: Path, error: OSError) -> CannotServe:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "Free some space there." if full else "Look at that folder and who may write to it."
    return CannotServe(f"{path} cannot be written: {error.strerror}.", remedy)


def _peer(connection: socket.socket) -> tuple[int | None, int | None]:
    if not hasattr(socket, "SO_PEERCRED"):
        # The folder alone keeps others out where the system does not say who they are.
        return None, None
    size = struct.calcsize("3i")
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, user, _ = struct.unpack("3i", data)
    return pid, user
