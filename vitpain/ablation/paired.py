"""Two arms on the same people and seeds: their difference, resampled, exchanged and by person."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float64

from vitpain.ablation.exchange import Ways
from vitpain.ablation.nested import Resamples
from vitpain.ablation.tally import Tally, areas, metrics, pairs

Drawn = dict[str, np.ndarray]
"""An array of each metric by its name."""
LABELS = slice(0, 2)
"""Columns of a tally that say how many frames there are, and their labels."""


@dataclass(frozen=True)
class Side:
    """Sums of one arm over seeds, by person."""

    values: Float64[np.ndarray, "subjects columns"]
    positive: tuple[Float64[np.ndarray, "subjects _"], ...]
    below: tuple[Float64[np.ndarray, "subjects _"], ...]


def common(given: Tally, arm: int, base: int) -> Bool[np.ndarray, "subjects seeds"]:
    """Where both arms have frames."""
    return given.present[arm] & given.present[base]


def same_frames(given: Tally, arm: int, base: int) -> bool:
    """Whether the frames of both have the same labels, as far as counts and sums tell."""
    both = common(given, arm, base)
    one, other = (given.values[at][both][:, LABELS] for at in (arm, base))
    return np.allclose(one, other, rtol=0, atol=1e-6)


@dataclass(frozen=True)
class Resampled:
    """Metrics of the arms of a tally in resamples, made once for each arm and whom it has."""

    given: Tally
    resamples: Resamples
    known: dict[tuple[int, bytes], Drawn] = field(default_factory=dict, repr=False)

    def of(self, arm: int, present: Bool[np.ndarray, "subjects seeds"]) -> Drawn:
        """Of what was observed first, then of every draw."""
        key = (arm, present.tobytes())
        if key not in self.known:
            weights = self.resamples.of(present)
            rows = weights.reshape(len(weights), -1)
            summed = rows @ self.given.values[arm].reshape(rows.shape[1], -1)
            own = areas(summed, pairs(rows, self.given.won[:, arm]))
            self.known[key] = metrics(summed, self.given.centres) | own
        return self.known[key]


def sides(given: Tally, arm: int, base: int) -> tuple[Side, Side]:
    """The sums of two arms over the seeds that both have, of the people that both have."""
    both = common(given, arm, base)
    people = both.any(axis=1)
    kept = both[people, :, None]

    def joined(of: np.ndarray) -> np.ndarray:
        return of[people].sum(axis=1, where=kept)

    made = [
        Side(
            joined(given.values[at]),
            tuple(joined(one[at]) for one in given.positive),
            tuple(joined(one[at]) for one in given.below),
        )
        for at in (arm, base)
    ]
    return made[0], made[1]


def exchanged(two: tuple[Side, Side], given: Ways, centres: tuple[float, float]) -> Drawn:
    """The difference of every metric in every arrangement, the observed first.

    AUROC is that of all frames pooled. Its pairs are a quadratic form of who is exchanged, of which
    only the linear part differs between the two arms: with every person's sign goes what they win
    in one arm more than in the other, against everybody in both arms.
    """
    one, other = two
    signs = 1.0 - 2.0 * given.exchanged
    half = 0.5 * (one.values + other.values).sum(axis=0)
    apart = signs @ (0.5 * (one.values - other.values))
    first, second = half + apart, half - apart
    figures = [metrics(values, centres) for values in (first, second)]
    found = {name: figures[0][name] - figures[1][name] for name in figures[0]}
    gained = [_gained(one, other, level) for level in range(len(one.positive))]
    return found | areas(first, signs @ np.stack(gained, axis=1))


def by_person(two: tuple[Side, Side], centres: tuple[float, float]) -> Drawn:
    """The difference of every metric of each person alone, NaN where they have none."""
    figures = []
    for side in two:
        won = [(a * b).sum(axis=1) for a, b in zip(side.positive, side.below, strict=True)]
        own = areas(side.values, np.stack(won, axis=1))
        figures.append(metrics(side.values, centres) | own)
    return {name: figures[0][name] - figures[1][name] for name in figures[0]}


def _gained(one: Side, other: Side, level: int) -> Float64[np.ndarray, " subjects"]:
    """Half of the pairs, of either half of a person with both arms, that one arm wins more."""
    positive = one.positive[level] - other.positive[level]
    below = one.below[level] - other.below[level]
    all_positive = (one.positive[level] + other.positive[level]).sum(axis=0)
    all_below = (one.below[level] + other.below[level]).sum(axis=0)
    return 0.5 * (positive @ all_below + below @ all_positive)
