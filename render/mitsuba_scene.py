"""Our `Scene` as a scene of Mitsuba 3: geometry, material and camera; the light is apart.

Skin, eyes and cloth are Disney's principled surface with the atlas' colour, roughness and normal
map and skin's own mirror share at normal incidence. Light that travels under the skin is left out:
Mitsuba has no model of it that a path tracer of stills could pay for. Cards are the same surface
from both sides, masked by alpha.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int64

from render.camera import NEAR, Camera
from render.material import Material, decode_table
from render.mesh import Mesh
from render.mitsuba_light import emitters
from render.scene import Scene

SPECULAR = 0.35
"""Disney's `specular`: 0.08 of it is the mirror share at normal incidence, 0.028 as `skin` has."""

SMOOTHEST = 0.04
"""The least roughness, as in `render.shade`."""


def atlas(material: Material) -> dict[str, Float32[np.ndarray, "size size channels"]]:
    """The largest level of a material: linear albedo, alpha, tangent normal (0–1), roughness."""
    size = material.size
    light: np.ndarray = decode_table()
    albedo, detail = (
        np.asarray(pyramid.numpy(), np.uint8)[: size * size].reshape(size, size, 4)
        for pyramid in (material.albedo, material.detail)
    )
    slope = detail[..., :2].astype(np.float32) / 127.5 - 1.0
    rise = np.sqrt(np.maximum(1.0 - (slope * slope).sum(axis=-1, keepdims=True), 0.05))
    normal = np.concatenate([slope, rise], axis=-1)
    rough = np.maximum(detail[..., 2:3].astype(np.float32) / 255, SMOOTHEST)
    return {
        "albedo": light[albedo[..., :3]],
        "alpha": albedo[..., 3:].astype(np.float32) / 255,
        "normal": (normal + 1.0) / 2.0,
        "roughness": rough,
    }


def parts(mesh: Mesh) -> dict[str, Bool[np.ndarray, " triangles"]]:
    """Triangles by how they are shaded: cards, and what is not, apart where its uv is mirrored.

    Mitsuba's tangent frame is right-handed, so that a mirrored chart needs its normal map's y
    turned round.
    """
    uv = mesh.uv[mesh.uv_triangles].astype(np.float64)
    first, second = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    mirrored = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0] < 0
    return {
        "solid": ~mesh.card & ~mirrored,
        "mirrored": ~mesh.card & mirrored,
        "cards": mesh.card,
    }


def welded(
    mesh: Mesh, chosen: Bool[np.ndarray, " triangles"]
) -> tuple[Int64[np.ndarray, "corners 2"], Int64[np.ndarray, "chosen 3"]]:
    """Vertices that carry one texture coordinate each: (vertex, uv) rows, and triangles of them."""
    pairs = np.stack([mesh.triangles[chosen].ravel(), mesh.uv_triangles[chosen].ravel()], axis=1)
    packed = pairs[:, 0].astype(np.int64) * len(mesh.uv) + pairs[:, 1]
    found, index = np.unique(packed, return_inverse=True)
    rows = np.stack([found // len(mesh.uv), found % len(mesh.uv)], axis=1)
    return rows, index.reshape(-1, 3).astype(np.int64)


def shape(mesh: Mesh, chosen: Bool[np.ndarray, " triangles"], bsdf: Any, mi: Any) -> Any:
    """Some triangles of a mesh as a Mitsuba mesh with a surface; v runs downwards there."""
    rows, triangles = welded(mesh, chosen)
    properties = mi.Properties()
    properties["surface"] = bsdf
    made = mi.Mesh(
        "part", len(rows), len(triangles), properties,
        has_vertex_normals=True, has_vertex_texcoords=True,
    )  # fmt: skip
    uv = mesh.uv[rows[:, 1]] * np.array([1, -1], np.float32) + np.array([0, 1], np.float32)
    held = mi.traverse(made)
    for name, values in (
        ("vertex_positions", mesh.vertices[rows[:, 0]]),
        ("vertex_normals", mesh.normals[rows[:, 0]]),
        ("vertex_texcoords", uv),
        ("faces", triangles.astype(np.uint32)),
    ):
        held[name] = type(held[name])(np.ascontiguousarray(values).ravel())
    held.update()
    return made


def surfaces(material: Material, mi: Any) -> dict[str, Any]:
    """The surface of each of `parts`."""
    texels = atlas(material)

    def texture(name: str) -> dict[str, Any]:
        return {
            "type": "bitmap",
            "bitmap": mi.Bitmap(np.ascontiguousarray(texels[name])),
            "raw": True,
            "wrap_mode": "clamp",
        }

    plain = {
        "type": "principled",
        "base_color": texture("albedo"),
        "roughness": texture("roughness"),
        "specular": SPECULAR,
    }
    solid = {"type": "normalmap", "normalmap": texture("normal"), "surface": plain}
    texels["normal"][..., 1] = 1.0 - texels["normal"][..., 1]
    mirrored = {"type": "normalmap", "normalmap": texture("normal"), "surface": plain}
    cards = {
        "type": "mask",
        "opacity": texture("alpha"),
        "surface": {"type": "twosided", "surface": plain},
    }
    return {"solid": solid, "mirrored": mirrored, "cards": cards}


def sensor(camera: Camera, samples: int, mi: Any) -> dict[str, Any]:
    """A camera whose film holds red, green, blue and alpha, each pixel from its own paths alone."""
    across, down = camera.intrinsics[[0, 1], [0, 1]].tolist()
    if abs(across - down) > 1e-6 * across:
        raise ValueError(f"focal lengths must be equal for Mitsuba, got {across} and {down}")
    matrix = np.eye(4)
    matrix[:3] = np.diag([-1.0, -1.0, 1.0]) @ camera.extrinsics
    return {
        "type": "perspective",
        "fov": float(np.degrees(2 * np.arctan(camera.width / (2 * across)))),
        "fov_axis": "x",
        "near_clip": NEAR,
        "far_clip": 1000.0,
        "principal_point_offset_x": 0.5 - float(camera.intrinsics[0, 2]) / camera.width,
        "principal_point_offset_y": 0.5 - float(camera.intrinsics[1, 2]) / camera.height,
        "to_world": mi.ScalarTransform4f(np.linalg.inv(matrix)),
        "film": {
            "type": "hdrfilm",
            "width": camera.width,
            "height": camera.height,
            "pixel_format": "rgba",
            "component_format": "float32",
            "rfilter": {"type": "box"},
        },
        "sampler": {"type": "multijitter", "sample_count": samples},
    }


def build(scene: Scene, samples: int, mi: Any) -> Any:
    """A Mitsuba scene; `mi` is the package with a variant chosen."""
    described: dict[str, Any] = {
        "type": "scene",
        # Not `path`, for which a card's transparent parts cast a shadow. Blocks of one size have
        # draws of their own, so that the number of threads changes nothing.
        "integrator": {
            "type": "volpath",
            "max_depth": 8,
            "rr_depth": 5,
            "hide_emitters": True,
            "block_size": 32,
        },
        "sensor": sensor(scene.camera, samples, mi),
        **emitters(scene.light, mi),
    }
    made = surfaces(scene.material, mi)
    for name, chosen in parts(scene.mesh).items():
        if chosen.any():
            described[name] = shape(scene.mesh, chosen, mi.load_dict(made[name]), mi)
    return mi.load_dict(described)
