"""The command line: `armonica` opens the screens, every other word works with no terminal."""
