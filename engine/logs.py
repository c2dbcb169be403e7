"""The log: where the program notes what went wrong inside it."""

from __future__ import annotations

import logging
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path

from engine.locations import state_folder
from engine.text import printable

_LARGEST = 1_000_000
_FORM = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"

log = logging.getLogger(__name__)


class PrintableFormatter(logging.Formatter):
    """Writes entries whose names cannot steer the terminal on which the log is read.

    Each entry begins a line, and whatever else it has is indented: no name can feign another.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return an entry as printable lines."""
        return "\n    ".join(map(printable, super().format(record).split("\n")))


def place() -> Path:
    """Return the file of the log."""
    return state_folder() / "armonica.log"


def start() -> None:
    """Note warnings, faults and ends of threads in the log from now on; once is enough.

    Where there can be no log they are dropped: on standard error they would tear the screen.
    """
    root = logging.getLogger()
    if any(isinstance(each, RotatingFileHandler) for each in root.handlers):
        return
    # A full disk is no reason to write over the screen either.
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    threading.excepthook = _thread_ended
    try:
        place().parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            place(), maxBytes=_LARGEST, backupCount=1, encoding="utf-8", errors="replace"
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(PrintableFormatter(_FORM))
    root.addHandler(handler)


def log_progress_of(name: str) -> None:
    """Note also what goes as it should in the part of the program called ``name``."""
    logging.getLogger(name).setLevel(logging.INFO)


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else "unknown"
    value = ended.exc_value or ended.exc_type()
    log.error("The thread %s ended by a fault", name, exc_info=value)
