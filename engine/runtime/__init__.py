"""The engine thread: dispatch, start-up, wiring."""
