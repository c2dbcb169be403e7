"""Controller messages of a song's loop: what its gauges move, slot by slot."""

from __future__ import annotations

from engine.music.modulation import Modulation
from engine.music.song import Song


def controller_value(modulation: Modulation, song: Song, slot: int) -> int | None:
    """Return the controller's value (7 or 14 bits) for a slot, None where it has no code."""
    latent = song.slots[slot].latent if slot < len(song.slots) else None
    if latent is None or modulation.dimension >= len(latent):
        return None
    return modulation.at(latent[modulation.dimension])


def loop_messages(song: Song) -> list[tuple[float, bytes]]:
    """Return the messages of one turn of the loop, each at its quarter note from the start."""
    sent: list[tuple[float, bytes]] = []
    starts = song.line().starts
    for modulation in song.modulations:
        last = None
        for slot, at in enumerate(starts):
            value = controller_value(modulation, song, slot)
            if value is not None and value != last:
                sent += [(at, data) for data in modulation.messages(value)]
                last = value
    return sent
