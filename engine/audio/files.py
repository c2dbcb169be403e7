"""Audio files in and out: any file as a mono wave at a wanted rate, and waves to files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
import soxr

from engine.audio.levels import decibels
from engine.audio.silence_libraries import quiet
from engine.audio.synth import FASTEST_RATE, LONGEST, SLOWEST_RATE, Wave, to_mono
from engine.common import atomic
from engine.errors import BadFile, OutOfRange, UserError

SUFFIXES = (".wav", ".flac")
"""What is written; everything that libsndfile knows is read."""

SHORTEST = 0.05
"""The shortest piece in seconds that is taken for sound."""

SILENT = 1e-5
"""A peak below this, 100 dB under full scale, is silence."""

LOUDEST = 100.0
"""A peak above this is a mistake of scale and not a loud sound."""

Depth = Literal["16", "24", "float"]

_SUBTYPES: dict[Depth, str] = {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}
_BLOCK = 1 << 18
_SLACK = 4608
"""Samples that a compressed file may lack of what it promises: four frames of MP3."""

_RUN_UP = 1 << 14
"""Samples that are read unheard after a seek: MP3 needs what came before to decode what comes."""

_FULL = 1 - 2.0**-15
_ANOTHER = "Name a WAV, FLAC, OGG, MP3 or AIFF file."


class BadAudioFile(BadFile):
    """An audio file that is damaged, silent, too short, or none at all."""

    title = "Audio file"


class BadAudioName(UserError):
    """A name under which no sound can be written."""

    title = "Audio file"


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file says of itself: its length in seconds, rate, channels, and kind."""

    seconds: float
    rate: int
    channels: int
    kind: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: seconds, rate, peak and the gain that kept it from clipping, in dB."""

    path: Path
    seconds: float
    rate: int
    peak: float
    gain: float


def inspect(path: Path | str) -> AudioInfo:
    """Return what a file says of itself; raises `BadAudioFile` where it is no audio file."""
    with _opened(Path(path)) as file:
        return AudioInfo(file.frames / file.samplerate, file.samplerate, file.channels, file.format)


def read(
    path: Path | str, rate: int, *, first: float | None = None, last: float | None = None
) -> Wave:
    """Read a file, or its ``first`` or ``last`` seconds, as a mono wave [samples] at ``rate``.

    Channels are averaged. A file shorter than the part is read whole; of a longer one only
    the part is read (in OGG what comes before is decoded too: a minute in a fifth of a
    second). Raises `BadAudioFile` for a file that is missing, damaged, cut short, silent,
    shorter than `SHORTEST`, longer than an hour where no part is named, or that holds what
    is no number; `OutOfRange` for a part or a rate that cannot be.
    """
    _check_rate(rate)
    if first is not None and last is not None:
        raise OutOfRange("Either the first or the last seconds of a file are read, not both.")
    wanted = first if last is None else last
    if wanted is not None and not SHORTEST <= wanted <= LONGEST:
        raise OutOfRange(f"A part lasts from {SHORTEST} to {LONGEST:g} seconds, not {wanted:g}.")
    path = Path(path)
    with _opened(path) as file:
        frames = file.frames
        if wanted is not None:
            frames = min(frames, round(wanted * file.samplerate))
        elif frames > LONGEST * file.samplerate:
            raise BadAudioFile(f"{path} is longer than an hour.", "Cut it, or use a part of it.")
        if frames < SHORTEST * file.samplerate:
            raise BadAudioFile(
                f"{path} holds {frames} samples, which is no sound yet.", "Name a longer file."
            )
        start = file.frames - frames if last is not None else 0
        return _part(path, file, start, frames, rate)


def write(path: Path | str, wave: Wave, rate: int, depth: Depth = "16") -> Written:
    """Write a wave, [samples] or [samples, channels], as WAV or FLAC, whole or not at all.

    The name's suffix says which; FLAC has no floats and takes 24 bits in their place. A wave
    that exceeds full scale is turned down as a whole until it does not, and ``gain`` says by
    how much; floats in WAV are kept as they are. The same wave gives the same bytes. Raises
    `BadAudioName` for another suffix, `OutOfRange` for an empty wave, one that holds what is
    no number or a rate that cannot be, `CannotWrite` where nothing can be written.
    """
    path = Path(path)
    content, written = encode(wave, rate, check_name(path), depth)
    atomic.write(path, content)
    return Written(path, len(wave) / rate, rate, *written)


def check_name(path: Path) -> str:
    """Return the suffix of a name that sound is written under; raises `BadAudioName`."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise BadAudioName(
            f"{path} is neither .wav nor .flac.", "Name the output FILE.wav or FILE.flac."
        )
    return suffix


def encode(wave: Wave, rate: int, suffix: str, depth: Depth) -> tuple[bytes, tuple[float, float]]:
    """Return the bytes of a file, with the peak and the gain in dB; else as `write`."""
    _check_rate(rate)
    if not wave.size:
        raise OutOfRange("There is no sound to write.")
    peak = float(np.abs(wave).max())
    if not np.isfinite(peak):
        raise OutOfRange("The sound holds values that are no numbers, and cannot be written.")
    if suffix == ".flac" and depth == "float":
        depth = "24"
    gain = _FULL / peak if peak > 1 and depth != "float" else 1.0
    scaled = wave if gain == 1 else np.asarray(wave * np.float32(gain), dtype=np.float32)
    buffer = BytesIO()
    soundfile.write(
        buffer, scaled, rate, subtype=_SUBTYPES[depth], format=suffix.removeprefix(".").upper()
    )
    return _timeless(buffer.getbuffer()), (decibels(peak), decibels(gain))


class _Straight(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read on where the last reading ended."""

    def seekable(self) -> bool:
        """Tell soundfile to leave out the seek that it makes after each reading."""
        return False


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        # Opening a pipe would wait for whoever writes to it.
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "not a file"
            raise BadAudioFile(f"{path} is {kind}.", _ANOTHER)
        # By number, so that no ending of a name makes raw samples of it.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise BadAudioFile(f"{path} cannot be read: {_reason(error)}.", _ANOTHER) from None
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, handle)
        if not os.fstat(handle).st_size:
            raise BadAudioFile(f"{path} is empty.", _ANOTHER)
        stack.enter_context(quiet())
        try:
            file = stack.enter_context(_Straight(handle, closefd=False))
        except (soundfile.LibsndfileError, TypeError, ValueError) as error:
            raise BadAudioFile(f"{path} is no audio file: {_reason(error)}.", _ANOTHER) from None
        if not SLOWEST_RATE <= file.samplerate <= FASTEST_RATE:
            raise BadAudioFile(
                f"{path} has {file.samplerate} samples a second, "
                f"not {SLOWEST_RATE} to {FASTEST_RATE}.",
                "Convert it to 44100.",
            )
        try:
            yield file
        except soundfile.LibsndfileError as error:
            raise BadAudioFile(f"{path} is damaged: {_reason(error)}.", _ANOTHER) from None


def _part(path: Path, file: Any, start: int, frames: int, rate: int) -> Wave:
    stream = None if file.samplerate == rate else soxr.ResampleStream(file.samplerate, rate, 1)
    loudest, pieces, heard = 0.0, [], 0
    for block in _blocks(file, start, frames):
        peak = float(np.abs(block).max())
        if not np.isfinite(peak):
            raise BadAudioFile(f"{path} holds values that are no numbers.", "Export it again.")
        loudest = max(loudest, peak)
        heard += len(block)
        mono = to_mono(block) if block.shape[1] > 1 else block[:, 0]
        pieces.append(mono if stream is None else stream.resample_chunk(mono))
    if heard < frames - _SLACK or heard < SHORTEST * file.samplerate:
        raise BadAudioFile(
            f"{path} is cut short: {heard / file.samplerate:.2f} s are there of "
            f"{frames / file.samplerate:.2f} s.",
            "Copy it again.",
        )
    if stream is not None:
        pieces.append(stream.resample_chunk(np.empty(0, dtype=np.float32), last=True))
    wave = np.ascontiguousarray(np.concatenate(pieces), dtype=np.float32)
    if loudest < SILENT:
        where = " there" if frames < file.frames else ""
        raise BadAudioFile(f"{path} is silent{where}.", "Name a file that sounds.")
    if loudest > LOUDEST:
        raise BadAudioFile(
            f"{path} peaks {decibels(loudest):.0f} dB over full scale.", "Export it again."
        )
    if float(np.abs(wave).max()) < SILENT:
        raise BadAudioFile(
            f"The channels of {path} cancel each other.", "Export one of them as mono."
        )
    return wave


def _blocks(file: Any, start: int, frames: int) -> Iterator[Wave]:
    # A seek in OGG lands some samples off, so all that comes before is decoded instead.
    unheard = start if file.format == "OGG" else min(start, _RUN_UP)
    if unheard < start:
        file.seek(start - unheard)
    while unheard > 0:
        skipped = len(file.read(min(_BLOCK, unheard), dtype="float32"))
        if not skipped:
            return
        unheard -= skipped
    while frames > 0:
        block = file.read(min(_BLOCK, frames), dtype="float32", always_2d=True)
        if not len(block):
            return
        frames -= len(block)
        yield block


def _timeless(content: memoryview) -> bytes:
    # libsndfile notes the hour beside the peak of a float file; equal waves are equal files.
    at = bytes(content[:256]).find(b"PEAK")
    if bytes(content[:4]) == b"RIFF" and at > 0:
        content[at + 12 : at + 16] = bytes(4)
    return bytes(content)


def _check_rate(rate: int) -> None:
    if not SLOWEST_RATE <= rate <= FASTEST_RATE:
        raise OutOfRange(f"A rate lies from {SLOWEST_RATE} to {FASTEST_RATE}, not {rate}.")


def _reason(error: Exception) -> str:
    said = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
    text = str(said).rstrip(". ")
    # What libsndfile says of an MP3 that ends in its first frame.
    return "it is cut short" if "possibly a pipe" in text else text
