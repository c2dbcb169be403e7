"""What an instrument is told of the track that it plays: bank, program, level and pan."""

from __future__ import annotations

from engine.midi import messages as m
from engine.midi.player_mirror import Messages
from engine.music.track import Track


def settings_of(track: Track) -> tuple[object, ...]:
    """Return what an instrument is told of a track; where it is the same nothing need be sent."""
    return track.channel, track.port, track.instrument, track.mix


def set_up(track: Track, now: float, outlet: int) -> Messages:
    """Tell the instrument of a track its bank, program, level and pan."""
    # A bank holds from the next change of program on, so it comes first.
    banks, mix = (
        [bytes((0xB0 | track.channel, control, value)) for control, value in values]
        for values in (track.banks, track.mix)
    )
    program = bytes((0xC0 | track.channel, track.program))
    return [m.Send(now, data, outlet) for data in (*banks, program, *mix)]
