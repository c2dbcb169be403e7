"""FluidSynth as a client of a JACK server, and what JACK's own recorder writes of it."""

from __future__ import annotations

import shutil
import subprocess
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engine.bench.jack import JackServer

FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")


def needs_fluidsynth() -> None:
    """Skip the test where FluidSynth, its font or the recorder is missing."""
    for tool in ("fluidsynth", "jack_rec"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: apt-get install fluidsynth jackd2")
    if not FONT.exists():
        pytest.skip(f"{FONT} is missing: apt-get install fluid-soundfont-gm")


@contextmanager
def synthesiser(jack: JackServer) -> Iterator[None]:
    """Run FluidSynth as a client of the server."""
    options = {
        "audio.jack.server": jack.name,
        "midi.jack.server": jack.name,
        "audio.jack.id": "fluidsynth",
        "midi.jack.id": "fluidsynth",
        "audio.jack.autoconnect": "0",
        "synth.reverb.active": "0",
        "synth.chorus.active": "0",
    }
    settings = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    process = subprocess.Popen(
        ["fluidsynth", "-a", "jack", "-m", "jack", *settings, "-is", str(FONT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        process.communicate()


@contextmanager
def recording(jack: JackServer, file: Path, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """Run JACK's own recorder on the left side of the synthesiser, from now on."""
    process = subprocess.Popen(
        ["jack_rec", "-f", str(file), "-d", f"{seconds:.0f}", "-b", "16", "fluidsynth:left"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while "jackrec" not in (jack.ask("jack_lsp") or ""):
            assert time.monotonic() < deadline, "jack_rec does not start"
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def read(file: Path) -> tuple[npt.NDArray[np.float64], int]:
    """Return the samples of a recording, and how many make a second."""
    with wave.open(str(file)) as recorded:
        data, rate = recorded.readframes(recorded.getnframes()), recorded.getframerate()
        assert recorded.getsampwidth() == 2
        assert recorded.getnchannels() == 1
    return np.frombuffer(data, dtype="<i2").astype(np.float64) / 32768, rate
