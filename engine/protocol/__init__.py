"""Commands, events and snapshots: plain frozen values that queue, journal and socket carry."""
