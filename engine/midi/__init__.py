"""MIDI: messages of the player process, ports, clock, and the mirror of what was sent."""
