"""Fetching models' files from a server that may break off, lie, or not be there."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import CannotFetch
from engine.steering.musicgen import download
from engine.steering.musicgen.download import FILES, Fetching, fetch, fetch_model

CONTENT = bytes(range(256)) * 1000


class Server(ThreadingHTTPServer):
    """Serves one content under every address, as the hub does: by a redirection."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.checksum: str | None = None
        self.breaks_at: int | None = None
        self.ranges = True
        self.requests: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        if "missing" in self.path:
            self.send_error(404, "Not Found")
            return
        checksum = server.checksum or hashlib.sha256(server.content).hexdigest()
        if not self.path.startswith("/store"):
            self.send_response(302)
            self.send_header("Location", f"{server.address}/store{self.path}")
            self.send_header("X-Linked-Etag", f'"{checksum}"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        begin = 0
        if server.ranges and (wanted := self.headers.get("Range")):
            begin = int(wanted.removeprefix("bytes=").rstrip("-"))
            if begin >= len(server.content):
                self.send_error(416)
                return
            self.send_response(206)
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(server.content) - begin))
        self.send_header("ETag", '"of-the-store"')
        self.end_headers()
        self.wfile.write(server.content[begin : server.breaks_at])
        self.close_connection = True

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def _serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server(_serving: Server) -> Server:
    _serving.content, _serving.checksum, _serving.breaks_at = CONTENT, None, None
    _serving.ranges = True
    _serving.requests.clear()
    return _serving


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "state_dict.bin"


def part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def test_a_file_comes_whole_and_tells_how_far_it_is(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "BLOCK", 100_000)
    reported: list[Fetching] = []
    fetch(f"{server.address}/a", target, reported.append)
    assert target.read_bytes() == CONTENT
    assert not part(target).exists()
    assert [each.done for each in reported] == [100_000, 200_000, 256_000]
    assert {each.size for each in reported} == {256_000}
    assert reported[-1].left == 0
    assert all(each.rate > 0 for each in reported)


def test_what_broke_off_is_gone_on_with(server: Server, target: Path) -> None:
    server.breaks_at = 100_000
    with pytest.raises(CannotFetch, match="broke off"):
        fetch(f"{server.address}/a", target)
    assert not target.exists()
    assert part(target).stat().st_size == 100_000
    server.breaks_at = None
    fetch(f"{server.address}/a", target)
    assert target.read_bytes() == CONTENT
    assert server.requests[-1] == ("/store/a", "bytes=100000-")


def test_a_server_that_cannot_go_on_begins_anew(server: Server, target: Path) -> None:
    part(target).write_bytes(b"x" * 1000)
    server.ranges = False
    fetch(f"{server.address}/a", target)
    assert target.read_bytes() == CONTENT


def test_a_part_that_is_whole_or_longer_is_fetched_anew(server: Server, target: Path) -> None:
    for length in (len(CONTENT), len(CONTENT) + 5):
        part(target).write_bytes(b"x" * length)
        fetch(f"{server.address}/a", target)
        assert target.read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused_and_nothing_kept(server: Server, target: Path) -> None:
    server.checksum = "0" * 64
    with pytest.raises(CannotFetch, match="checksum"):
        fetch(f"{server.address}/a", target)
    assert not target.exists()
    assert not part(target).exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(kept=st.binary(max_size=2000))
def test_a_part_of_another_file_is_never_taken_for_this_one(
    server: Server, target: Path, kept: bytes
) -> None:
    target.unlink(missing_ok=True)
    part(target).write_bytes(kept)
    try:
        fetch(f"{server.address}/a", target)
    except CannotFetch:
        assert not part(target).exists()
        fetch(f"{server.address}/a", target)
    assert target.read_bytes() == CONTENT


def test_an_address_with_nothing_behind_it(server: Server, target: Path) -> None:
    with pytest.raises(CannotFetch, match="404"):
        fetch(f"{server.address}/missing", target)
    assert list(target.parent.iterdir()) == []


def test_without_a_connection_the_way_by_hand_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "facebook" / "musicgen-small"
    # Port 9 of this machine, where nobody listens.
    with pytest.raises(CannotFetch, match="cannot be reached") as raised:
        fetch_model("facebook/musicgen-small", folder, address="http://127.0.0.1:9")
    assert "http://127.0.0.1:9/facebook/musicgen-small" in raised.value.remedy
    assert str(folder) in raised.value.remedy
    assert len(raised.value.line().splitlines()) == 1


def test_whoever_listens_may_stop(server: Server, target: Path) -> None:
    class Enough(Exception):
        pass

    def stop(_: Fetching) -> None:
        raise Enough

    with pytest.raises(Enough):
        fetch(f"{server.address}/a", target, stop)
    assert not target.exists()
    assert part(target).exists()


def test_a_models_files_are_fetched_once(server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        fetch_model("t5-base", tmp_path / "t5", address=server.address)
    assert sorted(each.name for each in (tmp_path / "t5").iterdir()) == sorted(FILES["t5-base"])
    first = [path for path, _ in server.requests if not path.startswith("/store")]
    assert first == [f"/t5-base/resolve/main/{file}" for file in FILES["t5-base"]]


def test_a_place_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    from engine.errors import CannotWrite

    (tmp_path / "file").write_text("here")
    with pytest.raises(CannotWrite):
        fetch_model("t5-base", tmp_path / "file" / "t5", address=server.address)
