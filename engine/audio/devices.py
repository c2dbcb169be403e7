"""Sound devices: which there are, which is meant, and why there is none.

PortAudio asks every sound system of the machine, and their libraries print, stall or crash
at it. So it is only ever spoken to in processes of their own: those that play, and
``python -m engine.audio.devices``, which prints what there is as one line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from engine.common.child_process import Process, child_command, start
from engine.errors import ArmonicaError

_SILENT_MACHINE = "Sound goes to files all the same: `armonica render -o FILE.wav`."


class NoSoundDevice(ArmonicaError):
    """A sound device that is not there, or that does not open."""

    title = "Sound"


@dataclass(frozen=True, slots=True)
class Device:
    """A device that plays: its name, its sound system, and whether the system prefers it."""

    name: str
    api: str
    usual: bool


@dataclass(frozen=True, slots=True)
class SoundDevices:
    """The devices that play; where there is none, ``reason`` says why."""

    devices: tuple[Device, ...]
    reason: str = ""

    def line(self) -> bytes:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":")).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> SoundDevices:
        """Read what ``line`` gave; raises ValueError for anything else."""
        body = json.loads(line)
        try:
            found = (Device(str(d["name"]), str(d["api"]), d["usual"]) for d in body["devices"])
            return cls(tuple(found), str(body["reason"]))
        except (TypeError, KeyError) as error:
            raise ValueError(f"not a list of devices: {error}") from None


def start_looking() -> Process:
    """Start a process that prints the devices of this machine, and ends."""
    return start(child_command("engine.audio.devices"), stdin=subprocess.DEVNULL)


def list_devices(timeout: float = 10.0) -> SoundDevices:
    """Return the devices of this machine, asked in a process of its own."""
    with start_looking() as looking:
        try:
            answer, _ = looking.communicate(timeout=timeout)
            return SoundDevices.read(answer)
        except subprocess.TimeoutExpired:
            looking.kill()
            return SoundDevices((), f"The sound systems gave no answer in {timeout:g} seconds.")
        except ValueError:
            return SoundDevices((), "The sound systems could not be asked.")


def look() -> SoundDevices:
    """Return the devices of this machine, asked in this process."""
    try:
        _, outputs, usual = _query()
    except NoSoundDevice as error:
        return SoundDevices((), error.message)
    found = tuple(Device(name, api, at == usual) for at, (name, api) in outputs.items())
    return SoundDevices(found, "" if found else "There is no sound device on this machine.")


def open_output(
    setting: str, channels: int, fill: Callable[[Any, int, Any, Any], None], latency: str
) -> Any:
    """Open the device that ``setting`` names a part of, or the usual one, at its own rate.

    ``fill`` is called with a buffer of interleaved 32-bit floats, its frames, the time and a
    status. Gives a stream of sounddevice that is not started yet; raises `NoSoundDevice`.
    """
    sounddevice, outputs, usual = _query()
    chosen = _chosen(setting, outputs, usual)
    try:
        return sounddevice.RawOutputStream(
            device=chosen, channels=channels, dtype="float32", latency=latency, callback=fill
        )
    except sounddevice.PortAudioError as error:
        raise NoSoundDevice(
            f"The sound device {outputs[chosen][0]!r} does not open: {_error_text(error)}.",
            "Close what else uses it, or name another in the setting audio.",
        ) from None


def _chosen(setting: str, outputs: dict[int, tuple[str, str]], usual: int) -> int:
    if not outputs:
        raise NoSoundDevice("There is no sound device on this machine.", _SILENT_MACHINE)
    if not setting:
        return usual if usual in outputs else next(iter(outputs))
    for at, (name, _) in outputs.items():
        if setting.casefold() in name.casefold():
            return at
    names = ", ".join(dict.fromkeys(name for name, _ in outputs.values()))
    raise NoSoundDevice(
        f"There is no sound device called {setting!r}; there are: {names}.",
        "Name one of them in the setting audio, or leave it empty.",
    )


def _query() -> tuple[Any, dict[int, tuple[str, str]], int]:
    # The library, name and system of each device that plays by its number, and the usual one.
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise NoSoundDevice(
            f"PortAudio is not installed ({_error_text(error)}).",
            "Install it, for example with: apt-get install libportaudio2.",
        ) from None
    try:
        systems = sounddevice.query_hostapis()
        outputs = {
            at: (str(device["name"]), str(systems[device["hostapi"]]["name"]))
            for at, device in enumerate(sounddevice.query_devices())
            if device["max_output_channels"] > 0
        }
        return sounddevice, outputs, int(sounddevice.default.device[1])
    except sounddevice.PortAudioError as error:
        raise NoSoundDevice(f"PortAudio says: {_error_text(error)}.", _SILENT_MACHINE) from None


def _error_text(error: Exception) -> str:
    return str(error.args[0] if error.args else error).rstrip(". ")


def silence_libraries() -> int:
    """Send what libraries print to nowhere, for the rest of this process.

    Gives a descriptor of the old standard output, for what is ours to say.
    """
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    return out


def main() -> None:
    """Write the devices of this machine to standard output."""
    out = silence_libraries()
    os.write(out, look().line())


if __name__ == "__main__":
    main()
