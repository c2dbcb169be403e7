"""One name, one class; and programs in strings name what is there."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = [path for top in ("engine", "tui", "tests") for path in sorted((ROOT / top).rglob("*.py"))]


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def said(path: Path) -> frozenset[str]:
    return frozenset(names(parsed(path)))


def names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            yield from said(ROOT / f"{str(node.module).replace('.', '/')}.py")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


def test_a_class_name_is_one_class() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in FILES:
        if module(path).startswith("tests"):
            continue
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_programs_in_strings_import_what_is_there() -> None:
    # Neither mypy nor the linter reads these; they fail in another process, and late.
    known = {module(path): path for path in FILES}
    wrong = []
    for where, path in known.items():
        strings = [
            node.value
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        for text in strings:
            for of, what in re.findall(r"from ((?:engine|tui|tests)[\w.]*) import ([\w, ]+)", text):
                for name in (each.split(" as ")[0].strip() for each in what.split(",")):
                    found = of in known and name in said(known[of])
                    if name and not found and f"{of}.{name}" not in known:
                        wrong.append(f"{where}: {of} has no {name}")
    assert wrong == []


def test_documents_name_classes_that_are_there() -> None:
    known = {
        node.name for path in FILES for node in parsed(path).body if isinstance(node, ast.ClassDef)
    }
    tops = [path for path in ROOT.iterdir() if path.name not in (".venv", ".git")]
    documents = [path for top in tops for path in sorted(top.rglob("*.md"))]
    documents += sorted(ROOT.glob("*.md"))
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in documents
        for name in re.findall(r"`([A-Z][a-z]+[A-Za-z]*)(?:[.(][^`]*)?`", path.read_text("utf-8"))
        if name not in known
    ]
    assert wrong == []
