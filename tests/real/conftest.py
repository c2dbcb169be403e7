"""Real parts: a JACK server of our own, and an independent client that says what it hears."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from engine.bench.jack import JackServer, JackStalled
from engine.errors import NotReady
from engine.midi.client import PlayerLink
from tests.support.fake_player import EventLog
from tests.support.jack import PERIOD, NoteReader, deaf
from tests.support.jack_keyboard import Keyboard

READERS = pytest.StashKey[list[NoteReader]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a JACK server: servers take turns, and time is measured by them."""
    for item in items:
        if "jack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.alone)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Tell a failure of ours from a server that calls its clients no more.

    Then a reader does not receive what another client, which has no part in the test, sends it.
    """
    try:
        return (yield)
    except AssertionError as error:
        jack: JackServer | None = getattr(item, "funcargs", {}).get("jack")
        readers = item.stash.get(READERS, [])
        if jack is not None and jack.running and any(deaf(each, jack) for each in readers):
            raise JackStalled(str(error), "Run it again.") from error
        if jack is not None and jack.running:
            error.add_note(f"JACK's ports and where they lead:\n{jack.ask('jack_lsp', '-c')}")
        raise


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that stands for the player's home."""
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[JackServer]:
    """Yield a running private JACK server, the only one that this test's processes see.

    A test may ask for a period of its own as the parameter, or for a server that is not in step
    with its clients, as most are, with the parameter "free".
    """
    setting = getattr(request, "param", PERIOD)
    try:
        period = PERIOD if setting == "free" else setting
        server = JackServer("armonica-tests", period, in_step=setting != "free")
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        server.start()
    except NotReady as error:
        pytest.skip(error.line())
    yield server
    server.stop()


@pytest.fixture
def hear(jack: JackServer, request: pytest.FixtureRequest) -> Iterator[Callable[[str], NoteReader]]:
    """Yield what starts a reader under a client name; each is ended with the test."""
    readers = request.node.stash[READERS] = list[NoteReader]()

    def start(client: str) -> NoteReader:
        readers.append(NoteReader(client, jack))
        return readers[-1]

    yield start
    for reader in readers:
        reader.close()


@pytest.fixture
def log() -> EventLog:
    """Return the log of what the player tells."""
    return EventLog()


@pytest.fixture
def link(jack: JackServer, log: EventLog) -> Iterator[PlayerLink]:
    """Yield a link to a player that sees only the private server."""
    assert jack.running
    link = PlayerLink(log)
    yield link
    link.close()


@pytest.fixture
def keyboard(jack: JackServer) -> Iterator[Keyboard]:
    """Yield a keyboard on the private server."""
    assert jack.running
    keyboard = Keyboard()
    yield keyboard
    keyboard.unplug()
