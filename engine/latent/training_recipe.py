"""How a measure VAE is trained: the weights of its losses, as values that a card can hold."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from engine.errors import UnknownName


@dataclass(frozen=True)
class TrainingRecipe:
    """The weights of the losses and the shares of augmented measures.

    ``divergence`` is beta, the weight of the Kullback-Leibler term; ``normal`` pulls each named
    code to the normal score of its attribute; ``sign`` is the published pairwise loss;
    ``correlation`` keeps attributes out of the free dimensions; ``obedience`` makes decoded
    measures have the attributes asked for, with ``rhythm``, ``key`` and ``kin`` inside it.
    """

    name: str
    divergence: float = 0.001
    normal: float = 0.0
    sign: float = 0.0
    correlation: float = 0.0
    obedience: float = 0.0
    rhythm: float = 0.02
    key: float = 0.5
    kin: float = 0.02
    splice: float = 0.6
    change: float = 0.25
    batch: int = 256
    edited: int = 128
    rate: float = 2e-3

    def as_dict(self) -> dict[str, float | str]:
        """Return the recipe by name of its parts, as a model card holds it."""
        return asdict(self)


ARMONICA = TrainingRecipe("armonica", normal=0.3, correlation=0.02, obedience=0.1)
"""Codes regularised to normal scores, and a decoder trained to obey them."""

PUBLISHED = TrainingRecipe("published", sign=1.0)
"""The published losses alone (Pati and Lerch 2020; Bryan-Kinns et al. 2021), the rest equal."""

RECIPES = {recipe.name: recipe for recipe in (ARMONICA, PUBLISHED)}


def recipe(name: str) -> TrainingRecipe:
    """Return the recipe called ``name``; raises `UnknownName`."""
    if name not in RECIPES:
        raise UnknownName("recipe", name, RECIPES)
    return RECIPES[name]
