"""Sound: synthesis, files, and the way to a sound card."""
