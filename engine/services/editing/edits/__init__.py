"""What each edit makes of a song: pure functions from one song to the next.

Each module registers its edits with the three functions of `base`.
"""

from engine.services.editing.edits import (
    accompaniment,
    gauges,
    notes,
    patterns,
    settings,
    slots,
    tracks,
)
from engine.services.editing.edits.base import (
    EditContext,
    apply_edit,
    resolve_edit,
    step_name,
    stroke_name,
)

__all__ = [
    "EditContext",
    "accompaniment",
    "apply_edit",
    "gauges",
    "notes",
    "patterns",
    "resolve_edit",
    "settings",
    "slots",
    "step_name",
    "stroke_name",
    "tracks",
]
