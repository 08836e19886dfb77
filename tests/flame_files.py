"""A FLAME file of the real one's keys, shapes and classes, around heads that we may ship.

The real file may not be passed on. Here the mean of adult Anny heads stands on a mesh of as many
vertices and faces: a skin of 3,931 (irregular, finer at eyes, lips and ears, cut at the neck, open
inside the lips, closed behind the eyes) and two eyeballs of 546. Its basis is the principal
components of those heads. `data/flame_topology.npz` holds the skin's faces and where each of its
vertices lies on Anny's triangles; it was made once by the isotropic re-meshing of gpytoolbox, in a
space that magnifies eyes, lips and ears.
"""

import io
import pickle
import struct
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from scipy import sparse

from assets import head
from assets.head import Head
from generator.identity import make_identity

SKIN, BALL, VERTICES, FACES = 3931, 546, 5023, 9976
IDENTITY, EXPRESSION = 300, 100
# The file's origin lies in the neck, ours between the eyes.
ORIGIN = np.array([0.0, 0.02, -0.05])
RINGS, SEGMENTS = 17, 32
PEOPLE, SEED = 330, 20
Kind = Literal["2023", "numpy 2", "chumpy", "npz"]


def _ball() -> tuple[np.ndarray, np.ndarray]:
    """A sphere of 546 vertices, poles last, and its 1,088 faces."""
    polar = np.pi * np.arange(1, RINGS + 1) / (RINGS + 1)
    round_ = 2 * np.pi * np.arange(SEGMENTS) / SEGMENTS
    ring = np.stack(
        [
            np.outer(np.sin(polar), np.cos(round_)),
            np.outer(np.sin(polar), np.sin(round_)),
            np.outer(np.cos(polar), np.ones(SEGMENTS)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    at = np.arange(RINGS * SEGMENTS).reshape(RINGS, SEGMENTS)
    beside = np.roll(at, -1, axis=1)
    a, b, c, d = at[:-1].ravel(), beside[:-1].ravel(), beside[1:].ravel(), at[1:].ravel()
    front, back = BALL - 2, BALL - 1
    faces = [np.stack([a, c, b], 1), np.stack([a, d, c], 1)]
    faces += [np.stack([np.full(SEGMENTS, front), at[0], beside[0]], 1)]
    faces += [np.stack([np.full(SEGMENTS, back), beside[-1], at[-1]], 1)]
    return np.concatenate([ring, [[0, 0, 1.0], [0, 0, -1.0]]]), np.concatenate(faces)


@cache
def skin_map() -> sparse.csr_array:
    """Matrix that gives the skin's vertices from Anny's control vertices."""
    with np.load(Path(__file__).parent / "data" / "flame_topology.npz") as baked:
        triangle, two = baked["triangle"], baked["barycentric"] / 65535.0
    weights = np.column_stack([two, 1 - two.sum(axis=1)])
    corners = head.load().topology.triangles[triangle]
    rows = np.repeat(np.arange(SKIN), 3)
    shape = (SKIN, len(head.load().template))
    return sparse.csr_array((weights.ravel(), (rows, corners.ravel())), shape=shape)


@cache
def faces() -> np.ndarray:
    """Faces of the whole file, [9976, 3]."""
    with np.load(Path(__file__).parent / "data" / "flame_topology.npz") as baked:
        skin = baked["faces"].astype(np.uint32)
    ball = _ball()[1].astype(np.uint32)
    return np.concatenate([skin, ball + SKIN, ball + SKIN + BALL])


def on_flame(one: Head) -> np.ndarray:
    """A head's skin and eyeballs on the file's vertices, metres about `ORIGIN`, [5023, 3]."""
    ball, _ = _ball()
    balls = [c + r * ball for c, r in zip(one.eyes.centre, one.eyes.radius, strict=True)]
    return np.concatenate([skin_map() @ one.vertices, *balls]) - ORIGIN


def person(index: int, count: int, seed: int, ages: str = "18-90") -> Head:
    """One of a data set's Anny heads."""
    one = make_identity(index, count, seed, ages)
    return head.load().person(one.shape.phenotypes, one.shape.changes, one.person.age_years)


@cache
def contents() -> dict[str, Any]:
    """The file's arrays by key, in double precision as the real ones are."""
    rng = np.random.default_rng(SEED)
    heads = np.stack([on_flame(person(i, PEOPLE, SEED)).ravel() for i in range(PEOPLE)])
    mean = heads.mean(axis=0)
    _, spread, axes = np.linalg.svd(heads - mean, full_matrices=False)
    identity = axes[:IDENTITY] * (spread[:IDENTITY, None] / np.sqrt(PEOPLE - 1))
    moves = np.stack([skin_map() @ field for field in head.load().actions.values()])
    moves = np.concatenate([moves.reshape(len(moves), -1), np.zeros((len(moves), 6 * BALL))], 1)
    expression = 0.3 * rng.standard_normal((EXPRESSION, len(moves))) @ moves
    shapedirs = np.concatenate([identity, expression]).reshape(-1, VERTICES, 3)
    template = mean.reshape(VERTICES, 3)
    posedirs = (0.05 * rng.standard_normal((36, IDENTITY)) @ identity).reshape(36, VERTICES, 3)
    return {
        "f": faces(),
        "v_template": template,
        "shapedirs": np.ascontiguousarray(shapedirs.transpose(1, 2, 0)),
        "posedirs": np.ascontiguousarray(posedirs.transpose(1, 2, 0)),
        "weights": _weights(template),
        "J_regressor": _joints(template),
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.int64),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }


def _joints(template: np.ndarray) -> sparse.csc_matrix:
    """Root, neck, jaw and the two eyes out of the vertices near them."""
    places = np.array([[0, -0.17, -0.08], [0, -0.11, -0.07], [0, -0.05, -0.06]]) - ORIGIN
    rows = np.zeros((5, VERTICES))
    far = np.linalg.norm(template[None, :SKIN] - places[:, None], axis=-1)
    for row, distance in zip(rows, far, strict=False):
        near = np.argsort(distance)[:40]
        row[near] = 1 / 40
    rows[3, SKIN : SKIN + BALL] = rows[4, SKIN + BALL :] = 1 / BALL
    return sparse.csc_matrix(rows)


def _weights(template: np.ndarray) -> np.ndarray:
    """Skinning: neck by height, jaw in front of and below the ears, the balls with their eyes."""
    height, ahead = (template + ORIGIN)[:, 1], (template + ORIGIN)[:, 2]
    head_ = 1 / (1 + np.exp(-(height + 0.14) / 0.01))
    jaw = 1 / (1 + np.exp((height + 0.08) / 0.008)) / (1 + np.exp(-(ahead + 0.05) / 0.008))
    out = np.stack([1 - head_, head_ * (1 - jaw), head_ * jaw, 0 * jaw, 0 * jaw], axis=1)
    out[SKIN:] = 0
    out[SKIN : SKIN + BALL, 3] = out[SKIN + BALL :, 4] = 1
    return out


class _Python2(pickle._Pickler):
    """Writes texts and bytes as the strings of Python 2, as the older files hold them."""

    dispatch: ClassVar[dict[type, Any]] = dict(pickle._Pickler.dispatch)

    def _string(self, value: str | bytes) -> None:
        data = value.encode("latin1") if isinstance(value, str) else value
        self.write(b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = _string


@contextmanager
def chumpy() -> Iterator[type]:
    """A stand-in of chumpy's class while a file is written; it is gone where one is read."""
    package, module = types.ModuleType("chumpy"), types.ModuleType("chumpy.ch")
    Ch = type("Ch", (), {"__module__": "chumpy.ch"})
    module.Ch = package.ch = Ch  # type: ignore[attr-defined]
    sys.modules |= {"chumpy": package, "chumpy.ch": module}
    try:
        yield Ch
    finally:
        del sys.modules["chumpy"], sys.modules["chumpy.ch"]


def old_names(data: bytes) -> bytes:
    """A pickle of protocol 2 with the names that numpy 1 and older scipy gave their classes."""
    return data.replace(b"numpy._core", b"numpy.core").replace(
        b"scipy.sparse._c", b"scipy.sparse.c"
    )


def pickled(content: dict[str, Any], kind: Kind) -> bytes:
    """A file's bytes, as numpy 1 or 2 or Python 2 with chumpy wrote them."""
    if kind != "chumpy":
        return old_names(pickle.dumps(content, 2)) if kind == "2023" else pickle.dumps(content, 5)
    with chumpy() as Ch:
        held = dict(content)
        for key in ("v_template", "shapedirs", "posedirs", "weights"):
            held[key] = Ch()
            held[key].__dict__ |= {"x": content[key], "_dirty_vars": set(), "_itr": None}
        file = io.BytesIO()
        _Python2(file, 2).dump(held)
    return old_names(file.getvalue())


def write(path: Path, kind: Kind = "2023", **changed: Any) -> Path:
    """Write a file; `changed` replaces keys, and None leaves one out."""
    content = {k: v for k, v in {**contents(), **changed}.items() if v is not None}
    if kind == "npz":
        dense = {k: v.toarray() if sparse.issparse(v) else v for k, v in content.items()}
        np.savez(path, **dense)
    else:
        path.write_bytes(pickled(content, kind))
    return path
