"""How much memory a model needs, how much there is, and what would fit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelTooBig

BESIDE = 200_000_000
"""Bytes for what is beside weights and past: the codec at work, logits, buffers."""

SIZES = {
    "tiny": (10_000_000, 256, 5),
    "facebook/musicgen-small": (600_000_000, 1024, 24),
    "facebook/musicgen-medium": (2_000_000_000, 1536, 48),
    "facebook/musicgen-large": (3_500_000_000, 2048, 48),
}
"""Weights of the known models with codec and text encoder, their width and layers."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes in use: by this process, and on the accelerator, None where there is none."""

    process: int
    device: int | None = None


def memory_in_use() -> Memory:
    """Return how much memory is in use now."""
    import sys

    process = 0
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        process = pages * os.sysconf("SC_PAGE_SIZE")
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return Memory(process, int(torch.cuda.memory_allocated()))
    return Memory(process)


def free_memory(device: str) -> int | None:
    """Return the bytes that a model may still take on a device, None where nobody knows."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    found = []
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        line = next(each for each in lines if each.startswith("MemAvailable:"))
        found.append(int(line.split()[1]) * 1024)
    # A container may be given less than the machine has.
    with suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        found.append(limit - int((group / "memory.current").read_text()))
    if not found:
        with suppress(OSError, ValueError):
            found.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(found) if found else None


def past_bytes(layers: int, width: int, positions: int, rows: int, element: int) -> int:
    """Return the bytes of the keys and values of a piece of so many positions and rows."""
    return 2 * layers * width * positions * rows * element


def forecast(weights: int, layers: int, width: int, positions: int, rows: int, device: str) -> int:
    """Return the bytes that a model of so many weights takes while it generates."""
    element = 2 if device.startswith("cuda") else 4
    # Attention over the past makes one more copy of a layer's.
    past = past_bytes(layers + 1, width, positions, rows, element)
    return weights * element + past + BESIDE


def require(name: str, needed: int, device: str) -> None:
    """Make sure that there are ``needed`` bytes; raises `ModelTooBig` with what would fit."""
    free = free_memory(device)
    if free is not None and needed > free:
        raise ModelTooBig(
            f"{name} needs about {_size_text(needed)} and {_size_text(free)} are free.",
            _what_fits(free, needed, device),
        )


def _what_fits(free: int, needed: int, device: str) -> str:
    fitting = []
    for name, (weights, width, layers) in SIZES.items():
        estimate = forecast(weights, layers, width, 1500, 2, device)
        if estimate <= free and estimate < needed:
            fitting.append(f"{name} ({_size_text(estimate)})")
    if fitting:
        return f"Close other programs, or choose what fits: {', '.join(fitting)}."
    return "Close other programs."


def _size_text(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"


@contextmanager
def raising_when_full(name: str) -> Iterator[None]:
    """Tell of memory that runs out inside as `ModelTooBig`, and frees what can be freed."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _full(name) from error
    except RuntimeError as error:
        # What the allocator for the processor raises has no class of its own.
        if "allocate memory" not in str(error) and "not enough memory" not in str(error):
            raise
        raise _full(name) from error


def _full(name: str) -> ModelTooBig:
    release()
    return ModelTooBig(
        f"Memory ran out while {name} was at work.",
        "Ask for fewer seconds, close other programs, or choose a smaller model such as tiny.",
    )


def release() -> None:
    """Return memory that nobody uses any more back to the machine."""
    import ctypes
    import gc

    import torch

    gc.collect()
    # Freed matrices stay with the process otherwise, where the C library is GNU's.
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
