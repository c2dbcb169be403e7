"""A latent model that is arithmetic: the same answers everywhere, in microseconds."""

from __future__ import annotations

from collections.abc import Sequence

from engine.latent.spec import CANDIDATES, Dimension, Latent, LatentSpec, check_served
from engine.music.asked_tones import ANY_TONES, AskedTones
from engine.music.attributes import ATTRIBUTES, attributes
from engine.music.locks import NOTHING, KeptNotes
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST, Measure
from engine.music.slot import Slot

SIZE = 32
ORDER = (0, 12, 6, 18, 3, 9, 15, 21, 1, 7, 13, 19, 5, 11, 17, 23, 2, 8, 14, 20, 4, 10, 16, 22)
"""Ticks in the order in which density fills them: strong places first."""

KNOTS = (
    ((-3.0, 0.0), (3.0, 0.6)),
    ((-3.0, 0.0), (3.0, 24 / 26)),
    ((-3.0, 0.0), (3.0, 18 / 24)),
    ((-3.0, 0.0), (3.0, 9.0)),
)


class FakeModel:
    """Decodes density as how many ticks are filled, range and jump as a zigzag, z4 as register."""

    def __init__(self, digest: str = "fake") -> None:
        self._spec = LatentSpec(
            "fake",
            digest,
            (
                *(
                    Dimension(index, a.name, a.label, KNOTS[index])
                    for index, a in enumerate(ATTRIBUTES)
                ),
                Dimension(4, "z4", "lowest pitch"),
                *(Dimension(index, f"z{index}", f"z{index}") for index in range(5, SIZE)),
            ),
        )

    @property
    def spec(self) -> LatentSpec:
        """The fake's 32 dimensions, named as the real ones."""
        return self._spec

    def encode(self, measures: Sequence[Measure]) -> list[Latent]:
        """Return each attribute's place between its knots, then the register."""
        codes = []
        check_served(measures)
        for measure in measures:
            named = [
                -3 + 6 * min(1.0, value / KNOTS[index][1][1])
                for index, value in enumerate(attributes(measure).values())
            ]
            lowest = min(measure.pitches, default=67)
            codes.append((*named, (lowest - 67) / 4, *[0.0] * (SIZE - 5)))
        return codes

    def decode(
        self,
        latents: Sequence[Latent],
        *,
        candidates: int = CANDIDATES,
        moved: Sequence[int] = (),
    ) -> list[Measure]:
        """Build each measure by rule; ``candidates`` and ``moved`` change nothing."""
        del candidates, moved
        return [self._measure(latent) for latent in latents]

    def turned(
        self,
        slot: Slot,
        latent: Latent,
        kept: KeptNotes = NOTHING,
        tones: AskedTones = ANY_TONES,
    ) -> Measure:
        """Decode the point, whatever stands in the slot, and keep what is kept."""
        del slot
        return self.fitted(self.decode([latent])[0], kept, tones)

    def fitted(self, measure: Measure, kept: KeptNotes, tones: AskedTones) -> Measure:
        """Bring each note to the next pitch above that is asked for, below where there is none."""

        def near(tick: int, token: int) -> int:
            around = (*range(token, HIGHEST + 1), *range(token, LOWEST, -1))
            return next((p for p in around if tones.allows(tick, p)), token)

        tokens = [near(at, t) if t > REST else t for at, t in enumerate(measure.tokens)]
        return kept.of(Measure.from_tokens(tokens))

    def attributes(self, latents: Sequence[Latent]) -> list[tuple[float, ...]]:
        """Return the attributes of the decoded measures."""
        return [tuple(attributes(measure).values()) for measure in self.decode(latents)]

    def occupancy(self, x: int, y: int, width: int, height: int) -> tuple[tuple[int, ...], ...]:
        """Return a hill around the middle."""
        del x, y
        return tuple(
            tuple(
                max(0, 9 - abs(2 * c - width) * 9 // width - abs(2 * r - height) * 9 // height)
                for c in range(width)
            )
            for r in range(height)
        )

    def _measure(self, latent: Latent) -> Measure:
        count = round((latent[2] + 3) / 6 * 18)
        span = round((latent[1] + 3) / 6 * 24)
        shift = 12 if latent[0] > 0 else 0
        lowest = max(LOWEST, min(84 - span, round(67 + 4 * latent[4])))
        ticks = sorted(ORDER[(i + shift) % 24] for i in range(count))
        tokens = [HOLD] * 24
        tokens[0] = REST
        jump = max(1, round((latent[3] + 3) / 6 * 9))
        for place, tick in enumerate(ticks):
            tokens[tick] = lowest + (span if place % 2 else 0)
            if place > 1:
                tokens[tick] = lowest + (place * jump) % (span + 1)
        return Measure.from_tokens(tokens)
