"""The process that plays waves to the sound device: orders in, what it does out.

Started by `engine.audio.output`. An order is a line of JSON, and after it as many bytes as its
``size`` says; a report is a line of JSON. It ends with its input.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any, BinaryIO

import numpy as np

from engine import config
from engine.audio.devices import open_output, silence_libraries
from engine.audio.playback_buffer import Deck
from engine.errors import ArmonicaError

PERIOD = 0.05
"""Seconds between two reports while something plays."""


def obey(deck: Deck, order: dict[str, Any], payload: bytes) -> None:
    """Do what an order asks."""
    match order["do"]:
        case "load":
            deck.load(order["rate"])
        case "append":
            wave = np.frombuffer(payload, dtype=np.float32).reshape(-1, order["channels"])
            deck.append(wave if order["channels"] == 2 else wave[:, 0], order["last"])
        case "play":
            deck.play()
        case "pause":
            deck.pause()
        case "seek":
            deck.seek(order["seconds"])
        case "stop":
            deck.stop()


def main() -> None:
    """Play until standard input ends."""
    out = silence_libraries()
    try:
        _run(os.fdopen(0, "rb"), out)
    except ArmonicaError as error:
        _write_report(out, {"state": "failed", "reason": error.line()})
    except Exception as error:
        _write_report(out, {"state": "failed", "reason": f"{type(error).__name__}: {error}."})
    # Not the usual way out: PortAudio would wait for a sound system that has gone.
    os._exit(0)


def _run(orders: BinaryIO, out: int) -> None:
    decks: list[Deck] = []

    def fill(buffer: Any, frames: int, _time: Any, _status: Any) -> None:
        decks[0].fill(np.frombuffer(buffer, dtype=np.float32).reshape(frames, 2))

    stream = open_output(config.load().settings.audio, 2, fill, "high")
    deck = Deck(round(stream.samplerate))
    decks.append(deck)
    stream.start()
    threading.Thread(target=_report, args=(deck, stream, out), daemon=True).start()
    while line := orders.readline():
        order = json.loads(line)
        obey(deck, order, orders.read(order.get("size", 0)))


def _report(deck: Deck, stream: Any, out: int) -> None:
    last: dict[str, Any] = {}
    pause = threading.Event()
    while stream.active:
        told = {"state": deck.state, "position": deck.position, "length": deck.length}
        if told != last:
            _write_report(out, told)
            last = told
        pause.wait(PERIOD)
    _write_report(out, {"state": "failed", "reason": "The sound device has gone."})
    os._exit(0)


def _write_report(out: int, report: dict[str, Any]) -> None:
    try:
        os.write(out, json.dumps(report).encode() + b"\n")
    except OSError:
        # Nobody listens any more.
        os._exit(0)


if __name__ == "__main__":
    main()
