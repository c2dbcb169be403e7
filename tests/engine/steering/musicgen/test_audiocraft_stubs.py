"""audiocraft without the libraries that it names and that are not there."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

from engine.steering.musicgen.audiocraft_stubs import MissingPart, StandIn, import_audiocraft

SCRIPT = """
import importlib.util, sys
from engine.steering.musicgen.audiocraft_stubs import ABSENT, import_audiocraft
assert "torch" not in sys.modules
audiocraft = import_audiocraft()
from audiocraft.models.musicgen import MusicGen
assert "transformers" not in sys.modules
assert not set(ABSENT) & set(sys.modules)
assert importlib.util.find_spec("xformers") is not None
assert importlib.util.find_spec("xformers.ops") is not None
"""


def test_stand_ins_leave_no_trace() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_missing_says_so_when_it_is_used() -> None:
    module = StandIn("librosa")
    filters = module.filters
    with pytest.raises(MissingPart, match="librosa"):
        filters.chroma(sr=16000)
    with pytest.raises(MissingPart, match="librosa"):
        filters()
    with pytest.raises(AttributeError):
        module.__wrapped__  # noqa: B018

    # Classes are derived from such names, and never made.
    assert types.resolve_bases((filters,)) == (object,)


def test_a_conditioner_that_needs_a_missing_library_says_so() -> None:
    import_audiocraft()
    from audiocraft.modules.conditioners import LUTConditioner

    with pytest.raises(MissingPart, match="spacy"):
        LUTConditioner(8, 8, 8, "whitespace")


def test_it_is_imported_once() -> None:
    assert import_audiocraft() is import_audiocraft()
