"""Fetches models' files: gone on with where they broke off, checked, whole or not at all."""

from __future__ import annotations

import hashlib
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from engine.common import atomic
from engine.errors import CannotFetch

ADDRESS = "https://huggingface.co"
"""Where the models are, and where a person finds them too."""

_TRANSFORMER = ("config.json", "model.safetensors")
_MUSICGEN = ("state_dict.bin", "compression_state_dict.bin")
FILES: dict[str, tuple[str, ...]] = {
    "facebook/musicgen-small": _MUSICGEN,
    "facebook/musicgen-medium": _MUSICGEN,
    "facebook/musicgen-large": _MUSICGEN,
    "facebook/musicgen-melody": _MUSICGEN,
    "facebook/encodec_32khz": _TRANSFORMER,
    "t5-base": (*_TRANSFORMER, "tokenizer.json"),
}
"""The models known by name, and the files of each that are needed."""

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as broken."""

BLOCK = 1 << 20
"""Bytes read at a time."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """How far a file is: bytes had of ``size``, in bytes a second, and the seconds left.

    ``size`` and ``left`` are None where the server does not say how long the file is.
    """

    file: str
    done: int
    size: int | None
    rate: float
    left: float | None


def fetch_model(
    name: str,
    folder: Path,
    on_progress: Callable[[Fetching], None] | None = None,
    address: str = ADDRESS,
) -> None:
    """Fetch what is missing of a known model into ``folder``; raises `CannotFetch`.

    ``on_progress`` is told after every block, and may raise to stop; what was had is gone on
    with the next time.
    """
    atomic.make_folder(folder)
    for file in FILES[name]:
        if not (folder / file).is_file():
            fetch(f"{address}/{name}/resolve/main/{file}", folder / file, on_progress)


def fetch(url: str, target: Path, on_progress: Callable[[Fetching], None] | None = None) -> None:
    """Fetch one file to ``target``; raises `CannotFetch` or `CannotWrite`.

    What has come lies in ``target`` with ``.part`` added until all of it is there and has the
    checksum that the server names.
    """
    part = target.with_name(target.name + ".part")
    try:
        had = part.stat().st_size if part.is_file() else 0
        with _open(url, target, had) as response:
            if response.status != 206:
                # The server begins anew, and so does the file.
                part.unlink(missing_ok=True)
                had = 0
            expected = _checksum(response)
            size = _size(response, had)
            _receive(response, part, had, size, target.name, on_progress)
        if size is not None and part.stat().st_size < size:
            raise _broken(url, target, "the connection ended early")
        _verify(part, expected, url)
        part.replace(target)
    except (HTTPException, TimeoutError, ConnectionError) as error:
        raise _broken(url, target, str(error) or type(error).__name__) from error
    except OSError as error:
        raise atomic.cannot_write(target, error) from error


def _open(url: str, target: Path, had: int) -> HTTPResponse:
    headers = {"User-Agent": "armonica", "Accept-Encoding": "identity"}
    if had:
        headers["Range"] = f"bytes={had}-"
    opener = urllib.request.build_opener(_KeepChecksum)
    try:
        response: HTTPResponse = opener.open(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT
        )
        return response
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and had:
            # There is nothing after what was had: it is whole, or another file's.
            (target.with_name(target.name + ".part")).unlink()
            return _open(url, target, 0)
        raise CannotFetch(
            f"{url} answers {error.code} {error.reason}.", _by_hand(url, target)
        ) from error
    except urllib.error.URLError as error:
        raise CannotFetch(
            f"{url} cannot be reached: {error.reason}.", _by_hand(url, target)
        ) from error


class _KeepChecksum(urllib.request.HTTPRedirectHandler):
    """Carries the checksum along, which only the first of two addresses names."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        kept = headers.get("X-Linked-Etag") or getattr(req, "checksum", None)
        if new is not None and kept:
            new.checksum = kept  # type: ignore[attr-defined]
        return new

    def http_response(self, request, response):  # type: ignore[no-untyped-def]
        if kept := getattr(request, "checksum", None):
            response.headers["X-Kept-Etag"] = kept
        return response

    https_response = http_response


def _checksum(response: HTTPResponse) -> str | None:
    # Large files are named by their SHA-256, small ones by something else.
    for header in ("X-Kept-Etag", "X-Linked-Etag", "ETag"):
        found = (response.headers.get(header) or "").strip().removeprefix("W/").strip('"')
        if re.fullmatch(r"[0-9a-f]{64}", found):
            return found
    return None


def _size(response: HTTPResponse, had: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return had + int(length) if length.isdigit() else None


def _receive(
    response: HTTPResponse,
    part: Path,
    had: int,
    size: int | None,
    name: str,
    on_progress: Callable[[Fetching], None] | None,
) -> None:
    began, done = time.monotonic(), had
    with part.open("ab") as file:
        while block := response.read(BLOCK):
            file.write(block)
            done += len(block)
            rate = (done - had) / max(time.monotonic() - began, 1e-6)
            if on_progress is not None:
                left = None if size is None else (size - done) / rate
                on_progress(Fetching(name, done, size, rate, left))


def _verify(part: Path, expected: str | None, url: str) -> None:
    if expected is None:
        return
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        part.unlink()
        raise CannotFetch(
            f"{url} came with the checksum {found[:12]}, and should have {expected[:12]}.",
            "Try again; nothing was kept of it.",
        )


def _broken(url: str, target: Path, why: str) -> CannotFetch:
    return CannotFetch(
        f"{url} broke off: {why}.",
        "Ask again to go on where it stopped. " + _by_hand(url, target),
    )


def _by_hand(url: str, target: Path) -> str:
    page = url.split("/resolve/")[0]
    return f"Without a connection, put the files of {page} into {target.parent}."
