"""Audio: files, synthesis, rendering, levels, and the way to a sound card."""
