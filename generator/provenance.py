"""What code, shipped files and processor decide the bytes, as hashes and names.

Nothing here is raised by hand: a data set that was begun with other code says so by itself.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from assets import flame, hunyuan3d, kandinsky, makehuman, manifest
from assets.kandinsky_parts import PartName
from generator.config import GenerateConfig

ROOT = Path(__file__).parents[1]
DECIDING = ("assets", "generator", "render", "rigging")
"""The packages that decide pixels and labels."""
PAINTERS = ("diffusers", "torch", "transformers")
"""Libraries that decide what diffusion paints."""
NEEDED = (*PAINTERS, "accelerate", "torchvision", "PIL")
"""What painting imports."""
PAINTED = ("kandinsky", "hunyuan3d", "inpaint")
"""Values of options that ask for it."""


def shipped() -> dict[str, str]:
    """SHA-256 of every file that ships, by name."""
    return {name: f"sha256:{entry.sha256}" for name, entry in sorted(manifest.entries().items())}


def added(config: GenerateConfig) -> dict[str, str]:
    """SHA-256 of what the user added and these options use, by name, and FLAME's licence.

    Raises ValueError where it was not added, or is not what was added any more.
    """
    found = {}
    if config.hair == "makehuman":
        found["makehuman"] = f"sha256:{makehuman.sha256()}"
    if config.head == "flame":
        found["flame"] = f"sha256:{flame.load().sha256}"
        found["flame_licence"] = flame.facts()["licence"]
    if config.paints:
        parts = painting_parts(config)
        kandinsky.folders(parts, asked(config))
        found["kandinsky"] = f"sha256:{kandinsky.sha256(parts)}"
        found["kandinsky_version"] = kandinsky.version(parts)
    if config.texture == "hunyuan3d":
        found["hunyuan3d"] = f"sha256:{hunyuan3d.load().sha256}"
        found["hunyuan3d_licence"] = hunyuan3d.facts()["accepted"]
    return found


def painting_parts(config: GenerateConfig) -> tuple[PartName, ...]:
    """The parts of Kandinsky that these options ask for."""
    skin = kandinsky.TEXTURE if config.texture != "skin" else ()
    behind = kandinsky.BACKGROUND if config.background == "inpaint" else ()
    return tuple(dict.fromkeys((*skin, *behind)))


def asked(config: GenerateConfig) -> str:
    """The options that ask for diffusion, for errors."""
    both = {"texture": config.texture, "background": config.background}
    return " and ".join(f"{name} {value}" for name, value in both.items() if value in PAINTED)


def libraries(config: GenerateConfig) -> dict[str, str]:
    """Versions of the libraries that paint for these options, by name.

    Raises ValueError where one is not installed.
    """
    if not config.paints:
        return {}
    for name in NEEDED:
        if find_spec(name) is None:
            rule = 'installed (pip install -e ".[diffusion]")'
            raise ValueError(f"{asked(config)}: {name} must be {rule}, got none")
    return {name: version(name) for name in PAINTERS}


def sources_sha256(root: Path, packages: Sequence[str], apart: Sequence[str] = ()) -> str:
    """One SHA-256 over names and bytes of all `*.py` of packages that lie in `root`.

    What lies in the folders `apart` is left out. Names are relative to `root` and sorted, so that
    where the code lies changes nothing. Raises ValueError for a package that holds no source.
    """
    digest = hashlib.sha256()
    out = [root / name for name in apart]
    for package in sorted(packages):
        paths = sorted((root / package).rglob("*.py"), key=lambda path: path.as_posix())
        paths = [path for path in paths if not any(map(path.is_relative_to, out))]
        if not paths:
            raise ValueError(f"{root / package} must hold the source of a package, got none")
        for path in paths:
            name = path.relative_to(root).as_posix()
            digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


@cache
def source(*packages: str, apart: tuple[str, ...] = ()) -> str:
    """SHA-256 of our own packages as this process found them at its first call."""
    return sources_sha256(ROOT, packages, apart)


@cache
def vectors() -> str:
    """Name the vector instructions that decide the last digit of floats here, such as X86_V4.

    As numpy picked them for `exp`; the compilers of kernels pick by the same features of the CPU.
    """
    picked = np.lib.introspect.opt_func_info(func_name="^exp$", signature="float32")
    (chosen,) = picked["exp"].values()
    return chosen["current"]
