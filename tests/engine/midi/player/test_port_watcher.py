"""`armonica ports --watch` from its start to its end, on a terminal and into a pipe."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys

import pytest

FAKE = """
import sys, time
for line in ('{"alsa":[[],[]]}', '{"alsa":[["alsa:synth"],["alsa:keys"]]}', '{"alsa":[[],[]]}'):
    print(line, flush=True)
    time.sleep(0.05)
sys.stdin.read()
"""
COMMAND = f"""
import sys
from engine.cli.main import main
from engine.midi import port_changes as sightings
sightings.child_command = lambda *_: [sys.executable, "-c", {FAKE!r}]
sys.exit(main(["ports", "--watch", *sys.argv[1:]]))
"""


def test_on_a_terminal_it_tells_until_control_c_and_ends_well() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", COMMAND]
    watch = subprocess.Popen(command, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = b""
    while shown.count(b"vanished") < 2:
        shown += os.read(ours, 4096)
    watch.send_signal(signal.SIGINT)
    assert watch.wait(30) == 0
    os.close(ours)
    lines = shown.decode().splitlines()
    assert lines[0] == "out     virtual"
    assert [line.rsplit(" ", 1)[0] for line in lines[1:]] == [
        "out     alsa:synth  appeared",
        "in      alsa:keys  appeared",
        "out     alsa:synth  vanished",
        "in      alsa:keys  vanished",
    ]


def test_in_json_each_line_is_a_document() -> None:
    watch = subprocess.Popen([sys.executable, "-c", COMMAND, "--json"], stdout=subprocess.PIPE)
    assert watch.stdout is not None
    first, *rest = (json.loads(watch.stdout.readline()) for _ in range(5))
    assert first == {"ports": [{"name": "virtual", "api": "alsa", "direction": "out"}]}
    keys = ("change", "name", "api", "direction")
    assert [tuple(line[key] for key in keys) for line in rest] == [
        ("appeared", "alsa:synth", "alsa", "out"),
        ("appeared", "alsa:keys", "alsa", "in"),
        ("vanished", "alsa:synth", "alsa", "out"),
        ("vanished", "alsa:keys", "alsa", "in"),
    ]
    # Nothing more is said, and yet it is noticed that nobody reads.
    watch.stdout.close()
    assert watch.wait(30) == 0


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_reader_that_has_enough_at_once_ends_it(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", COMMAND, *words]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=30, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
