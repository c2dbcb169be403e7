"""Playing: sequencer, metronome, routing, clock sync, recording."""
