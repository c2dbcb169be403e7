"""What can be done on the compose screen."""

from __future__ import annotations

from tui.action_tables.action import Action, group

_GO = "Go to measure 1 to 9."

MOVING: tuple[Action, ...] = (
    *group(
        "Moving",
        ("move.left", "less", "Gauge a quarter down; on the map and the strip, go left."),
        ("move.right", "more", "Gauge a quarter up; on the map and the strip, go right."),
        ("move.up", "gauge above", "Choose the gauge above; on the map, go up."),
        ("move.down", "gauge below", "Choose the gauge below; on the map, go down."),
        ("move.left_coarse", "much less", "Gauge a whole unit down; on the map, far left."),
        ("move.right_coarse", "much more", "Gauge a whole unit up; on the map, far right."),
        ("move.up_coarse", "far up", "Four gauges up; on the map, far up."),
        ("move.down_coarse", "far down", "Four gauges down; on the map, far down."),
        ("move.left_fine", "a little less", "Gauge a twentieth down."),
        ("move.right_fine", "a little more", "Gauge a twentieth up."),
        ("move.gauges", "gauges", "Go to the gauges."),
        ("move.map", "map", "Go to the attribute map.", 7),
        ("move.strip", "song strip", "Go to the song strip."),
        ("move.page_next", "more gauges", "Show the next page of the other gauges.", 8),
        ("move.page_previous", "page before", "Show the page before, and the map again."),
    ),
)
"""Where help begins."""

MEASURES: tuple[Action, ...] = (
    *group(
        "Gauges",
        ("gauge.type", "type value", "Type a value from -3 to 3 for the chosen gauge.", 4),
        ("gauge.reset", "reset", "Bring the chosen gauge back to its ghost."),
        ("gauge.modulate", "controller", "Let the chosen gauge move a controller or pitch bend."),
        ("gauge.lock", "lock", "Lock or unlock the chosen gauge; locks hold when randomising.", 5),
        ("gauge.stay", "in the key", "Let gauges choose notes of the key, or any."),
        ("gauge.tones", "chord tones", "Let gauges choose chord tones on strong beats, or any."),
    ),
    *group(
        "Measures",
        ("measure.earlier", "measure before", "Go to the measure before."),
        ("measure.later", "next measure", "Go to the next measure."),
        *((f"measure.{n}", "go to measure", _GO) for n in range(1, 10)),
        ("measure.randomise", "randomise", "Move all unlocked gauges towards a random draw.", 2),
        ("measure.amount_less", "less random", "Randomise by a tenth less."),
        ("measure.amount_more", "more random", "Randomise by a tenth more."),
        ("measure.vary", "vary", "Move the measure a little way from where it stands."),
        ("measure.vary_less", "vary less", "Vary by half a standard deviation less."),
        ("measure.vary_more", "vary more", "Vary by half a standard deviation more."),
        ("measure.propose", "what fits", "Put here what fits its neighbours; again: the next one."),
        ("measure.vary_what", "vary what", "Vary gauges, one gauge, notes, rhythm or pitches."),
        ("measure.vary_where", "vary where", "Vary the measure, or its section."),
        ("measure.between", "in between", "Put measures between this one and another."),
        ("measure.original", "as it came", "Bring all gauges back to how the measure came in."),
        ("measure.browse", "tunes", "Look for a tune and take measures from it.", 6),
        ("measure.import", "MIDI file", "Take measures from a MIDI file.", 14),
        ("measure.copy", "copy", "Copy the measure.", 11),
        ("measure.paste", "paste", "Put the copied measure here."),
        ("measure.clear", "clear", "Empty the measure."),
        ("measure.insert", "insert", "Add an empty measure before this one."),
        ("measure.remove", "remove", "Take the measure out of the song."),
        ("measure.audition", "hear", "Hear the measure once while the loop rests."),
    ),
    *group(
        "Playing into it",
        ("keys.record", "record", "Record what is played, from this measure on; again: end.", 7),
        ("keys.overdub", "overdub", "Record over what is there: new notes win where they sound."),
        ("keys.capture", "just played", "Put here what was just played: the last 8 measures.", 7),
        ("keys.how", "how to record", "Set strength, count-in, click, latency and channels."),
        ("keys.thru", "thru on/off", "Let what is played go on to the instrument, or not."),
    ),
    *group(
        "Map and reasons",
        ("map.x", "map across", "Put the chosen gauge on the map from left to right."),
        ("map.y", "map upwards", "Put the chosen gauge on the map from bottom to top."),
        ("map.attribute", "map of", "Show the next attribute on the map."),
        ("map.density", "training data", "Show on the map where training measures lie."),
        ("map.cells", "map cells", "Draw the map as colours, digits or shades."),
        ("map.matrix", "matrix", "Show what moves what: the matrix of attributes by gauges.", 13),
    ),
)
"""The gauges and the measures, and what explains them."""

SONG: tuple[Action, ...] = (
    *group(
        "Playing",
        ("play.timing", "edits now/beat", "Hear edits at once, or at the next beat."),
        ("play.audition", "audition on/off", "Choose whether an edit sounds while the loop rests."),
    ),
    *group(
        "Song",
        ("song.undo", "undo", "Take the last step back; one gesture is one step.", 3),
        ("song.redo", "redo", "Do again what was taken back."),
        ("song.open", "open", "Open a song file.", 15),
        ("song.export", "export", "Write the loop as a MIDI file."),
        ("song.title", "title", "Name the song."),
    ),
)
"""How edits sound, and the song as a whole."""
