"""Fitting the face to the landmarks of a picture: turn, place, distance, shape and expression.

Gauss-Newton on the landmarks' misfit with a prior on every coefficient; landmarks that lie far off
lose their say. The camera looks along the middle of the picture, from a distance that is fitted
too: what lies z metres nearer to the viewer than the eyes is larger by `1 / (1 - nearness * z)`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int
from scipy.spatial.transform import Rotation

from assets.face_crop import OUTER_CORNERS
from generator.registration.face_model import FaceModel

AAM66 = tuple(mark for mark in range(68) if mark not in (60, 64))
"""Which of the 68 landmarks a face of 66 has: all but the inner corners of the mouth."""
JAW = 17
"""The first landmarks follow the outline of the jaw, which trackers place less exactly."""
SIGMA, SIGMA_JAW = 0.006, 0.012
"""Spread of landmarks that fit, in distances of the outer corners of the eyes."""
NEARNESS, NEARNESS_SPREAD = 0.9, 0.35
"""One over metres: from a portrait's 0.8 m to a ward's 2 m."""
NEAREST = (0.05, 3.0)
"""From 20 m, which is as good as infinitely far, to a third of a metre."""
ACTION_SPREAD = 0.5
STEPS, RIGID, ROBUST = 8, 2, 4
"""Steps in all; the first of them that move no shape, and those that believe all landmarks."""
DOWN = np.array([1.0, -1.0])
POSE = 7
"""Unknowns before the coefficients: turn (3), place (2), logarithm of scale, nearness."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A face before a camera: `rotation` takes the head's axes to x right, y up, z to the viewer.

    `centre` is the middle of the picture and `place` where the eyes' middle stands from there,
    pixels; `scale` is pixels a metre at the eyes' depth, `nearness` one over the camera's distance
    from it (metres). `error` is the root mean square misfit of the landmarks in distances of the
    outer corners of the eyes, those of the fitted head seen from the front.
    """

    rotation: Float64[np.ndarray, "3 3"]
    centre: Float64[np.ndarray, "2"]
    place: Float64[np.ndarray, "2"]
    scale: float
    nearness: float
    coefficients: Float64[np.ndarray, " fields"]
    error: float

    def seen(self, points: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
        """Points of the head in the picture: x and y in pixels, z metres to the viewer."""
        turned = points @ self.rotation.T
        larger = 1.0 / (1.0 - self.nearness * turned[:, 2:])
        flat = self.place + self.scale * turned[:, :2] * DOWN
        return np.concatenate([self.centre + larger * flat, turned[:, 2:]], axis=1)

    @property
    def angles(self) -> tuple[float, float, float]:
        """Yaw, pitch and roll as in `render.camera.head_angles`, radians."""
        turned = self.rotation
        yaw = np.arctan2(turned[0, 2], turned[2, 2])
        pitch = np.arcsin(np.clip(turned[1, 2], -1.0, 1.0))
        return float(yaw), float(pitch), float(np.arctan2(-turned[1, 0], turned[1, 1]))


def which(count: int) -> Int[np.ndarray, " points"]:
    """Numbers among the 68 of the landmarks of a scheme of `count`."""
    return np.array(AAM66 if count == len(AAM66) else range(count))


def fit(model: FaceModel, points: Float64[np.ndarray, "points 2"], size: tuple[int, int]) -> Fitted:
    """Fit the face to 68 (`ibug68`) or 66 (`aam66`) landmarks in pixels of a picture.

    `size` is the picture's width and height.
    """
    chosen = which(len(points))
    mean, fields = model.mark_mean[chosen], model.mark_fields[:, chosen]
    state = _start(mean, points, len(fields), np.array(size) / 2)
    sigma = np.where(chosen < JAW, SIGMA_JAW, SIGMA)
    corners = list(OUTER_CORNERS)
    for step in range(STEPS):
        apart = np.diff(model.mark_mean[corners], axis=0)
        # What is no face may shrink to a point.
        unit = max(state.scale * float(np.linalg.norm(apart)), 1.0)
        state = _step(model, (mean, fields), points, state, sigma * unit, step)
    off = state.seen(mean + np.tensordot(state.coefficients, fields, 1))[:, :2] - points
    neutral = model.neutral(state.coefficients)
    unit = state.scale * float(np.linalg.norm(np.diff(neutral[corners], axis=0)))
    error = float(np.sqrt((off**2).sum(axis=1).mean())) / unit
    return Fitted(
        state.rotation,
        state.centre,
        state.place,
        state.scale,
        state.nearness,
        state.coefficients,
        error,
    )


def _start(
    mean: Float64[np.ndarray, "points 3"],
    points: Float64[np.ndarray, "points 2"],
    fields: int,
    centre: Float64[np.ndarray, "2"],
) -> Fitted:
    """The mean face as far as an affine camera can tell: its two rows made square to each other."""
    design = np.concatenate([mean, np.ones((len(mean), 1))], axis=1)
    rows = np.linalg.lstsq(design, (points - centre) * DOWN, rcond=None)[0].T
    left, size, right = np.linalg.svd(rows[:, :3], full_matrices=False)
    across = left @ right
    rotation = np.concatenate([across, np.cross(across[0], across[1])[None]])
    place = rows[:, 3] * DOWN
    return Fitted(rotation, centre, place, float(size.mean()), NEARNESS, np.zeros(fields), np.inf)


def _step(
    model: FaceModel,
    marks: tuple[Float64[np.ndarray, "points 3"], Float64[np.ndarray, "fields points 3"]],
    points: Float64[np.ndarray, "points 2"],
    state: Fitted,
    sigma: Float64[np.ndarray, " points"],
    step: int,
) -> Fitted:
    """One step of Gauss-Newton; actions that would leave 0 to 1 are held at the bound."""
    mean, fields = marks
    face = mean + np.tensordot(state.coefficients, fields, 1)
    off = points - state.seen(face)[:, :2]
    free = np.ones(POSE + len(fields), bool)
    if step < RIGID:
        free[POSE - 1 :] = False
    jacobian = _jacobian(state, face, fields)
    weight = 1.0 / sigma
    if step >= ROBUST:
        far = (off**2).sum(axis=1) / sigma**2
        weight = weight / (1.0 + far / 3.0**2)
    rows = (jacobian * weight[:, None, None]).reshape(-1, len(free))
    prior, pulled = _prior(model, state)
    matrix = rows.T @ rows + np.diag(prior)
    right = rows.T @ (off * weight[:, None]).ravel() - pulled
    change = _solved(matrix, right, free)
    actions = np.flatnonzero(np.arange(len(free)) >= POSE + model.shapes)
    for _ in range(3):
        value = state.coefficients[actions - POSE] + change[actions]
        beyond = (value < 0.0) | (value > 1.0)
        if not (beyond & free[actions]).any():
            break
        held = actions[beyond]
        free[held] = False
        bound = np.clip(value[beyond], 0.0, 1.0) - state.coefficients[held - POSE]
        fixed = np.zeros(len(free))
        fixed[actions[~free[actions]]] = change[actions[~free[actions]]]
        fixed[held] = bound
        change = fixed + _solved(matrix, right - matrix @ fixed, free)
    coefficients = state.coefficients + change[POSE:]
    coefficients[model.shapes :] = np.clip(coefficients[model.shapes :], 0.0, 1.0)
    return Fitted(
        Rotation.from_rotvec(change[:3]).as_matrix() @ state.rotation,
        state.centre,
        state.place + change[3:5],
        state.scale * float(np.exp(np.clip(change[5], -0.3, 0.3))),
        float(np.clip(state.nearness + change[6], *NEAREST)),
        coefficients,
        np.inf,
    )


def _jacobian(
    state: Fitted, face: Float64[np.ndarray, "points 3"], fields: np.ndarray
) -> Float64[np.ndarray, "points 2 unknowns"]:
    """How the places of landmarks change with every unknown, y downward."""
    turned = face @ state.rotation.T
    larger = 1.0 / (1.0 - state.nearness * turned[:, 2])
    flat = state.place + state.scale * turned[:, :2] * DOWN
    motion = np.concatenate([_turns(turned), state.rotation @ fields.transpose(1, 2, 0)], axis=2)
    found = np.zeros((len(face), 2, POSE + len(fields)))
    inside = np.r_[0:3, POSE : POSE + len(fields)]
    away = larger * state.nearness * motion[:, 2].T
    for axis in range(2):
        moved = state.scale * DOWN[axis] * motion[:, axis].T + flat[:, axis] * away
        found[:, axis, inside] = (larger * moved).T
        found[:, axis, 3 + axis] = larger
        found[:, axis, 5] = larger * state.scale * DOWN[axis] * turned[:, axis]
        found[:, axis, 6] = larger**2 * turned[:, 2] * flat[:, axis]
    return found


def _turns(points: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3 3"]:
    """How points move with a turn about each axis."""
    x, y, z = points.T
    none = np.zeros(len(points))
    about = [(none, -z, y), (z, none, -x), (-y, x, none)]
    return np.stack([np.stack(axis, axis=1) for axis in about], axis=2)


def _prior(
    model: FaceModel, state: Fitted
) -> tuple[Float64[np.ndarray, " unknowns"], Float64[np.ndarray, " unknowns"]]:
    """Weights of the unknowns' own spread, and their pull at the state."""
    spread = np.ones(len(state.coefficients))
    spread[model.shapes :] = ACTION_SPREAD
    weight = np.zeros(POSE + len(spread))
    weight[6] = NEARNESS_SPREAD**-2
    weight[POSE:] = spread**-2
    pulled = np.zeros_like(weight)
    pulled[6] = weight[6] * (state.nearness - NEARNESS)
    pulled[POSE:] = weight[POSE:] * state.coefficients
    return weight, pulled


def _solved(
    matrix: np.ndarray, right: np.ndarray, free: Bool[np.ndarray, " unknowns"]
) -> Float64[np.ndarray, " unknowns"]:
    """Solve for what is free; the rest stays."""
    out = np.zeros(len(right))
    out[free] = np.linalg.solve(matrix[np.ix_(free, free)], right[free])
    return out
