"""How the steer screen looks, held as pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.protocol.generation import AudioModelStatus, PlaybackMoved, TraitResult
from tests.support.fake_generation import FakeStudio, grown, take
from tests.support.screens import application, open_steer
from tests.support.waiting import until
from tui.app import ArmonicaApp

Compare = Callable[..., bool]
Scene = Callable[[Pilot[Any], FakeStudio], Any]

TAKES = (
    take(1),
    take(2, twin="t3"),
    take(3, title="The Rakes of Kildare 2, unsteered", pushed=(), heard=(("piano", 0.9),)),
    take(4, whole=False, seconds=7.3, parent="t2"),
)

MISSED = (
    TraitResult("drums", "add", 0.06, 0.85, False),
    TraitResult("bass", "remove", 0.64, 0.2, False),
    TraitResult("piano", "add", 0.7, 0.52, True),
)


def showing(studio: FakeStudio, scene: Scene) -> Callable[[Pilot[Any]], Any]:
    """Return what goes to the steer screen, plays a scene, and wait until it is shown."""

    async def before(pilot: Pilot[Any]) -> None:
        app = application(pilot)
        await open_steer(pilot, studio)
        await scene(pilot, studio)
        await until(pilot, lambda: app.session.studio == studio.studio)
        await pilot.pause()

    return before


async def growing(pilot: Pilot[Any], studio: FakeStudio) -> None:
    """Show drums that came over their threshold, and a bass that is pushed away."""
    screen = pilot.app.steering  # type: ignore[attr-defined]
    await pilot.press("g")
    for step in (90, 180, 246):
        studio.tell(grown(step))
        await until(pilot, lambda step=step: screen.growth.last == grown(step))  # type: ignore[misc]


async def playing(pilot: Pilot[Any], studio: FakeStudio) -> None:
    """Show a take that plays beside its twin."""
    await growing(pilot, studio)
    studio.change(job=None, growing=None)
    await pilot.press("tab", "down", "down", "enter")
    studio.tell(PlaybackMoved("t2", 6.6))
    screen = pilot.app.steering  # type: ignore[attr-defined]
    await until(pilot, lambda: screen.takes.played.at == 6.6)


async def missed(pilot: Pilot[Any], studio: FakeStudio) -> None:
    """Show a take in which drums were asked for and did not come, nor did the bass go."""
    await growing(pilot, studio)
    made = take(9, results=MISSED)
    studio.change(job=None, growing=None, takes=(*TAKES, made))


async def failed(pilot: Pilot[Any], studio: FakeStudio) -> None:
    """Show a model that could not be had on a machine without sound."""
    del pilot
    words = (
        "facebook/musicgen-small could not be fetched: there is no network. Put state_dict.bin "
        "and compression_state_dict.bin into a folder and name that."
    )
    status = AudioModelStatus("facebook/musicgen-small", "failed", detail=words)
    studio.change(model=status, traits=(), takes=(), sound="", silence="There is no sound device.")


@pytest.mark.parametrize("theme", ["dark", "mono"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("scene", [growing, playing, missed], ids=["growing", "heard", "missed"])
def test_steer(snap_compare: Compare, scene: Scene, size: tuple[int, int], theme: str) -> None:
    studio = FakeStudio()
    studio.open()
    studio.change(takes=TAKES)
    app = ArmonicaApp(studio, theme=theme, seed=1)
    assert snap_compare(app, terminal_size=size, run_before=showing(studio, scene))


def test_failed(snap_compare: Compare) -> None:
    studio = FakeStudio()
    studio.open()
    app = ArmonicaApp(studio, seed=1)
    assert snap_compare(app, terminal_size=(80, 24), run_before=showing(studio, failed))
