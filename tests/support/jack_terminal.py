"""The application on a pseudo-terminal, under a private JACK server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from engine.bench.jack import JackServer
from engine.bench.terminal import PseudoTerminal, application
from engine.music.attributes import ATTRIBUTES


@contextmanager
def application_on_terminal(jack: JackServer, *arguments: str) -> Iterator[PseudoTerminal]:
    """Yield the application on a terminal, once its gauges can be moved."""
    command = application("--port", "virtual", "--keymap", "default", *arguments)
    variables = jack.variables | {"ARMONICA_HOME": os.environ["ARMONICA_HOME"]}
    with PseudoTerminal(command, variables) as terminal:
        terminal.wait_for(ATTRIBUTES[0].label)
        terminal.wait_for("asks ")
        yield terminal
