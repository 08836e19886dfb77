"""What ships under `assets/data`: name, hash, licence, source and the script that baked it.

`load_bytes` is the one way to a shipped file: it refuses a file whose bytes are not those that the
manifest names, so that every data set can say exactly what it was made from.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
MANIFEST = DATA / "manifest.json"


@dataclass(frozen=True)
class Entry:
    """Provenance of one shipped file; `sha256` is filled in by `register`."""

    name: str
    licence: str
    source: str
    script: str
    sha256: str = ""


def entries() -> dict[str, Entry]:
    """Every shipped file by name."""
    rows = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else []
    return {row["name"]: Entry(**row) for row in rows}


def register(entry: Entry) -> None:
    """Write the entry of a file that was just baked, with the hash it has now."""
    digest = hashlib.sha256((DATA / entry.name).read_bytes()).hexdigest()
    table = entries() | {entry.name: Entry(**{**asdict(entry), "sha256": digest})}
    rows = [asdict(table[name]) for name in sorted(table)]
    MANIFEST.write_text(json.dumps(rows, indent=1) + "\n")


@cache
def verified(name: str) -> Path:
    """Path of a shipped file after its hash was checked; ValueError when it differs."""
    expected = entries()[name].sha256
    found = hashlib.sha256((DATA / name).read_bytes()).hexdigest()
    if found != expected:
        raise ValueError(f"{DATA / name} must have sha256 {expected}, got {found}")
    return DATA / name
