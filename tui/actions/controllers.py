"""What is learned where: the target that a control is bound to, by what is held on a screen."""

from __future__ import annotations

from engine.midi.controllers.targets import Target
from tui.actions.host import ComposeView, SteerView
from tui.dialogs.controllers import ControllersSheet
from tui.dialogs.midi_learn import LearnSheet
from tui.view_models import gauges


def learn(screen: ComposeView) -> None:
    """Waits for a control for the chosen gauge; on the strip, for the choice of measures."""
    if screen.held == "strip":
        target = Target("measure")
    else:
        target = Target("gauge", gauges.dimensions(screen.shown)[screen.chosen].name)
    _wait(screen, target)


def learn_trait(screen: SteerView) -> None:
    """Waits for a control for the chosen trait: what ← and → move; for takes, playing them."""
    trait = screen.trait
    if screen.held == "takes":
        target = Target("take")
    elif trait is None:
        screen.say("There is no trait to bind a control to yet.")
        return
    else:
        target = Target("aim" if trait.arm == "closed-loop" else "strength", trait.name)
    _wait(screen.composing, target)


def controllers(screen: ComposeView) -> None:
    """Lists what controls move."""
    sheet = ControllersSheet(screen.link, screen.controls, screen.studio)
    screen.app.push_screen(sheet)


def _wait(screen: ComposeView, target: Target) -> None:
    screen.gestures.end()
    screen.app.push_screen(LearnSheet(screen.link, target, screen.controls))
