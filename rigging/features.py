"""What the neural rig sees of a neutral surface: where each vertex lies, and how this face differs.

Lengths are millimetres on a standard face, one whose eyes are 63 mm apart. A vertex is told by its
canonical place (where it lies on the mean adult head) and by its offsets from the landmarks that
muscles are anchored at, against those of the mean head: registration may be off along the skin by
a little, and the offsets still tell where the vertex is.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float32, Int
from scipy import sparse

from assets import facs
from assets import head as head_models
from rigging import muscles

# AUs whose muscles the network knows: lids are solved, not drawn by muscles.
AUS = tuple(au for au in facs.AUS if au not in (5, 43, 45))
# Numbers of the landmarks that any muscle is anchored at.
PLACES = tuple(sorted({mark for pair in muscles.PLACES.values() for mark in pair}))
# The same of the left side and the midline: fields are those of the left side's muscles.
LEFT = tuple(sorted({left for left, _ in muscles.PLACES.values()}))
NEAREST = 4
"""How many of `LEFT`, the nearest ones, each vertex is measured from."""
LOCAL, SQUARED = 3, 2
"""From how many of them offsets reach the decoder as they are, and as products of each two."""
LOCALS = 1 + 3 * LOCAL + 3 * SQUARED * (3 * SQUARED + 1) // 2
"""Numbers of a vertex that the decoder gets beside the encoder's code."""
SIZES = 3
INPUTS = 3 * len(PLACES) + 3 * NEAREST + 9 + SIZES
STANDARD_MM = muscles.EYE_DISTANCE_MM
FLIP = np.array([-1.0, 1.0, 1.0], np.float32)
"""Places times this are those of the mirror image."""


@dataclass(frozen=True, eq=False)
class Mean:
    """The mean adult head on a standard face: control vertices and landmarks."""

    vertices: Float32[np.ndarray, "controls 3"]
    marks: Float32[np.ndarray, "68 3"]


@cache
def mean() -> Mean:
    """The head that canonical places lie on."""
    model = head_models.load()
    adult = model.person(model.mean_phenotypes(), {}, 30.0)
    size = standard(adult)
    return Mean(adult.vertices * size, adult.landmarks(adult.vertices) * size)


def standard(head: head_models.Head) -> np.float32:
    """Millimetres of a standard face a metre of this one."""
    return np.float32(STANDARD_MM / float(head.eyes.centre[0, 0] - head.eyes.centre[1, 0]))


@dataclass(frozen=True, eq=False)
class Surface:
    """A neutral surface on a standard face: own and canonical places, normals, landmarks."""

    vertices: Float32[np.ndarray, "vertices 3"]
    canonical: Float32[np.ndarray, "vertices 3"]
    normals: Float32[np.ndarray, "vertices 3"]
    marks: Float32[np.ndarray, "68 3"]

    def mirrored(self) -> "Surface":
        """The same surface in a mirror; vertices keep their numbers, landmarks change sides."""
        marks = self.marks[list(MIRROR)] * FLIP
        return Surface(self.vertices * FLIP, self.canonical * FLIP, self.normals * FLIP, marks)


# The 68 landmarks (ibug) as their mirror images.
MIRROR = (
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
)  # fmt: skip


def nearest(canonical: Float32[np.ndarray, "vertices 3"]) -> Int[np.ndarray, "vertices near"]:
    """Which of `LEFT` lie nearest to each canonical place, nearest first."""
    away = canonical[:, None] - mean().marks[list(LEFT)]
    return np.argsort((away * away).sum(-1), axis=1, kind="stable")[:, :NEAREST]


def _sizes(marks: Float32[np.ndarray, "68 3"]) -> Float32[np.ndarray, " sizes"]:
    """Height of the lower face over that of an adult as wide, as muscles take it; root, square."""
    depth = -marks[list(muscles.PLACES["corner"]), 1].mean() / STANDARD_MM
    height = np.clip(depth / muscles.MOUTH_DEPTH, *muscles.HEIGHTS) ** muscles.SHORTER
    return np.array([height, np.sqrt(height), height * height], np.float32)


def features(
    surface: Surface,
) -> tuple[Float32[np.ndarray, "vertices inputs"], Float32[np.ndarray, "vertices local"]]:
    """Inputs of the encoder, and what the decoder gets beside the encoder's code (first a 1)."""
    count = len(surface.vertices)
    left = list(LEFT)
    near = nearest(surface.canonical)
    own = surface.vertices[:, None] - surface.marks[left][near]
    usual = surface.canonical[:, None] - mean().marks[left][near]
    away = ((own - usual) / 8).reshape(count, -1)
    places = list(PLACES)
    shifted = ((surface.marks[places] - mean().marks[places]) / 8).ravel()
    same = np.concatenate([shifted, _sizes(surface.marks)])
    inputs = [
        surface.canonical / 40, surface.vertices / 40, surface.normals,
        away, np.broadcast_to(same, (count, len(same))),
    ]  # fmt: skip
    # Muscles' fields are bells about landmarks: products of offsets bend what is else linear.
    one, other = np.triu_indices(3 * SQUARED)
    bent = away[:, one] * away[:, other]
    local = np.concatenate([np.ones((count, 1)), away[:, : 3 * LOCAL], bent], axis=1)
    return np.concatenate(inputs, axis=1).astype(np.float32), local.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Entries:
    """Which decoder maps act on which vertices: those of the corners of their control triangles.

    `slot` is vertex times the number of AUs plus the AU's place; `weight` is barycentric.
    """

    vertex: Int[np.ndarray, " entries"]
    pair: Int[np.ndarray, " entries"]
    slot: Int[np.ndarray, " entries"]
    weight: Float32[np.ndarray, " entries"]


def entries(
    pairs: Int[np.ndarray, "pairs 2"], to_mesh: sparse.csr_array, mirrored: bool
) -> Entries:
    """Entries of a surface that `to_mesh` lays on the control mesh, or of its mirror image.

    `pairs` are (control vertex, place in `AUS`) in the order of the decoder's maps.
    """
    topology = head_models.load().topology
    control = topology.mirror[to_mesh.indices] if mirrored else to_mesh.indices
    row = np.repeat(np.arange(len(to_mesh.indptr) - 1), np.diff(to_mesh.indptr))
    first = np.searchsorted(pairs[:, 0], np.arange(len(topology.part) + 1))
    count = np.diff(first)[control]
    which = np.repeat(np.arange(len(control)), count)
    start = np.cumsum(count) - count
    pair = first[control][which] + np.arange(count.sum()) - start[which]
    vertex = row[which]
    slot = vertex * len(AUS) + pairs[pair, 1]
    return Entries(vertex, pair, slot, to_mesh.data[which].astype(np.float32))
