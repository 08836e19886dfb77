"""Kandinsky 2.2 as a user added it: where its parts lie, and that they are still what they were.

`pain3d assets add kandinsky PATH` looks for the parts (`assets.kandinsky_parts`) in a folder, or
fetches them from the hub, checks them and writes down where they lie, with size, time and SHA-256
of every file that is read. The weights, 17 GB in all, stay where they are.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from assets import added, kandinsky_parts
from assets.kandinsky_parts import PARTS, Part, PartName
from assets.left_in_place import Report, check_unchanged, stated

NAME, OPTION = "kandinsky", "painting by Kandinsky 2.2"
FACTS = "kandinsky.json"
HUB = "hub"
"""The word that stands for the hub in place of a folder."""
FORMAT = 1
"""Of what is written down: raised where what it states changes."""
TEXTURE: tuple[PartName, ...] = ("prior", "depth")
BACKGROUND: tuple[PartName, ...] = ("prior", "inpaint")
WAY = f"pain3d assets add {NAME} PATH"


def add(source: Path, report: Report | None = None) -> Mapping[str, Any]:
    """Check and write down the parts of a folder; parts of another folder added before stay.

    `source` holds the parts as folders named as their repositories are, or is a cache of the hub,
    or is the word `hub` where there is no folder of that name. What was written down is given back
    (see `facts`). Raises ValueError that names the file where a part is not what it should be, and
    where prior and one of the other two are not there.
    """
    folders = _from_hub() if str(source) == HUB and not source.is_dir() else _from_folder(source)
    read: dict[PartName, tuple[str, ...]] = {
        name: kandinsky_parts.checked(folder, PARTS[name]) for name, folder in folders.items()
    }
    parts: dict[PartName, Any] = {**_before(), **dict.fromkeys(read)}
    if "prior" not in parts or len(parts) == 1:
        got = ", ".join(PARTS[name].name for name in parts) or "none"
        rule = f"{PARTS['prior'].name} and {PARTS['depth'].name} or {PARTS['inpaint'].name}"
        raise ValueError(f"{source} must hold {rule}, got {got}")
    paths = [folders[name] / file for name, files in read.items() for file in files]
    total = sum(path.stat().st_size for path in paths)
    for name, files in read.items():
        folder = folders[name].resolve()
        parts[name] = {
            "repository": PARTS[name].repository,
            "revision": kandinsky_parts.revision(folder),
            "licence": kandinsky_parts.LICENCE,
            "folder": str(folder),
            "files": {file: stated(folder / file, total, report) for file in files},
        }
    known = {"format": FORMAT, "parts": {name: parts[name] for name in PARTS if name in parts}}
    with added.filling(NAME) as place:
        (place / FACTS).write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return known


def _before() -> dict[PartName, Any]:
    """The parts that were added before, none where what was written down has another format."""
    path = added.root() / NAME / FACTS
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return dict(known["parts"]) if known.get("format") == FORMAT else {}


def _from_folder(source: Path) -> dict[PartName, Path]:
    if not source.is_dir():
        raise ValueError(f"{source} must be a folder, or the word {HUB}, got none")
    folders: dict[PartName, Path] = {}
    for name, part in PARTS.items():
        folder = kandinsky_parts.found(source, part)
        if folder is not None:
            folders[name] = folder
    if not folders:
        names = ", ".join(part.name for part in PARTS.values())
        raise ValueError(f"{source} must hold folders named {names}, got none of them")
    return folders


def _from_hub() -> dict[PartName, Path]:
    """Fetch the files that are read of every part into the hub's own cache."""
    return {name: _fetched(part) for name, part in PARTS.items()}


def _fetched(part: Part) -> Path:
    # Imported here: who reads a folder needs no hub.
    try:
        import huggingface_hub
    except ImportError as error:
        rule = 'installed to fetch weights (pip install -e ".[diffusion]")'
        raise ValueError(f"huggingface_hub must be {rule}, got none") from error

    try:
        folder = huggingface_hub.snapshot_download(
            part.repository, revision=part.revision, allow_patterns=list(part.patterns)
        )
    except OSError as error:
        why = str(error).partition("\n")[0]
        each = "; ".join(one.command for one in PARTS.values())
        way = f"on a machine that is online, {each}; then {WAY}"
        raise ValueError(f"{part.repository} must come from the hub: {why} ({way})") from error
    return Path(folder)


def facts() -> Mapping[str, Any]:
    """What was written down of each part: repository, revision or None, licence, folder, files.

    Raises ValueError where none was added, or in another format than there is now.
    """
    place = added.folder(NAME, OPTION)
    known = json.loads((place / FACTS).read_text(encoding="utf-8"))
    if known.get("format") != FORMAT:
        rule = f"made with format {FORMAT}; add it again"
        raise ValueError(f"{place} must be {rule}, got {known.get('format')}")
    return known["parts"]


def folders(parts: Iterable[PartName], option: str) -> dict[PartName, Path]:
    """Where the parts that an option needs lie; every file is still the one that was added.

    A file of another size or time is hashed again. Raises ValueError that names option and part,
    or the file, and the command that puts it right.
    """
    added.folder(NAME, option)
    known = facts()
    there: dict[PartName, Path] = {}
    for name in parts:
        if name not in known:
            raise ValueError(f"{option} needs {PARTS[name].repository}, not added yet: {WAY}")
        there[name] = Path(known[name]["folder"])
        for file, before in known[name]["files"].items():
            check_unchanged(there[name] / file, before, WAY)
    return there


def sha256(parts: Iterable[PartName]) -> str:
    """One SHA-256 over names and hashes of the files that were added of these parts."""
    known, digest = facts(), hashlib.sha256()
    for name in parts:
        for file, one in known[name]["files"].items():
            digest.update(f"{name}/{file}\0{one['sha256']}\n".encode())
    return digest.hexdigest()


def version(parts: Iterable[PartName]) -> str:
    """Name and revision of these parts, such as `kandinsky-2-2-prior@40cd651`."""
    known = facts()
    revisions = ((PARTS[name].name, known[name]["revision"]) for name in parts)
    return " ".join(f"{name}@{commit[:7] if commit else 'unknown'}" for name, commit in revisions)
