"""Following an external MIDI clock: pulses filtered, tempo and phase tracked."""
