"""Handlers of the actions that keys trigger, one module a subject."""
