"""Measures and songs as they sound: each note at its moment, the last ones dying away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from engine.audio.synth import LONGEST, SoundedNote, Synth, Wave
from engine.errors import OutOfRange
from engine.music.measure import Measure
from engine.music.tempo_map import TempoMap
from engine.music.track import DRUMS, Track
from engine.music.track_line import TrackLine

TAIL = 2.0
"""Seconds after the last measure in which its notes die away."""

LOUDNESS = 10 ** (-3 / 20)
"""The peak, 3 dB under full scale, that a performance is turned up or down to."""

USUAL_LEVEL = 100
"""The level that is heard where none is sent, as General MIDI has it."""

CENTRE = 64


def performed(part: TrackLine, tempo: float | TempoMap) -> tuple[tuple[SoundedNote, ...], float]:
    """Return the notes of a part played once, and how many seconds its measures last.

    ``tempo`` is in quarter notes a minute. A measure that begins with a hold goes on with
    the note before it; the last note ends with the last measure. Raises `OutOfRange` where
    the tempo is none a song can have.
    """
    length = part.line.length
    tempi = tempo if isinstance(tempo, TempoMap) else TempoMap.steady(tempo, length)
    notes = tuple(
        SoundedNote(tempi.seconds(note.start), tempi.seconds(note.end), pitch, velocity)
        for note, pitch, velocity in part.notes()
    )
    return notes, tempi.seconds(length)


def render(
    synth: Synth,
    music: Sequence[Measure] | Sequence[TrackLine],
    tempo: float | TempoMap,
    tail: float = TAIL,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Wave:
    """Return music as a stereo wave [samples, 2] at the synth's rate, ``tail`` seconds longer.

    ``music`` is measures that are heard as they are written, or parts, which begin together and
    are mixed by their levels and pans; ``on_progress`` is told how much is done, 0 to 1.
    Its peak is 3 dB under full scale, unless nothing sounds. Raises `OutOfRange` where there
    is no measure or the whole is longer than an hour, `BadSoundFont` for a program that the
    SoundFont lacks.
    """
    if not music:
        raise OutOfRange("There is no measure to render.")
    parts = [each for each in music if isinstance(each, TrackLine)] or [
        TrackLine.of_measures(each for each in music if isinstance(each, Measure))
    ]
    waves = _waves(synth, parts, tempo, tail, on_progress)
    mixed = next(waves)
    for wave in waves:
        mixed = mixed + wave
    peak = _peak(mixed)
    if peak:
        mixed *= LOUDNESS / peak
    return mixed


def stems(
    synth: Synth,
    parts: Sequence[TrackLine],
    tempo: float | TempoMap,
    tail: float = TAIL,
    on_progress: Callable[[float], None] = lambda _: None,
) -> tuple[list[Wave], Wave]:
    """Return each part as a wave of its own, with its level and pan, and their sum, the mix.

    One gain holds for all of them: the loudest, which is the mix as a rule, peaks 3 dB under full
    scale. Otherwise as `render`.
    """
    if not parts:
        raise OutOfRange("There is no track to render.", "Unmute one.")
    found = list(_waves(synth, parts, tempo, tail, on_progress))
    mixed: Wave = np.zeros_like(found[0])
    for wave in found:
        mixed = mixed + wave
    peak = max(_peak(wave) for wave in (mixed, *found))
    gain = LOUDNESS / peak if peak else 1.0
    for wave in (mixed, *found):
        wave *= gain
    return found, mixed


def _waves(
    synth: Synth,
    parts: Sequence[TrackLine],
    tempo: float | TempoMap,
    tail: float,
    on_progress: Callable[[float], None],
) -> Iterator[Wave]:
    """Yield each part as it sounds, by its level and pan."""
    for at, part in enumerate(parts):
        notes, seconds = performed(part, tempo)
        if seconds + tail > LONGEST:
            raise OutOfRange(
                f"These measures last {seconds / 60:.0f} minutes, and an hour is the most.",
                "Render fewer of them, or at a faster tempo.",
            )

        def step(done: float, at: int = at) -> None:
            on_progress((at + done) / len(parts))

        track = part.track
        drums = track.channel == DRUMS
        wave = synth.render_stereo(notes, track.program, drums, seconds + tail, step)
        gains = _gains(track)
        if gains != (1.0, 1.0):
            wave *= np.array(gains, dtype=wave.dtype)
        yield wave


def _peak(wave: Wave) -> float:
    return max(float(wave.max()), -float(wave.min()))


def _gains(track: Track) -> tuple[float, float]:
    """Return the gain of each side, by the curves that General MIDI recommends."""
    level = USUAL_LEVEL if track.level is None else track.level
    volume = (level / USUAL_LEVEL) ** 2
    if track.pan is None or track.pan == CENTRE:
        return volume, volume
    # Of equal power, and as loud as without pan in the middle.
    angle = max(0, track.pan - 1) / 126 * np.pi / 2
    left, right = float(np.cos(angle)), float(np.sin(angle))
    return volume * left * 2**0.5, volume * right * 2**0.5
