"""What `scripts/bench_generate.py` compares with: pictures of the same meshes through pyrender.

One renderer and one upload a pose for each process, the same triangles, cameras and resolution.
`plain` draws RGB and depth and throws them away; `maps` draws the maps that a data set has in more
passes and encodes all of it, as somebody would who built the same data set on pyrender.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from generator.shards import codec
from render.camera import VIEWER, Camera
from render.mesh import Mesh
from render.raster_pyrender import load

Loop = Literal["plain", "maps"]


@dataclass(frozen=True, eq=False)
class Posed:
    """One pose and the cameras that see it; `classes` is the class of every vertex."""

    mesh: Mesh
    classes: np.ndarray
    colours: np.ndarray
    cameras: tuple[Camera, ...]


class PyrenderLoop:
    """A process's renderer."""

    def __init__(self, size: int) -> None:
        """Make the one renderer of this process."""
        self.pyrender = load()
        self.renderer = self.pyrender.OffscreenRenderer(size, size)
        self.size = size

    def close(self) -> None:
        """Give the OpenGL context back."""
        self.renderer.delete()

    def draw(self, posed: Posed, loop: Loop) -> int:
        """Draw a pose from every camera; gives the number of pictures."""
        scenes = [self._scene(posed, posed.colours)]
        if loop == "maps":
            mesh = posed.mesh
            heat = np.clip(mesh.heat / 25.5, 0, 1)
            scenes += [
                self._scene(posed, colours)
                for colours in (
                    np.repeat(posed.classes[:, None] / 255, 3, axis=1),
                    0.5 + 0.5 * mesh.normals,
                    heat[:, :3],
                    heat[:, 3:],
                )
            ]
        for camera in posed.cameras:
            self._shoot(scenes, camera, loop)
        return len(posed.cameras)

    def _scene(self, posed: Posed, colours: np.ndarray) -> Any:
        mesh = posed.mesh
        primitive = self.pyrender.Primitive(
            positions=mesh.vertices,
            normals=mesh.normals,
            color_0=colours.astype(np.float32),
            indices=mesh.triangles.astype(np.uint32),
            mode=4,
        )
        scene = self.pyrender.Scene(ambient_light=[0.3, 0.3, 0.3])
        scene.add(self.pyrender.Mesh([primitive]))
        scene.add(self.pyrender.DirectionalLight(intensity=3.0))
        return scene

    def _shoot(self, scenes: list[Any], camera: Camera, loop: Loop) -> None:
        matrix = np.eye(4)
        matrix[:3] = VIEWER @ camera.extrinsics
        placed = np.linalg.inv(matrix)
        focal, centre = camera.intrinsics[[0, 1], [0, 1]], camera.intrinsics[:2, 2]
        lens = self.pyrender.IntrinsicsCamera(*focal, *centre, znear=0.05, zfar=10)
        flags = self.pyrender.RenderFlags
        seen = []
        for number, scene in enumerate(scenes):
            node = scene.add(lens, pose=placed)
            flag = flags.NONE if number == 0 else flags.FLAT
            seen.append(self.renderer.render(scene, flags=flag | flags.SKIP_CULL_FACES))
            scene.remove_node(node)
        if loop == "maps":
            (image, depth), (classes, _), (normal, _), *heats = seen
            codec.encode_image(np.ascontiguousarray(image), "jpg")
            codec.encode_depth(np.minimum(depth, 6.0))
            codec.encode_seg(np.ascontiguousarray(classes[..., 0]))
            codec.encode_normal((normal.astype(np.float32) / 127.5 - 1).clip(-1, 1))
            stacked = np.concatenate([heat.transpose(2, 0, 1) for heat, _ in heats])
            codec.encode_heat(stacked.astype(np.float32) / 10)
