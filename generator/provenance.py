"""What code, shipped files and processor decide the bytes, as hashes and names.

Nothing here is raised by hand: a data set that was begun with other code says so by itself.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from assets import flame, makehuman, manifest
from generator.config import GenerateConfig

ROOT = Path(__file__).parents[1]
DECIDING = ("assets", "generator", "render", "rigging")
"""The packages that decide pixels and labels."""


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
    return found


def sources_sha256(root: Path, packages: Sequence[str]) -> str:
    """One SHA-256 over names and bytes of all `*.py` of packages that lie in `root`.

    Names are relative to `root` and sorted, so that where the code lies changes nothing. Raises
    ValueError for a package that holds no source.
    """
    digest = hashlib.sha256()
    for package in sorted(packages):
        paths = sorted((root / package).rglob("*.py"), key=lambda path: path.as_posix())
        if not paths:
            raise ValueError(f"{root / package} must hold the source of a package, got none")
        for path in paths:
            name = path.relative_to(root).as_posix()
            digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


@cache
def source(*packages: str) -> str:
    """SHA-256 of our own packages as this process found them at its first call."""
    return sources_sha256(ROOT, packages)


@cache
def vectors() -> str:
    """Name the vector instructions that decide the last digit of floats here, such as X86_V4.

    As numpy picked them for `exp`; the compilers of kernels pick by the same features of the CPU.
    """
    picked = np.lib.introspect.opt_func_info(func_name="^exp$", signature="float32")
    (chosen,) = picked["exp"].values()
    return chosen["current"]
