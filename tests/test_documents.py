"""The documents: printed tables are current, links lead somewhere, the root stays short."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from engine import locations
from engine.bench import BENCHES
from engine.cli.main import parser
from engine.config import Settings
from engine.influence.attribution.evidence import results
from engine.influence.retraining.table import plot, table
from engine.latent.spec import CANDIDATES
from tui.key_table import key_table

ROOT = Path(__file__).resolve().parents[1]
FRONT = ROOT / "README.md"

MOST_LINES = 190
"""Lines of the root README: a front door, behind which the rooms have documents of their own."""

PRINTED = {
    "keys": "tui/README.md",
    "settings": "tui/README.md",
    "evaluate": "engine/latent/README.md",
    "phrase": "engine/phrase/README.md",
    "steering": "engine/steering/README.md",
    "search": "engine/influence/README.md",
    "clips": "engine/influence/README.md",
    "influence": "engine/influence/README.md",
    "bench": "engine/bench/README.md",
}
"""The document in which each printed part stands, by its mark."""

DOCUMENTS = (
    FRONT,
    ROOT / ".github" / "CONTRIBUTING.md",
    *(path for room in ("engine", "tui", "tests") for path in sorted((ROOT / room).rglob("*.md"))),
)

TOP = ("engine", "tui", "tests", "presets", ".github", ".ci", ".pictures")

_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`\n]+)`")

every_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


def read(document: Path) -> str:
    """Return the text of a document."""
    return document.read_text(encoding="utf-8")


def between(mark: str) -> str:
    """Return what stands between two marks, in the document that has them."""
    text = read(ROOT / PRINTED[mark])
    return text.split(f"<!-- {mark} -->")[1].split(f"<!-- /{mark} -->")[0].strip()


def prose(document: Path) -> str:
    """Return a document without its blocks of code."""
    return _CODE.sub("", read(document))


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def paths(document: Path) -> Iterator[tuple[str, list[Path]]]:
    """Yield what looks like a path of the tree, and the places that it may mean.

    Paths that begin with a folder of the top are meant from there, names of modules and folders
    (``spec.py``, ``training/``) from the document's own folder.
    """
    for text in _INLINE.findall(prose(document)):
        if not re.fullmatch(r"[\w.\-]+(/[\w.\-]+)*/?", text):
            continue
        if text.split("/")[0] in TOP and "/" in text:
            yield text, [ROOT / text]
        elif text.endswith((".py", "/")):
            yield text, [document.parent / text, ROOT / text]


def modules(document: Path) -> Iterator[str]:
    """Yield the modules of ours that a document runs by ``python -m``."""
    for name in re.findall(r"python -m ([\w.]+)", read(document)):
        if name.split(".")[0] in TOP:
            yield name


def tables(document: Path) -> list[list[str]]:
    """Return the tables of a document as their lines, spaces left out of account."""
    found: list[list[str]] = [[]]
    for line in prose(document).splitlines():
        if line.startswith("|"):
            found[-1].append(re.sub(r"\s+", " ", line))
        elif found[-1]:
            found.append([])
    return [each for each in found if each]


def setting_table() -> str:
    """Return the table of settings, as `engine/config.py` declares them."""
    lines = ["| setting | as shipped | what it is |", "|---|---|---|"]
    for each in fields(Settings):
        value = json.dumps(each.default)
        lines.append(f"| `{each.name}` | `{value}` | {each.metadata['says']} |")
    return "\n".join(lines)


# Links and paths


@every_document
def test_every_link_leads_somewhere(document: Path) -> None:
    lost = []
    for link in _LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


@every_document
def test_every_path_is_one_of_the_tree(document: Path) -> None:
    assert [text for text, places in paths(document) if not any(p.exists() for p in places)] == []


@every_document
def test_every_module_that_is_run_is_there(document: Path) -> None:
    places = {name: ROOT / name.replace(".", "/") for name in modules(document)}
    assert [n for n, p in places.items() if not (p.with_suffix(".py").exists() or p.is_dir())] == []


# Printed tables


def test_every_printed_part_stands_in_its_document_once() -> None:
    marks = Counter(
        (mark, str(document.relative_to(ROOT)))
        for document in DOCUMENTS
        for mark in re.findall(r"<!-- ([\w-]+) -->", read(document))
    )
    assert marks == Counter(PRINTED.items())


def test_the_key_table_is_made_from_the_actions() -> None:
    assert between("keys") == key_table().strip()


def test_the_table_of_settings_is_made_from_their_declaration() -> None:
    assert between("settings") == setting_table(), setting_table()


def test_the_figures_are_those_of_the_weights_that_ship() -> None:
    card = json.loads((locations.MEASURE_VAE / "card.json").read_text())
    assert card["weights"][:12] in between("evaluate")
    assert f"{CANDIDATES} candidates" in between("evaluate")


def test_the_steering_figures_are_those_of_the_model_that_ships() -> None:
    cards = (locations.PRESETS / "probes" / "tiny").glob("*.toml")
    digests = {tomllib.loads(card.read_text())["digest"] for card in cards}
    assert len(digests) == 1
    digest = digests.pop()
    assert digest in between("steering")
    assert f"model tiny ({digest[:8]})" in between("clips")


def test_the_figures_of_retraining_are_those_of_the_results_that_ship() -> None:
    found = results()
    assert between("influence") == f"{table(found)}\n\n```text\n{plot(found)}\n```"


# Commands


def test_every_command_in_the_documents_is_one() -> None:
    known = parser().format_help()
    words = [
        word
        for document in DOCUMENTS
        for word in re.findall(r"(?:`|uv run |^)armonica ([a-z]+)", read(document), re.MULTILINE)
    ]
    assert len(words) > 10
    assert [word for word in words if word not in known] == []


def test_the_reference_has_every_command_and_every_bench() -> None:
    words = re.findall(r"^    ([a-z][a-z-]+) ", parser().format_help(), re.MULTILINE)
    assert len(words) > 10
    reference = read(ROOT / "engine" / "cli" / "README.md")
    assert [word for word in words if f"`armonica {word}" not in reference] == []
    bench = re.search(r"`armonica bench ([^`]+)`", reference)
    assert bench is not None
    assert set(bench[1].split("\\|")) == set(BENCHES)


# The house


def test_the_root_readme_is_a_front_door() -> None:
    assert len(read(FRONT).splitlines()) <= MOST_LINES


def test_every_room_document_can_be_reached_from_the_root() -> None:
    linked = {
        (FRONT.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(read(FRONT))
    }
    assert [path for path in DOCUMENTS if path not in linked and path != FRONT] == []


def test_no_two_documents_hold_the_same_table() -> None:
    rows: dict[str, set[Path]] = {}
    for document in DOCUMENTS:
        for lines in tables(document):
            # A heading may be common; what stands under it may not.
            for row in lines[2:]:
                rows.setdefault(row, set()).add(document)
    assert [row for row, where in rows.items() if len(where) > 1] == []


@pytest.mark.parametrize("room", ["engine", "tui"])
def test_every_folder_says_in_a_sentence_what_it_is(room: str) -> None:
    silent = []
    for folder in sorted({path.parent for path in (ROOT / room).rglob("*.py")}):
        package = folder / "__init__.py"
        says = ast.get_docstring(ast.parse(read(package))) if package.exists() else None
        first = (says or "").partition("\n\n")[0]
        if not re.fullmatch(r"[^.\n]+(\.\w[^.\n]*)*\.", first):
            silent.append(str(folder.relative_to(ROOT)))
    assert silent == []
