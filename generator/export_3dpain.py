"""A data set in the layout in which 3D-Pain was published, so that code written for it trains.

```
images/flame_sample_0000_pain_1_textured_view_000_inpainted.jpg     ..._neutral_textured_view_...
annotations/flame_sample_0000_pain_1_annotations.json               integer AU4 ... AU43, PSPI
heatmaps/flame_sample_0000_pain_1_textured_view_000_heatmap.png     six maps stacked, AU4 on top
splits.csv                                                          annotation_base_name,split
```
A neutral has no annotation and no row: it is PSPI 0 by name. Splits are 0 train, 1 val, 2 test.
Confounders have no place in that layout and are left out. Annotations are whole numbers there:
a fraction is an error, because rounding would break PSPI.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assets import atomic
from assets.facs import PAIN_AUS
from assets.population import SPLITS
from generator.filling import check_free, filling
from generator.shards.codec import decode, encode_image
from generator.shards.folder import DataSet, open_folder
from generator.shards.index import Row
from generator.shards.manifest import json_bytes

ImagesDir = Literal["images", "meshes_inpainted"]
HEADER = "annotation_base_name,split"
SPLITS_FILE = "splits.csv"
Progress = Callable[[int, int], None]
"""Called with samples written since the last call, and samples in all."""


@dataclass(frozen=True)
class Exported:
    """What was written: pictures, annotations, and confounders that were left out."""

    images: int
    annotations: int
    left_out: int


def export(folder: Path, out: Path, images_dir: ImagesDir, progress: Progress) -> Exported:
    """Write the data set of `folder` into the empty folder `out`; `splits.csv` comes last.

    Raises ValueError where `out` is not empty or is being written, or naming the key of a sample
    whose AUs are not whole numbers or whose bytes were altered; then `out` is as it was.
    """
    check_free(out)
    data = open_folder(folder)
    rows = data.index.to_pylist()
    kept = [row for row in rows if row["kind"] in ("neutral", "pain")]
    if not kept:
        rule = "neutrals and expressions of pain, drawn or imported, to be exported as 3dpain"
        raise ValueError(f"{folder} must have {rule}, got none")
    for row in kept:
        _whole(row)
    names = _names(kept)
    folders = (images_dir, "annotations", "heatmaps")
    with filling(out, frozenset((*folders, SPLITS_FILE))):
        for name in folders:
            (out / name).mkdir()
        lines = _write(data, kept, names, (out, images_dir), progress)
    return Exported(len(kept), len(lines), len(rows) - len(kept))


def _write(
    data: DataSet,
    rows: list[Row],
    names: dict[str, str],
    place: tuple[Path, ImagesDir],
    progress: Progress,
) -> dict[str, int]:
    """Write pictures and annotations, then `splits.csv`; gives the split of every annotation."""
    out, images_dir = place
    lines: dict[str, int] = {}
    for row in rows:
        base = names[row["key"]]
        _write_pictures(data, row, out, images_dir, base)
        if row["kind"] == "pain" and base not in lines:
            lines[base] = [str(split) for split in SPLITS].index(row["split"])
            path = out / "annotations" / f"{base}_annotations.json"
            atomic.write(path, json_bytes(_annotation(row)))
        progress(1, len(rows))
    text = "\n".join([HEADER, *(f"{base},{split}" for base, split in lines.items()), ""])
    atomic.write(out / SPLITS_FILE, text.encode())
    return lines


def _whole(row: Row) -> None:
    if row["view"] is None:
        raise ValueError(f"{row['key']} must have a view to be exported as 3dpain, got none")
    for au in PAIN_AUS:
        value = row[f"au{au}"]
        if value is None or value != int(value):
            rule = "a whole number to be exported as 3dpain"
            raise ValueError(f"{row['key']}: AU{au} must be {rule}, got {value}")


def _names(rows: list[Row]) -> dict[str, str]:
    """Base name of every sample: people by order, expressions of pain by order in each view.

    An expression has the same number in each of its views, because views hold the same
    expressions in the same order.
    """
    people: dict[str, int] = {}
    counts: dict[tuple[str, int], int] = {}
    names: dict[str, str] = {}
    for row in rows:
        person = people.setdefault(row["identity"], len(people))
        base = f"flame_sample_{person:04d}"
        if row["kind"] == "neutral":
            names[row["key"]] = f"{base}_neutral"
            continue
        place = (row["identity"], row["view"])
        counts[place] = counts.get(place, 0) + 1
        names[row["key"]] = f"{base}_pain_{counts[place]}"
    _check_views(rows, names)
    return names


def _check_views(rows: list[Row], names: dict[str, str]) -> None:
    """Hold all views of an expression to the same AUs: they share one annotation."""
    stated: dict[str, tuple[str, dict[str, int]]] = {}
    for row in rows:
        key, annotation = stated.setdefault(names[row["key"]], (row["key"], _annotation(row)))
        if _annotation(row) != annotation:
            rule = f"must have the AUs of {key}, the same expression in another view"
            raise ValueError(f"{row['key']} {rule}, got {_annotation(row)} and {annotation}")


def _annotation(row: Row) -> dict[str, int]:
    return {**{f"AU{au}": int(row[f"au{au}"]) for au in PAIN_AUS}, "PSPI": int(row["pspi"])}


def _write_pictures(data: DataSet, row: Row, out: Path, images_dir: str, base: str) -> None:
    sample = data.sample(row)
    view = f"{base}_textured_view_{row['view']:03d}"
    picture = sample.members.get("jpg")
    if picture is None:
        picture = encode_image(decode("png", sample.members["png"]))
    atomic.write(out / images_dir / f"{view}_inpainted.jpg", picture)
    heat = sample.members.get("heat.png")
    if heat is not None:
        atomic.write(out / "heatmaps" / f"{view}_heatmap.png", heat)
