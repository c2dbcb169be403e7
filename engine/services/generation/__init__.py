"""Takes: made, kept, exported and played."""
