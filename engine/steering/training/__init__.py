"""Laboratory: trains codec, tagger, MusicGen and the shipped probes."""
