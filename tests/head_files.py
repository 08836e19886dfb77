"""Head meshes as users have them in files."""

from functools import cache
from pathlib import Path

import numpy as np

from assets import head as heads
from assets.head import Head
from rigging.registration import topologies


@cache
def person() -> Head:
    """A woman of 45."""
    model = heads.load()
    return model.person(model.mean_phenotypes() | {"gender": 0.8, "age": 0.75}, {}, 45.0)


def save(path: Path, vertices: np.ndarray, triangles: np.ndarray) -> Path:
    """A Wavefront file with texture coordinates and comments besides."""
    lines = ["# a head", "mtllib nowhere.mtl", "o head"]
    lines += ["v {:.4f} {:.4f} {:.4f}".format(*place) for place in vertices.tolist()]
    lines += [f"vt {k % 7 / 7:.3f} {k % 5 / 5:.3f}" for k in range(len(vertices))]
    lines += ["f " + " ".join(f"{k + 1}/{k + 1}" for k in face) for face in triangles.tolist()]
    path.write_text("\n".join(lines) + "\n")
    return path


def small(path: Path) -> Path:
    """A head of 1,800 vertices in millimetres."""
    mesh, _ = topologies.mesh(topologies.load("decimated_1800"), person(), False)
    return save(path, 1000 * mesh.vertices, mesh.triangles)
