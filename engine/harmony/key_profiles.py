"""Key profiles: how much of a melody lies on each degree above the tonic, by mode."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine import locations
from engine.common import atomic
from engine.errors import BadFile

MODES = ("major", "minor", "dorian", "mixolydian")
"""The modes of which the tune books hold enough to learn from."""

FORMAT = 1
_SMALLEST, _LARGEST = 1e-6, 1.0


class BadKeyProfiles(BadFile):
    """A file of key profiles that is missing, damaged, or of another format."""

    title = "Keys"


@dataclass(frozen=True, slots=True)
class KeyProfiles:
    """What was learned of keys, each by `MODES`.

    ``shares`` [mode, 12] are the shares of a melody's time that lie on each semitone above the
    tonic, ``lasts`` [mode, 12] how often a melody ends there, and ``modes`` [mode] how often a
    melody is in the mode. Each row sums to 1.
    """

    shares: npt.NDArray[np.float64]
    lasts: npt.NDArray[np.float64]
    modes: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        shapes = self.shares.shape, self.lasts.shape, self.modes.shape
        rows = len(MODES)
        if shapes != ((rows, 12), (rows, 12), (rows,)):
            raise BadKeyProfiles("Key profiles have a row of 12 for each mode.", _REMEDY)
        for each in (self.shares, self.lasts, self.modes):
            inside = np.isfinite(each).all() and _SMALLEST <= each.min() <= each.max() <= _LARGEST
            if not inside or not np.allclose(each.sum(axis=-1), 1.0, atol=1e-3):
                raise BadKeyProfiles("Key profiles are shares that sum to 1.", _REMEDY)


_REMEDY = "Make them anew: armonica train keys."


def save(path: Path, profiles: KeyProfiles, how: dict[str, object]) -> None:
    """Write profiles with a note of how they were made; raises `CannotWrite`."""
    body = {
        "format": FORMAT,
        "how": how,
        "modes": dict(zip(MODES, _rounded(profiles.modes), strict=True)),
        "shares": dict(zip(MODES, map(_rounded, profiles.shares), strict=True)),
        "lasts": dict(zip(MODES, map(_rounded, profiles.lasts), strict=True)),
    }
    atomic.write(path, json.dumps(body, indent=1).encode() + b"\n")


def load(path: Path) -> KeyProfiles:
    """Read profiles; raises `BadKeyProfiles` for whatever holds none."""
    try:
        body = json.loads(path.read_bytes())
        if body["format"] != FORMAT:
            raise BadKeyProfiles(f"{path} has another format.", _REMEDY)
        rows = [[body[part][mode] for mode in MODES] for part in ("shares", "lasts", "modes")]
        return KeyProfiles(*(np.array(each, dtype=np.float64) for each in rows))
    except BadKeyProfiles:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadKeyProfiles(f"{path} cannot be read: {reason}.", _REMEDY) from None
    except Exception:
        # Whatever a JSON text may hold that is none of this.
        raise BadKeyProfiles(f"{path} is damaged.", _REMEDY) from None


@lru_cache(maxsize=1)
def shipped() -> KeyProfiles:
    """Return the profiles that come along."""
    return load(locations.KEY_PROFILES)


def _rounded(values: npt.NDArray[np.float64]) -> list[float]:
    return [round(float(value), 6) for value in np.atleast_1d(values)]
