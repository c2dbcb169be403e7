"""What Armonica needs on a machine, looked at piece by piece."""

from __future__ import annotations

import contextlib
import locale
import logging
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from engine import config, locations, logs
from engine.common.atomic import make_folder
from engine.errors import ArmonicaError, CannotWrite
from engine.text import printable

log = logging.getLogger(__name__)

SMALLEST = (80, 24)
"""The smallest screen, in columns and rows."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it stands, and what mends it."""

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str = ""


def examine(on_progress: Callable[[float, str], None] = lambda *_: None) -> tuple[Check, ...]:
    """Look at everything; a piece that cannot even be looked at counts as failed.

    ``on_progress`` is told how much is done, 0 to 1, and what is looked at next.
    """
    checks = []
    for at, (name, look) in enumerate(LOOKS.items()):
        on_progress(at / len(LOOKS), name)
        checks.append(_guarded(name, look))
    on_progress(1.0, "")
    return tuple(checks)


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except ArmonicaError as error:
        return Check(name, "fail", error.message, error.remedy)
    except Exception as error:
        log.exception("The check %s met a fault", name)
        what = printable(f"{type(error).__name__}: {error}")
        return Check(name, "fail", what, f"{logs.place()} says where.")


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 12):
        return Check("python", "ok", version)
    return Check("python", "warn", version, "Use Python 3.11 or 3.12: python-rtmidi has no other.")


def _packages() -> Check:
    wanted = ("torch", "textual", "mido", "python-rtmidi", "numpy", "safetensors")
    found = {}
    for name in wanted:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            return Check("packages", "fail", f"{name} is not installed.", "Run `uv sync` again.")
    return Check("packages", "ok", ", ".join(f"{name} {v}" for name, v in found.items()))


def _terminal() -> Check:
    if sys.stdout is None or not sys.stdout.isatty():
        return Check("terminal", "warn", "standard output is no terminal: commands only")
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        return Check(
            "terminal",
            "fail",
            "TERM is dumb, and the screens need more.",
            "Set TERM to what your terminal is, for example xterm-256color.",
        )
    columns, rows = shutil.get_terminal_size()
    colours = (
        "no colour" if "NO_COLOR" in os.environ else os.environ.get("COLORTERM", "256 or less")
    )
    detail = f"{os.environ['TERM']}, {columns}x{rows}, {colours}"
    if columns < SMALLEST[0] or rows < SMALLEST[1]:
        return Check("terminal", "warn", detail, "The screens need 80x24.")
    return Check("terminal", "ok", detail)


def _encoding() -> Check:
    encoding = getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding()
    if encoding.lower().replace("-", "") == "utf8":
        return Check("encoding", "ok", encoding)
    return Check("encoding", "warn", encoding, "Set LANG to a UTF-8 locale, for example C.UTF-8.")


def _ports() -> Check:
    from engine.midi.ports import list_ports

    outputs = [port.name for port in list_ports() if port.direction == "out"]
    if outputs:
        return Check("midi", "ok", ", ".join(outputs))
    return Check(
        "midi", "warn", "no MIDI port", "Plug a device in, or start JACK or ALSA's sequencer."
    )


def _sound() -> Check:
    from engine.audio.devices import list_devices

    found = list_devices()
    if found.devices:
        names = (f"{d.name} ({d.api}{', usual' if d.usual else ''})" for d in found.devices)
        return Check("sound", "ok", ", ".join(names))
    remedy = "Sound goes to files all the same; for more, plug a device in or start JACK."
    return Check("sound", "warn", found.reason, remedy)


def _soundfont() -> Check:
    from engine.audio import soundfont

    setting = ""
    # Settings that cannot be read are the business of their own check.
    with contextlib.suppress(ArmonicaError):
        setting = config.load().settings.soundfont
    path = soundfont.find(setting)
    return Check("soundfont", "ok", f"{path}, {path.stat().st_size / 2**20:.0f} MiB")


def _timing() -> Check:
    if not hasattr(os, "sched_setscheduler"):
        return Check("timing", "warn", "no real-time scheduling on this system")
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))
    except OSError:
        return Check(
            "timing",
            "warn",
            "real-time scheduling is not permitted: notes may be late on a busy machine",
            "Allow rtprio for your user in /etc/security/limits.d.",
        )
    os.sched_setscheduler(0, *before)
    return Check("timing", "ok", "real-time scheduling is permitted")


def _model() -> Check:
    from engine.latent.weights import load

    model = load(locations.MEASURE_VAE)
    return Check("model", "ok", f"{model.spec.name} {model.spec.digest[:12]}, as its card says")


def _corpus() -> Check:
    from engine.corpus.table import shipped

    corpus = shipped()
    detail = f"{len(corpus)} measures of {len(corpus.tunes)} tunes, {corpus.digest[:12]}"
    return Check("corpus", "ok", detail)


def _folders() -> Check:
    folders = (locations.config_folder(), locations.data_folder(), locations.state_folder())
    for folder in folders:
        try:
            make_folder(folder)
        except CannotWrite as error:
            remedy = "Make it writable, or name another home in ARMONICA_HOME."
            return Check("folders", "fail", error.message, remedy)
    return Check("folders", "ok", ", ".join(map(str, dict.fromkeys(folders))))


def _settings() -> Check:
    found = config.load()
    # A file of settings is no must; where it would lie is worth knowing.
    path = locations.config_folder() / config.FILE
    there = str(path) if path.exists() else f"{path} is not there"
    given = (f"{v.name} = {v.value} ({v.source})" for v in found.values if v.source != "default")
    return Check("settings", "ok", f"{there}; {', '.join(given) or 'all as shipped'}")


def _log() -> Check:
    path = logs.place()
    size = path.stat().st_size if path.exists() else 0
    return Check("log", "ok", f"{path}, {size // 1024} KiB" if size else f"{path}, empty")


def _memory() -> Check:
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    except (ValueError, OSError, AttributeError):
        return Check("memory", "warn", "unknown")
    if free < 1:
        return Check("memory", "warn", f"{free:.1f} GiB free", "A model needs about 1 GiB.")
    return Check("memory", "ok", f"{free:.1f} GiB free")


def _disk() -> Check:
    where = locations.state_folder()
    while not where.exists():
        where = where.parent
    free = shutil.disk_usage(Path(where)).free / 2**30
    if free < 0.1:
        return Check("disk", "warn", f"{free:.2f} GiB free", "Songs may not be kept.")
    return Check("disk", "ok", f"{free:.1f} GiB free")


LOOKS: dict[str, Callable[[], Check]] = {
    "python": _python,
    "packages": _packages,
    "terminal": _terminal,
    "encoding": _encoding,
    "midi": _ports,
    "sound": _sound,
    "soundfont": _soundfont,
    "timing": _timing,
    "model": _model,
    "corpus": _corpus,
    "folders": _folders,
    "settings": _settings,
    "log": _log,
    "memory": _memory,
    "disk": _disk,
}
