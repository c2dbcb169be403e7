"""Influence: which training pieces are nearest, and what supports that."""
