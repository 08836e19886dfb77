"""A data set as folders of PNG pictures, a folder a sequence, for programs that read pictures.

```
ll042t1aaaff/KEY.png ...
```
Where there is no sequence the person's name is the folder. In a folder pictures lie in the order of
their names: that is how OpenFace counts its rows, from 1, and how `attach-openface` counts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from assets import atomic
from generator.filling import check_free, filling
from generator.shards.codec import decode, encode_image
from generator.shards.folder import open_folder
from generator.shards.index import Row
from generator.shards.record import Sample

NAMED = ["key", "sequence", "identity"]
COLUMNS = [*NAMED, "shard", "offset", "size", "sha256"]
AT_ONCE = 4096
"""Rows of the index that are objects at a time."""
Progress = Callable[[int, int], None]
"""Called with pictures written since the last call, and pictures in all."""


@dataclass(frozen=True)
class Exported:
    """What was written."""

    images: int
    folders: int


def folder_of(row: Row) -> str:
    """The folder of a picture: its sequence, else its person.

    Raises ValueError that names the sample where that cannot be the name of a folder.
    """
    name = row["sequence"]
    if name in (None, "", "."):
        name = row["identity"]
    parts = name.split("/")
    if any(part in ("", ".", "..") or part.startswith(".") for part in parts) or "\\" in name:
        rule = "a sequence that can be a folder"
        raise ValueError(f"{row['key']} must have {rule}, got {name!r}")
    return name


def places(rows: Iterable[Row]) -> dict[str, tuple[str, int]]:
    """Folder of every picture by its key, and its number there, from 1 in the order of names."""
    folders: dict[str, list[str]] = {}
    for row in rows:
        folders.setdefault(folder_of(row), []).append(row["key"])
    return {
        key: (folder, number)
        for folder, keys in folders.items()
        for number, key in enumerate(sorted(keys, key=_file), start=1)
    }


def _file(key: str) -> str:
    return f"{key}.png"


def export(folder: Path, out: Path, progress: Progress) -> Exported:
    """Write the pictures of the data set of `folder` into the empty folder `out`.

    Raises ValueError where `out` is not empty or is being written, or naming a sample whose bytes
    were altered; then `out` is as it was.
    """
    check_free(out)
    data = open_folder(folder)
    index = data.index.select(COLUMNS)
    placed = places(index.select(NAMED).to_pylist())
    names = {place for place, _ in placed.values()}
    with filling(out, frozenset(name.split("/")[0] for name in names)):
        for name in sorted(names):
            (out / name).mkdir(parents=True, exist_ok=True)
        for part in index.to_batches(max_chunksize=AT_ONCE):
            for row in part.to_pylist():
                path = out / placed[row["key"]][0] / _file(row["key"])
                atomic.write(path, _png(data.sample(row)))
                progress(1, index.num_rows)
    return Exported(index.num_rows, len(names))


def _png(sample: Sample) -> bytes:
    suffix = sample.record.image
    picture = sample.members[suffix]
    if suffix == "png":
        return picture
    return encode_image(decode(suffix, picture), "png")
