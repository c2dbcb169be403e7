"""What can be done on the MIDI monitor."""

from __future__ import annotations

from tui.action_tables.action import Action, group

_KIND = "Show or hide notes, controllers, clock, its pulses, system."

ACTIONS: tuple[Action, ...] = (
    *group(
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
)
