"""Everything that is measured of a rig on one subject."""

import time
from dataclasses import dataclass

import numpy as np

from assets import facs
from rigging.evaluation.errors import Errors, Motions, compare, face, move
from rigging.evaluation.order import Course, courses, unlike_mirrored_mm, zero_is_neutral
from rigging.evaluation.recovery import recover
from rigging.evaluation.subject import Rig, Split, Subject
from rigging.evaluation.vectors import Vector, alone, together

READY = {4: 1.0}
"""Shown once before anything is timed: what a rig keeps of a person is kept then."""


@dataclass(frozen=True)
class Plan:
    """How much is tried on a subject."""

    alone: tuple[int, ...] = facs.AUS
    """AUs that are tried alone, at every step."""
    together: int = 30
    """Vectors of several AUs."""
    recovered: int = 3
    """Of those, how many even ones are read back into AUs."""
    mirrored: int = 0
    """Of those, how many are held against their mirror images."""


@dataclass(frozen=True)
class Recovered:
    """Intensities that a mesh was posed with, on both sides, and those read back from it."""

    target: dict[int, float]
    found: dict[int, float]


@dataclass(frozen=True, eq=False)
class Measured:
    """All figures of one subject; `vectors` name the rows of `errors`.

    `prepare_s` and `pose_ms` are processor time of this process, so one core's where it has one
    thread. `mirror_mm` is None where it was not asked for.
    """

    split: Split
    topology: str
    band: str
    vectors: tuple[Vector, ...]
    errors: Errors
    courses: tuple[Course, ...]
    zero: bool
    mirror_mm: float | None
    recovered: tuple[Recovered, ...]
    prepare_s: float
    pose_ms: float


def measure(subject: Subject, rig: Rig, plan: Plan, rng: np.random.Generator) -> Measured:
    """Try a rig on a subject; `rng` draws the vectors of several AUs."""
    single, several = alone(plan.alone), together(plan.together, rng)
    vectors = (*single, *several)
    start = time.process_time()
    pose = rig.of(subject)
    pose(READY, READY)
    ready = time.process_time()
    motions = move(subject, pose, vectors)
    mirror = None
    if plan.mirrored:
        mirror = unlike_mirrored_mm(subject, rig, pose, several[: plan.mirrored])
    return Measured(
        split=subject.split,
        topology=subject.topology,
        band=subject.band,
        vectors=vectors,
        errors=compare(subject, motions, vectors),
        courses=courses(subject, motions, vectors),
        zero=zero_is_neutral(subject, pose),
        mirror_mm=mirror,
        recovered=_recovered(subject, motions, vectors, plan.recovered),
        prepare_s=ready - start - motions.pose_ms / 1000,
        pose_ms=motions.pose_ms,
    )


def _recovered(
    subject: Subject, motions: Motions, vectors: tuple[Vector, ...], count: int
) -> tuple[Recovered, ...]:
    even = [k for k, vector in enumerate(vectors) if vector.alone is None and vector.even]
    where = face(subject, motions, vectors)
    return tuple(
        Recovered(dict(vectors[row].aus.left), recover(subject, motions.rig[row], where))
        for row in even[:count]
    )
