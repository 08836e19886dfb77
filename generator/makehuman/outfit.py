"""What a person wears of the pack: styles by sex and age, drawn from those that were added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assets.streams import stream
from generator.identity import Identity

Weights = Mapping[str, float]

# How often, of the styles that were added. Those that hide an eye (bob02, short03) stay rare.
HAIR: dict[str, Weights] = {
    "female": {
        "long01": 2.0, "ponytail01": 3.0, "braid01": 0.7, "short01": 0.8, "bob02": 0.5,
        "short03": 0.5,
    },
    "male": {"short01": 2.0, "short02": 1.5, "short04": 3.0},
}  # fmt: skip
BROWS: dict[str, Weights] = {
    "female": {
        "eyebrow001": 2.0, "eyebrow002": 2.0, "eyebrow003": 1.0, "eyebrow004": 1.5,
        "eyebrow005": 1.0, "eyebrow006": 0.3, "eyebrow007": 0.5, "eyebrow008": 1.5,
        "eyebrow010": 1.0, "eyebrow012": 1.0,
    },
    "male": {
        "eyebrow001": 1.0, "eyebrow004": 1.5, "eyebrow008": 1.5, "eyebrow009": 1.0,
        "eyebrow010": 1.5, "eyebrow011": 1.5, "eyebrow012": 2.0,
    },
}  # fmt: skip
LASHES: dict[str, Weights] = {
    "female": {"eyelashes01": 2.0, "eyelashes02": 1.0, "eyelashes03": 1.0, "eyelashes04": 0.5},
    "male": {"eyelashes01": 1.0},
}
YOUNGEST = 2.0
"""Years below which nothing of the pack fits: infants keep hair, brows and lashes of our own."""
BALD = 0.15
"""Balding from which men keep hair of our own: the pack's covers the whole scalp."""


@dataclass(frozen=True)
class Outfit:
    """Names of pieces of the pack; None where our own stays."""

    hair: str | None
    brows: str | None
    lashes: str | None


def _drawn(weights: Weights, added: Sequence[str], draw: float) -> str | None:
    """Pick by weight among what was added; None where nothing of it was."""
    names = [name for name in weights if name in added]
    if not names:
        return None
    share = np.cumsum([weights[name] for name in names])
    return names[int(np.searchsorted(share / share[-1], draw, side="right"))]


def choose(identity: Identity, added: Mapping[str, Sequence[str]]) -> Outfit:
    """What a person wears; `added` names pieces by the folders hair, eyebrows, eyelashes.

    Infants wear nothing of it; shaved, stubbled and balding heads keep their own hair.
    """
    hair, brow, lash = stream(identity.seed, identity.index, "makehuman").random(3)
    person, own = identity.person, identity.grooming.hair
    if person.age_years < YOUNGEST:
        return Outfit(None, None, None)
    bare = own.style in ("shaved", "stubble") or own.balding >= BALD
    return Outfit(
        None if bare else _drawn(HAIR[person.sex], added["hair"], float(hair)),
        _drawn(BROWS[person.sex], added["eyebrows"], float(brow)),
        _drawn(LASHES[person.sex], added["eyelashes"], float(lash)),
    )
