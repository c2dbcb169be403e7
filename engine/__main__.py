"""`python -m engine` is the command `armonica`."""

from engine.cli.main import script

if __name__ == "__main__":
    script()
