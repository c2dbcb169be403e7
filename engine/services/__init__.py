"""Stateful subjects on the engine thread; they do not know each other."""
