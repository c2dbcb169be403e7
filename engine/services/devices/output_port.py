"""The MIDI port as the player process tells of it: which is used, and what became of it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Literal

from engine.locations import state_folder
from engine.midi import messages as m
from engine.midi.ports import BUILT_IN_SYNTH, VIRTUAL
from engine.protocol.base import Event
from engine.protocol.notices import Notice
from engine.protocol.snapshot import PortStatus
from engine.protocol.transport import LatenessMeasured

NO_PORT = "none"
_MEMORY = "port"
_NOT_INSTRUMENTS = ("midi through", "armonica")

Answer = tuple[list[m.ToPlayer], list[Event]]


class OutputPort:
    """Chooses a port at the start, takes in the player's reports, and makes notices of some.

    The port of the settings is opened first (``none`` is a choice, too). Without one it is
    the port that was used last, where it is there; else the only instrument that is there;
    else, without any instrument, the built-in synth, where it has a sound device; else our
    own virtual port, where the system has such; else none.
    """

    def __init__(self, configured: str = "") -> None:
        self.status = PortStatus()
        self._configured = configured
        self._chosen = False
        self._looked = False
        self._far = False

    def choose(self, name: str | None) -> Answer:
        """Go to another port because the player of the music says so, and remember it."""
        self._chosen = True
        if not self._far:
            _remember(name)
        return self._open(name)

    def on_report(self, report: m.FromPlayer) -> Answer:
        """Take in a report of the player process: gives what to send, and what to publish."""
        match report:
            case m.PortsSeen(outputs):
                return self._seen(outputs)
            case m.PortOpened(name):
                return self._opened(name)
            case m.PortLost(name):
                self._show("lost", "It is taken up again when it returns.")
                text = f"The MIDI port {name} has gone; it is taken up again when it returns."
                return [], [Notice(text, "warning")]
            case m.PortFailed(name, reason):
                self._show("failed", reason)
                return [], [Notice(f"The MIDI port {name} is not open: {reason}", "warning")]
            case m.Lateness(p50, p99, worst):
                return [], [LatenessMeasured(p50, p99, worst)]
            case m.Reach(far=far):
                self._far = far
                self._chosen = self._chosen or far
            case m.PlayerLost(reason, restarted):
                if not restarted:
                    self._show("failed", "The player process has ended.")
                after = "another goes on" if restarted else "start Armonica again to hear music"
                return [], [Notice(f"The player process ended ({reason}); {after}.", "warning")]
        return [], []

    def _seen(self, outputs: tuple[str, ...]) -> Answer:
        first, self._looked = not self._looked, True
        self.status = replace(self.status, known=outputs)
        if not first or self._chosen:
            return [], []
        self._chosen = True
        name = self._first(outputs)
        notices: list[Event] = []
        if not outputs:
            text = "This machine has no MIDI port: the music is silent, and everything else works."
            notices.append(Notice(text))
        if name is None:
            return [], notices
        messages, events = self._open(name)
        return messages, notices + events

    def _first(self, outputs: tuple[str, ...]) -> str | None:
        if self._configured:
            return None if self._configured == NO_PORT else self._configured
        last = _remembered()
        if last == NO_PORT or last in outputs:
            return None if last == NO_PORT else last
        instruments = [
            name
            for name in outputs
            if name not in (VIRTUAL, BUILT_IN_SYNTH)
            and not any(word in name.casefold() for word in _NOT_INSTRUMENTS)
        ]
        if len(instruments) == 1:
            return instruments[0]
        if not instruments and BUILT_IN_SYNTH in outputs:
            return BUILT_IN_SYNTH
        return VIRTUAL if VIRTUAL in outputs else None

    def _open(self, name: str | None) -> Answer:
        self.status = replace(
            self.status, name=name, state="opening" if name is not None else "none", detail=""
        )
        return [m.UsePort(name, hush=name is not None)], []

    def _opened(self, name: str | None) -> Answer:
        back = self.status.state == "lost"
        self.status = replace(
            self.status, name=name, state="none" if name is None else "open", detail=""
        )
        return [], [Notice(f"The MIDI port {name} is back.")] if back and name else []

    def _show(self, state: Literal["lost", "failed"], detail: str) -> None:
        self.status = replace(self.status, state=state, detail=detail)


def _remember(name: str | None) -> None:
    # What cannot be remembered is chosen again: no reason to trouble anybody.
    with contextlib.suppress(OSError):
        folder = state_folder()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MEMORY).write_text(name or NO_PORT, encoding="utf-8")


def _remembered() -> str:
    try:
        return (state_folder() / _MEMORY).read_text(encoding="utf-8").strip()[:200]
    except (OSError, ValueError):
        return ""
