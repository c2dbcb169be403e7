"""An audio model with a planted trait, a speaker and an ear: small, quick, and always the same."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.audio.devices import Device, SoundDevices
from engine.audio.output import Playing
from engine.audio.synth import Wave
from engine.services.generation.backends import Heard, StudioParts
from engine.steering.musicgen.download import Fetching
from engine.steering.musicgen.generate import GenerationStep, Request
from engine.steering.musicgen.intervention import Steering
from engine.steering.musicgen.streaming_decode import Growing, GrowingAudio
from engine.steering.probes import store
from engine.steering.probes.probe import Probe
from engine.steering.spec import AudioSpec, DecoderName
from tests.support.toy_model import SPEC, Toy

LOUDEST = 31
HOP = round(SPEC.sample_rate / SPEC.frame_rate)
DELAYS = range(SPEC.codebooks)

_PHASE = np.arange(HOP) * (2 * np.pi * 400 / SPEC.sample_rate)
# A frame holds whole periods, so frames join.
TONES = torch.from_numpy(
    np.stack([(0.01 if k else 0.9) * np.sin(_PHASE * (k + 1)) for k in DELAYS])
).float()


class FakeAudioModel:
    """Makes a tone that is as loud as its trait is present; a push on planted heads raises it.

    ``at_step`` is called before each step, on the thread that generates; ``requests`` are
    those that were met.
    """

    def __init__(self, digest: str = SPEC.digest, name: str = "toy") -> None:
        self._spec = AudioSpec(
            name, digest, SPEC.sample_rate, SPEC.frame_rate, SPEC.codebooks, *_shape(), SPEC.longest
        )
        self._toy = Toy()
        self.at_step: Callable[[int], None] = lambda _: None
        self.closed = False
        self.requests: list[Request] = []

    @property
    def spec(self) -> AudioSpec:
        """The toy's spec."""
        return self._spec

    @property
    def decoder(self) -> DecoderName:
        """Return our own, though it is a toy."""
        return "own"

    def encode(self, wave: npt.NDArray[np.float32] | Tensor) -> Tensor:
        """Return the loudness of each whole frame."""
        sound = torch.as_tensor(wave)
        frames = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
        loudness = (frames.abs().amax(dim=1) * LOUDEST).round().long().clamp(0, LOUDEST)
        return loudness.expand(SPEC.codebooks, -1).clone()

    def decode(self, codes: Tensor, sketch: bool = False) -> Tensor:
        """Return a tone of the first codebook's loudness, with a little of the others above."""
        del sketch
        return (codes.float().t() / LOUDEST @ TONES).flatten()

    def growing(self) -> Growing:
        """Return what decodes what lies around a piece anew."""
        return GrowingAudio(self)

    def generate(
        self, request: Request, steering: Steering | None
    ) -> Generator[GenerationStep, None, None]:
        """Yield each step; codebook k is later by k steps."""
        self.requests.append(request)
        noise = torch.Generator().manual_seed(request.seed)
        begin = 0 if request.prompt is None else request.prompt.shape[-1]
        codes = torch.zeros(SPEC.codebooks, request.frames, dtype=torch.long)
        if request.prompt is not None:
            codes[:, :begin] = request.prompt
        level = torch.full((1,), -1.0)
        total = request.frames + max(DELAYS) - begin
        for number in range(total):
            self.at_step(number)
            push = steering.push(number) if steering else None
            outputs = self._toy.outputs(level, noise)
            if steering:
                steering.read(number, outputs)
            if push is not None:
                written = torch.einsum("tlhd,lhd->t", self._toy.written, push / self._toy.scales)
                level = level + 0.02 * written
            drift = 0.05 * (-1.0 - level) + 0.05 * torch.randn(1, generator=noise)
            level = (level + drift).clamp(-2, 2)
            drawn = torch.randint(0, LOUDEST + 1, (SPEC.codebooks,), generator=noise)
            drawn[0] = round((float(level) + 2) / 4 * LOUDEST)
            for book, delay in enumerate(DELAYS):
                if begin <= (at := begin + number - delay) < request.frames:
                    codes[book, at] = drawn[book]
            done = min(request.frames, max(begin, begin + number + 1 - max(DELAYS)))
            readings = steering.readings() if steering else {}
            yield GenerationStep(number, total, done, codes[:, :done].clone(), readings)

    def memory(self) -> int:
        """Return a megabyte."""
        return 1_000_000

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


@dataclass
class FakeSpeaker:
    """Plays nothing, and remembers what it was given and asked."""

    moved: Callable[[Playing], None]
    orders: list[str] = field(default_factory=list)
    wave: list[Wave] = field(default_factory=list)
    whole: bool = False
    rate: int = 0

    def load(self, rate: int, wave: Wave | None = None, last: bool = True) -> None:
        """Begin another wave."""
        self.orders.append("load")
        self.rate, self.wave, self.whole = rate, [], False
        if wave is not None:
            self.append(wave, last)

    def append(self, chunk: Wave, last: bool = False) -> None:
        """Add to the wave."""
        self.wave.append(chunk)
        self.whole = self.whole or last

    def play(self) -> None:
        """Tell that it plays from the start."""
        self.orders.append("play")
        self.moved(Playing("playing", 0.0, self.length))

    def seek(self, seconds: float) -> None:
        """Remember the place."""
        self.orders.append(f"seek {seconds:g}")

    def stop(self) -> None:
        """Tell that nothing plays."""
        self.orders.append("stop")
        self.moved(Playing())

    def close(self) -> None:
        """Remember that it was closed."""
        self.orders.append("close")

    @property
    def length(self) -> float:
        """How much it was given, in seconds."""
        return sum(map(len, self.wave)) / max(1, self.rate)


class FakeStage:
    """The parts of a studio that plays nowhere: models by name, one speaker, an ear of tone."""

    def __init__(self, device: str = "Loudspeaker") -> None:
        self.models: dict[str, FakeAudioModel] = {"toy": FakeAudioModel()}
        self.speaker: FakeSpeaker | None = None
        self.sound = SoundDevices((Device(device, "fake", True),))
        if not device:
            self.sound = SoundDevices((), "There is no sound device on this machine.")

    @property
    def model(self) -> FakeAudioModel:
        """The model that is called toy."""
        return self.models["toy"]

    def parts(self) -> StudioParts:
        """Return them."""
        return StudioParts(self.open, lambda: self.sound, self._sink, hear, lambda _: None)

    def open(self, name: str, on_progress: Callable[[Fetching], None]) -> FakeAudioModel:
        """Return a model by its name."""
        from engine.errors import BadModel

        on_progress(Fetching("weights", 50, 100, 10.0, 5.0))
        if name not in self.models:
            raise BadModel(f"There is no model {name!r}.", "Name another.")
        return self.models[name]

    def _sink(self, moved: Callable[[Playing], None]) -> FakeSpeaker:
        self.speaker = FakeSpeaker(moved)
        return self.speaker


def hear(wave: Wave, rate: int) -> Heard:
    """Judge drums in the last two seconds by how far their tone stands out, however loud."""
    end = wave[-2 * rate :]
    frames = end[len(end) % HOP :].reshape(-1, HOP)
    tone = np.outer(2 * (frames * np.sin(_PHASE)).mean(axis=1), np.sin(_PHASE))
    share = float(np.abs(tone).mean() / max(1e-9, float(np.abs(frames - tone).mean())))
    return (("drums", min(1.0, share / 100)),)


def plant_probes(*names: str) -> None:
    """Put probes of the planted trait on the player's shelf, under these names."""
    for name in names:
        store.write(_probe(name), store.place(SPEC, name))


@lru_cache
def _probe(name: str) -> Probe:
    return Toy().probe(name, tunes=30)


def _shape() -> tuple[int, int, int]:
    return SPEC.layers, SPEC.heads, SPEC.head_size
