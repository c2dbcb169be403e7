"""The instrument without a screen: music, models, MIDI and time."""

import os

# Products of matrices as small as a measure's are slower when they are shared out, and the threads
# that would share them turn idly between two keys. It is read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
