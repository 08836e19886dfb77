"""Other rasterisers against ours: the same triangles, the same depths, the same maps."""

import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from generator import synth3d
from generator.config import GenerateConfig
from render import raster_given
from render.backend import Backend, Raster, optional
from render.device import start
from render.image import draw
from render.maps import maps
from render.mesh import Mesh
from render.raster import EMPTY, visible
from render.raster_given import keys_of, shifted, visible_by
from render.scene import Scene
from render.surface import CENTRE, OFFSETS, SAMPLES, pose
from tests.shapes import camera, paper, scene, sphere, square, sun, together

ROOT = Path(__file__).parents[1]


def installed(name: Raster) -> pytest.MarkDecorator:
    reason = f"{name} is not installed"
    return pytest.mark.skipif(find_spec(name) is None, reason=reason)


RASTERS = [
    pytest.param("pyrender", marks=installed("pyrender")),
    pytest.param("pytorch3d", marks=installed("pytorch3d")),
]


@cache
def head() -> Scene:
    config = GenerateConfig(identities=12, pain_per_identity=1, views=2, size=32, seed=4)
    scenes = synth3d.scenes(config, 2)
    next(scenes)
    return next(scenes)[2]


def shapes() -> Scene:
    """Solids that cross and hide each other, and a card of which half is clear."""
    alpha = np.full((64, 64), 255, np.uint8)
    alpha[:, ::2] = 0
    solid = together(sphere(0.2, rings=24), square(0.6, z=0.05), square(4.0, z=-0.6))
    cards = square(0.3, z=0.3, card=True)
    return scene(together(solid, cards), paper(alpha=alpha), sun(strength=1.0), camera(48))


def both(seen: Scene, raster: Raster) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    posed, made = pose(seen.mesh, seen.camera, start("cpu")), seen.material
    ours = visible(posed, made.albedo, made.size).numpy()
    theirs = visible_by(raster, posed, seen.mesh, seen.camera, made).numpy()
    return read(ours), read(theirs)


def read(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    triangle = np.where(keys == EMPTY, -1, (keys & 0xFFFFFFFF).astype(np.int64))
    bits = (~(keys >> np.uint64(32)).astype(np.uint32)).view(np.float32)
    return triangle, np.divide(1.0, bits, out=np.zeros_like(bits), where=triangle >= 0)


@pytest.mark.parametrize("raster", RASTERS)
@pytest.mark.parametrize("of", [shapes, head], ids=["shapes", "head"])
def test_sees_what_ours_sees(raster: Raster, of) -> None:
    (triangle, depth), (found, found_depth) = both(of(), raster)
    covered = (triangle >= 0) | (found >= 0)
    assert covered.sum() > 1500
    # What lies exactly on the edge of two triangles may belong to either.
    assert (triangle == found)[covered].mean() > 0.999
    assert ((triangle >= 0) != (found >= 0)).sum() <= 1
    agreed = (triangle >= 0) & (found >= 0)
    assert (np.abs(depth - found_depth)[agreed] > 1e-4).mean() < 0.001


@pytest.mark.parametrize("raster", RASTERS)
def test_draws_the_maps_that_ours_draws(raster: Raster) -> None:
    seen = shapes()
    ours, theirs = draw(seen), draw(seen, backend=Backend(raster))
    same = ours.depth == theirs.depth
    assert same.mean() > 0.999
    for name in ("classes", "uv", "normal"):
        a, b = getattr(ours, name)[same], getattr(theirs, name)[same]
        np.testing.assert_allclose(a.astype(float), b, atol=1e-5)
    # A pixel at an edge has another mean where one of its samples lies on that edge.
    apart = np.abs(ours.image.astype(int) - theirs.image).max(axis=2)
    assert (apart > 1).mean() < 0.003


def test_a_lens_is_shifted_onto_the_samples() -> None:
    # A small square about the point that a sample of pixel (20, 20) sees, seen at that pixel's
    # centre through the shifted lens and through no other.
    seen = camera(48)
    for number, lens in enumerate(shifted(seen)):
        place = np.array([20.0, 20.0]) + OFFSETS[number] / 256
        point = (place - seen.intrinsics[:2, 2]) / seen.intrinsics[[0, 1], [0, 1]]
        np.testing.assert_allclose(point * lens[[0, 1], [0, 1]] + lens[:2, 2], [20.5, 20.5])


def test_a_key_holds_our_own_depth() -> None:
    """Given our own triangles, the keys are ours to the bit, cards drawn over them as well."""
    seen = shapes()
    posed, made = pose(seen.mesh, seen.camera, start("cpu")), seen.material
    bare = Mesh(**{**vars(seen.mesh), "card": np.zeros_like(seen.mesh.card)})
    solid = raster_given.solid(seen.mesh, seen.camera)
    only = Mesh(**{**vars(bare), "triangles": bare.triangles[solid],
                   "uv_triangles": bare.uv_triangles[solid], "card": bare.card[solid]})  # fmt: skip
    first = visible(pose(only, seen.camera, "cpu"), made.albedo, made.size).numpy()
    triangle, _ = read(first)
    shape = (seen.camera.height, seen.camera.width, SAMPLES)
    keys = keys_of(posed, triangle.reshape(shape).astype(np.int32))
    np.testing.assert_array_equal(keys.numpy(), first)
    raster_given.cards(posed, seen.mesh, made, keys)
    np.testing.assert_array_equal(keys.numpy(), visible(posed, made.albedo, made.size).numpy())
    assert (maps(posed, seen.mesh, made, keys).depth.numpy() > 0).all()


def test_what_reaches_behind_the_camera_is_left_out() -> None:
    reaching = square(0.2)
    vertices = reaching.vertices.copy()
    vertices[2, 2] = 0.995
    bad = Mesh(**{**vars(reaching), "vertices": vertices})
    assert len(raster_given.solid(bad, camera(32))) == 0
    assert len(raster_given.solid(reaching, camera(32))) == 2


@installed("pyrender")
def test_a_spawned_process_opens_a_context_of_its_own(tmp_path: Path) -> None:
    script = tmp_path / "draw.py"
    script.write_text(
        "import multiprocessing as mp\n"
        "from tests.test_raster_given import both, shapes\n"
        "def same(_):\n"
        "    ours, theirs = both(shapes(), 'pyrender')\n"
        "    return float((ours[0] == theirs[0]).mean())\n"
        "if __name__ == '__main__':\n"
        "    with mp.get_context('spawn').Pool(2) as pool:\n"
        "        print(min(pool.map(same, range(2))))\n"
    )
    run = [sys.executable, str(script)]
    got = subprocess.run(
        run, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert got.returncode == 0, got.stderr
    assert float(got.stdout) > 0.999


def test_nothing_is_imported_before_it_is_chosen() -> None:
    code = (
        "import sys, generator.synth3d\n"
        "print(sorted({'mitsuba', 'pyrender', 'OpenGL', 'pytorch3d', 'torch'} & set(sys.modules)))"
    )
    got = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert got.stdout.strip() == "[]", got.stderr


def test_what_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyrender", "mitsuba", "pytorch3d"):
        monkeypatch.setitem(sys.modules, name, None)
    extra = r"raster must be one that is installed \(pip install -e \"\.\[pyrender\]\"\), got pyren"
    with pytest.raises(ValueError, match=extra):
        draw(shapes(), backend=Backend("pyrender"))
    extra = r"shading must be one that is installed \(pip install -e \"\.\[mitsuba\]\"\), got mits"
    with pytest.raises(ValueError, match=extra):
        draw(shapes(), backend=Backend(shading="mitsuba"))
    rule = r"raster must be one that is installed .*back-ends.*pytorch"
    with pytest.raises(ValueError, match=rule):
        optional("raster", "pytorch3d.structures")


def test_no_paths_are_none() -> None:
    with pytest.raises(ValueError, match="paths must be at least 1, got 0"):
        Backend(paths=0)


def test_the_centre_is_the_last_sample() -> None:
    lens = shifted(camera(8))[CENTRE]
    np.testing.assert_array_equal(lens, camera(8).intrinsics)
