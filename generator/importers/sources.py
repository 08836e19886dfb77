"""Sources as they lie on a disk to configurations: which layout, a stand-in or not, cut by what."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from assets.unbc import SURROGATE
from generator.importers import openface, pain3d, unbc
from generator.importers.config import MARGIN, ImportConfig, Wanted
from generator.importers.stand_in import is_stand_in
from generator.shards.imported import Crop, Layout

HDF5 = ".hdf5"
HEADS_PER_SHARD = 16
"""People a tar file of 3D-Pain, who have 33 pictures each."""
PICTURES_PER_SHARD = 1000
"""People a tar file where every picture is of somebody else."""


def unbc_layout(root: Path) -> Layout:
    """In which of its two forms UNBC-McMaster lies in a folder; raises ValueError for neither."""
    _check_folder(root)
    if (root / "Images").is_dir():
        return "unbc"
    if any(path.suffix == HDF5 for path in root.iterdir()):
        return "unbc_hdf5"
    rule = "the folder Images of UNBC-McMaster, or its three HDF5 files"
    raise ValueError(f"{root} must hold {rule}, got neither")


def of_unbc(root: Path, wanted: Wanted) -> ImportConfig:
    """UNBC-McMaster in either form, or what stands in for it.

    Cut by landmarks where it has them; the HDF5 form has none, and a detector finds faces. Raises
    ValueError where it is to be cut by landmarks and there are none.
    """
    layout, surrogate = unbc_layout(root), is_stand_in(root)
    crop = wanted.crop or ("landmarks" if layout == "unbc" else "detector")
    if crop == "landmarks" and not (layout == "unbc" and unbc.has_landmarks(root)):
        rule = f"the folder {unbc.AAM} where faces are cut out by landmarks (--crop)"
        raise ValueError(f"{root} must hold {rule}, got none")
    return ImportConfig(
        layout=layout,
        root=root,
        source=SURROGATE if surrogate else "unbc",
        surrogate=surrogate,
        **_made(wanted, crop, 1),
    )


def of_3dpain(root: Path, wanted: Wanted, splits: Path | None) -> ImportConfig:
    """3D-Pain as published; it has no landmarks, and a detector finds faces.

    Whole pictures would show a model other crops than those that it is asked about later.
    """
    _check_folder(root)
    listed = pain3d.split_list(root) if splits is None else splits
    made = _made(wanted, wanted.crop or "detector", HEADS_PER_SHARD)
    return ImportConfig(layout="3dpain", root=root, source="3dpain", splits=listed, **made)


@dataclass(frozen=True)
class WithOpenFace:
    """What may be told of pictures with OpenFace's CSVs."""

    labels: Path | None = None
    csv: Path | None = None
    person: Literal["folder", "picture"] = "folder"
    source: str = "openface"


def of_openface(root: Path, wanted: Wanted, told: WithOpenFace) -> ImportConfig:
    """Pictures with OpenFace's CSVs: cut by landmarks where every CSV has them, else by a detector.

    Those of a stand-in are a stand-in, whatever name they are given. Raises ValueError where they
    are to be cut by landmarks and a CSV has none.
    """
    _check_folder(root)
    if told.csv is not None and not told.csv.is_dir():
        raise ValueError(f"csv must be a folder of CSVs of OpenFace, got {told.csv}")
    surrogate = is_stand_in(root)
    few = 1 if told.person == "folder" else PICTURES_PER_SHARD
    whole = ImportConfig(
        layout="openface",
        root=root,
        source=SURROGATE if surrogate else told.source,
        surrogate=surrogate,
        labels=told.labels,
        csv=told.csv,
        person=told.person,
        **_made(replace(wanted, crop="none", margin=None), "none", few),
    )
    crop = wanted.crop
    if crop in (None, "landmarks"):
        marked = openface.has_landmarks(whole)
        if crop == "landmarks" and not marked:
            rule = "landmarks (x_0 ...) in every CSV where faces are cut out by them (--crop)"
            raise ValueError(f"{root} must have {rule}, got others or none")
        crop = "landmarks" if marked else "detector"
    return replace(whole, **_made(wanted, crop, few))


def check_apart(out: Path, config: ImportConfig) -> None:
    """Raise ValueError where what is made would lie in the source and change its hash."""
    for root in (config.root, config.csv):
        if root is not None and out.resolve().is_relative_to(root.resolve()):
            raise ValueError(f"out must lie outside of the source {root}, got {out}")


def _made(wanted: Wanted, crop: Crop, people_per_shard: int) -> dict[str, Any]:
    """The options that every source has, none of them open."""
    if wanted.margin and crop == "none":
        Wanted(crop, wanted.margin)
    margin = MARGIN if wanted.margin is None else wanted.margin
    return {
        "crop": crop,
        "margin": 0.0 if crop == "none" else float(margin),
        "size": wanted.size,
        "people_per_shard": wanted.people_per_shard or people_per_shard,
    }


def _check_folder(root: Path) -> None:
    if not root.is_dir():
        raise ValueError(f"source must be a folder that is there, got {root}")
