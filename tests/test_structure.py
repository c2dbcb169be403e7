"""What tests share lies in `tests/support`: no test depends on another test's module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
ROOMS = ("contract", "engine", "real", "tui")


def imports(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that a module imports, deferred imports too."""
    package = path.relative_to(TESTS.parent).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            start = [*above, *([node.module] if node.module else [])]
            yield from ((node.lineno, ".".join([*start, alias.name])) for alias in node.names)


def wrong_imports(path: Path, text: str) -> list[str]:
    """Return the imports of a module that it may not have, each with its place."""
    found = []
    for line, name in imports(path, ast.parse(text)):
        top, *inside = name.split(".")
        if top != "tests":
            continue
        of_a_test = any(part.startswith("test_") or part == "conftest" for part in inside)
        upwards = path.is_relative_to(TESTS / "support") and inside[:1] and inside[0] in ROOMS
        if of_a_test or upwards:
            found.append(f"{path.relative_to(TESTS.parent)}:{line}: {name}")
    return found


def test_no_test_module_is_imported() -> None:
    files = sorted(TESTS.rglob("*.py"))
    assert [each for path in files for each in wrong_imports(path, path.read_text("utf-8"))] == []


def test_every_way_to_import_a_test_module_is_found() -> None:
    path = TESTS / "engine" / "music" / "test_scales.py"
    for line in (
        "from tests.engine.music.test_groove import beat",
        "from tests.engine.music import test_groove",
        "import tests.engine.music.test_groove",
        "from tests.tui.conftest import app",
        "from . import test_groove",
        "from .test_groove import beat",
        "from ..midi.test_clock import steady",
        "def late():\n    from tests.engine.music.test_groove import beat",
    ):
        assert len(wrong_imports(path, line)) == 1, line
    shared = "from tests.support.measures import measure\nfrom tests.engine import music\n"
    assert wrong_imports(path, shared) == []
    assert wrong_imports(TESTS / "support" / "measures.py", shared) == [
        "tests/support/measures.py:2: tests.engine.music"
    ]
