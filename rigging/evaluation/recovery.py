"""Reading AUs back from a deformed mesh: which intensities would the teacher need to look so.

Gauss-Newton steps within bounds, from zero, on the displacement of the face. Unknowns are not
intensities but what the teacher's fields are multiplied by, in which its motion is nearly linear;
AU5 and AU45 are the two ends of one unknown, since they are never both above 0. AU26 and AU27 are
tried in turn. Both sides are taken to be equal.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import lsq_linear

from assets import facs
from rigging import motion
from rigging.evaluation.subject import Subject

MOST_POINTS = 1500
STEP = 0.02
"""Of an unknown, for the differences that stand for derivatives."""
ROUNDS, ENOUGH = 12, 1e-4
"""Most steps, and the change of every unknown below which they end."""
SHARES = (1.0, 0.5, 0.25, 0.1)
"""Of a step that are tried until the mesh is met better than before."""
CLOSED_FROM = 4.5
"""AU45 beyond this is read as closed eyes, AU43: what opens less cannot be told from it."""
LIDS = 45
"""Stands for the unknown that is AU45 above 0 and AU5 below."""
JAWS = (26, 27)
COMMON = tuple(au for au in facs.AUS if au not in (5, 43, 45, *JAWS))


def _intensities(
    unknown: Float[np.ndarray, " unknowns"], aus: Sequence[int], closed: bool
) -> dict[int, float]:
    found: dict[int, float] = {au: 0.0 for au in facs.AUS}
    for au, value in zip(aus, unknown.tolist(), strict=True):
        if au == LIDS:
            found[45 if value > 0 else 5] = 5 * min(abs(value), 1.0)
        else:
            found[au] = 5 * min(max(value, 0.0), 1.0) ** (1 / motion.GRADE)
    if closed:
        found |= {5: 0.0, 43: 1.0, 45: facs.CLOSED}
    return found


class _Problem:
    """Displacements by the teacher, and by the mesh, at points of the face."""

    def __init__(
        self,
        subject: Subject,
        moved: Float[np.ndarray, "points 3"],
        rows: Int[np.ndarray, " points"],
    ) -> None:
        self._subject, self._rows, self._target = subject, rows, 1000 * moved.ravel()

    def off(self, unknown: np.ndarray, aus: Sequence[int], closed: bool) -> np.ndarray:
        """Millimetres by which the teacher is off with these unknowns."""
        whole = _intensities(unknown, aus, closed)
        return 1000 * self._subject.moved(whole, whole)[self._rows].ravel() - self._target

    def solve(
        self, start: dict[int, float], aus: Sequence[int], closed: bool
    ) -> tuple[float, dict[int, float]]:
        """Mean square left, and the unknowns by AU."""
        low = np.array([-1.0 if au == LIDS else 0.0 for au in aus])
        at = np.clip([start.get(au, 0.0) for au in aus], low, 1.0)

        here = self.off(at, aus, closed)
        for _ in range(ROUNDS):
            slope = self._slope(at, here, aus, closed)
            basis, small = np.linalg.qr(slope)
            bounds = (low - at, 1.0 - at)
            step = lsq_linear(small, -basis.T @ here, bounds, method="bvls").x
            for share in SHARES:
                there = self.off(at + share * step, aus, closed)
                if there @ there < here @ here:
                    break
            else:
                break
            at, here = np.clip(at + share * step, low, 1.0), there
            if np.abs(share * step).max() < ENOUGH:
                break
        return float((here**2).mean()), dict(zip(aus, at.tolist(), strict=True))

    def _slope(
        self, at: np.ndarray, here: np.ndarray, aus: Sequence[int], closed: bool
    ) -> Float[np.ndarray, "coordinates unknowns"]:
        columns = []
        for place in range(len(aus)):
            step = STEP if at[place] + STEP <= 1.0 else -STEP
            beside = at.copy()
            beside[place] += step
            columns.append((self.off(beside, aus, closed) - here) / step)
        return np.stack(columns, axis=1)


def recover(
    subject: Subject,
    moved: Float[np.ndarray, "vertices 3"],
    face: Bool[np.ndarray, " vertices"],
) -> dict[int, float]:
    """Intensities of every AU, equal on both sides, that explain a displacement best.

    `moved` is in metres, `face` says which vertices are looked at.
    """
    rows = np.flatnonzero(face)
    rows = rows[:: -(-len(rows) // MOST_POINTS)]
    problem = _Problem(subject, moved[rows].astype(np.float64), rows)
    solved = [problem.solve({}, (*COMMON, LIDS, jaw), closed=False) for jaw in JAWS]
    _, unknown = min(solved, key=lambda pair: pair[0])
    closed = 5 * unknown[LIDS] > CLOSED_FROM
    if closed:
        others = tuple(au for au in unknown if au != LIDS)
        _, unknown = problem.solve(unknown, others, closed)
    return _intensities(np.array(list(unknown.values())), tuple(unknown), closed)
