"""The face that is fitted to landmarks: shapes of people, actions of muscles, in linear fields.

A part of the head model's skin: from the hairline to the chin and back to the ears, with the gaps
between lids and between lips closed by a strip, so that eyes and mouth are drawn too. Metres, axes
of the head as in `assets.head`.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32

from assets import classes, facs, flame
from assets import head as head_models
from assets.head import Topology
from generator.identity import make_identity
from generator.registration.strip import between
from rigging import motion, muscles
from rigging.gaze import STRAIGHT
from rigging.registration import shapes, template

HeadName = Literal["anny", "flame"]
SHAPES = 40
"""Components of shape. On pictures of our own, with landmarks that are off by a hundredth of the
eyes' distance, 20 leave them off by a seventh more, 80 by a tenth less in twice the time; angles
are as good with 20 as with 80."""
ACTIONS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 17, 20, 25, 27, 43)
"""Action units that landmarks can tell apart, each at its highest intensity."""
FACE = ("skin", "upper_lid", "lower_lid", "brow", "lips", "nose")
BACK = -0.062
"""Skin farther behind the eyes than this (metres, of the mean) lies behind the ears' front."""
STRIPS = (
    ("left_upper_lid", "left_lower_lid", 1),
    ("right_upper_lid", "right_lower_lid", -1),
    ("upper_lip", "lower_lip", 1),
)
"""Upper and lower lines, and which way round they go from the picture's left to its right: lid
margins begin at the nose."""
# FLAME's people are sampled: as many as the components need, of the ages that data sets have.
PEOPLE, SEED, AGES = 160, 14, "0-90"
YEARS = 30.0


@dataclass(frozen=True, eq=False)
class FaceModel:
    """A face is `mean + coefficients @ fields`: first `shapes` of them, then actions.

    Coefficients of shape are of spread 1 over people, those of actions go from 0 to 1. `mark_mean`
    and `mark_fields` are the same at the 68 landmarks. `mirror` names the vertex of the other side.
    """

    shapes: int
    mean: Float64[np.ndarray, "vertices 3"]
    fields: Float32[np.ndarray, "fields vertices 3"]
    mark_mean: Float64[np.ndarray, "68 3"]
    mark_fields: Float64[np.ndarray, "fields 68 3"]
    triangles: Int32[np.ndarray, "triangles 3"]
    mirror: Int32[np.ndarray, " vertices"]

    def vertices(
        self, coefficients: Float64[np.ndarray, " fields"]
    ) -> Float64[np.ndarray, "vertices 3"]:
        """The face of some coefficients."""
        flat = self.fields.reshape(len(self.fields), -1)
        return self.mean + (coefficients.astype(np.float32) @ flat).reshape(self.mean.shape)

    def marks(self, coefficients: Float64[np.ndarray, " fields"]) -> Float64[np.ndarray, "68 3"]:
        """Its landmarks."""
        return self.mark_mean + np.tensordot(coefficients, self.mark_fields, 1)

    def neutral(self, coefficients: Float64[np.ndarray, " fields"]) -> Float64[np.ndarray, "68 3"]:
        """The landmarks of its shape alone, without actions."""
        return self.marks(np.where(np.arange(len(coefficients)) < self.shapes, coefficients, 0.0))


@cache
def load(name: HeadName) -> FaceModel:
    """The face of a head model. Raises ValueError where FLAME is asked for and was not added."""
    topology = head_models.load().topology
    match name:
        case "anny":
            space = shapes.load()
            mean = space.mean
            components = np.moveaxis(space.components[..., :SHAPES], -1, 0)
        case "flame":
            mean, components = _of_flame()
    fields = np.concatenate([components, _actions()])
    triangles = _triangles(topology)
    used, corners = np.unique(triangles, return_inverse=True)
    place = np.full(len(mean), -1)
    place[used] = np.arange(len(used))
    at = topology.triangles[topology.landmark_triangles]
    weights = topology.landmark_barycentric.astype(np.float64)
    return FaceModel(
        shapes=len(components),
        mean=mean[used],
        fields=np.ascontiguousarray(fields[:, used]).astype(np.float32),
        mark_mean=np.einsum("lc,lcx->lx", weights, mean[at]),
        mark_fields=np.einsum("lc,flcx->flx", weights, fields[:, at].astype(np.float64)),
        triangles=corners.reshape(-1, 3).astype(np.int32),
        mirror=place[topology.mirror[used]].astype(np.int32),
    )


def _triangles(topology: Topology) -> Int32[np.ndarray, "triangles 3"]:
    """Of the face, alike on both sides, and the strips that close eyes and mouth."""
    inside = template.outer(topology) & _of_face(topology)
    inside &= (shapes.load().mean[topology.triangles][..., 2] > BACK).all(axis=1)
    vertices = np.zeros(len(topology.part), bool)
    vertices[topology.triangles[inside]] = True
    vertices &= vertices[topology.mirror]
    kept = template.outer(topology) & vertices[topology.triangles].all(axis=1)
    strips = [
        between(topology.loops[up][::way], topology.loops[low][::way]) for up, low, way in STRIPS
    ]
    return np.concatenate([topology.triangles[kept], *strips]).astype(np.int32)


def _of_face(topology: Topology) -> Bool[np.ndarray, " triangles"]:
    middle = topology.uv[topology.uv_triangles].mean(axis=1)
    side = len(topology.mask)
    row, column = ((1 - middle[:, 1]) * side).astype(int), (middle[:, 0] * side).astype(int)
    return np.isin(topology.mask[row, column], [classes.CLASSES[name] for name in FACE])


def _actions() -> Float64[np.ndarray, "actions vertices 3"]:
    """What every action unit does to the mean adult: left and right apart where they can differ."""
    model = head_models.load()
    head = model.person(model.mean_phenotypes(), {}, YEARS)
    found = []
    for au in ACTIONS:
        full: dict[int, facs.Number] = {au: facs.HIGHEST[au]}
        sides = [(full, full)] if au in facs.CENTRAL else [(full, {}), ({}, full)]
        for left, right in sides:
            moved = motion.pose(head, muscles.fields, left, right, STRAIGHT)
            found.append((moved - head.vertices).astype(np.float64))
    return np.array(found)


def _of_flame() -> tuple[np.ndarray, np.ndarray]:
    """Mean and components of people drawn from the FLAME file that was added."""
    model = flame.load()
    people = [make_identity(index, PEOPLE, SEED, AGES) for index in range(PEOPLE)]
    drawn = [
        model.person(one.person, np.random.default_rng((SEED, one.index))).vertices
        for one in people
    ]
    mirror = model.heads.topology.mirror
    heads = np.stack(drawn).astype(np.float64)
    heads = np.concatenate([heads, heads[:, mirror] * shapes.FLIP])
    mean = heads.mean(axis=0)
    away = (heads - mean).reshape(len(heads), -1)
    # Eigenvectors of the small matrix of people: there are fewer of them than coordinates.
    values, vectors = np.linalg.eigh(away @ away.T)
    best = np.argsort(values)[::-1][:SHAPES]
    parts = (vectors[:, best].T @ away) / np.sqrt(len(heads))
    return mean, parts.reshape(len(best), *mean.shape)
