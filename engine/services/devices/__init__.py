"""Ports, inputs, controllers and the MIDI monitor."""
