"""The instrument without a screen: music, models, MIDI and time."""

__version__ = "0.1.0"
