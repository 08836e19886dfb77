"""What decides the bytes of an imported data set: where it comes from and how faces are cut out."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from assets.unbc import SURROGATE
from generator.config import file_hash
from generator.importers import tree
from generator.shards.codec import HIGHEST_SIDE
from generator.shards.imported import IMPORTED, Crop, Imported, Layout
from generator.shards.rules import MADE

SMALLEST_SIDE = 32
MARGIN, HIGHEST_MARGIN = 0.4, 4.0


@dataclass(frozen=True)
class Wanted:
    """What is asked of every import; None is what the source lends itself to."""

    crop: Crop | None = None
    margin: float | None = None
    size: int = 256
    people_per_shard: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be made, naming option, rule and value."""
        if self.margin is not None and not 0.0 <= self.margin <= HIGHEST_MARGIN:
            raise ValueError(f"margin must be from 0 to {HIGHEST_MARGIN:g}, got {self.margin}")
        if self.margin and self.crop == "none":
            rule = "0 where pictures stay whole (crop none)"
            raise ValueError(f"margin must be {rule}, got {self.margin}")
        if not SMALLEST_SIDE <= self.size <= HIGHEST_SIDE:
            rule = f"from {SMALLEST_SIDE} to {HIGHEST_SIDE}"
            raise ValueError(f"size must be {rule}, got {self.size}")
        if self.people_per_shard is not None and self.people_per_shard < 1:
            got = self.people_per_shard
            raise ValueError(f"people_per_shard must be at least 1, got {got}")


@dataclass(frozen=True)
class ImportConfig:
    """A source on disk, and what to make of it."""

    layout: Layout
    root: Path
    """Folder of the source."""
    source: str
    """Name that the records carry."""
    crop: Crop
    """By what faces are cut out: landmarks that come with the pictures, a detector, or nothing."""
    margin: float
    """Room about the square of a face, in shares of its side; 0 with crop none."""
    size: int = 256
    """Side of the square pictures, pixels, 32 to 4096."""
    people_per_shard: int = 1
    """People a tar file, 1 or more."""
    surrogate: bool = False
    """The source is a stand-in that our own generator made."""
    splits: Path | None = None
    """3D-Pain: the list of splits."""
    labels: Path | None = None
    """OpenFace: a CSV of labels."""
    csv: Path | None = None
    """OpenFace: folder of the CSVs, where they do not lie with the pictures."""
    person: Literal["folder", "picture"] = "folder"
    """OpenFace: who is somebody else where no list of labels says so."""

    def __post_init__(self) -> None:
        """Refuse what cannot be made, naming option, rule and value."""
        Wanted(self.crop, self.margin, self.size, self.people_per_shard)
        if not (self.source.isprintable() and 0 < len(self.source) <= 80):
            raise ValueError(f"source must be a name of 1 to 80 letters, got {self.source!r}")
        if self.source in MADE or (self.source == SURROGATE and not self.surrogate):
            rule = "another name than those of what is made here"
            raise ValueError(f"source must be {rule}, got {self.source}")

    @property
    def members(self) -> tuple[str, ...]:
        """Suffixes of the members that every sample has."""
        return ("jpg", "json")


def stated(config: ImportConfig) -> dict[str, Any]:
    """What `config.json` says: paths stand there by the hash of what they hold."""
    return {IMPORTED: asdict(imported(config, tree.content_hash(config.root, config.csv)))}


def imported(config: ImportConfig, content: str) -> Imported:
    """The import as `config.json` states it; `content` is the hash of all files of the source."""
    openface = config.layout == "openface"
    return Imported(
        layout=config.layout,
        source=config.source,
        surrogate=config.surrogate,
        crop=config.crop,
        margin=float(config.margin),
        size=config.size,
        people_per_shard=config.people_per_shard,
        person=config.person if openface else None,
        content=content,
        splits=None if config.splits is None else file_hash(config.splits, "splits"),
        labels=None if config.labels is None else file_hash(config.labels, "labels"),
    )
