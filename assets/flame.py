"""Heads of FLAME, in the head model's own topology, for people of a given age, sex and ethnicity.

`pain3d assets add flame PATH` lays the head model's topology on FLAME's mean person, carries the
basis of its 300 identity coefficients over, and learns there which coefficients age, sex and
ethnicity ask for (`generator.flame_heads`). What comes of it lies in the user's folder; this module
reads it and makes heads, so that all that the head model knows (atlas, lids, lips, teeth, hair)
holds for them too.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from safetensors import SafetensorError
from safetensors.numpy import load as parse

from assets import added, manifest
from assets import head as head_models
from assets.head import Head
from assets.population import Person

NAME, OPTION = "flame", "head flame"
WEIGHTS, FACTS = "flame.safetensors", "flame.json"
FORMAT = 1
"""Of the converted file: raised where what it holds changes."""
COEFFICIENTS = 300
# Ages (years) between which the coefficients that an age asks for run straight.
KNOTS = (0.0, 1.0, 4.5, 11.0, 16.0, 25.0, 45.0, 65.0, 91.0)
# Ages between which what sex and ethnicity change runs straight.
TURNS = (1.0, 11.0, 25.0, 91.0)
YOUNG = KNOTS[:4]
"""Ages (years) of children, for whom FLAME, made of grown people, has no shapes."""
# Draws stay within as many standard deviations, as those of the head model's shapes do.
REACH = 2.0


@dataclass(frozen=True, eq=False)
class Demographics:
    """What age, sex and ethnicity ask of the coefficients, and what they leave open.

    `asked` gives the coefficients and the logarithm of the size from `traits`. People differ from
    it by `spread` (a number a knot of age) times: along `span`, the directions in which age, sex
    and ethnicity differ, and in size, what people of the head model differ by (`factor`); in all
    other directions (second row of `spread`) what FLAME's own people do, one standard deviation a
    coefficient.
    """

    asked: Float32[np.ndarray, "traits 301"]
    span: Float32[np.ndarray, "directions 300"]
    factor: Float32[np.ndarray, "places draws"]
    spread: Float32[np.ndarray, "2 knots"]


def by_age(age_years: float, knots: tuple[float, ...] = KNOTS) -> Float64[np.ndarray, " knots"]:
    """How much of each of some ages an age has; they sum to 1."""
    return np.array([np.interp(age_years, knots, row) for row in np.eye(len(knots))])


def traits(person: Person) -> Float64[np.ndarray, " traits"]:
    """Age by `KNOTS`; then sex, african and asian shares, each by `TURNS`."""
    sex = 1.0 if person.sex == "female" else -1.0
    beside = np.array([sex, person.african, person.asian])
    turns = by_age(person.age_years, TURNS)
    return np.concatenate([by_age(person.age_years), np.outer(beside, turns).ravel()])


@dataclass(frozen=True, eq=False)
class FlameModel:
    """FLAME's people in the topology of `heads`.

    `mean` and `basis` are metres, the eyes of the mean midway at the origin; the basis is of one
    standard deviation of each coefficient. `growth` is what the head model adds to a grown face at
    each of `YOUNG`. `sha256` is that of the converted file.
    """

    heads: head_models.HeadModel
    mean: Float32[np.ndarray, "vertices 3"]
    basis: Float32[np.ndarray, "300 coordinates"]
    growth: Float32[np.ndarray, "young vertices 3"]
    demographics: Demographics
    sha256: str

    def coefficients(
        self, person: Person, rng: np.random.Generator
    ) -> tuple[Float64[np.ndarray, " 300"], float]:
        """Draw a person's coefficients, and their size over that of FLAME's mean."""
        known = self.demographics
        asked = traits(person) @ known.asked.astype(np.float64)
        bound, unbound = known.spread.astype(np.float64) @ by_age(person.age_years)
        free = np.clip(rng.standard_normal(COEFFICIENTS), -REACH, REACH)
        inside = np.clip(rng.standard_normal(known.factor.shape[1]), -REACH, REACH)
        drawn = known.factor.astype(np.float64) @ inside
        span = known.span.astype(np.float64)
        apart = unbound * (free - (free @ span.T) @ span) + bound * drawn[:-1] @ span
        return asked[:-1] + apart, float(np.exp(asked[-1] + bound * drawn[-1]))

    def shape(
        self, coefficients: Float64[np.ndarray, " 300"], size: float, age_years: float
    ) -> Float32[np.ndarray, "vertices 3"]:
        """A bare head (see `head.closed`) whose eyes lie `size` times as far apart as the mean's.

        Coefficients say how the face looks, `size` how large it is.
        """
        moved = coefficients.astype(np.float32) @ self.basis
        young = by_age(age_years)[: len(YOUNG)].astype(np.float32)
        vertices = self.mean + moved.reshape(self.mean.shape) + np.tensordot(young, self.growth, 1)
        vertices -= vertices[-2:].mean(axis=0)
        apart = [float(np.linalg.norm(both[-2] - both[-1])) for both in (self.mean, vertices)]
        return vertices * np.float32(size * apart[0] / apart[1])

    def person(self, person: Person, rng: np.random.Generator) -> Head:
        """A head for a person's age, sex and ethnicity; the same for the same generator."""
        bare = self.shape(*self.coefficients(person, rng), person.age_years)
        actions = self.heads.actions
        return head_models.closed(self.heads.topology, bare, actions, person.age_years)


def from_arrays(arrays: Mapping[str, np.ndarray], sha256: str) -> FlameModel:
    """A model out of the arrays that `WEIGHTS` holds."""
    fields = ("asked", "span", "factor", "spread")
    return FlameModel(
        heads=head_models.load(),
        mean=arrays["mean"],
        basis=arrays["basis"].astype(np.float32).reshape(COEFFICIENTS, -1),
        growth=arrays["growth"].astype(np.float32),
        demographics=Demographics(**{name: arrays[name] for name in fields}),
        sha256=sha256,
    )


def head_model_sha256() -> str:
    """The SHA-256 of the head model whose topology FLAME's people are in."""
    return manifest.entries()["anny_head.npz"].sha256


def facts() -> Mapping[str, Any]:
    """What is known of the file that was added: source, licence, figures.

    Raises ValueError where none was added, or for another head model or format than there is now.
    """
    place = added.folder(NAME, OPTION)
    known = json.loads((place / FACTS).read_text())
    for what, now in (("format", FORMAT), ("head_model", head_model_sha256())):
        if known.get(what) != now:
            rule = f"made with {what} {now}; add the file again"
            raise ValueError(f"{place} must be {rule}, got {known.get(what)}")
    return known


@cache
def load() -> FlameModel:
    """The model that was added, held to its hash. Raises ValueError as `facts` does."""
    known = facts()
    path = added.folder(NAME, OPTION) / WEIGHTS
    content = path.read_bytes()
    got = hashlib.sha256(content).hexdigest()
    if got != known["sha256"]:
        raise ValueError(f"{path} must have sha256 {known['sha256']}, got {got}")
    try:
        return from_arrays(parse(content), got)
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"{path} must be what assets add flame wrote: {error}") from error
