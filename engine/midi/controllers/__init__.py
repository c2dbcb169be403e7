"""Control surfaces: controls, bindings, maps, MIDI learn, takeover and feedback."""
