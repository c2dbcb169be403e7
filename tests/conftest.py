"""Doors closed before every test: no home of the developer's, no real part skipped in the gate."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# What was compiled is kept also where the machine says otherwise: the tests as pytest rewrites
# them, and what is read in by each of the hundreds of processes that they start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # As the program has it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How fast examples come is a matter of the machine, and of what else runs on it.
settings.register_profile("armonica", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("armonica")

_homes = count()


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Numbered by ourselves: to look for a free number takes longer with each folder that is there.
    home = tmp_path_factory.getbasetemp() / f"home-of-{next(_homes)}"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("ARMONICA_HOME", str(home))
    monkeypatch.delenv("NO_COLOR", raising=False)
    return home


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep what was read in so far out of each search for what nobody holds, and search seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a skipped test of a real part where the gate has installed all of them."""
    report = yield
    required = os.environ.get("REQUIRE_REAL_PARTS") and item.get_closest_marker("real")
    # A part that is there and does not work is expected to fail, with what was measured of it.
    if report.skipped and required and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"A real part is missing here, and must not be: {report.longrepr}"
    return report
