"""What every room may use: atomic files, process pools, pipes of lines, strict decoding."""
