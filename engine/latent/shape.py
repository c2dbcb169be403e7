"""The sizes of the network: what its weights must be, whoever computes with them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import log

from engine.latent.tokens import SPAN, TICKS, VOCABULARY
from engine.music.attributes import ATTRIBUTES

NAMED = len(ATTRIBUTES)
NAMED_LOGVAR = 2 * log(0.1)
"""A named code is known to a tenth of a standard deviation: what the user's hand is, too."""

LOGVARS = -10.0, 4.0
"""The least and the greatest log-variance of a posterior."""


@dataclass(frozen=True)
class Shape:
    """The sizes of the network: ``free`` unnamed dimensions, hidden ``width``, blocks."""

    free: int = 27
    width: int = 512
    embedding: int = 16
    encoder_blocks: int = 2
    decoder_blocks: int = 2

    def as_dict(self) -> dict[str, int]:
        """Return the sizes by name, as a model card holds them."""
        return asdict(self)

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each array of weights by its name in a file of weights."""
        width, size = self.width, NAMED + self.free
        found: dict[str, tuple[int, ...]] = {"embed.weight": (VOCABULARY, self.embedding)}
        linear = {
            "encoder_in": (width, TICKS * self.embedding),
            "posterior": (2 * size, width),
            "decoder_in": (width, size),
            "state": (TICKS * 3, width),
            "pitch": (TICKS * SPAN, width),
        }
        norms = ["encoder_norm", "decoder_norm"]
        for part, blocks in (("encoder", self.encoder_blocks), ("decoder", self.decoder_blocks)):
            for at in range(blocks):
                norms.append(f"{part}.{at}.norm")
                linear[f"{part}.{at}.first"] = linear[f"{part}.{at}.second"] = (width, width)
                if part == "decoder":
                    linear[f"{part}.{at}.film"] = (2 * width, NAMED)
        for name, shape in linear.items():
            found |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
        for name in norms:
            found |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
        return found
