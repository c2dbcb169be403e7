"""What each edit makes of a song: pure functions from one song to the next.

Each module registers its edits with the functions of `base`.
"""

from engine.services.editing.edits import (
    accompaniment,
    chords,
    crossfade,
    form,
    gauges,
    locks,
    metres,
    notes,
    patterns,
    phrase,
    settings,
    slots,
    tracks,
    variation,
)
from engine.services.editing.edits.base import (
    EditContext,
    apply_edit,
    change_words,
    check_served,
    resolve_edit,
    step_name,
    stroke_name,
    takes_long,
)
from engine.services.editing.edits.locks import check_locks

__all__ = [
    "EditContext",
    "accompaniment",
    "apply_edit",
    "change_words",
    "check_locks",
    "check_served",
    "chords",
    "crossfade",
    "form",
    "gauges",
    "locks",
    "metres",
    "notes",
    "patterns",
    "phrase",
    "resolve_edit",
    "settings",
    "slots",
    "step_name",
    "stroke_name",
    "takes_long",
    "tracks",
    "variation",
]
