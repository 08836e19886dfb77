"""One person ready to be drawn in any pose: skin, eyeballs, hair, brows, lashes and clothes.

Everything that does not change with the expression is put together once; `mesh` poses it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, Float32
from scipy import sparse

from assets import atlas, eyeball
from assets.facs import PAIN_AUS
from assets.head import Head, HeadModel, Topology
from assets.streams import stream
from generator import anchors, clothes
from generator.grooming import Grooming
from generator.hair import beard, brows, cards, lashes, scalp
from generator.moist import moist
from render.mesh import Mesh, incidence, vertex_normals
from render.subdivide import split
from rigging.gaze import STRAIGHT, eyeballs

# Distance between the eyes of the mean head, metres: what sizes are measured against.
MEAN_EYES = 0.0627
Worn = Mapping[str, cards.Cards]
NOTHING: Worn = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Body:
    """Parts of one person, in the order skin, left eye, right eye, clothes, cards."""

    head: Head
    scale: float
    cards: cards.Cards
    clothes: clothes.Clothes
    uv: Float32[np.ndarray, "uvs 2"]
    triangles: np.ndarray
    uv_triangles: np.ndarray
    card: np.ndarray
    smooth: np.ndarray
    round_vertex: sparse.csr_array

    @property
    def skin_vertices(self) -> int:
        """How many of the mesh's vertices, the first ones, are the refined head."""
        return _refined_vertices(self.head.topology)

    def mesh(
        self,
        posed: Float32[np.ndarray, "vertices 3"],
        gaze: Float[np.ndarray, "2 2"],
        heat: Float32[np.ndarray, "vertices 6"],
    ) -> Mesh:
        """The person with control vertices `posed`, eyes turned by `gaze`.

        `gaze` is yaw and pitch (radians) of the left and right eye, yaw > 0 to the person's left,
        pitch > 0 up. `heat` (mm) is given at the control vertices.
        """
        refined = anchors.refinement(self.head.topology)
        skin = refined.apply(posed)
        eyes = eyeballs(self.head, gaze)
        cloth = self.clothes.place(
            anchors.frames(self.clothes.points, skin, refined.triangles), self.scale
        )
        strands, facing = self.cards.place(
            anchors.frames(self.cards.points, skin, refined.triangles), self.scale
        )
        solid = np.concatenate([skin, *eyes, cloth])
        normals = vertex_normals(solid, self.smooth, self.round_vertex)
        fine_heat = refined.apply(heat)
        on_cards = self.cards.points.on(fine_heat, refined.triangles)[self.cards.anchor]
        between = np.zeros((len(solid) - len(skin), heat.shape[1]), np.float32)
        return Mesh(
            vertices=np.concatenate([solid, strands]),
            normals=np.concatenate([normals, facing]).astype(np.float32),
            triangles=self.triangles,
            uv=self.uv,
            uv_triangles=self.uv_triangles,
            card=self.card,
            heat=np.concatenate([fine_heat, between, on_cards]).astype(np.float32),
            moist=moist(self.head, posed, gaze),
        )

    def at_rest(self) -> Mesh:
        """The person without expression, looking straight ahead."""
        still = np.zeros((len(self.head.vertices), len(PAIN_AUS)), np.float32)
        return self.mesh(self.head.vertices, STRAIGHT, still)


def _refined_vertices(topology: Topology) -> int:
    """Rows of the matrix that refines a head, in compressed form."""
    return len(anchors.refinement(topology).matrix.indptr) - 1


def _all_cards(
    model: HeadModel, head: Head, groom: Grooming, key: tuple[int, int], worn: Worn
) -> cards.Cards:
    rng = stream(*key, "grooming")
    own = {
        "brow": brows.grow(model, groom.brow_density, groom.brow_width, rng),
        "lash": lashes.grow(model, groom.lash_density, groom.lash_length, rng),
        "beard": beard.grow(model, head, groom.beard, scale_of(head), stream(*key, "beard")),
    }
    if "hair" not in worn:
        locks = stream(*key, "hair locks")
        own["hair"] = scalp.grow(model, head, groom.hair, scale_of(head), locks)
    return cards.join([part for part in {**own, **worn}.values() if part is not None])


def scale_of(head: Head) -> float:
    """Size of a head over the mean head's, by the distance between its eyes."""
    return float(np.linalg.norm(head.eyes.centre[0] - head.eyes.centre[1])) / MEAN_EYES


def make_body(
    model: HeadModel, head: Head, groom: Grooming, key: tuple[int, int], worn: Worn = NOTHING
) -> Body:
    """Dress a head; `key` is the data set's seed and the person's index.

    `worn` are cards that take the place of the brow, lash or hair of our own.
    """
    refined = anchors.refinement(head.topology)
    ball = eyeball.mesh()
    cloth = clothes.garment(model, groom.clothes)
    grown = _all_cards(model, head, groom, key, worn)
    solids: Mapping[str, tuple[int, np.ndarray, np.ndarray, np.ndarray]] = {
        "skin": (
            _refined_vertices(head.topology), refined.triangles, refined.uv, refined.uv_triangles
        ),
        **{
            f"{side}_eye": (
                len(ball.uv), split(ball.quads),
                atlas.in_rect(f"{side}_eye", ball.uv).astype(np.float32), split(ball.quads),
            )
            for side in ("left", "right")
        },
        "clothes": (len(cloth.uv), cloth.triangles, cloth.uv, cloth.triangles),
    }  # fmt: skip
    triangles, uv, uv_triangles = [], [], []
    vertices = corners = 0
    cards_part = (len(grown.anchor), grown.triangles, grown.uv, grown.triangles)
    for count, faces, coordinates, flat in (*solids.values(), cards_part):
        triangles.append(faces + np.int32(vertices))
        uv_triangles.append(flat + np.int32(corners))
        uv.append(coordinates)
        vertices, corners = vertices + count, corners + len(coordinates)
    smooth = np.concatenate(triangles[:-1])
    whole = np.concatenate(triangles)
    card = np.arange(len(whole)) >= len(smooth)
    return Body(
        head=head,
        scale=scale_of(head),
        cards=grown,
        clothes=cloth,
        uv=np.concatenate(uv),
        triangles=whole,
        uv_triangles=np.concatenate(uv_triangles),
        card=card,
        smooth=smooth,
        round_vertex=incidence(smooth, vertices - len(grown.anchor)),
    )
