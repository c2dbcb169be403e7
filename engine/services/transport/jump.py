"""A jump of the loop: where to, and where it leaves what it plays."""

from __future__ import annotations

from dataclasses import dataclass

from engine.music.form import Step
from engine.protocol.snapshot import JumpUnit
from engine.services.transport.course import Course


@dataclass(frozen=True, slots=True)
class Jump:
    """A way to another step, which begins where the loop is at ``leaves``."""

    step: int
    goal: Step
    leaves: float
    unit: JumpUnit

    @classmethod
    def planned(cls, course: Course, step: int, here: float, unit: JumpUnit) -> Jump:
        """Plan a jump to a step from a position that is heard next."""
        leaves = here if unit == "now" else course.after(here + 1e-6, unit)
        return cls(step, course.steps[step], leaves, unit)

    def anew(self, course: Course, here: float) -> Jump | None:
        """Plan it in another course, or from another position; None where its goal is gone."""
        for at, step in enumerate(course.steps):
            if (step.slot, step.entry) == (self.goal.slot, self.goal.entry):
                return Jump.planned(course, at, here, "beat" if self.unit == "now" else self.unit)
        return None
