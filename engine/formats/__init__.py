"""Files that songs are read from and written to."""
