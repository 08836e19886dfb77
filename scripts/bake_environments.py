"""Bake `assets/data/environments.npz` from a folder of Poly Haven panoramas (1024x512 .hdr)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tyro

from assets.environments import FILE, NAMES, save
from assets.manifest import DATA, Entry, entries, register
from render.surroundings import measure

SIZE = (512, 256)


@dataclass(frozen=True)
class Bake:
    """Where the originals lie."""

    panoramas: Path
    """Folder with NAME_1k.hdr for every environment."""


def bake(config: Bake) -> None:
    """Measure every environment, write the file with its provenance, and print a table."""
    made, hashes = [], {}
    print(f"{'environment':22}{'key from':>22}{'radius':>8}{'key':>7}{'fill':>7}{'light':>7}")
    for name in NAMES:
        path = config.panoramas / f"{name}_1k.hdr"
        original = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if original is None:
            raise ValueError(f"panorama must be a readable Radiance file, got {path}")
        original = original[..., ::-1].astype(np.float32)
        shown = cv2.resize(original, SIZE, interpolation=cv2.INTER_AREA)
        environment = measure(name, original, shown)
        made.append(environment)
        hashes[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        fill = np.pi * 0.2821 * environment.sh[0, 1]
        print(
            f"{name:22}{np.array2string(environment.key_direction, precision=2):>22}"
            f"{np.degrees(environment.key_size):7.1f}°{environment.key_irradiance[1]:7.2f}"
            f"{fill:7.2f}{environment.brightness:7.2f}"
        )
    provenance = {
        "source": "https://polyhaven.com",
        "licence": "CC0-1.0",
        "authors": "Greg Zaal and others, Poly Haven",
        "made_by": "scripts/bake_environments.py",
        "originals_sha256": hashes,
    }
    path = DATA / FILE
    save(path, made, provenance)
    source = "twelve panoramas of polyhaven.com (Greg Zaal and others), 1k"
    register(Entry(FILE, "CC0-1.0", source, "scripts/bake_environments.py"))
    print(f"{path}: {path.stat().st_size:,} bytes, sha256 {entries()[FILE].sha256}")


if __name__ == "__main__":
    bake(tyro.cli(Bake, description=__doc__))
