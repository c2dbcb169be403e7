"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from engine.errors import CannotWrite

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows has none.
    fcntl = None

PATIENCE = 1.0
"""Seconds to wait for another program that writes to the same folder."""


def write(path: Path, content: bytes) -> None:
    """Write one file; raises `CannotWrite` and leave what was there.

    A link stays a link to the file that is written, and a file keeps its rights.
    """
    write_all({path: content})


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write files in this order, replacing none before all are on the disk.

    Raises `CannotWrite` and leaves nothing beside them.
    """
    staged: list[tuple[Path, Path]] = []
    path = Path()
    try:
        try:
            for path, content in contents.items():
                target = path.resolve()
                temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
                staged.append((temporary, target))
                _stage(temporary, target, content)
            for temporary, target in staged:
                temporary.replace(target)
            for folder in {target.parent for _, target in staged}:
                _settle(folder)
        finally:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)
    # A loop of links is a RuntimeError, a name that no file can have a ValueError.
    except (OSError, ValueError, RuntimeError) as error:
        raise cannot_write(path, error) from error


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one program at a time look at a folder and then write to it, where that can be had.

    Waits up to `PATIENCE` seconds for another program, and then goes on.
    """
    handle = -1
    try:
        with contextlib.suppress(OSError, ValueError):
            handle = os.open(folder, os.O_RDONLY)
        until = time.monotonic() + PATIENCE
        while fcntl is not None and handle >= 0 and time.monotonic() < until:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                # A file system without locks.
                break
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder that files can be written to; raises `CannotWrite`.

    Long work asks before it begins, so that its result has a place to go.
    """
    probe = folder / f".{secrets.token_hex(8)}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except (OSError, ValueError, RuntimeError) as error:
        raise cannot_write(folder, error) from error


def cannot_write(path: Path, error: Exception) -> CannotWrite:
    """Return the error for a place, with what the system says and what mends it."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT):
        remedy = "Free some space, or name another disk."
    elif number == errno.EROFS:
        remedy = "Name a place on a disk that can be written."
    elif number in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST):
        remedy = "Name a folder that is there."
    else:
        remedy = "Name a place that you may write to."
    reason = getattr(error, "strerror", None) or error
    return CannotWrite(f"{path} cannot be written: {reason}.", remedy)


def _stage(temporary: Path, target: Path, content: bytes) -> None:
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        # Replacing a device or a pipe would take it away from everybody.
        raise OSError(errno.EINVAL, "it is there already, and is not a file")
    # Opened plainly rather than by tempfile, whose files nobody else may read.
    with temporary.open("xb") as file:
        file.write(content)
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    # The new name is on the disk only when the folder is; some systems cannot say so.
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
