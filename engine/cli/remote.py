"""The words about an engine elsewhere: `serve`, `attach`, `relay`, `midi-bridge`, `service`."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import config, logs
from engine.cli import screens
from engine.cli.options import common, emit, number, say
from engine.common.printing import put
from engine.errors import OutOfRange
from engine.runtime.startup import load_model

if TYPE_CHECKING:
    from engine.protocol.base import Event
    from engine.remote.connect import Address
    from engine.remote.protocol import EngineState
    from engine.remote.sockets import Door

_ADDRESS = "ssh://[user@]host[:port], tcp://127.0.0.1:PORT, or none for this machine"
_MOST_LINES = 10_000
WAKE = 1.0
"""Seconds after which a signal is handled at the latest that came as the wait for one began."""


def add(words: Any) -> None:
    """Add the words to the parser."""
    serve = words.add_parser("serve", help="run the engine without a screen, for attach")
    _serving(serve)
    serve.add_argument("--detached", action="store_true", help=argparse.SUPPRESS)
    common(serve)
    serve.set_defaults(run=_serve)

    attach = words.add_parser("attach", help="open the screens here of an engine elsewhere")
    _way(attach)
    attach.add_argument("--watch", action="store_true", help="only the screens: no music here")
    attach.add_argument("--port", dest="play_to", metavar="NAME", help="play to this MIDI port")
    attach.add_argument("--keymap", dest="keys", metavar="NAME", help="as for the screens")
    attach.add_argument("--theme", dest="colours", metavar="NAME", help="as for the screens")
    attach.set_defaults(run=_attach)

    bridge = words.add_parser("midi-bridge", help="give the music of an engine to a local port")
    _way(bridge)
    bridge.add_argument(
        "--port", dest="play_to", default="virtual", metavar="virtual|NAME",
        help="a port of our own that others connect to (default), or a port by name",
    )  # fmt: skip
    bridge.set_defaults(run=_bridge)

    relay = words.add_parser("relay", help="join standard input and output to the engine (for ssh)")
    relay.add_argument("--start", action="store_true", help="start a service where none runs")
    relay.set_defaults(run=_relay)

    service = words.add_parser("service", help="the engine as a service of its user")
    verbs = service.add_subparsers(dest="verb", required=True, metavar="start|stop|status|log")
    start = verbs.add_parser("start", help="start it; it outlives the terminal")
    _serving(start)
    common(start)
    start.set_defaults(run=_start)
    stop = verbs.add_parser("stop", help="end it, with everything saved and silent")
    common(stop)
    stop.set_defaults(run=_stop)
    status = verbs.add_parser("status", help="say how it is")
    common(status)
    status.set_defaults(run=_status)
    log = verbs.add_parser("log", help="print the last lines of its log")
    log.add_argument("--lines", default="40", metavar="N", help="how many (40)")
    common(log)
    log.set_defaults(run=_log)


def _serving(word: argparse.ArgumentParser) -> None:
    word.add_argument("--song", dest="opens", type=Path, metavar="FILE.armonica", help="open this")
    word.add_argument(
        "--tcp", nargs="?", const="0", metavar="PORT",
        help="listen on 127.0.0.1 also, for whoever has the token (no PORT: any that is free)",
    )  # fmt: skip
    word.add_argument("--port", dest="play_to", metavar="NAME", help="the engine's own MIDI port")


def _way(word: argparse.ArgumentParser) -> None:
    word.add_argument("address", nargs="?", metavar="ADDRESS", help=_ADDRESS)
    word.add_argument(
        "--command", default="armonica", metavar="NAME",
        help="what Armonica is called on the other machine, for ssh (armonica)",
    )  # fmt: skip
    word.add_argument("--start", action="store_true", help="start a service where none runs")
    word.add_argument("--token-file", type=Path, metavar="FILE", help="the token, for tcp")


def _address(options: argparse.Namespace) -> Address:
    from engine.remote import service
    from engine.remote.connect import NoWay, address

    where = address(options.address, options.command, options.token_file, options.start)
    if options.start and where.kind == "unix":
        try:
            service.status()
        except NoWay:
            service.start()
    return where


def _serve(options: argparse.Namespace) -> None:
    from engine.remote import sockets

    if options.detached:
        # A service belongs to no terminal, and outlives every one of them.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with sockets.claim():
        try:
            _hold_house(options)
        finally:
            sockets.clear()


def _hold_house(options: argparse.Namespace) -> None:
    from engine.protocol.waiting import lost_words
    from engine.remote import sockets
    from engine.remote.audio_router import AudioRouter
    from engine.remote.file_access import Fence
    from engine.remote.host import EngineHost
    from engine.remote.player_router import PlayerRouter
    from engine.remote.server import Server
    from engine.runtime.engine import Engine
    from engine.services.session import autosave

    logs.log_progress_of("engine.remote")
    settings = config.load().settings
    if options.play_to is not None:
        settings = replace(settings, port=options.play_to)
    done = threading.Event()
    _end_on_signals(done)
    kept = autosave.waiting() if options.opens is None else ()
    switchboard = PlayerRouter()
    sound = AudioRouter()
    engine = Engine(
        load_model,
        switchboard,
        song=options.opens,
        settings=settings,
        studio=sound.parts(),
    )
    doors = [sockets.unix_door()]
    if options.tcp is not None:
        doors.append(sockets.tcp_door(_port(options.tcp)))
    fence = Fence(config.folders(settings.folders))
    host = EngineHost(kept, done.set, sound, fence)
    server = Server(engine, switchboard, doors, host)
    engine.start()
    server.start()
    try:
        if options.detached:
            # Whoever started it asks over the line; a file on a full disk takes no word.
            _leave_terminal()
        else:
            _print_doors(options, doors)
        _await(done)
    finally:
        # The music first: what ends it is still to be carried to those who attached.
        engine.close()
        for end in engine.ends:
            say(end.line())
        if engine.snapshot.waiting:
            say(lost_words(engine.snapshot.waiting))
        server.close()


def _print_doors(options: argparse.Namespace, doors: list[Door]) -> None:
    from engine.remote import sockets

    tcp = next((door.port for door in doors if door.port is not None), None)
    token = str(sockets.token_path()) if tcp is not None else None
    if options.json:
        emit({"socket": str(sockets.socket_path()), "pid": os.getpid(), "tcp": tcp, "token": token})
    else:
        put(f"The engine is served at {sockets.socket_path()}; `armonica attach` shows it.")
        if tcp is not None:
            put(f"It listens at tcp://127.0.0.1:{tcp} also; the token is in {token}.")
    # Whoever waits for this line reads it through a pipe.
    put(flush=True)


def _port(text: str) -> int:
    value = number("--tcp", text, 0, 65_535)
    if value != int(value):
        raise OutOfRange(f"--tcp takes a whole number, not {text!r}.")
    return int(value)


def _await(done: threading.Event) -> None:
    # A signal that comes right before the wait begins does not wake it: its handler runs as soon
    # as the main thread runs anything again.
    while not done.wait(WAKE):
        pass


def _end_on_signals(done: threading.Event) -> None:
    for name in ("SIGHUP", "SIGTERM", "SIGINT"):
        # A hang-up that our starter ignores is not ours to hear: so does nohup.
        if (each := getattr(signal, name, None)) and signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, lambda _number, _frame: done.set())


def _leave_terminal() -> None:
    # What libraries print from now on would grow for ever.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _attach(options: argparse.Namespace) -> None:
    settings = config.load().settings
    port = options.play_to if options.play_to is not None else settings.port
    screens.attach(
        lambda: _address(options),
        None if options.watch else port,
        keymap=options.keys or settings.keymap or None,
        theme=options.colours or settings.theme,
        rate=settings.rate,
    )


def _bridge(options: argparse.Namespace) -> None:
    from engine.midi.ports import VIRTUAL
    from engine.remote.client import RemoteEngine
    from engine.remote.player_bridge import PlayerBridge

    port = VIRTUAL if options.play_to == "virtual" else options.play_to
    where = _address(options)
    engine = RemoteEngine(where, watches=False, home=lambda hear: PlayerBridge(hear, port))
    done = threading.Event()
    _end_on_signals(done)
    engine.subscribe(_print_event)
    engine.start()
    say(f"the music of {where} goes to {port} (Ctrl-C ends this)")
    try:
        while not done.wait(1.0):
            if engine.wait(0):
                break
    finally:
        engine.close()


def _print_event(event: Event) -> None:
    from engine.protocol.notices import CommandFailed, Notice

    match event:
        case Notice(text):
            say(text)
        case CommandFailed(_, message, remedy):
            say(f"{message} {remedy}".strip())


def _relay(options: argparse.Namespace) -> None:
    from engine.remote import relay, service
    from engine.remote.connect import NoWay

    if options.start:
        try:
            service.status()
        except NoWay:
            service.start()
    relay.relay()


def _start(options: argparse.Namespace) -> None:
    from engine.remote import service

    arguments = []
    if options.opens is not None:
        arguments += ["--song", str(options.opens.absolute())]
    if options.tcp is not None:
        arguments += ["--tcp", str(_port(options.tcp))]
    if options.play_to is not None:
        arguments += ["--port", options.play_to]
    _show(options, service.start(arguments))


def _stop(options: argparse.Namespace) -> None:
    from engine.remote import service

    whose = service.stop()
    if options.json:
        emit({"stopped": whose})
    else:
        put(f"The service, process {whose}, has ended.")


def _status(options: argparse.Namespace) -> None:
    from engine.remote import service

    _show(options, service.status())


def _log(options: argparse.Namespace) -> None:
    from engine.remote import service

    lines = service.log_lines(int(number("--lines", options.lines, 1, _MOST_LINES)))
    if options.json:
        emit({"file": str(logs.place()), "lines": lines})
    else:
        put(*lines or [f"Nothing is in {logs.place()} yet."])


def _show(options: argparse.Namespace, state: EngineState) -> None:
    from engine.remote import sockets

    if options.json:
        emit({"running": True, "socket": str(sockets.socket_path()), **asdict(state)})
        return
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(state.since))
    plays = "playing" if state.playing else "stopped"
    saved = "saved" if state.saved else "not saved"
    put(f"running   process {state.pid} since {since}")
    put(f"song      {state.title} ({plays}, {saved})")
    put(f"port      {state.port or 'none'}")
    put(f"attached  {state.attached}")
    put(f"socket    {sockets.socket_path()}")
    if state.tcp is not None:
        put(f"tcp       127.0.0.1:{state.tcp}, token in {sockets.token_path()}")
