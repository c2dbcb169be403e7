"""Whether the built-in synth has a sound device to play to, for the census of ports."""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Callable
from pathlib import Path

from engine.audio.devices import SoundDevices, start_looking
from engine.common.child_process import Process
from engine.midi.ports import BUILT_IN_SYNTH

_CARDS = Path("/proc/asound/cards")
_PATIENCE = 3.0


class SoundSystem:
    """Asks for sound devices at first, and again whenever cards or servers come or go."""

    def __init__(self, server: Callable[[], bool] = lambda: False) -> None:
        """Take what tells whether a sound server runs that cards do not show."""
        self._server = server
        self._looking: Process | None = start_looking()
        self._since = time.monotonic()
        self._seen: tuple[str, bool] | None = None
        self._there = False

    def look(self) -> tuple[list[str], list[str]] | None:
        """Return the built-in synth as an output where it can sound, else None.

        Waits only at first, so that the first census is whole, and for 3 seconds at most.
        """
        signs = self._signs()
        if self._seen is None:
            # No later sign brings what the first look finds.
            self._seen = signs
            self._finish(_PATIENCE)
        elif signs != self._seen and self._looking is None:
            self._seen = signs
            self._looking = start_looking()
            self._since = time.monotonic()
        self._finish(0)
        return ([BUILT_IN_SYNTH.partition(":")[2]], []) if self._there else None

    def _signs(self) -> tuple[str, bool]:
        cards = ""
        with contextlib.suppress(OSError, UnicodeError):
            cards = _CARDS.read_text()
        return cards, self._server()

    def _finish(self, patience: float) -> None:
        looking = self._looking
        if looking is None or looking.stdout is None:
            return
        answered = select.select([looking.stdout], [], [], patience)[0]
        if not answered and time.monotonic() - self._since < _PATIENCE:
            return
        self._looking = None
        if not answered:
            looking.kill()
        said, _ = looking.communicate()
        try:
            self._there = bool(SoundDevices.read(said).devices)
        except ValueError:
            self._there = False
