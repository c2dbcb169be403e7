"""Controller messages of a song's loop: what its gauges move, slot by slot."""

from __future__ import annotations

from engine.music.modulation import Modulation
from engine.music.note_line import Line
from engine.music.track import Track


def controller_value(modulation: Modulation, track: Track, slot: int) -> int | None:
    """Return the controller's value (7 or 14 bits) for a slot, None where it has no code."""
    latent = track.slots[slot].latent if slot < len(track.slots) else None
    if latent is None or modulation.dimension >= len(latent):
        return None
    return modulation.at(latent[modulation.dimension])


def loop_messages(track: Track, line: Line) -> list[tuple[float, bytes]]:
    """Return a track's messages in one turn of its line, each at its quarter note."""
    sent: list[tuple[float, bytes]] = []
    for modulation in track.modulations:
        last = None
        for slot, at in zip(line.slots, line.starts, strict=True):
            value = controller_value(modulation, track, slot)
            if value is not None and value != last:
                sent += [(at, data) for data in modulation.messages(value)]
                last = value
    return sent
