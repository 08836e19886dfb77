"""Creases of one person: how deep each curve folds in a pose, and the skin painted with them.

One rule for all: the skin's stretch across a curve (`rigging.strain`) sets the depth there, so
that folds come and go with whatever pushes the skin together, on every head and rig. Age and the
person's own skin scale it. A fold shows in the normals, in the shade of its valley, and in how
little light spreads under its walls.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float32, Int32

from assets import skin as skin_model
from assets.crease_curves import BEYOND, CLOSED, FOLDS, OPEN, Fold
from assets.head import Head
from assets.streams import stream
from generator.identity import Identity
from generator.texture import crease_chart, skin_noise
from generator.texture.skin import Texture
from render.mesh import Points
from rigging import strain

# Linear light that a valley a millimetre deep sends back: light leaves it red.
VALLEY = (0.66, 0.52, 0.47)
DEEPEST_MM = 2.2
STEEPEST = 0.75
"""No wall is steeper: a normal map cannot hide what lies behind one."""
DULL = 70.0
"""Roughness, of 255, that the steepest wall gains: folded skin does not glitter along its walls."""


@dataclass(frozen=True, eq=False)
class Folding:
    """Where and how readily one person's skin folds.

    `points` are samples of all curves on the control mesh, `across` the directions of the neutral
    skin across them and `most` their greatest depth (mm); `texel`, `profile` and `sample` say
    what each does to the head chart; `shade` is the `contrast` of the skin.
    """

    points: Points
    across: Float32[np.ndarray, "samples 3"]
    most: Float32[np.ndarray, " samples"]
    texel: Int32[np.ndarray, " texels"]
    profile: Float32[np.ndarray, " texels"]
    sample: Int32[np.ndarray, " texels"]
    shade: float


def readiness(fold: Fold, age_years: float) -> float:
    """How deeply a fold cuts at an age: lines come with the years, folds of fat are born with."""
    lines = float(np.interp(age_years, (0, 6, 20, 40, 60, 85), (0.05, 0.15, 0.45, 0.75, 1.0, 1.15)))
    slack = float(np.interp(age_years, (0, 1.5, 4, 20, 55, 90), (1.75, 1.5, 1.0, 1.0, 1.15, 1.3)))
    return slack * (1 - fold.lined + fold.lined * lines)


def contrast(lightness: float) -> float:
    """Factor on the shade of a valley in skin of a lightness L*.

    The same loss of light is a smaller step of L* on dark skin: without this a fold would show
    less there, and dark faces would seem to be in less pain by our doing.
    """
    return float(np.interp(lightness, (25.0, 45.0, 65.0), (1.8, 1.45, 1.0)))


def breadth(age_years: float) -> float:
    """Factor on the widths of folds: thick young skin folds in wide soft rolls."""
    return 1.5 if age_years < 12 else 1.0


def folding(identity: Identity, head: Head) -> Folding:
    """One person's creases; every fold is one of its variants, more or less deep."""
    rng = stream(identity.seed, identity.index, "creases")
    age = identity.person.age_years
    sets = [crease_chart.drawn(variant, breadth(age)) for variant in range(crease_chart.VARIANTS)]
    which = {name: int(rng.integers(len(sets))) for name in FOLDS}
    own = {name: float(rng.uniform(0.8, 1.2)) for name in FOLDS}
    chosen = [
        crease
        for variant, drawn in enumerate(sets)
        for crease in drawn
        if which[crease.fold] == variant
    ]
    count = crease_chart.SAMPLES
    points = Points(
        np.concatenate([crease.points.triangle for crease in chosen]),
        np.concatenate([crease.points.barycentric for crease in chosen]),
    )
    most = [
        FOLDS[crease.fold].depth_mm * own[crease.fold] * readiness(FOLDS[crease.fold], age)
        for crease in chosen
    ]
    return Folding(
        points=points,
        across=_across(head, points, len(chosen)),
        most=np.repeat(np.array(most, np.float32), count),
        texel=np.concatenate([crease.texel for crease in chosen]),
        profile=np.concatenate([crease.profile for crease in chosen]),
        sample=np.concatenate(
            [crease.sample + np.int32(count * place) for place, crease in enumerate(chosen)]
        ),
        shade=contrast(identity.looks.lightness),
    )


def _across(head: Head, points: Points, curves: int) -> Float32[np.ndarray, "samples 3"]:
    """Unit directions in the neutral skin across the curves, at their samples."""
    triangles = head.topology.triangles
    place = points.on(head.vertices, triangles).reshape(curves, -1, 3)
    along = np.gradient(place, axis=1).reshape(-1, 3)  # pyright: ignore[reportAttributeAccessIssue]
    out = points.on(strain.rest(head).normals, triangles)
    across = np.cross(out, along)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    return across.astype(np.float32)


def depths(
    folds: Folding, head: Head, change: Float32[np.ndarray, "vertices 6"]
) -> Float32[np.ndarray, " samples"]:
    """Depth (mm) of every sample of every curve; `change` is `rigging.strain.metric`."""
    there = folds.points.on(change, head.topology.triangles)
    pushed = 1 - strain.stretch(there, folds.across)
    curves = pushed.reshape(-1, crease_chart.SAMPLES)
    padded = np.pad(curves, ((0, 0), (2, 2)), mode="edge")
    # Averaged over five samples: a fold is stiff along itself.
    mean = sum(padded[:, k : k + curves.shape[1]] for k in range(5)) / np.float32(5)
    return folds.most * share(mean.ravel())


def share(pushed: Float32[np.ndarray, " samples"]) -> Float32[np.ndarray, " samples"]:
    """Share of its depth that a fold has where the skin is pushed together by `pushed` (0-1).

    It grows with every push, fastest at first, so that a trace of an AU leaves a trace of a fold:
    0 up to `OPEN`, 1 at `CLOSED`, `BEYOND` at the end.
    """
    over = np.maximum((pushed - OPEN) / (CLOSED - OPEN), 0)
    rate = np.log(BEYOND / (BEYOND - 1))
    return (BEYOND * (1 - np.exp(-rate * over))).astype(np.float32)


def relief(
    folds: Folding, depth_mm: Float32[np.ndarray, " samples"]
) -> Float32[np.ndarray, "height width"]:
    """Height (mm) of the folded skin over the head chart at `skin.FIT_SIZE`."""
    rows, columns = skin_model.head_box(skin_model.FIT_SIZE)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    weights = depth_mm[folds.sample] * folds.profile
    flat = np.bincount(folds.texel, weights, minlength=shape[0] * shape[1])
    return np.clip(flat, -DEEPEST_MM, DEEPEST_MM).astype(np.float32).reshape(shape)


def folded(
    texture: Texture, height_mm: Float32[np.ndarray, "height width"], shade: float
) -> Texture:
    """The same skin with a relief: other normals, shaded valleys, less light under their walls.

    `shade` is the `contrast` of the skin, 1 for light skin.
    """
    size = len(texture.scatter)
    rows, _ = skin_model.head_box(skin_model.FIT_SIZE)
    used = np.flatnonzero(height_mm.any(axis=1))
    if len(used) == 0:
        return texture
    wide = np.flatnonzero(height_mm.any(axis=0))
    # In whole blocks, so that the window means the same at every size of the atlas.
    block = max(skin_model.FIT_SIZE // size, 1) * 4
    window = [
        slice(low // block * block, min(-(-(high + 1) // block) * block, limit))
        for low, high, limit in (
            (int(used[0]), int(used[-1]), height_mm.shape[0]),
            (int(wide[0]), int(wide[-1]), height_mm.shape[1]),
        )
    ]
    height = np.ascontiguousarray(height_mm[window[0], window[1]])
    scale = size / skin_model.FIT_SIZE
    box = (
        slice(round((rows.start + window[0].start) * scale),
              round((rows.start + window[0].stop) * scale)),
        slice(round(window[1].start * scale), round(window[1].stop * scale)),
    )  # fmt: skip
    out = replace(
        texture,
        albedo=texture.albedo.copy(),
        normal=texture.normal.copy(),
        roughness=texture.roughness.copy(),
        scatter=texture.scatter.copy(),
    )
    _carve(out, box, height, shade)
    return out


def _carve(out: Texture, box: tuple[slice, slice], height: np.ndarray, shade: float) -> None:
    """Put a relief (mm at `skin.FIT_SIZE`) into a window of an atlas, in place."""
    shape = (box[1].stop - box[1].start, box[0].stop - box[0].start)
    across, down = skin_noise.slopes(height, skin_noise.TEXEL_MM)
    steep = np.hypot(across, down)
    gentle = 1 / np.sqrt(1 + (steep / np.float32(STEEPEST)) ** 2)
    turn = cv2.resize(cv2.merge([-127.5 * across * gentle, 127.5 * down * gentle]), shape)
    normal = out.normal[box]
    tilted = normal[..., :2].astype(np.float32) + turn
    normal[..., :2] = np.clip(tilted + np.float32(0.5), 8, 247).astype(np.uint8)
    wall = cv2.resize(np.minimum(steep * gentle, 1), shape)
    scatter, rough = out.scatter[box], out.roughness[box]
    scatter[:] = (scatter * (1 - np.float32(0.5) * wall)).astype(np.uint8)
    rough[:] = np.minimum(rough + np.float32(DULL / STEEPEST) * wall, 255).astype(np.uint8)
    depth = cv2.resize(np.maximum(-height, 0), shape)
    # To the power of the depth, in the bytes' own curve (2.4).
    rates = [np.float32(shade * np.log(value) / 2.4) for value in VALLEY]
    keep = cv2.exp(cv2.merge([depth * rate for rate in rates]))
    albedo = out.albedo[box]
    albedo[..., :3] = (albedo[..., :3] * keep + np.float32(0.5)).astype(np.uint8)
