"""Whatever is continued, as codes of the model that continues it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from engine.audio import files
from engine.audio.levelling import levelled
from engine.audio.render import render
from engine.audio.soundfont import find
from engine.audio.synth import Synth, Wave, to_mono
from engine.corpus.clip_format import LEVEL
from engine.errors import OutOfRange
from engine.formats import song_file
from engine.locations import meant
from engine.music.measure import Measure
from engine.music.song import Song
from engine.music.tempo_map import TempoMap
from engine.music.track_line import TrackLine, track_lines
from engine.protocol.generation import Prompt
from engine.services.generation import take_store
from engine.steering.spec import LONGEST, AudioSpec

if TYPE_CHECKING:
    from torch import Tensor

    from engine.services.generation.backends import Instrument

MIDI = (".mid", ".midi")

LONGEST_PROMPT = 60.0
"""The longest prompt in seconds: of what is longer the end is taken."""

SHORTEST_PROMPT = 0.5
"""The shortest prompt in seconds: less than that gives a model nothing to go on with."""


def most_frames(spec: AudioSpec, added: int) -> int:
    """Return how many frames a prompt may have to which ``added`` are added.

    A model may hear less at once than that: it goes on from the end of the prompt then.
    """
    return min(round(LONGEST_PROMPT * spec.frame_rate), int(LONGEST * spec.frame_rate) - added)


def prompt_codes(
    instrument: Instrument, prompt: Prompt, song: Song, most: int, soundfont: str = ""
) -> Tensor | None:
    """Return the codes [K, T] of the last ``most`` frames of a prompt at most, None of nothing.

    Measures are rendered with the SoundFont that the setting names, at the level that melodies
    have in what the small model learned from, and only whole ones are taken where one fits.
    A take of the same model is continued from its codes. Raises `OutOfRange` for what is too
    short or silent, and what reading a file raises.
    """
    import torch

    spec = instrument.spec
    seconds = most / spec.frame_rate
    if prompt.kind == "nothing":
        return None
    if prompt.kind == "take":
        recipe = take_store.read(prompt.which)
        if recipe.digest == spec.digest:
            return torch.from_numpy(take_store.read_codes(recipe)[:, -most:]).long()
        wave = files.read(take_store.place(prompt.which), spec.sample_rate, last=seconds)
    elif prompt.kind == "song":
        wave = _song_wave(song, seconds, spec.sample_rate, soundfont)
    else:
        path = meant(prompt.which)
        if path.suffix.lower() in MIDI:
            from engine.formats.midi_file import read

            found = read(path)
            last = _whole(found.measures, found.tempo, seconds)
            parts = (TrackLine.of_measures(found.measures[-last:]),)
            wave = _rendered(parts, found.tempo, spec.sample_rate, soundfont)
        elif path.suffix.lower() == song_file.SUFFIX:
            kept = song_file.read(path).song
            wave = _song_wave(kept, seconds, spec.sample_rate, soundfont)
        else:
            wave = files.read(path, spec.sample_rate, last=seconds)
    if len(wave) < SHORTEST_PROMPT * spec.sample_rate:
        raise OutOfRange(
            f"The {prompt.kind} lasts {len(wave) / spec.sample_rate:.2f} seconds.",
            f"Continue something of {SHORTEST_PROMPT} seconds or more.",
        )
    hop = spec.sample_rate / spec.frame_rate
    frames = min(int(len(wave) / hop + 1e-9), most)
    # The end is what is continued, so what is left over is cut from the beginning.
    return instrument.encode(wave[len(wave) - round(frames * hop) :])


def _song_wave(song: Song, seconds: float, rate: int, soundfont: str) -> Wave:
    # It begins on a bar line where it can, for a beat is easier found there.
    steps, tempi = song.steps, song.tempo_map(song.steps)
    starts = song.line().starts
    first = next(
        (at for at, start in enumerate(starts) if tempi.turn - tempi.seconds(start) <= seconds),
        len(steps) - 1,
    )
    steps = steps[first:]
    return _rendered(track_lines(song, steps), song.tempo_map(steps), rate, soundfont)


def _whole(measures: Sequence[Measure], tempo: float, seconds: float) -> int:
    # It begins on a bar line where it can, for a beat is easier found there.
    # From the end on: how many measures last no longer.
    lasting = accumulate(float(each.grid.length) * 60 / tempo for each in reversed(measures))
    return max(1, sum(length <= seconds + 1e-9 for length in lasting))


def _rendered(
    parts: Sequence[TrackLine], tempo: float | TempoMap, rate: int, soundfont: str
) -> Wave:
    if all(part.silent for part in parts):
        raise OutOfRange(
            "There is nothing to be heard in what is to be continued.",
            "Compose some notes, or continue something else.",
        )
    wave = to_mono(render(Synth(find(soundfont), rate), parts, tempo, tail=0.0))
    return levelled(wave, LEVEL["melody"])
