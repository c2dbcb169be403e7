"""Laboratory: steering judged by an independent tagger."""
