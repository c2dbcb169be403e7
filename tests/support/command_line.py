"""Commands of the command line, run in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.cli.main import main


def run_json(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    """Run a command that must succeed, and return its JSON document."""
    code = main([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def run_refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """Run a command that must be refused as the user's mistake, and return its one line."""
    code = main([*map(str, words)])
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("armonica: ")
    assert err.count("\n") == 1
    return err
