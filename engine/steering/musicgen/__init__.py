"""MusicGen: checkpoints, codec, generation, and access to its attention heads."""
