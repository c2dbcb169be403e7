"""What each edit makes of a song: pure functions from one song to the next.

Each module registers its edits with the functions of `base`.
"""

from engine.services.editing.edits import form, gauges, metres, notes, settings, slots, tracks
from engine.services.editing.edits.base import (
    EditContext,
    apply_edit,
    check_served,
    resolve_edit,
    step_name,
    stroke_name,
    told,
)

__all__ = [
    "EditContext",
    "apply_edit",
    "check_served",
    "form",
    "gauges",
    "metres",
    "notes",
    "resolve_edit",
    "settings",
    "slots",
    "step_name",
    "stroke_name",
    "told",
    "tracks",
]
