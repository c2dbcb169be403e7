"""What can be done on the steer screen."""

from __future__ import annotations

from tui.action_tables.action import Action, group

_TRAIT = "Choose trait 1 to 9."

ACTIONS: tuple[Action, ...] = (
    *group(
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
    *group(
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
    *group(
        "Takes",
        ("take.twin", "A/B", "Go between the take and its unsteered twin; makes the twin.", 1),
        ("take.continue", "continue", "Make a take that continues the chosen one."),
        ("take.again", "again", "Make the chosen take again from its recipe."),
        ("take.prompt", "use as prompt", "Continue the chosen take in what is made next."),
        ("take.save", "save take", "Write the chosen take and its recipe to a file.", 9),
        ("take.remove", "remove take", "Remove the chosen take and its files; asks first."),
        place="steer",
    ),
)
