"""A tiny pack in the form of MakeHuman's, and the real one where it lies beside the project."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets import added, base_mesh, makehuman
from assets.makehuman import Known
from generator.makehuman import closet
from tests.runs import ROOT

SHARED = ROOT.parent / "shared" / "makehuman"
needs_shared = pytest.mark.skipif(
    not (SHARED / "hair").is_dir(), reason="../shared/makehuman is not there"
)
SCALE = ((5399, 11998, 1.5), (791, 881, 2.5), (962, 5320, 2.0))


def grid(
    low: tuple[float, float], high: tuple[float, float], rows: int, columns: int
) -> tuple[np.ndarray, np.ndarray]:
    """Points of a grid in a plane, row after row, and its quads."""
    x, y = np.meshgrid(np.linspace(low[0], high[0], columns), np.linspace(low[1], high[1], rows))
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1)
    quads = np.stack([first, first + 1, first + columns + 1, first + columns], axis=1)
    return np.stack([x.ravel(), y.ravel()], axis=1), quads


def piece_text(places: np.ndarray, uv: np.ndarray, quads: np.ndarray, name: str) -> dict[str, str]:
    """Mesh, binding and material of a piece whose vertices lie at `places` of the mean head."""
    numbers = np.flatnonzero(base_mesh.near(np.arange(base_mesh.VERTICES)))
    base = base_mesh.places(numbers)
    scale = []
    for axis, (a, b, apart) in enumerate(SCALE):
        ends = base_mesh.places(np.array([a, b]))
        scale.append(abs(ends[0] - ends[1])[axis] / apart)
    rows = []
    for place in places:
        near = np.argsort(np.linalg.norm(base - place, axis=1))[:3]
        offset = (place - base[near].mean(axis=0)) / scale
        weights = " ".join(["0.33333333"] * 3)
        rows.append(f"{' '.join(map(str, numbers[near]))} {weights} {' '.join(map(str, offset))}")
    lines = [*(f"v {x} {y} {z}" for x, y, z in places), *(f"vt {u} {v}" for u, v in uv)]
    lines += ["f " + " ".join(f"{i + 1}/{i + 1}" for i in quad) for quad in quads]
    axes = [f"{axis}_scale {a} {b} {d}" for axis, (a, b, d) in zip("xyz", SCALE, strict=True)]
    head = ["# a binding", "basemesh hm08", f"name {name}", *axes, f"material {name}.mhmat"]
    return {
        f"{name}.obj": "\n".join(["# a mesh", *lines]) + "\n",
        f"{name}.mhclo": "\n".join([*head, "verts 0", *rows]) + "\n",
        f"{name}.mhmat": f"// a material\nname {name}\ndiffuseTexture {name}.png\n",
    }


def write_pack(folder: Path) -> dict[str, Known]:
    """Write a pack of one style, one pair of brows and one of lashes; gives its table."""
    flat, quads = grid((-0.06, -0.14), (0.06, 0.02), 5, 4)
    cap = np.stack([flat[:, 0], 0.116 - 10.0 * flat[:, 0] ** 2, flat[:, 1]], axis=1)
    brow, brow_quads = grid((0.012, 0.010), (0.058, 0.018), 3, 6)
    both = np.concatenate([brow, brow * [-1, 1]])
    brows = np.concatenate([both, np.full((len(both), 1), 0.03)], axis=1)
    lash, lash_quads = grid((0.018, 0.001), (0.045, 0.009), 3, 6)
    lashes = np.concatenate([lash, np.interp(lash[:, 1:], (0.001, 0.009), (0.015, 0.021))], axis=1)
    for kind, name, places, faces in (
        ("hair", "short01", cap, quads),
        ("eyebrows", "eyebrow001", brows, np.concatenate([brow_quads, brow_quads + len(brow)])),
        ("eyelashes", "eyelashes01", lashes, lash_quads),
    ):
        place = folder / kind / name
        place.mkdir(parents=True)
        uv = (places[:, :2] - places[:, :2].min(0)) / np.ptp(places[:, :2], axis=0)
        uv[:, 1] = np.linspace(0, 1, len(uv))
        for file, text in piece_text(places, uv, faces, name).items():
            (place / file).write_text(text)
        picture = np.full((16, 16, 4), (40, 80, 120, 255), np.uint8)
        assert cv2.imwrite(str(place / f"{name}.png"), picture)
    return {
        path.relative_to(folder).as_posix(): Known(
            path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
        )
        for path in sorted(folder.rglob("*.*"))
    }


def forget() -> None:
    """Let this process look at the added files anew."""
    makehuman.sha256.cache_clear()
    for name in ("_added", "_piece", "_hanging", "_on_lids_and_brows", "_shade"):
        getattr(closet, name).cache_clear()


@contextmanager
def added_to(place: Path, pack: Path, table: dict[str, Known] | None) -> Iterator[Path]:
    """Add a pack to a folder of its own for the time of a block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(added.VARIABLE, str(place))
        if table is not None:
            patch.setattr(makehuman, "known", lambda: table)
        forget()
        makehuman.add(pack)
        yield place / makehuman.NAME
    forget()
