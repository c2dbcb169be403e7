"""A probe on every attention head: a meter of one trait in one model, and a way to push it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

from engine.errors import BadFile, OutOfRange, UnknownName
from engine.steering.spec import AudioSpec
from engine.text import printable

if TYPE_CHECKING:
    from torch import Tensor

ReadOut = Literal["last", "mean"]
Direction = Literal["mean", "probe", "random"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

CHANCE = 0.5
"""What guessing reaches: accuracies count both classes equally, however many examples each has."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LARGEST_SIDE, _LARGEST = 1024, 2**22
_LONGEST_TEXT = 500


class BadProbe(BadFile):
    """A probe that is damaged, or made for another model."""

    title = "Probe"


@dataclass(frozen=True, slots=True)
class ProbeCard:
    """What is known of a probe without its numbers; every field is one line of its file.

    ``model`` and ``digest`` name the model it belongs to, the three shapes its heads.
    ``window`` is how many steps a reading is the mean of: 1 where ``read_out`` is "last".
    ``accuracy`` is the meter's on held-out examples, with its 95 % interval ``low`` to
    ``high``; ``best`` and ``average`` are the single heads', ``shuffled`` and
    ``shuffled_best`` the same where the labels mean nothing. ``threshold`` is the confidence
    that parts held-out examples best, ``paper_threshold`` the published rule's.
    ``monitor_heads`` are read, ``push_heads`` pushed by ``strength`` where nothing else is
    said; ``present`` and ``absent`` count the examples with and without the trait.
    Raises `BadProbe` where a field cannot be.
    """

    name: str
    model: str
    digest: str
    layers: int
    heads: int
    head_size: int
    read_out: ReadOut
    window: int
    accuracy: float
    low: float
    high: float
    best: float
    average: float
    shuffled: float
    shuffled_best: float
    threshold: float
    paper_threshold: float
    monitor_heads: int
    push_heads: int
    strength: float
    present: int
    absent: int
    groups: int
    seed: int
    origin: str = ""
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field, kind in _kinds().items():
            if not _is(getattr(self, field), kind):
                raise BadProbe(f"A probe's {field} cannot be {getattr(self, field)!r}.")
        sizes = (self.layers, self.heads, self.head_size)
        shares = (self.accuracy, self.low, self.high, self.best, self.average, self.shuffled)
        others = (self.shuffled_best, self.threshold, self.paper_threshold)
        total = self.layers * self.heads
        right = (
            _NAME.fullmatch(self.name)
            and self.model
            and self.digest
            and all(0 < size <= _LARGEST_SIDE for size in sizes)
            and math.prod(sizes) <= _LARGEST
            and all(0.0 <= share <= 1.0 for share in (*shares, *others))
            and 1 <= self.window <= 100_000
            and (self.read_out == "mean" or self.window == 1)
            and 1 <= self.monitor_heads <= total
            and 1 <= self.push_heads <= total
            and 0.0 <= self.strength <= 10.0
            and min(self.present, self.absent, self.groups) >= 0
            and all(len(text) <= _LONGEST_TEXT for text in self._texts())
            and all(text == printable(text) for text in self._texts())
        )
        if not right:
            raise BadProbe(f"The card of the probe {self.name!r:.60} cannot be.")

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of what the probe reads: layers, heads, head size."""
        return self.layers, self.heads, self.head_size

    def check(self, spec: AudioSpec) -> None:
        """Raise `BadProbe` where the probe was made for another model than ``spec``."""
        if self.digest != spec.digest:
            raise BadProbe(
                f"The probe {self.name!r} was made for {self.model} ({self.digest[:8]}), "
                f"not for {spec.name} ({spec.digest[:8]}).",
                "Train it anew for this model with `armonica probes train`.",
            )
        if self.shape != (spec.layers, spec.heads, spec.head_size):
            raise BadProbe(
                f"The probe {self.name!r} reads {self.layers} layers of {self.heads} heads of "
                f"{self.head_size}, and {spec.name} has {spec.layers} of {spec.heads} of "
                f"{spec.head_size}."
            )

    def _texts(self) -> tuple[str, ...]:
        return self.name, self.model, self.digest, self.origin, *self.warnings


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """The numbers of a probe, in float32, on the scale of the heads' outputs.

    ``weights`` [layers, heads, head size] and ``intercepts`` [layers, heads] are the logistic
    probes; ``directions``, shaped like the weights, are the unit differences of the class
    means; ``sigmas`` and ``probe_sigmas`` [layers, heads] are how far the examples spread
    along these directions and along the weights; ``accuracies`` [layers, heads] are held out.
    Raises `BadProbe` where shapes or numbers cannot be.
    """

    card: ProbeCard
    weights: Tensor
    intercepts: Tensor
    directions: Tensor
    sigmas: Tensor
    probe_sigmas: Tensor
    accuracies: Tensor

    def __post_init__(self) -> None:
        import torch

        for name, tensor in self.tensors().items():
            shape = self.card.shape if name in ("weights", "directions") else self.card.shape[:2]
            if tensor.shape != shape or tensor.dtype != torch.float32:
                raise BadProbe(f"The {name} of the probe {self.card.name!r} have a wrong shape.")
            if not bool(tensor.isfinite().all()):
                raise BadProbe(f"The {name} of the probe {self.card.name!r} are no numbers.")
        lengths = self.directions.norm(dim=-1)
        unit = (lengths - 1).abs() < 1e-3
        # A head whose class means are equal has no direction, and is never pushed.
        if not bool((unit | (lengths == 0)).all()):
            raise BadProbe(f"The directions of the probe {self.card.name!r} are not of length 1.")
        if bool((self.sigmas < 0).any() | (self.probe_sigmas < 0).any()):
            raise BadProbe(f"A spread of the probe {self.card.name!r} is below zero.")
        if bool(((self.accuracies < 0) | (self.accuracies > 1)).any()):
            raise BadProbe(f"An accuracy of the probe {self.card.name!r} is not a share.")

    def tensors(self) -> dict[str, Tensor]:
        """Return the numbers by name, as the file holds them."""
        return {each.name: getattr(self, each.name) for each in fields(self)[1:]}

    def top(self, count: int) -> Tensor:
        """Return the ``count`` most accurate heads as indices into layers x heads, best first."""
        import torch

        order = torch.argsort(self.accuracies.flatten(), descending=True, stable=True)
        return order[: max(1, count)]

    def mask(self, count: int | None) -> Tensor:
        """Return 1 for the ``count`` most accurate heads, else 0: [layers, heads]; None is all."""
        import torch

        if count is None:
            return torch.ones_like(self.accuracies)
        chosen = torch.zeros(self.accuracies.numel())
        chosen[self.top(count)] = 1.0
        return chosen.reshape(self.accuracies.shape)

    def soft_weights(self, exponent: float = 3.0) -> Tensor:
        """Return each head's share of the push by its accuracy, 0 to 1: [layers, heads].

        Where all heads are equally good, each has the whole.
        """
        import torch

        low, high = self.accuracies.min(), self.accuracies.max()
        if not bool(high > low):
            return torch.ones_like(self.accuracies)
        return ((self.accuracies - low) / (high - low)) ** exponent

    def steps(
        self, direction: Direction = "mean", *, matched: bool = True, seed: int = 0
    ) -> Tensor:
        """Return a push of strength 1 on every head: sigma x unit direction, shaped like a push.

        "mean" goes along the difference of the class means, "probe" along the probes' weights,
        "random" along directions drawn from ``seed``. All are as long as the first, so that
        they can be compared; ``matched=False`` takes the spread along the weights for "probe".
        Raises `UnknownName`.
        """
        import numpy as np
        import torch

        sigmas = self.sigmas
        if direction == "mean":
            units = self.directions
        elif direction == "probe":
            units = torch.nn.functional.normalize(self.weights, dim=-1)
            sigmas = self.sigmas if matched else self.probe_sigmas
        elif direction == "random":
            drawn = np.random.default_rng(seed).standard_normal(self.card.shape)
            units = torch.nn.functional.normalize(torch.from_numpy(drawn).float(), dim=-1)
        else:
            raise UnknownName("direction", direction, DIRECTIONS)
        return sigmas[..., None] * units


def trait_name(name: str) -> str:
    """Return a name that a probe and its files can have; raises `OutOfRange` for another."""
    if not _NAME.fullmatch(name):
        raise OutOfRange(
            f"A trait cannot be called {name!r:.60}.",
            "Use at most 40 small letters, digits, - and _, the first a letter or digit.",
        )
    return name


def _kinds() -> dict[str, Any]:
    return get_type_hints(ProbeCard)


def _is(value: object, kind: Any) -> bool:
    if kind is float:
        return type(value) is float and math.isfinite(value)
    if kind in (int, str):
        return type(value) is kind and (kind is str or abs(value) < 2**63)  # type: ignore[arg-type]
    if kind == tuple[str, ...]:
        return type(value) is tuple and all(type(each) is str for each in value)
    return value in get_args(kind)
