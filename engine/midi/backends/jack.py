"""What a JACK server has, asked through a client that takes no part in its graph.

RtMidi's own clients wake with every period of the server, never learn of its death, and go on
showing the ports of a server that was killed. This one sleeps, and JACK tells it of the end,
and of clients that went, though they be back before anybody looks.
"""

from __future__ import annotations

import ctypes
from typing import Any

import rtmidi

_NO_START_SERVER = 1
_IS_INPUT, _IS_OUTPUT = 1, 2
_MIDI = b"8 bit raw midi"
_Shutdown = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_Registration = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)


class JackPorts:
    """Looks at the MIDI ports of the JACK server that runs, now or later."""

    def __init__(self, client: str) -> None:
        """Take the name to show to the server; raises OSError where there is no JACK library."""
        self._name = client.encode()
        self._library = _library()
        self._client: int | None = None
        self._gone = False
        self._left: set[str] = set()
        # Kept for as long as the library may call them.
        self._on_shutdown = _Shutdown(self._shut_down)
        self._on_registration = _Registration(self._registered)

    @property
    def running(self) -> bool:
        """Whether the server answered at the last look."""
        return self._client is not None and not self._gone

    def look(self) -> tuple[list[str], list[str]] | None:
        """Return the names that can be played to and heard; None where no server answers.

        A server that ended since the last look gives None once, even if another runs already;
        so are the ports of a client left out once that went since then, even if it is back:
        whoever was connected to them is no longer.
        """
        if self._gone:
            self._library.jack_client_close(self._client)
            self._client, self._gone = None, False
            return None
        if self._client is None:
            status = ctypes.c_int()
            client = self._library.jack_client_open(
                self._name, _NO_START_SERVER, ctypes.byref(status)
            )
            if not client:
                return None
            self._client = client
            self._library.jack_on_shutdown(client, self._on_shutdown, None)
            self._library.jack_set_client_registration_callback(client, self._on_registration, None)
            # Only active clients are told of others; without a process callback it sleeps on.
            self._library.jack_activate(client)
        left, self._left = self._left, set()
        # Our inputs are what the others put out.
        ports = self._ports(_IS_INPUT), self._ports(_IS_OUTPUT)
        inputs, outputs = ([n for n in names if n.partition(":")[0] not in left] for names in ports)
        return inputs, outputs

    def connections(self) -> dict[str, tuple[str, ...]]:
        """Return the MIDI outputs of all clients, and where each leads; none without a server."""
        if not self.running:
            return {}
        found = {}
        for name in self._ports(_IS_OUTPUT):
            port = self._library.jack_port_by_name(self._client, name.encode())
            leads = self._library.jack_port_get_all_connections(self._client, port)
            found[name] = tuple(self._names(leads))
        return found

    def connect(self, source: str, target: str) -> None:
        """Connect two ports; where one has gone, or they are connected, nothing happens."""
        if self.running:
            self._library.jack_connect(self._client, source.encode(), target.encode())

    def _ports(self, flags: int) -> list[str]:
        return self._names(self._library.jack_get_ports(self._client, None, _MIDI, flags))

    def _names(self, found: Any) -> list[str]:
        names: list[str] = []
        while found and found[len(names)]:
            names.append(found[len(names)].decode(errors="replace"))
        self._library.jack_free(found)
        return names

    def _registered(self, client: bytes, registered: int, _argument: object) -> None:
        if not registered:
            self._left.add(client.decode(errors="replace"))

    def _shut_down(self, _argument: object) -> None:
        self._gone = True


def _library() -> Any:
    try:
        # The library that RtMidi itself is linked with, found through it on every system.
        library = ctypes.CDLL(rtmidi._rtmidi.__file__)
        library.jack_client_open.restype = ctypes.c_void_p
        library.jack_client_close.argtypes = [ctypes.c_void_p]
        library.jack_activate.argtypes = [ctypes.c_void_p]
        library.jack_on_shutdown.argtypes = [ctypes.c_void_p, _Shutdown, ctypes.c_void_p]
        library.jack_set_client_registration_callback.argtypes = [
            ctypes.c_void_p,
            _Registration,
            ctypes.c_void_p,
        ]
        library.jack_get_ports.restype = ctypes.POINTER(ctypes.c_char_p)
        library.jack_get_ports.argtypes = [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_char_p,
            ctypes.c_ulong,
        ]
        library.jack_free.argtypes = [ctypes.c_void_p]
        library.jack_port_by_name.restype = ctypes.c_void_p
        library.jack_port_by_name.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        library.jack_port_get_all_connections.restype = ctypes.POINTER(ctypes.c_char_p)
        library.jack_port_get_all_connections.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        library.jack_connect.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    except AttributeError as error:
        raise OSError(f"no JACK in this build: {error}") from None
    return library
