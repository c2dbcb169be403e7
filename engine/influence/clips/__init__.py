"""Nearest training clips: index, chroma, codes, hidden states, alignment."""
