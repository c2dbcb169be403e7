"""What can be done on the influence screen."""

from __future__ import annotations

from tui.action_tables.action import Action, group

ACTIONS: tuple[Action, ...] = (
    *group(
        "Influence",
        ("influence.up", "piece above", "Choose the piece above."),
        ("influence.down", "piece below", "Choose the piece below."),
        ("influence.earlier", "before", "Go to the measure or the take before."),
        ("influence.later", "next", "Go to the next measure or take."),
        ("influence.compare", "side by side", "Give both rolls the room of the list, or less.", 1),
        ("influence.hear", "hear A/B", "Hear in turn what was made and what is in print.", 1),
        ("influence.away", "away", "Keep away from the tune, and regenerate the measure.", 1),
        ("influence.again", "again", "Regenerate the measure away by another draw.", 4),
        ("influence.forget", "keep nothing", "Keep away from nothing any more."),
        ("influence.less", "less far", "Regenerate a tenth less far."),
        ("influence.more", "farther", "Regenerate a tenth farther."),
        ("influence.filter", "filter", "Name the tunes of one book or licence alone.", 2),
        ("influence.alone", "alone", "Ask about the measure alone, or with those around it.", 5),
        ("influence.evidence", "evidence", "Ask the model's gradients about the pieces, too.", 6),
        ("influence.provenance", "provenance", "Write what it is like as a JSON file.", 2),
        ("influence.export", "export", "Write the loop as a MIDI file that says what it is like."),
        ("influence.undo", "undo", "Take the last step back; one gesture is one step.", 3),
        ("influence.redo", "redo", "Do again what was taken back."),
        place="influence",
    ),
)
