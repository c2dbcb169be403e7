"""What the studio is made of: a model to ask, a device to play on, an ear that judges."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.audio.devices import SoundDevices, list_devices
from engine.steering.musicgen.intervention import Steering
from engine.steering.spec import AudioSpec, DecoderName

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    from engine.audio.output import Playing
    from engine.audio.synth import Wave
    from engine.steering.musicgen.download import Fetching
    from engine.steering.musicgen.generate import GenerationStep, Request
    from engine.steering.musicgen.model import AudioModel
    from engine.steering.musicgen.streaming_decode import Growing

SLOWER = "is of a kind that the decoder does not know: audiocraft's modules make its steps, slower"
"""Said of a model by name."""

Heard = tuple[tuple[str, float], ...]


class Instrument(Protocol):
    """A model that makes audio; it belongs to one thread."""

    @property
    def spec(self) -> AudioSpec:
        """The model's shapes and rates."""

    @property
    def decoder(self) -> DecoderName:
        """What makes its steps where nothing else is asked for."""

    def encode(self, wave: npt.NDArray[np.float32] | Tensor) -> Tensor:
        """Return the codes of a wave: [samples] at the model's rate -> [K, T], whole frames."""

    def decode(self, codes: Tensor, sketch: bool = False) -> Tensor:
        """Return the wave of codes: [K, T] -> [samples], mono; it may exceed full scale."""

    def growing(self) -> Growing:
        """Return what makes the sound of codes that grow."""

    def generate(
        self, request: Request, steering: Steering | None
    ) -> Generator[GenerationStep, None, None]:
        """Return each step as it is done."""

    def memory(self) -> int:
        """Return the bytes that it holds."""

    def close(self) -> None:
        """Free its memory."""


class AudioOutput(Protocol):
    """Plays one wave at a time, which may grow while it plays; nothing here ever waits."""

    def load(self, rate: int, wave: Wave | None = None, last: bool = True) -> None:
        """Take another wave, whole or its beginning."""

    def append(self, chunk: Wave, last: bool = False) -> None:
        """Add to the wave; with ``last`` it is whole."""

    def play(self) -> None:
        """Go on from where it stands."""

    def seek(self, seconds: float) -> None:
        """Go to a place in the wave."""

    def stop(self) -> None:
        """Let the wave go."""

    def close(self) -> None:
        """End the sound."""


class Loaded:
    """A MusicGen that is loaded, as an `Instrument`."""

    def __init__(self, model: AudioModel) -> None:
        self._model = model

    @property
    def spec(self) -> AudioSpec:
        """The model's shapes and rates."""
        return self._model.spec

    @property
    def decoder(self) -> DecoderName:
        """What makes its steps where nothing else is asked for."""
        from engine.steering.musicgen.module_steps import decoder_of

        return decoder_of(self._model.lm)

    def encode(self, wave: npt.NDArray[np.float32] | Tensor) -> Tensor:
        """Return the codes of a wave."""
        return self._model.encode(wave)

    def decode(self, codes: Tensor, sketch: bool = False) -> Tensor:
        """Return the wave of codes."""
        return self._model.decode(codes, sketch)

    def growing(self) -> Growing:
        """Return what makes the sound of codes that grow."""
        return self._model.growing()

    def generate(
        self, request: Request, steering: Steering | None
    ) -> Generator[GenerationStep, None, None]:
        """Return each step as it is done."""
        from engine.steering.musicgen.generate import generate

        return generate(self._model, request, steering)

    def memory(self) -> int:
        """Return the bytes of its weights, on a GPU those of all that it holds there."""
        from engine.steering.musicgen.memory import memory_in_use

        in_use = memory_in_use()
        if in_use.device is not None and self._model.device != "cpu":
            return in_use.device
        parts = (self._model.lm, self._model.codec)
        tensors = [each for part in parts for each in (*part.parameters(), *part.buffers())]
        return sum(each.numel() * each.element_size() for each in tensors)

    def close(self) -> None:
        """Free its memory."""
        self._model.close()


def _check(name: str) -> None:
    from engine.errors import BadModel
    from engine.locations import meant
    from engine.steering.musicgen.model import DEFAULT, KNOWN

    if name not in (DEFAULT, *KNOWN) and not meant(name).is_dir():
        raise BadModel(
            f"There is no model {name!r}.",
            f"Name a folder with a checkpoint, or one of: {', '.join((DEFAULT, *KNOWN))}.",
        )


def _open(name: str, on_progress: Callable[[Fetching], None]) -> Instrument:
    from engine.steering.musicgen.model import open_model

    return Loaded(open_model(name, on_progress=on_progress))


def _sink(changed: Callable[[Playing], None]) -> AudioOutput:
    from engine.audio.output import Sink

    return Sink(changed)


def _judge(wave: Wave, rate: int) -> Heard:
    from engine.services.generation.judge import judge

    return judge(wave, rate)


@dataclass(frozen=True, slots=True)
class StudioParts:
    """How the studio comes by its parts; all but ``check`` are called on a worker's thread.

    ``check`` raises `BadModel` at once for a name that no model has, so that a slip of the
    hand does not cost the model that is loaded. ``hear`` gives how sure a judge is of each
    part in the last seconds of a wave, or nothing where there is no judge.
    """

    open_model: Callable[[str, Callable[[Fetching], None]], Instrument] = _open
    devices: Callable[[], SoundDevices] = list_devices
    sink: Callable[[Callable[[Playing], None]], AudioOutput] = _sink
    hear: Callable[[Wave, int], Heard] = _judge
    check: Callable[[str], None] = _check
