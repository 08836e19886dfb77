"""How far a rig's vertices lie from the teacher's, vector by vector, on one subject.

The face is the skin that some AU alone at its highest moves by half a millimetre and more. Errors
in millimetres are of the face; shares and strength are of all skin, so that what a rig moves
elsewhere counts against it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32

from rigging.evaluation.subject import Pose, Subject
from rigging.evaluation.vectors import Vector

FACE_MM = 0.5
QUANTILES = 200
"""Errors of one vector are kept as so many evenly spaced quantiles."""


@dataclass(frozen=True, eq=False)
class Errors:
    """Of one subject, a row a vector.

    `error` and `moved` are sums of lengths (mm) over all skin, of what the rig errs and of what
    the teacher moves, over the number of vertices of the face; `strength` is the norm of what the
    rig moves over that of the teacher. `quantiles` (mm) are of the vertices of the face, `mean`
    their mean. `at_head` (mm) is the mean error over all vectors, carried to the vertices of the
    head model, and `known` how much of each of them the subject has.
    """

    error: Float[np.ndarray, " vectors"]
    moved: Float[np.ndarray, " vectors"]
    strength: Float[np.ndarray, " vectors"]
    mean: Float[np.ndarray, " vectors"]
    quantiles: Float32[np.ndarray, "vectors quantiles"]
    at_head: Float32[np.ndarray, " control"]
    known: Float32[np.ndarray, " control"]


@dataclass(frozen=True, eq=False)
class Motions:
    """Displacements of every vector by the teacher and by the rig, metres.

    `pose_ms` is the processor time of this process that the rig took for one.
    """

    teacher: Float32[np.ndarray, "vectors vertices 3"]
    rig: Float32[np.ndarray, "vectors vertices 3"]
    pose_ms: float


def move(subject: Subject, pose: Pose, vectors: Sequence[Vector]) -> Motions:
    """Try every vector on a subject. Raises ValueError where the rig gives other vertices."""
    shape = (len(vectors), *subject.vertices.shape)
    teacher, rig = np.empty(shape, np.float32), np.empty(shape, np.float32)
    spent = 0.0
    for row, vector in enumerate(vectors):
        left, right = vector.aus.left, vector.aus.right
        teacher[row] = subject.moved(left, right)
        start = time.process_time()
        posed = pose(left, right)
        spent += time.process_time() - start
        if posed.shape != subject.vertices.shape:
            rule = f"of the shape {subject.vertices.shape} of its mesh ({subject.topology})"
            raise ValueError(f"vertices of the rig must be {rule}, got {posed.shape}")
        rig[row] = posed - subject.vertices
    return Motions(teacher, rig, 1000 * spent / len(vectors))


def face(
    subject: Subject, motions: Motions, vectors: Sequence[Vector]
) -> Bool[np.ndarray, " vertices"]:
    """The skin that some AU alone moves by `FACE_MM` and more."""
    single = [row for row, vector in enumerate(vectors) if vector.alone is not None]
    far = np.linalg.norm(motions.teacher[single], axis=-1).max(0)
    return subject.skin & (1000 * far >= FACE_MM)


def compare(subject: Subject, motions: Motions, vectors: Sequence[Vector]) -> Errors:
    """Measure every vector."""
    skin, visible = subject.skin, face(subject, motions, vectors)
    error = 1000 * np.linalg.norm(motions.rig - motions.teacher, axis=-1).astype(np.float64)
    moved = 1000 * np.linalg.norm(motions.teacher, axis=-1).astype(np.float64)
    own = 1000 * np.linalg.norm(motions.rig, axis=-1).astype(np.float64)
    count = visible.sum()
    middle = (np.arange(QUANTILES) + 0.5) / QUANTILES
    total, known = subject.on_head(error.mean(0))
    return Errors(
        error=error[:, skin].sum(1) / count,
        moved=moved[:, skin].sum(1) / count,
        strength=np.linalg.norm(own[:, skin], axis=1) / np.linalg.norm(moved[:, skin], axis=1),
        mean=error[:, visible].mean(1),
        quantiles=np.quantile(error[:, visible], middle, axis=1).T.astype(np.float32),
        at_head=(total / np.maximum(known, 1e-9)).astype(np.float32),
        known=known.astype(np.float32),
    )
