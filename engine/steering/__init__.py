"""MusicGen, the probes on its attention heads, and the push along them."""
