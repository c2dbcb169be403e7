"""MusicGen, the probes on its attention heads, and steering along them."""
