"""Songs on disk, and what can be undone."""
