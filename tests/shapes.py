"""Plain shapes, materials and cameras that the tests of the renderer share."""

import numpy as np

from render.camera import Camera, intrinsics, look_at
from render.light import Light
from render.material import Material, material
from render.mesh import Mesh, Points
from render.scene import Scene
from render.sensor import Sensor

QUIET = Sensor(noise=0.0, grain=0.0)


def camera(size: int = 64, focal_px: float = 100.0, distance: float = 1.0) -> Camera:
    extrinsics = look_at(np.array([0.0, 0.0, distance]), np.zeros(3))
    return Camera(intrinsics(focal_px, size, size), extrinsics, size, size)


def mesh(vertices, triangles, uv=None, normals=None, card=False) -> Mesh:
    vertices = np.asarray(vertices, np.float32)
    triangles = np.asarray(triangles, np.int32)
    uv = np.full((len(vertices), 2), 0.5) if uv is None else np.asarray(uv)
    normals = np.tile([0.0, 0.0, 1.0], (len(vertices), 1)) if normals is None else normals
    return Mesh(
        vertices=vertices,
        normals=np.asarray(normals, np.float32),
        triangles=triangles,
        uv=uv.astype(np.float32),
        uv_triangles=triangles,
        card=np.full(len(triangles), card),
        heat=np.zeros((len(vertices), 6), np.float32),
    )


def sphere(radius: float = 0.2, rings: int = 48, inward: bool = False) -> Mesh:
    polar = np.linspace(0, np.pi, rings + 1)
    azimuth = np.linspace(0, 2 * np.pi, 2 * rings + 1)
    t, p = np.meshgrid(polar, azimuth, indexing="ij")
    unit = np.stack([np.sin(t) * np.sin(p), np.cos(t), np.sin(t) * np.cos(p)], -1).reshape(-1, 3)
    a = np.arange(rings)[:, None] * (2 * rings + 1) + np.arange(2 * rings)
    b = a + 2 * rings + 1
    triangles = np.stack([a, b, b + 1, a, b + 1, a + 1], -1).reshape(-1, 3)
    uv = np.stack([p / (2 * np.pi), 1 - t / np.pi], -1).reshape(-1, 2)
    if inward:
        return mesh(unit * radius, triangles[:, ::-1], uv, -unit)
    return mesh(unit * radius, triangles, uv, unit)


def square(side: float = 0.5, z: float = 0.0, card: bool = False) -> Mesh:
    half = side / 2
    corners = [(-half, -half, z), (half, -half, z), (half, half, z), (-half, half, z)]
    uv = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    return mesh(corners, [(0, 1, 2), (0, 2, 3)], uv, card=card)


def together(*meshes: Mesh) -> Mesh:
    vertices = np.cumsum([0] + [len(m.vertices) for m in meshes])
    corners = np.cumsum([0] + [len(m.uv) for m in meshes])
    return Mesh(
        vertices=np.concatenate([m.vertices for m in meshes]),
        normals=np.concatenate([m.normals for m in meshes]),
        triangles=np.concatenate(
            [m.triangles + n for m, n in zip(meshes, vertices[:-1].tolist(), strict=True)]
        ).astype(np.int32),
        uv=np.concatenate([m.uv for m in meshes]),
        uv_triangles=np.concatenate(
            [m.uv_triangles + n for m, n in zip(meshes, corners[:-1].tolist(), strict=True)]
        ).astype(np.int32),
        card=np.concatenate([m.card for m in meshes]),
        heat=np.concatenate([m.heat for m in meshes]),
    )


def paper(code: int = 255, scatter: int = 0, alpha: np.ndarray | None = None) -> Material:
    """An even material without gloss: grey of this sRGB code."""
    size = 64 if alpha is None else len(alpha)
    albedo = np.full((size, size, 4), code, np.uint8)
    albedo[..., 3] = 255 if alpha is None else alpha
    normal = np.broadcast_to(np.array([128, 128, 255], np.uint8), (size, size, 3)).copy()
    rough = np.full((size, size), 255, np.uint8)
    classes = np.ones((1024, 1024), np.uint8)
    return material(albedo, normal, rough, np.full_like(rough, scatter), classes)


def sun(direction=(0.0, 0.0, 1.0), strength: float = 0.0, size: float = 0.01, sky=None) -> Light:
    direction = np.asarray(direction, np.float64)
    direction = (direction / np.linalg.norm(direction)).astype(np.float32)
    sh = np.zeros((9, 3), np.float32) if sky is None else np.asarray(sky, np.float32)
    return Light(sh, direction, np.full(3, strength, np.float32), size)


def scene(surface: Mesh, made: Material, light: Light, seen_by: Camera, grey: float = 0.0) -> Scene:
    background = np.full((seen_by.height, seen_by.width, 3), grey, np.float32)
    none = Points(np.zeros(0, np.int32), np.zeros((0, 3), np.float32))
    return Scene(surface, made, seen_by, light, background, none, QUIET)
