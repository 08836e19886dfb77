"""How figures grow with what is learnt from: real subjects, and synthetic frames beside them."""

from collections.abc import Sequence

import numpy as np

from vitpain.ablation.arms import BASE, Arm
from vitpain.ablation.figures import METRICS, Curve, Estimate, Over, Point
from vitpain.ablation.stored import Finished, Stored

Place = tuple[float, str, float]
"""What is learnt from, the arm, and its fraction."""


def curves(
    given: Stored, models: Sequence[str], fractions: Sequence[float], found: Sequence[Estimate]
) -> list[Curve]:
    """Every metric's curves of at least two points."""
    known = {(one.model, one.metric, one.arm, one.fraction): one.value for one in found}
    made = []
    for model in models:
        own = [cell for cell in given.cells if cell.model == model]
        lines: list[tuple[Over, str, list[Place]]] = [
            *(
                ("subjects", arm.name, _over_subjects(arm, own, fractions))
                for arm in given.study.arms
                if arm.real
            ),
            *(
                ("frames", one["name"], _over_frames(one["name"], given, own, fractions[-1]))
                for one in given.study.sources
            ),
        ]
        for over, name, places in lines:
            if len(places) < 2:
                continue
            for metric in METRICS:
                points = tuple(
                    Point(x, arm, fraction, known[model, metric.name, arm, fraction])
                    for x, arm, fraction in sorted(places)
                )
                made.append(Curve(over, name, model, metric.name, points))
    return made


def _over_subjects(arm: Arm, cells: Sequence[Finished], fractions: Sequence[float]) -> list[Place]:
    own = {one: [cell for cell in cells if _is(cell, arm, one)] for one in fractions}
    return [
        (float(np.mean([cell.learnt["subjects"] for cell in there])), arm.name, fraction)
        for fraction, there in own.items()
        if there
    ]


def _over_frames(
    source: str, given: Stored, cells: Sequence[Finished], fraction: float
) -> list[Place]:
    """Arms of real frames alone, and of those with frames of one source in the same form."""
    places = []
    for arm in given.study.arms:
        beside = arm.real and arm.synthetic == arm.beside == (source,)
        if arm.native or not arm.matched or not (beside or arm.name == BASE):
            continue
        counts = [cell.synthetic.get(source, 0) for cell in cells if _is(cell, arm, fraction)]
        if counts:
            places.append((float(np.mean(counts)), arm.name, fraction))
    return places


def _is(cell: Finished, arm: Arm, fraction: float) -> bool:
    return cell.arm == arm.name and cell.fraction == fraction
