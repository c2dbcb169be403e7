"""Evidence of the model's own gradients for a match."""
