"""Figures by group of people or of pictures, and by level of PSPI."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assets.population import OLDEST, band_name
from vitpain.evaluate.cases import Cases
from vitpain.evaluate.score import Detector, Scored, Thresholds, Weights, agree, detect

TONES = ((1, 3), (4, 6), (7, 10))
"""Monk tones that are taken together."""
KINDS = ("source", "kind", "view", "sex", "age", "skin tone")
TITLES = {"kind": "role of the picture", "age": "age in years", "skin tone": "Monk tone"}


@dataclass(frozen=True)
class Group:
    """PSPI and pain at PSPI >= 1 in one group, pooled over folds."""

    kind: str
    name: str
    agreement: Scored
    detection: Scored

    @property
    def title(self) -> str:
        """What kind of group it is, in words."""
        return TITLES.get(self.kind, self.kind)

    @property
    def shown(self) -> str:
        """Its name in words."""
        open_ended = self.kind == "age" and self.name.endswith("-")
        return f"{self.name[:-1]} and older" if open_ended else self.name


@dataclass(frozen=True)
class Level:
    """Frames of one whole level of PSPI (`level` up to the next) and what was predicted of them."""

    level: int
    frames: int
    subjects: int
    mean: float
    spread: float
    mae: float
    bias: float


def groups(
    tested: Cases, detector: Detector, thresholds: Thresholds, weights: Weights
) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """Every kind of group that is known of any frame, and names of the kinds that are not."""
    made, unknown = [], []
    for kind in KINDS:
        names = names_of(tested, kind)
        present = sorted({name for name in names if name is not None}, key=_in_order)
        if not present:
            unknown.append(TITLES.get(kind, kind))
        if kind in ("source", "kind", "view") and len(present) < 2:
            continue
        if any(name is None for name in names) and present:
            present = [*present, None]
        for name in present:
            own = tested.where(np.array([one == name for one in names], bool))
            agreed = agree(own, "pspi", "pspi_hat", weights)
            found = detect(own, detector, thresholds, weights)
            made.append(Group(kind, "not known" if name is None else name, agreed, found))
    return tuple(made), tuple(name for name in unknown if name not in ("source", "kind", "view"))


def names_of(cases: Cases, kind: str) -> np.ndarray:
    """Name of the group of each frame, None where it is not known."""
    if kind in ("source", "kind", "sex"):
        return cases.words(kind)
    name: Callable[[float], str]
    column, name = {
        "view": ("view", lambda view: "frontal" if view == 0 else "turned"),
        "age": ("age_years", _band),
        "skin tone": ("skin_tone", _tones),
    }[kind]
    values = cases.numbers(column)
    each, place = np.unique(values, return_inverse=True)
    named = np.array([None if np.isnan(one) else name(float(one)) for one in each], object)
    return named[place]


def _band(age_years: float) -> str:
    # Real people grow older than those that are made.
    return f"{OLDEST + 1}-" if age_years >= OLDEST + 1 else band_name(age_years)


def _tones(tone: float) -> str:
    for low, high in TONES:
        if low <= tone <= high:
            return f"{low}-{high}"
    raise ValueError(f"skin tone must be a Monk tone from 1 to 10, got {tone:g}")


def _in_order(name: str) -> tuple[int, str]:
    first = name.partition("-")[0]
    return (int(first), "") if first.isdecimal() else (-1, name)


def levels(tested: Cases) -> tuple[Level, ...]:
    """Frames by whole level of PSPI, those that there are."""
    label, predicted = tested.numbers("pspi"), tested.numbers("pspi_hat")
    known = ~np.isnan(label)
    subject, label, predicted = tested.subject[known], label[known], predicted[known]
    floor = np.floor(label).astype(int)
    made = []
    for level in np.unique(floor):
        own = floor == level
        error = predicted[own] - label[own]
        made.append(
            Level(
                int(level),
                int(own.sum()),
                len(np.unique(subject[own])),
                float(predicted[own].mean()),
                float(predicted[own].std()),
                float(np.abs(error).mean()),
                float(error.mean()),
            )
        )
    return tuple(made)
