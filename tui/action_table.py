"""Everything the user can do, as data: help, footer, palette and the key table are made of it.

``python -m tui.key_table`` prints the key table of the default keymap in Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from textual.keys import format_key

Place = Literal["everywhere", "compose", "notes", "song", "steer", "influence", "monitor"]
"""The screen on which something can be done; keys must differ within a screen only."""

SCREENS: tuple[Place, ...] = ("compose", "notes", "song", "steer", "influence", "monitor")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    ``label`` is short enough for the footer, ``sentence`` says the whole. ``rank`` orders the
    footer (0: not there). Actions that follow each other with one sentence share a row.
    """

    id: str
    label: str
    sentence: str
    group: str
    rank: int = 0
    place: Place = "compose"

    def on(self, screen: Place) -> bool:
        """Return whether it can be done on a screen."""
        return self.place in (screen, "everywhere")


def _of(
    group: str,
    *rows: tuple[str, str, str] | tuple[str, str, str, int],
    place: Place = "compose",
) -> list[Action]:
    return [
        Action(row[0], row[1], row[2], group, row[3] if len(row) > 3 else 0, place) for row in rows
    ]


_GO = "Go to measure 1 to 9."
_TRAIT = "Choose trait 1 to 9."
_TRACK = "Go to track 1 to 9."
_STEP = "Step by a whole, half, quarter, eighth, sixteenth, quarter or eighth triplet."
_KIND = "Show or hide notes, controllers, clock, its pulses, system."

ACTIONS: tuple[Action, ...] = (
    *_of(
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
    *_of(
        "Parts and screens",
        ("move.next", "next part", "Go on to the next part of the screen.", 10),
        ("move.previous", "part before", "Go back to the part of the screen before."),
        ("app.compose", "compose", "Go to the compose screen.", 1),
        ("app.notes", "notes", "Go to the notes screen, where notes are written by hand.", 3),
        ("app.song", "song", "Go to the song screen, where all tracks are.", 3),
        ("app.steer", "steer", "Go to the steer screen, where audio grows.", 3),
        ("app.influence", "influence", "Go to the screen of what a measure or take is like.", 3),
        ("app.monitor", "MIDI", "Go to the monitor of the MIDI that comes in and goes out.", 17),
        place="everywhere",
    ),
    *_of(
        "Gauges",
        ("gauge.type", "type value", "Type a value from -3 to 3 for the chosen gauge.", 4),
        ("gauge.reset", "reset", "Bring the chosen gauge back to its ghost."),
        ("gauge.modulate", "controller", "Let the chosen gauge move a controller or pitch bend."),
        ("gauge.lock", "lock", "Lock or unlock the chosen gauge; locks hold when randomising.", 5),
    ),
    *_of(
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
    *_of(
        "Playing into it",
        ("keys.record", "record", "Record what is played, from this measure on; again: end.", 7),
        ("keys.overdub", "overdub", "Record over what is there: new notes win where they sound."),
        ("keys.capture", "just played", "Put here what was just played: the last 8 measures.", 7),
        ("keys.how", "how to record", "Set strength, count-in, click, latency and channels."),
        ("keys.thru", "thru on/off", "Let what is played go on to the instrument, or not."),
    ),
    *_of(
        "Map and reasons",
        ("map.x", "map across", "Put the chosen gauge on the map from left to right."),
        ("map.y", "map upwards", "Put the chosen gauge on the map from bottom to top."),
        ("map.attribute", "map of", "Show the next attribute on the map."),
        ("map.density", "training data", "Show on the map where training measures lie."),
        ("map.cells", "map cells", "Draw the map as colours, digits or shades."),
        ("map.matrix", "matrix", "Show what moves what: the matrix of attributes by gauges.", 13),
    ),
    *_of(
        "Notes",
        ("notes.left", "left", "Go left by a step; over the bar line, to the measure before."),
        ("notes.right", "right", "Go right by a step; over the bar line, to the next measure."),
        ("notes.up", "up", "Go up by a semitone."),
        ("notes.down", "down", "Go down by a semitone."),
        ("notes.left_beat", "beat left", "Go left by a beat."),
        ("notes.right_beat", "beat right", "Go right by a beat."),
        ("notes.up_octave", "octave up", "Go up by an octave."),
        ("notes.down_octave", "octave down", "Go down by an octave."),
        ("notes.next", "next note", "Go to the next note of the measure."),
        ("notes.previous", "note before", "Go to the note before."),
        ("notes.measure_earlier", "measure before", "Go to the measure before."),
        ("notes.measure_later", "next measure", "Go to the next measure."),
        *((f"notes.step_{n}", "step", _STEP, 2 * (n == 1)) for n in range(1, 8)),
        ("notes.put", "put note", "Put a note of one step at the cursor, and go on by it.", 1),
        ("notes.remove", "remove", "Remove the note at the cursor, or what is selected.", 1),
        ("notes.select", "select", "Begin a selection at the cursor, or end it.", 1),
        ("notes.all", "all", "Select the whole measure."),
        ("notes.none", "nothing", "Select nothing."),
        ("notes.copy", "copy", "Copy what is selected, or the note at the cursor.", 4),
        ("notes.cut", "cut", "Copy and remove it."),
        ("notes.paste", "paste", "Put the copied notes at the cursor.", 4),
        ("notes.earlier", "earlier", "Move it a step to the left; it may cross the bar line."),
        ("notes.later", "later", "Move it a step to the right; it may cross the bar line."),
        ("notes.semitone_up", "semitone up", "Transpose it a semitone up.", 3),
        ("notes.semitone_down", "semitone down", "Transpose it a semitone down."),
        ("notes.degree_up", "degree up", "Transpose it to the next degree of the key above."),
        ("notes.degree_down", "degree down", "Transpose it to the next degree below."),
        ("notes.octave_up", "octave up", "Transpose it an octave up."),
        ("notes.octave_down", "octave down", "Transpose it an octave down."),
        ("notes.longer", "longer", "Make it a step longer, over the bar line also.", 3),
        ("notes.shorter", "shorter", "Make it a step shorter, down to a sixteenth."),
        ("notes.split", "split", "Strike the note that sounds at the cursor again there.", 5),
        ("notes.join", "join", "Join the notes that are selected, or this one with the next.", 5),
        ("notes.invert", "invert", "Turn it upside down, about its first note."),
        ("notes.reverse", "reverse", "Turn it back to front."),
        ("notes.double", "double", "Make it twice as long."),
        ("notes.halve", "halve", "Make it half as long."),
        ("notes.louder", "louder", "Raise its velocity by 8."),
        ("notes.softer", "softer", "Lower its velocity by 8."),
        ("notes.hear", "hear note", "Hear the note at the cursor.", 6),
        ("notes.audition", "hear measure", "Hear the measure once while the loop rests.", 6),
        ("notes.undo", "undo", "Take the last step back; one gesture is one step.", 3),
        ("notes.redo", "redo", "Do again what was taken back."),
        place="notes",
    ),
    *_of(
        "Tracks",
        ("tracks.left", "measure before", "Go to the measure before."),
        ("tracks.right", "next measure", "Go to the next measure."),
        ("tracks.left_far", "far left", "Go four measures back."),
        ("tracks.right_far", "far right", "Go four measures on."),
        ("tracks.up", "track above", "Go to the track above."),
        ("tracks.down", "track below", "Go to the track below."),
        *((f"tracks.{n}", "go to track", _TRACK) for n in range(1, 10)),
        ("tracks.open", "notes", "Go to the notes of the measure.", 2),
        ("tracks.add", "add track", "Add an empty track below the others.", 1),
        ("tracks.name", "name", "Name the track.", 4),
        ("tracks.copy", "copy track", "Add a copy of the track below it."),
        ("tracks.remove", "remove track", "Take the track out of the song.", 6),
        ("tracks.move_up", "track up", "Move the track up."),
        ("tracks.move_down", "track down", "Move the track down."),
        ("tracks.mute", "mute", "Mute the track, or let it be heard again.", 1),
        ("tracks.solo", "solo", "Hear this track alone, with others that are solo; or all.", 1),
        ("tracks.lock", "lock", "Lock the track, so that its measures are not edited; or not.", 5),
        ("tracks.louder", "louder", "Raise the level (controller 7) by 4.", 2),
        ("tracks.softer", "softer", "Lower the level by 4; below 0 it is not sent.", 2),
        ("tracks.pan_left", "pan left", "Move it to the left (controller 10) by 4."),
        ("tracks.pan_right", "pan right", "Move it to the right by 4."),
        ("tracks.octave_up", "octave up", "Let its notes lie an octave higher.", 3),
        ("tracks.octave_down", "octave down", "Let its notes lie an octave lower.", 3),
        ("tracks.program_more", "next program", "Play it with the next program."),
        ("tracks.program_less", "program before", "Play it with the program before."),
        ("tracks.channel_more", "next channel", "Send it on the next channel."),
        ("tracks.channel_less", "channel before", "Send it on the channel before."),
        ("cell.audition", "hear measure", "Hear the measure of the track once.", 6),
        ("cell.copy", "copy measure", "Copy the measure of the track.", 4),
        ("cell.paste", "paste", "Put the copied measure here; it may come from another track.", 4),
        ("cell.clear", "clear", "Empty the measure of the track."),
        ("cell.insert", "insert", "Add an empty measure to all tracks before this one."),
        ("cell.remove", "remove measure", "Take the measure out of all tracks."),
        ("tracks.undo", "undo", "Take the last step back; one gesture is one step.", 3),
        ("tracks.redo", "redo", "Do again what was taken back."),
        place="song",
    ),
    *_of(
        "Making audio",
        ("audio.generate", "generate", "Make a take with the traits as they stand.", 1),
        ("audio.pause", "pause", "Hold the take that grows, or let it go on.", 1),
        ("audio.cancel", "cancel", "End the take that grows; what is there of it is kept.", 1),
        ("audio.hear", "hear wave", "Play the take whose wave is shown (also while it grows).", 3),
        ("audio.prompt", "from what", "Choose what is continued: song, take, file, nothing.", 4),
        ("audio.file", "prompt file", "Continue an audio or MIDI file."),
        ("audio.settings", "settings", "Type length, seed, temperature, top-k and text.", 5),
        ("audio.seed", "new seed", "Draw another seed.", 13),
        ("audio.longer", "longer", "Make a second more."),
        ("audio.shorter", "shorter", "Make a second less."),
        ("audio.cooler", "cooler", "Lower the temperature by a twentieth."),
        ("audio.warmer", "warmer", "Raise the temperature by a twentieth."),
        ("audio.model", "model", "Load another audio model, by its name or folder."),
        ("audio.unload", "unload", "Unload the audio model and free its memory."),
        place="steer",
    ),
    *_of(
        "Traits",
        ("steer.up", "above", "Choose the trait or the take above."),
        ("steer.down", "below", "Choose the trait or the take below.", 0),
        ("steer.less", "less", "Push the trait less (a closed loop: aim lower); take: back 1 s."),
        ("steer.more", "more", "Push the trait more (a closed loop: aim higher); take: on 1 s."),
        ("steer.less_coarse", "much less", "Push much less, or aim much lower; take: back 5 s."),
        ("steer.more_coarse", "much more", "Push much more, or aim much higher; take: on 5 s."),
        ("steer.less_fine", "a little less", "Push or aim a little less; take: back a tenth."),
        ("steer.more_fine", "a little more", "Push or aim a little more; take: on a tenth."),
        *((f"trait.{n}", "choose trait", _TRAIT) for n in range(1, 10)),
        ("trait.enter", "enter", "Trait: add, remove, leave in turn; take: play it, or stop."),
        ("trait.add", "add", "Add the chosen trait, or leave it alone again.", 1),
        ("trait.remove", "remove", "Remove the chosen trait, or leave it alone again.", 1),
        ("trait.off", "leave", "Leave the chosen trait alone."),
        ("trait.all_off", "leave all", "Leave every trait alone."),
        ("trait.arm", "arm", "Push by the next arm: none, iti, smitin, closed-loop.", 2),
        ("trait.type", "type push", "Type the strength (a closed loop: the target) of the trait."),
        place="steer",
    ),
    *_of(
        "Takes",
        ("take.twin", "A/B", "Go between the take and its unsteered twin; makes the twin.", 1),
        ("take.continue", "continue", "Make a take that continues the chosen one."),
        ("take.again", "again", "Make the chosen take again from its recipe."),
        ("take.prompt", "use as prompt", "Continue the chosen take in what is made next."),
        ("take.save", "save take", "Write the chosen take and its recipe to a file.", 9),
        ("take.remove", "remove take", "Remove the chosen take and its files; asks first."),
        place="steer",
    ),
    *_of(
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
    *_of(
        "MIDI monitor",
        ("monitor.up", "earlier", "Hold the picture, and go a message back."),
        ("monitor.down", "later", "Go a message on; after the last, follow what comes."),
        ("monitor.page_up", "page back", "Hold the picture, and go a page back."),
        ("monitor.page_down", "page on", "Go a page on."),
        ("monitor.newest", "newest", "Follow what comes again."),
        ("monitor.hold", "hold", "Hold the picture, or follow what comes.", 1),
        *((f"monitor.{n}", "kinds", _KIND, 2 * (n == 1)) for n in range(1, 6)),
        ("monitor.way", "in/out", "Show both directions, only what comes in, or what goes out.", 2),
        ("monitor.channel_less", "channel before", "Show the channel before alone, or all."),
        ("monitor.channel_more", "channel", "Show the next channel alone, or all.", 2),
        ("monitor.words", "find", "Show only lines with some words in them.", 2),
        ("monitor.everything", "all", "Undo the filters.", 4),
        ("monitor.clear", "clear", "Forget the messages that have passed.", 4),
        place="monitor",
    ),
    *_of(
        "Playing",
        ("play.toggle", "play song", "Play the loop from the selected measure, or stop.", 1),
        ("play.panic", "silence", "Stop, and silence every channel at once."),
        ("play.faster", "faster", "Raise the tempo by one."),
        ("play.slower", "slower", "Lower the tempo by one."),
        ("play.tempo", "tempo", "Type the tempo in quarter notes a minute."),
        ("play.sound", "sound", "Turn swing, humanise, key, lock, and how the track is played."),
        ("play.port", "port", "Choose the MIDI port.", 12),
        ("play.clock", "clock in", "Keep the clock of a MIDI input, or the song's own tempo."),
        ("play.clock_from", "clock from", "Choose the MIDI input whose clock is kept."),
        ("play.routes", "routes", "Play to other ports and channels, too, and transpose there."),
        ("track.above", "track above", "Go to the track above."),
        ("track.below", "track below", "Go to the track below."),
        place="everywhere",
    ),
    *_of(
        "Controllers",
        ("control.learn", "learn", "Bind a knob, pad or key to what is chosen: move it, done.", 9),
        ("control.list", "controllers", "See, change and take away what controls move; bind more."),
        place="everywhere",
    ),
    *_of(
        "Playing",
        ("play.timing", "edits now/beat", "Hear edits at once, or at the next beat."),
        ("play.audition", "audition on/off", "Choose whether an edit sounds while the loop rests."),
    ),
    *_of(
        "Song",
        ("song.undo", "undo", "Take the last step back; one gesture is one step.", 3),
        ("song.redo", "redo", "Do again what was taken back."),
        ("song.open", "open", "Open a song file.", 15),
        ("song.export", "export", "Write the loop as a MIDI file."),
        ("song.title", "title", "Name the song."),
    ),
    *_of(
        "Song",
        ("song.save", "save song", "Save the song where it was last saved.", 9),
        ("song.save_as", "save as", "Save the song as a file you name."),
        place="everywhere",
    ),
    *_of(
        "Program",
        ("app.help", "help", "Show all keys.", 99),
        ("app.palette", "palette", "Look for anything that can be done, by name.", 16),
        ("app.theme", "theme", "Show the next theme: dark, light, the terminal's own, mono."),
        ("app.quit", "quit", "End; an unsaved song is kept and offered at the next start."),
        place="everywhere",
    ),
)
"""All actions, in the order in which help shows them."""

IDS = tuple(action.id for action in ACTIONS)

_SHOWN = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "comma": ",",
    "escape": "esc",
    "enter": "enter",
    "space": "space",
    "tab": "tab",
    "backspace": "bksp",
    "delete": "del",
}


def shown(key: str) -> str:
    """Return a key as the user reads it: ``ctrl+p`` is ``^p``, ``shift+left`` is ``⇧←``."""
    *modifiers, name = key.split("+") if len(key) > 1 else [key]
    marks = "".join({"ctrl": "^", "shift": "⇧", "alt": "alt "}.get(m, m) for m in modifiers)
    return marks + (_SHOWN.get(name) or format_key(name))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of help: keys as shown, label, sentence, and the group it stands in."""

    keys: str
    label: str
    sentence: str
    group: str


def rows(keys: Mapping[str, tuple[str, ...]], screen: Place = "everywhere") -> list[Row]:
    """Return the rows of help for a keymap, series of actions folded into one.

    With a ``screen`` only what can be done on it is given; else everything.
    """
    found: list[tuple[Action, list[str]]] = []
    for action in ACTIONS:
        if screen != "everywhere" and not action.on(screen):
            continue
        mine = [shown(key) for key in keys.get(action.id, ())]
        if found and found[-1][0].sentence == action.sentence:
            found[-1][1].extend(mine)
        else:
            found.append((action, mine))
    return [Row(_joined(each), a.label, a.sentence, a.group) for a, each in found]


def _joined(keys: Iterable[str]) -> str:
    each = list(keys)
    return f"{each[0]} … {each[-1]}" if len(each) > 4 else "  ".join(each)
