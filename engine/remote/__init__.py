"""The engine at the end of a line: screens, notes and controllers over a private socket."""
