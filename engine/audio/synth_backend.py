"""The built-in synth as a MIDI backend: how its port is opened, and whether it is there.

It is named in `engine.midi.backends.table` and imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.audio.builtin_synth import PreviewPort
from engine.audio.synth_probe import SoundSystem


def open_output(name: str, api: str) -> PreviewPort:
    """Open the synth for playing; raises `PortError` where it does not sound."""
    return PreviewPort(name, api)


def system(server: Callable[[], bool]) -> SoundSystem:
    """Return what lists the synth's port; ``server`` tells whether a sound server runs."""
    return SoundSystem(server)
