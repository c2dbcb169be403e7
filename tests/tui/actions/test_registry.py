"""The table of handlers: each action has one, and none stands for an action that is not there."""

from __future__ import annotations

from tui.actions.registry import Registry


def test_a_function_may_handle_several_actions_and_stays_itself() -> None:
    registry: Registry[list[str]] = Registry()

    @registry.handles("up", "down")
    def move(view: list[str]) -> None:
        view.append("moved")

    view: list[str] = []
    registry["up"](view)
    registry["down"](view)
    move(view)
    assert view == ["moved"] * 3
    assert list(registry) == ["up", "down"]
