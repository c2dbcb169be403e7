"""The words of the command line, and how each of them ends."""

from __future__ import annotations

import argparse
import errno
import io
import logging
import sys
from collections.abc import Sequence
from typing import NoReturn

from engine import __version__, logs
from engine.cli import (
    controllers,
    harmony,
    influence,
    lab,
    measures,
    phrase,
    play,
    probes,
    remote,
    screens,
    steer,
    surprise,
    system,
)
from engine.cli.interrupts import INTERRUPTED, ended, interruptible
from engine.cli.options import BadUsage, Parser, abandon_output, say
from engine.common.printing import open_closed
from engine.common.process_end import leave
from engine.errors import ArmonicaError, UserError

EPILOG = "Without a word, armonica opens its screens. `armonica WORD --help` explains a word."

log = logging.getLogger(__name__)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all words."""
    top = Parser(prog="armonica", description="Compose with models that explain themselves.")
    top.epilog = EPILOG
    top.add_argument("--version", action="version", version=f"armonica {__version__}")
    words = top.add_subparsers(dest="word", metavar="WORD", parser_class=Parser)
    screens.add(top)
    measures.add(words)
    play.add(words)
    influence.add(words)
    harmony.add(words)
    surprise.add(words)
    phrase.add(words)
    lab.add(words)
    steer.add(words)
    probes.add(words)
    controllers.add(words)
    remote.add(words)
    system.add(words)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives 0 on success, 2 for the user's mistakes, 1 for failures."""
    try:
        return _run(arguments)
    except ArmonicaError as error:
        say(error.line())
        return error.status()
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough of it.
        abandon_output()
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            say(f"{error.filename} leads to no file: {error.strerror}. Name another.")
            return UserError.exit_code
        log.exception("The system refused something")
        abandon_output()
        where = f" ({error.filename})" if error.filename else ""
        reason = f"{error.strerror or error}{where}"
        say(f"The system says: {reason}. Look at free space, rights and limits.")
    except Exception as error:
        log.exception("A command met a fault")
        abandon_output()
        what = f"{type(error).__name__}: {error}".rstrip(".: ")
        say(f"A fault was met ({what}). {logs.place()} says where.")
    return 1


def script() -> NoReturn:
    """End the process with what `main` gives."""
    open_closed()
    logs.start()
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # A terminal without the signs of a map shows marks in their place.
        sys.stdout.reconfigure(errors="replace")
    code = main()
    ended()
    leave(code)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = parser().parse_args(arguments)
        if options.word:
            _check_screens(options)
            with interruptible():
                options.run(options)
        else:
            screens.run(options)
    except SystemExit as end:
        # argparse ends so after --help and --version.
        return int(end.code or 0)
    finally:
        # Here, where it can be told that nobody takes what was printed.
        if sys.stdout is not None:
            sys.stdout.flush()
    return 0


def _check_screens(options: argparse.Namespace) -> None:
    for name in ("song", "port", "keymap", "theme"):
        if getattr(options, name) is not None:
            raise BadUsage(f"--{name} is for the screens, not for {options.word}.", "Leave it out.")
