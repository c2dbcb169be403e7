"""The table of handlers of a screen: what is called for each action."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

View = TypeVar("View")


class Registry(dict[str, Callable[[View], None]]):
    """Handlers by the id of their action; each takes the screen, as its protocol says it is."""

    def handles(self, *actions: str) -> Callable[[Callable[[View], None]], Callable[[View], None]]:
        """Enter a function as the handler of actions."""

        def enter(function: Callable[[View], None]) -> Callable[[View], None]:
            for action in actions:
                self[action] = function
            return function

        return enter
