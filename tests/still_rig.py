"""Rigs for trials of the trial: the teacher by heads, and on bare meshes one that never moves."""

from rigging import blendshapes
from rigging.evaluation.subject import Rig
from scripts.eval_rig import Crowd, Trial


def half() -> Rig:
    return Rig(blendshapes.pose, lambda mesh: lambda left, right: mesh.vertices.copy())


TRIAL = Trial(half, Crowd(12, 3), Crowd(6, 4))
