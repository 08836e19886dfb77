"""Which of FLAME's people are of an age, sex and ethnicity.

Heads of the head model, whose age, sex and ethnicity are known, are sought among FLAME's people; a
regression over what was found says which coefficients age, sex and ethnicity ask for. So both
models mean the same by them. FLAME was made of grown people alone: how a child's face differs from
a grown one's is the head model's, a displacement for each age.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

from assets import flame
from assets import head as head_models
from assets.eyes import RIM
from assets.population import OLDEST, Person
from generator.flame_wrap import Wrapped, let_mouth_follow
from generator.identity import make_identity
from rigging.registration.fit import regions

PEOPLE, SEED = 600, 61
AGES = "0-90"
# Directions that together hold this part of what age, sex and ethnicity change.
SPANNED = 0.999
# Weights of the prior that are tried, from almost free to stiff, in square metres.
STIFFNESS = np.geomspace(1e-10, 1e-4, 61)
RIDGE = 3e-3
# How far people differ where age, sex and ethnicity do not, in standard deviations of FLAME's: half
# of its variance, because some of it is of the ages, sexes and ethnicities of those it was made of.
FREE = 0.7


@dataclass(frozen=True, eq=False)
class Known:
    """People of the head model: their facts, how far apart their eyes are (metres), their heads.

    Heads stand about the eyes, as far apart as FLAME's mean has them; `traits` as of
    `flame.traits`.
    """

    people: tuple[Person, ...]
    apart: Float64[np.ndarray, " people"]
    heads: Float64[np.ndarray, "people vertices 3"]
    traits: Float64[np.ndarray, "people traits"]

    def of(self, low: int, high: int) -> Bool[np.ndarray, " people"]:
        """People of at least `low` and less than `high` years."""
        years = np.array([person.age_years for person in self.people])
        return (low <= years) & (years < high)


@dataclass(frozen=True, eq=False)
class Sought:
    """The same people among FLAME's: coefficients, and what these do not reach.

    `left` is the distance (metres) that stays at each vertex of the face.
    """

    coefficients: Float64[np.ndarray, "people 300"]
    left: Float64[np.ndarray, "people face"]


def know(wrapped: Wrapped, count: int = PEOPLE) -> Known:
    """People of a data set of all ages, held against FLAME's mean."""
    model = head_models.load()
    made = [make_identity(index, count, SEED, AGES) for index in range(count)]
    heads = [
        model.person(one.shape.phenotypes, one.shape.changes, one.person.age_years).vertices
        for one in made
    ]
    about = _about_eyes(np.stack(heads).astype(np.float64))
    apart = np.linalg.norm(about[:, -2] - about[:, -1], axis=1)
    ours = np.linalg.norm(wrapped.mean[-2] - wrapped.mean[-1])
    people = tuple(one.person for one in made)
    traits = np.stack([flame.traits(person) for person in people])
    return Known(people, apart, about * (ours / apart)[:, None, None], traits)


def _about_eyes(points: Float[np.ndarray, "*heads vertices 3"]) -> np.ndarray:
    """Moved so that the eyes' middle is the origin."""
    return points - points[..., -2:, :].mean(axis=-2, keepdims=True)


def _regressed(known: Known, values: np.ndarray) -> Float64[np.ndarray, "traits columns"]:
    """What traits ask of values, by least squares that are a little held back."""
    square = known.traits.T @ known.traits
    square += RIDGE * np.trace(square) / len(square) * np.eye(len(square))
    return np.linalg.solve(square, known.traits.T @ values)


def growth(known: Known) -> Float64[np.ndarray, "young vertices 3"]:
    """What the head model adds to the face of one who is grown at each of `flame.YOUNG`, metres.

    It is alike on both sides, and of no sex and no ethnicity.
    """
    traits = [
        np.concatenate(
            [flame.by_age(age), np.outer((0, 1 / 3, 1 / 3), flame.by_age(age, flame.TURNS)).ravel()]
        )
        for age in flame.KNOTS[: len(flame.YOUNG) + 1]
    ]
    asked = _regressed(known, known.heads.reshape(len(known.people), -1))
    middle = (np.array(traits) @ asked).reshape(len(traits), -1, 3)
    added = middle[:-1] - middle[-1]
    mirror = head_models.load().topology.mirror
    added = 0.5 * (added + added[:, mirror] * np.array([-1.0, 1.0, 1.0]))
    for field in added:
        let_mouth_follow(field, middle[-1])
    return added


def _weights(wrapped: Wrapped) -> Float64[np.ndarray, " vertices"]:
    """How much each vertex counts in the search; what eyes are fitted to anew, not at all.

    The control mesh is finest where faces differ most, so that vertices count alike.
    """
    share = np.minimum(regions().weight, 1.0) * wrapped.seen
    for grid in head_models.load().topology.lids:
        share[grid.rows[:RIM]] = 0
    return share / share.sum()


def seek(wrapped: Wrapped, known: Known, added: Float64[np.ndarray, "young vertices 3"]) -> Sought:
    """Find people among FLAME's, with `added` for the young, by least squares with a prior.

    The prior is the weakest of `STIFFNESS` under which grown people of the head model are as usual
    among FLAME's people as these are themselves.
    """
    weight = np.sqrt(_weights(wrapped))
    used = weight > 0
    root = weight[used, None]
    count = len(known.people)
    free = _motions(wrapped.mean[used], root)
    rows = (_level(wrapped)[:, used] * root).reshape(len(wrapped.basis), -1)
    rows = rows - (rows @ free) @ free.T
    young = known.traits[:, : len(flame.YOUNG)]
    plain = wrapped.mean[used] + np.tensordot(young, added[:, used], 1)
    targets = ((known.heads[:, used] - plain) * root).reshape(count, -1)
    targets = targets - (targets @ free) @ free.T
    values, axes = np.linalg.eigh(rows @ rows.T)
    along = targets @ rows.T @ axes
    grown = known.of(18, OLDEST + 1)
    found = np.zeros((count, len(rows)))
    for stiffness in STIFFNESS.tolist():
        found = (along / (values + stiffness)) @ axes.T
        if (found[grown] ** 2).mean() <= 1:
            break
    size = known.apart / np.linalg.norm(wrapped.mean[-2] - wrapped.mean[-1])
    rest = ((targets - found @ rows).reshape(count, -1, 3) / root) * size[:, None, None]
    face = regions().weight[used] >= 1
    return Sought(found, np.linalg.norm(rest[:, face], axis=-1))


def _level(wrapped: Wrapped) -> Float64[np.ndarray, "300 vertices 3"]:
    """The basis without what it does to the distance of the eyes, to first order."""
    between = wrapped.mean[-2] - wrapped.mean[-1]
    moved = _about_eyes(wrapped.basis)
    grows = (moved[:, -2] - moved[:, -1]) @ between / (between @ between)
    return moved - grows[:, None, None] * wrapped.mean


def _motions(points: np.ndarray, root: np.ndarray) -> Float64[np.ndarray, "coordinates 6"]:
    """An orthonormal basis of how a head may move and turn as a whole."""
    shifts = np.broadcast_to(np.eye(3)[:, None], (3, *points.shape))
    turns = np.cross(np.eye(3)[:, None], points[None])
    both = np.concatenate([shifts, turns]) * root
    return np.linalg.qr(both.reshape(6, -1).T)[0]


def learn(wrapped: Wrapped, known: Known, sought: Sought) -> dict[str, np.ndarray]:
    """The fields of `flame.Demographics`: what age, sex and ethnicity ask of the coefficients."""
    ours = np.linalg.norm(wrapped.mean[-2] - wrapped.mean[-1])
    found = np.column_stack([sought.coefficients, np.log(known.apart / ours)])
    asked = _regressed(known, found)
    changes = (known.traits @ asked)[:, :-1]
    _, grades, axes = np.linalg.svd(changes - changes.mean(axis=0), full_matrices=False)
    held = np.cumsum(grades**2) / (grades**2).sum()
    span = axes[: int(np.searchsorted(held, SPANNED)) + 1]
    beside = found - known.traits @ asked
    along = np.column_stack([beside[:, :-1] @ span.T, beside[:, -1]])
    other = beside[:, :-1] - along[:, :-1] @ span
    lengths = np.stack([(along**2 / along.var(axis=0)).mean(axis=1), (other**2).mean(axis=1)])
    knots = known.traits[:, : len(flame.KNOTS)]
    spread = np.sqrt(lengths @ knots / knots.sum(axis=0))
    spread /= np.sqrt(lengths[:, known.of(18, OLDEST + 1)].mean(axis=1, keepdims=True))
    spread[1] *= FREE
    scaled = along / (knots @ spread[0])[:, None]
    strength, turn = np.linalg.eigh(scaled.T @ scaled / (len(scaled) - known.traits.shape[1]))
    factor = turn * np.sqrt(np.maximum(strength, 0))
    # In what no age, sex or ethnicity changes, FLAME's people are as they are, not as ours.
    asked[:, :-1] = asked[:, :-1] @ span.T @ span
    return {"asked": asked, "span": span, "factor": factor, "spread": spread}
