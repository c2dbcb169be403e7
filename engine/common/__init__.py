"""What every room may use: atomic files, child processes, pipes of lines, strict decoding."""
