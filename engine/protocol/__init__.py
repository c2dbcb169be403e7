"""Commands, events and snapshots: plain frozen values that queue, journal and socket carry.

One module a subject: a command stands beside the events that answer it, its policy on its class.
"""
