"""What to look at: sequences over time, the frames that went wrong most, and what was confused."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from vitpain.evaluate.cases import Cases
from vitpain.evaluate.score import Detector, Thresholds, said
from vitpain.metrics import detection

SEQUENCES = 6
SHORTEST = 10
"""Frames without which a sequence shows no course."""
WORST = 20
OF_ONE = 3
"""Worst frames that are listed of one sequence, or of one person where there are none."""


@dataclass(frozen=True)
class Course:
    """A sequence: numbers of its frames, PSPI (NaN where not coded) and what was predicted."""

    sequence: str
    subject: str
    fold: int
    frame: np.ndarray
    label: np.ndarray
    predicted: np.ndarray
    of_aus: np.ndarray


@dataclass(frozen=True)
class Wrong:
    """A frame far off."""

    key: str
    subject: str
    fold: int
    sequence: str | None
    frame: int | None
    pspi: float
    pspi_hat: float
    pspi_of_aus_hat: float


@dataclass(frozen=True)
class Confusion:
    """Frames by what they are and what the threshold of their fold said of them."""

    level: int
    hit: int
    false: int
    missed: int
    passed: int


def courses(tested: Cases, most: int = SEQUENCES) -> tuple[Course, ...]:
    """Sequences of different people, chosen by their labels alone: each person's most painful one,
    of those people who come evenly spread when ranked by it."""
    named = tested.rows["sequence"].is_valid().to_numpy() & ~np.isnan(tested.numbers("frame"))
    tested = tested.where(named)
    label, sequence = tested.numbers("pspi"), tested.words("sequence")
    chosen: dict[str, tuple[float, str, np.ndarray]] = {}
    for subject in range(len(tested.subjects)):
        own = np.flatnonzero(tested.subject == subject)
        for name in sorted(set(sequence[own])):
            places = own[sequence[own] == name]
            known = label[places][~np.isnan(label[places])]
            if len(places) < SHORTEST or not len(known):
                continue
            found = (float(known.max()), name, places)
            best = chosen.get(tested.subjects[subject])
            if best is None or found[0] > best[0]:
                chosen[tested.subjects[subject]] = found
    ranked = sorted(chosen.items(), key=lambda item: (-item[1][0], item[0]))
    spread = np.linspace(0, len(ranked) - 1, min(most, len(ranked))).round().astype(int)
    return tuple(_course(tested, *ranked[place]) for place in spread)


def _course(tested: Cases, subject: str, found: tuple[float, str, np.ndarray]) -> Course:
    _, sequence, places = found
    own = tested.at(places)
    own = own.at(np.argsort(own.numbers("frame"), kind="stable"))
    numbers = (own.numbers(name) for name in ("frame", "pspi", "pspi_hat", "pspi_of_aus_hat"))
    return Course(sequence, subject, int(own.fold[0]), *numbers)


def worst(tested: Cases, most: int = WORST) -> tuple[Wrong, ...]:
    """Frames by their error, the largest first, no more than `OF_ONE` of one sequence."""
    label, predicted = tested.numbers("pspi"), tested.numbers("pspi_hat")
    error = np.nan_to_num(np.abs(predicted - label), nan=-1.0)
    order = np.argsort(-error, kind="stable")
    sequence, subject = tested.words("sequence"), tested.subject
    listed: Counter[str] = Counter()
    places = []
    for place in order:
        if error[place] < 0 or len(places) == most:
            break
        group = str(sequence[place] or f"person {subject[place]}")
        listed[group] += 1
        if listed[group] <= OF_ONE:
            places.append(place)
    names = ("key", "subject", "fold", "sequence", "frame", "pspi", "pspi_hat", "pspi_of_aus_hat")
    rows = tested.at(np.array(places, np.int64)).rows.select(list(names)).to_pylist()
    return tuple(Wrong(**row) for row in rows)


def confusion(tested: Cases, level: int, thresholds: Thresholds) -> Confusion:
    """Counts at a level, by thresholds that every fold has."""
    detector = Detector("pspi", float(level), f"p{level}")
    label = tested.numbers(detector.label)
    own = tested.where(~np.isnan(label))
    decided = said(own, own.numbers(detector.score), thresholds)
    one = np.zeros(len(own), np.int64)
    counts = detection.decisions(own.numbers("pspi") >= level, decided, one, 1).counts[0]
    return Confusion(level, *(int(count) for count in counts))
