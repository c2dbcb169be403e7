"""The word `evaluate influence`: what retraining says of the rankings."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine import locations
from engine.cli.options import BadUsage, ProgressLine, common, emit, number
from engine.common import atomic
from engine.common.printing import put
from engine.errors import NotReady


def add_evaluation(word: argparse.ArgumentParser) -> None:
    """Make ``word`` the one that puts influence to the test."""
    common(word)
    word.add_argument("--retrain", action="store_true", help="do the retrainings that are missing")
    word.add_argument(
        "--run", dest="kept", type=Path, metavar="FOLDER",
        help="folder that keeps the retrainings, to go on later",
    )  # fmt: skip
    word.add_argument("--queries", type=int, default=30, help="queries of the arms (30)")
    word.add_argument("--seeds", type=int, default=3, help="seeds of every arm (3)")
    word.add_argument("--draws", type=int, default=5, help="random removals to compare with (5)")
    word.add_argument("--subsets", type=int, default=32, help="halves of the data (32)")
    word.add_argument("--workers", type=int, default=1, help="processes, one core each (1)")
    word.add_argument("--ray", metavar="ADDRESS", help="a Ray cluster that retrains, or `local`")
    word.add_argument("--figure", type=Path, metavar="FILE.png", help="draw the figure")
    word.add_argument("--settle", action="store_true", help="keep the results as those that ship")
    word.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    _check(options)
    found = _found(options)
    if options.settle:
        from engine.influence.retraining.evaluate import settle

        settle(found)
    if options.figure is not None:
        from engine.influence.retraining.figure import draw

        draw(found, options.figure)
    if options.json:
        emit(found)
        return
    from engine.influence.retraining.table import plot, table

    put(*table(found).split("\n"), "", *plot(found).split("\n"))


def _check(options: argparse.Namespace) -> None:
    if not options.retrain and options.kept is None and options.settle:
        raise BadUsage("--settle needs results of your own.", "Name their folder with --run.")
    if not options.retrain and options.ray is not None:
        raise BadUsage("--ray says where to retrain.", "Add --retrain.")
    if options.ray is not None and options.workers != 1:
        raise BadUsage("--workers are processes of this machine.", "Leave out --ray or --workers.")
    if options.figure is not None:
        if options.figure.suffix.lower() != ".png":
            raise BadUsage(f"{options.figure} is no PNG file.", "Call it for example figure.png.")
        if find_spec("PIL") is None:
            raise NotReady(
                "The figure is drawn by pillow, which is not installed.",
                "Install armonica with its extra `lab`.",
            )
        # Before hours of work: its result needs a place to go.
        atomic.make_folder(options.figure.parent)


def _found(options: argparse.Namespace) -> dict[str, Any]:
    from engine.corpus.table import shipped
    from engine.influence.attribution.evidence import SHIPPED, results
    from engine.influence.retraining.evaluate import ASKED, Counts, prepare, retrain, summarise
    from engine.influence.retraining.retrain import Plan

    counts = Counts(
        queries=int(number("--queries", str(options.queries), 2, ASKED)),
        seeds=int(number("--seeds", str(options.seeds), 1, 100)),
        draws=int(number("--draws", str(options.draws), 1, 100)),
        subsets=int(number("--subsets", str(options.subsets), 0, 1000)),
    )
    workers = int(number("--workers", str(options.workers), 1, 256))
    plan, corpus = Plan(), shipped()
    if not options.retrain and options.kept is None:
        found = results()
        if found["model"] != plan.digest(corpus.digest):
            raise BadUsage(
                f"The results in {SHIPPED.name} are of model {found['model']}, not "
                f"{plan.digest(corpus.digest)}.",
                "Add --retrain.",
            )
        return found
    folder = options.kept or locations.state_folder() / "evaluate-influence"
    line = ProgressLine("evaluate influence")
    study = prepare(
        folder, corpus, plan, seed=options.seed, begin=options.retrain, on_progress=line.show
    )
    if options.retrain:
        from engine.influence.retraining.ray_cluster import on_ray
        from engine.influence.retraining.sweep import local

        spreading = local(workers) if options.ray is None else on_ray(options.ray)
        retrain(folder, study, counts, spreading, line.show)
    return summarise(folder, study, counts)
