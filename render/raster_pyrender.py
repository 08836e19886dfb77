"""Triangles by OpenGL: pyrender's offscreen renderer over EGL, which numbers what it draws.

pyrender draws its segmentation pass without multisampling; a fragment shader of our own in place
of that pass's writes the number of the triangle as a colour. One renderer a process, of any
picture size; a spawned process opens its own. Back faces are culled by OpenGL.
"""

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32

from render.backend import optional
from render.camera import VIEWER, Camera

NUMBERS = """#version 330 core
out vec4 colour;

void main()
{
    int number = gl_PrimitiveID + 1;
    colour = vec4(number & 255, (number >> 8) & 255, number >> 16, 255) / 255.0;
}
"""
MOST = 2**24 - 2
"""Triangles that three bytes can number, 0 being nothing."""


def load() -> Any:
    """Import pyrender through EGL, with the name that NumPy 2 took from it put back.

    Raises ValueError where the package or the system's libEGL is missing.
    """
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    if not hasattr(np, "infty"):
        setattr(np, "infty", np.inf)  # noqa: B010
    try:
        return optional("raster", "pyrender")
    except AttributeError as error:  # PyOpenGL finds no library to call
        raise ValueError(
            f"raster must be one whose OpenGL loads (libEGL), got pyrender: {error}"
        ) from error


def driver() -> str:
    """Name the OpenGL that draws, such as `llvmpipe (LLVM 15.0.6, 256 bits)`."""
    platform = _renderer()._platform
    platform.make_current()
    gl = optional("raster", "OpenGL.GL")
    name = gl.glGetString(gl.GL_RENDERER).decode()
    platform.make_uncurrent()
    return name


@cache
def _renderer() -> Any:
    """Open the one context of this process: closing a second would take its display away."""
    opened = load().OffscreenRenderer(8, 8)
    programs = opened._renderer._program_cache
    shaders = Path(tempfile.mkdtemp(prefix="pain3d_shaders_"))
    vertex = Path(programs.shader_dir) / "segmentation.vert"
    (shaders / vertex.name).write_text(vertex.read_text())
    (shaders / "segmentation.frag").write_text(NUMBERS)
    programs.shader_dir = str(shaders)
    return opened


def triangles(
    vertices: Float32[np.ndarray, "vertices 3"],
    chosen: Int32[np.ndarray, "triangles 3"],
    camera: Camera,
    lenses: list[Float64[np.ndarray, "3 3"]],
) -> Int32[np.ndarray, "height width lenses"]:
    """Give the row of `chosen` that the centre of each pixel sees through each lens, -1: none.

    Raises ValueError where pyrender or OpenGL is missing, and for more than `MOST` triangles.
    """
    if len(chosen) > MOST:
        raise ValueError(f"triangles must be at most {MOST} for pyrender, got {len(chosen)}")
    pyrender = load()
    renderer = _renderer()
    renderer.viewport_width, renderer.viewport_height = camera.width, camera.height
    shape = (camera.height, camera.width, len(lenses))
    found = np.full(shape, -1, np.int32)
    if not len(chosen):
        return found
    scene = pyrender.Scene()
    primitive = pyrender.Primitive(positions=vertices, indices=chosen.astype(np.uint32), mode=4)
    node = scene.add(pyrender.Mesh([primitive]))
    matrix = np.eye(4)
    matrix[:3] = VIEWER @ camera.extrinsics
    depth = vertices[chosen].astype(np.float64).reshape(-1, 3) @ camera.extrinsics[2, :3]
    depth += camera.extrinsics[2, 3]
    for number, lens in enumerate(lenses):
        seen = pyrender.IntrinsicsCamera(
            lens[0, 0], lens[1, 1], lens[0, 2], lens[1, 2],
            znear=0.9 * float(depth.min()), zfar=1.1 * float(depth.max()),
        )  # fmt: skip
        placed = scene.add(seen, pose=np.linalg.inv(matrix))
        colour, _ = renderer.render(
            scene, flags=pyrender.RenderFlags.SEG, seg_node_map={node: (0, 0, 0)}
        )
        scene.remove_node(placed)
        found[..., number] = colour.astype(np.int32) @ (1, 256, 65536) - 1
    return found
