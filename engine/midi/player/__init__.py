"""The player process, which keeps time, and the helper processes it starts."""
