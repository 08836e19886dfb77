"""A stand-in for `hy3dgen`, with the interface of its painter and what it does to a mesh.

As the package does, it finds its weights in a local folder, changes the mesh that it is given,
doubles vertices, unwraps anew, and hangs a 2048 x 2048 picture on it, u = 0 and 1 in the middles of
the first and last column. Beyond the package, it mixes faces and corners, and moves and scales the
mesh. What it paints is known at every place: `painted`.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from assets import hunyuan3d

ATLAS = 2048
PARTS = ("unet", "vae", "text_encoder")
"""Of each pipeline."""


def painted(places: np.ndarray) -> np.ndarray:
    """sRGB from 0 to 1 of places in metres: waves of some 15 to 25 cm, another one each channel."""
    turned = places @ np.array([[25.0, 3.0, 8.0], [-8.0, 34.0, 3.0], [4.0, 10.0, -38.0]])
    return 0.5 + 0.4 * np.sin(turned + np.array([0.3, 1.1, 2.0]))


def unwrapped(count: int, rng: np.random.Generator) -> tuple[np.ndarray, int, int]:
    """First texel (column, row) of a square for each face, the squares' side, and that of a leg."""
    across = int(np.ceil(np.sqrt(count)))
    side = ATLAS // across
    cell = rng.permutation(across * across)[:count]
    return np.stack([cell % across, cell // across], axis=1) * side, side, side - 3


@dataclass
class Hunyuan3DPaintPipeline:
    """Stands in for the class of that name; what it was asked for is kept."""

    model_path: str
    subfolder: str
    offloaded: bool = False
    images: list[Any] = field(default_factory=list)
    change: Callable[[trimesh.Trimesh], trimesh.Trimesh] = lambda mesh: mesh

    @classmethod
    def from_pretrained(
        cls, model_path: str, subfolder: str = "hunyuan3d-paint-v2-0-turbo"
    ) -> "Hunyuan3DPaintPipeline":
        for name in ("hunyuan3d-delight-v2-0", subfolder):
            if not (Path(model_path) / name).exists():
                raise RuntimeError(f"Something wrong while loading {model_path}")
        return cls(model_path, subfolder)

    def enable_model_cpu_offload(self, gpu_id: int | None = None, device: str = "cuda") -> None:
        self.offloaded = True

    def __call__(self, mesh: trimesh.Trimesh, image: Any) -> trimesh.Trimesh:
        self.images.append(image)
        rng = np.random.default_rng(5)
        faces = np.asarray(mesh.faces)
        order, turn = rng.permutation(len(faces)), rng.integers(3, size=len(faces))
        faces = faces[order][np.arange(len(faces))[:, None], (np.arange(3) + turn[:, None]) % 3]
        corners = np.asarray(mesh.vertices)[faces]
        start, side, leg = unwrapped(len(faces), rng)
        texel = start[:, None] + 1 + leg * np.array([[0, 0], [1, 0], [0, 1]])
        picture = np.zeros((ATLAS, ATLAS, 3), np.uint8)
        steps = (np.arange(side) - 1) / leg
        for row, down in enumerate(steps):
            for column, right in enumerate(steps):
                share = np.array([1 - right - down, right, down])
                place = (corners * share[:, None]).sum(axis=1)
                at = start + np.array([column, row])
                picture[at[:, 1], at[:, 0]] = np.rint(255 * painted(place))
        uv = texel.reshape(-1, 2) / (ATLAS - 1) * (1, -1) + (0, 1)
        mesh.vertices = 3.7 * corners.reshape(-1, 3) + (0.4, -1.0, 2.0)
        mesh.faces = np.arange(len(uv)).reshape(-1, 3)
        shown = Image.fromarray(picture)
        material = trimesh.visual.texture.SimpleMaterial(image=shown, diffuse=(255, 255, 255))
        mesh.visual = trimesh.visual.TextureVisuals(uv=uv, image=shown, material=material)
        return self.change(mesh)


def install(monkeypatch: pytest.MonkeyPatch, painter: Any = Hunyuan3DPaintPipeline) -> None:
    """Put the stand-in where the package would be imported from."""
    package, module = ModuleType("hy3dgen"), ModuleType("hy3dgen.texgen")
    module.__dict__["Hunyuan3DPaintPipeline"] = painter
    package.__dict__["texgen"] = module
    monkeypatch.setitem(sys.modules, "hy3dgen", package)
    monkeypatch.setitem(sys.modules, "hy3dgen.texgen", module)


def write_weights(folder: Path, painter: str) -> Path:
    """The files of the two pipelines as the hub lays them out, small ones."""
    for pipeline in (hunyuan3d.DELIGHT, painter):
        listed: dict[str, object] = {"_class_name": "Pipeline", "safety_checker": [None, None]}
        for part in PARTS:
            listed[part] = ["diffusers", "Model"]
            place = folder / pipeline / part
            place.mkdir(parents=True)
            (place / "config.json").write_text("{}")
            (place / "model.safetensors").write_bytes(f"{pipeline} {part}".encode())
        listed["scheduler"] = ["diffusers", "Scheduler"]
        (folder / pipeline / "scheduler").mkdir()
        (folder / pipeline / "scheduler" / "scheduler_config.json").write_text("{}")
        (folder / pipeline / "model_index.json").write_text(json.dumps(listed))
    return folder
