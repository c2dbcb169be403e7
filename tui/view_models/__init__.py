"""What screens show, computed from snapshots and events; no widget."""
