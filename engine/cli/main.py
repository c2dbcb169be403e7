"""The words of the command line, and how each of them ends."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from engine import __version__
from engine.cli import machine, measures, screens, work
from engine.cli.options import Parser
from engine.errors import ArmonicaError

EPILOG = "Without a word, armonica opens its screens. `armonica WORD --help` explains a word."


def parser() -> argparse.ArgumentParser:
    """Gives the parser of all words."""
    top = Parser(prog="armonica", description="Compose with models that explain themselves.")
    top.epilog = EPILOG
    top.add_argument("--version", action="version", version=f"armonica {__version__}")
    words = top.add_subparsers(dest="word", metavar="WORD", parser_class=Parser)
    screens.add(top)
    measures.add(words)
    work.add(words)
    machine.add(words)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; gives 0 on success, 2 for the user's mistakes, 1 for failures."""
    try:
        options = parser().parse_args(arguments)
        run = options.run if options.word else screens.run
        run(options)
    except ArmonicaError as error:
        print(f"armonica: {error.line()}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("armonica: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Whoever read our output has enough of it; keep the interpreter from saying so.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def script() -> NoReturn:
    """Ends the process with what `main` gives."""
    sys.exit(main())
