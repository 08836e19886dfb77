"""A linear probe that tells which source a face is from, asked about people it has not seen."""

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from assets.streams import stream
from vitpain.explain.probe import COST


def told(
    features: Float[np.ndarray, "frames dim"],
    source: Int[np.ndarray, " frames"],
    people: np.ndarray,
    seed: int,
) -> float | None:
    """Mean over sources of the share of their frames that is told right; a guess is one in all.

    People are halved; a probe learns from one half and is asked about the other, and the other way
    round. None where a source has nobody in one of the halves.
    """
    sources = np.unique(source)
    second = _half(source, people, seed)
    right = np.zeros(len(source))
    for asked in (second, ~second):
        for half in (asked, ~asked):
            if not np.array_equal(np.unique(source[half]), sources):
                return None
        probe = make_pipeline(
            StandardScaler(), LogisticRegression(C=COST, max_iter=1000, class_weight="balanced")
        )
        probe.fit(features[~asked], source[~asked])
        right[asked] = probe.predict(features[asked]) == source[asked]
    return float(np.mean([right[source == one].mean() for one in sources]))


def _half(
    source: Int[np.ndarray, " frames"], people: np.ndarray, seed: int
) -> Bool[np.ndarray, " frames"]:
    """Whose person is in the second half: of all who are in the same sources every other one."""
    names, number = np.unique(people, return_inverse=True)
    within = np.zeros((len(names), source.max() + 1), bool)
    within[number, source] = True
    order = stream(seed, -1, "halves of people").permutation(len(names))
    _, kind = np.unique(within[order], axis=0, return_inverse=True)
    alike = order[np.argsort(kind, kind="stable")]
    second = np.zeros(len(names), bool)
    second[alike[1::2]] = True
    return second[number]
