"""What is learned where: the target that a control is bound to, by what is held on a screen."""

from __future__ import annotations

from engine.midi.controllers.targets import Target
from tui.actions.host import Host, SteerView
from tui.dialogs.controllers import ControllersSheet
from tui.dialogs.midi_learn import LearnSheet
from tui.view_models import gauges


def learn(view: Host) -> None:
    """Wait for a control for the chosen gauge; on the strip, for the choice of measures."""
    if view.session.part == "strip":
        target = Target("measure")
    else:
        target = Target("gauge", gauges.dimensions(view.session.shown)[view.session.gauge].name)
    _wait(view, target)


def learn_trait(view: SteerView) -> None:
    """Wait for a control for the chosen trait: what ← and → move; for takes, playing them."""
    trait = view.trait
    if view.held == "takes":
        target = Target("take")
    elif trait is None:
        view.show_message("There is no trait to bind a control to yet.")
        return
    else:
        target = Target("aim" if trait.arm == "closed-loop" else "strength", trait.name)
    _wait(view, target)


def controllers(view: Host) -> None:
    """List what controls move."""
    sheet = ControllersSheet(view.session.link, view.session.controls, view.session.studio)
    view.app.push_screen(sheet)


def _wait(view: Host, target: Target) -> None:
    view.session.gestures.end()
    view.app.push_screen(LearnSheet(view.session.link, target, view.session.controls))
