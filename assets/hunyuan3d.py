"""Weights of Tencent's Hunyuan3D-2 that paint a mesh, in a folder of the user's, and its licence.

`pain3d assets add hunyuan3d PATH` holds the folder to what the `hy3dgen` package loads, hashes it,
and keeps that the licence was accepted. The files stay where they are: they are several GB. The
package runs Python that lies beside the weights, so the folder must be one that its user trusts.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets import added, atomic
from assets.left_in_place import Report, check_unchanged, stated

NAME, OPTION = "hunyuan3d", "texture hunyuan3d"
FACTS = "hunyuan3d.json"
DELIGHT = "hunyuan3d-delight-v2-0"
PAINTERS = ("hunyuan3d-paint-v2-0", "hunyuan3d-paint-v2-0-turbo")
"""The first that is there is used."""
REPOSITORY = "tencent/Hunyuan3D-2"
LICENCE = "Tencent Hunyuan 3D 2.0 Community License Agreement"
ADDRESS = "https://huggingface.co/tencent/Hunyuan3D-2/blob/main/LICENSE"
TERMS = (
    "it gives no rights in the European Union, the United Kingdom and South Korea; neither the "
    "model nor its output may be used to improve any AI model but Tencent's own, as training a "
    "pain estimator on these textures may; products with more than one million monthly users "
    "need leave of Tencent's; and its acceptable use policy holds"
)
"""What the licence bars, in short; the licence itself decides."""
WEIGHTS = (".safetensors", ".bin")
WAY = f"pain3d assets add {NAME} PATH"
_POINTER = b"version https://git-lfs"


@dataclass(frozen=True)
class Added:
    """The folder that was added, the painter in it, and one SHA-256 of all files."""

    folder: Path
    painter: str
    sha256: str


def _check_whole(pipeline: Path) -> None:
    """Raise ValueError where a part that a pipeline's index lists is not there."""
    index = pipeline / "model_index.json"
    if not index.is_file():
        raise ValueError(f"{pipeline} must hold model_index.json, got none")
    try:
        listed = json.loads(index.read_text())
        parts = [name for name, made in listed.items() if isinstance(made, list) and made[0]]
    except (ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"{index} must list the parts of a pipeline: {error}") from error
    for name in parts:
        part = pipeline / name
        if not part.is_dir():
            raise ValueError(f"{pipeline} must hold {name}, which its index lists, got none")
        heavy = any(path.suffix in WEIGHTS for path in part.iterdir())
        if (part / "config.json").is_file() and not heavy:
            raise ValueError(f"{part} must hold weights ({' or '.join(WEIGHTS)}), got none")


def _files(folder: Path, painter: str) -> list[Path]:
    """The files of both pipelines, in order. Raises ValueError where one is not whole."""
    found = []
    for pipeline in (folder / DELIGHT, folder / painter):
        _check_whole(pipeline)
        found += sorted(path for path in pipeline.rglob("*") if path.is_file())
    for path in found:
        with open(path, "rb") as file:
            if file.read(len(_POINTER)) == _POINTER:
                raise ValueError(f"{path} must be the file itself, got a pointer of Git LFS")
    return found


def accepted() -> bool:
    """Whether the licence was accepted when weights were added before."""
    path = added.root() / NAME / FACTS
    return path.is_file() and json.loads(path.read_text())["accepted"] == LICENCE


def add(path: Path, accept_licence: bool, report: Report | None = None) -> Added:
    """Check and hash a folder of the weights, and keep where it is; nothing is copied.

    `path` holds `DELIGHT` and one of `PAINTERS` as the hub lays them out. Raises ValueError that
    says what is missing, or what the licence bars where it was not accepted now or before.
    """
    if not (accept_licence or accepted()):
        rule = f"used under the {LICENCE} ({ADDRESS}): {TERMS}. --accept-licence accepts it"
        raise ValueError(f"{NAME} must be {rule}, got no acceptance")
    folder = path.resolve()
    there = [name for name in PAINTERS if (folder / name).is_dir()]
    if not there or not (folder / DELIGHT).is_dir():
        rule = f"{DELIGHT} and {' or '.join(PAINTERS)} of {REPOSITORY}"
        raise ValueError(f"{path} must hold {rule}, got {', '.join(there) or 'no painter'}")
    painter = there[0]
    files = _files(folder, painter)
    total = sum(file.stat().st_size for file in files)
    hashed = {str(file.relative_to(folder)): stated(file, total, report) for file in files}
    known = {"accepted": LICENCE, "folder": str(folder), "painter": painter, "files": hashed}
    with added.filling(NAME) as place:
        atomic.write(place / FACTS, f"{json.dumps(known, indent=1)}\n".encode())
    return load()


def facts() -> dict[str, Any]:
    """What was kept of the weights: licence, folder, painter, and size, time and hash by file.

    Raises ValueError where none were added.
    """
    return json.loads((added.folder(NAME, OPTION) / FACTS).read_text())


def load() -> Added:
    """The weights that were added, every file still the one that was.

    A file of another size or time is hashed again. Raises ValueError where none were added, or
    that names the file and the command that puts it right.
    """
    known = facts()
    folder, digest = Path(known["folder"]), hashlib.sha256()
    for name, before in known["files"].items():
        check_unchanged(folder / name, before, WAY)
        digest.update(f"{name}\0{before['sha256']}\n".encode())
    return Added(folder, known["painter"], digest.hexdigest())
