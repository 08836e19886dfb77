"""`pain3d import`: read data sets of other makers into shards."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from generator.importers import sources
from generator.importers.config import ImportConfig, Wanted
from generator.importers.notes import REPORT
from generator.importers.sources import WithOpenFace
from generator.jobs import Run, generate
from generator.shards.manifest import read_json
from scripts.figures import check_json, table, write_json
from scripts.options import checked, parse
from scripts.progress import Bar
from scripts.surrogate_unbc import BANNER

AnyCrop = Literal["auto", "landmarks", "detector", "none"]


@dataclass(frozen=True)
class Source:
    """What every import is told."""

    src: tyro.conf.Positional[Path]
    """Folder of the source; nothing in it is changed."""
    out: Path
    """Folder to write; empty or not there, or one to resume."""
    size: int = 256
    """Side of the square pictures, pixels, 32 to 4096."""
    margin: float | None = None
    """Room about the square of a face that is cut out, in shares of its side, 0 to 4; 0.4 if not
    given."""
    people_per_shard: int | None = 1
    """People a tar file, 1 or more."""
    crop: AnyCrop = "auto"
    """By what faces are cut out."""
    workers: int = 1
    """Processes, of use up to one a tar file; changes no byte."""
    resume: bool = False
    """Go on with a run that was stopped: tar files that were finished are kept."""
    json: Path | None = None
    """Write the figures here too."""

    def wanted(self) -> Wanted:
        """Hold the options that every import has to their rules."""
        crop = None if self.crop == "auto" else self.crop
        return Wanted(crop, self.margin, self.size, self.people_per_shard)


@dataclass(frozen=True)
class Unbc(Source):
    """Read UNBC-McMaster, in its raw layout or as three HDF5 files, or a stand-in for it."""

    crop: AnyCrop = "auto"
    """Cut out faces by the landmarks of the raw layout or by a detector, or keep pictures whole;
    auto: by landmarks, and by the detector with the HDF5 files, which have none."""

    def config(self, wanted: Wanted) -> ImportConfig:
        """See what lies there."""
        return sources.of_unbc(self.src, wanted)


@dataclass(frozen=True)
class Pain3D(Source):
    """Read the published 3D-Pain data set, with its own splits."""

    people_per_shard: int | None = sources.HEADS_PER_SHARD
    """People a tar file, 1 or more."""
    crop: Literal["detector", "none"] = "detector"
    """Cut out faces by a detector, as other pictures are; or keep pictures whole, also those in
    which it finds none: a model then learns from another crop than it is used with."""
    splits: Path | None = None
    """CSV of splits, where it is not the one CSV of its kind in the folder."""

    def config(self, wanted: Wanted) -> ImportConfig:
        """See what lies there."""
        return sources.of_3dpain(self.src, wanted, self.splits)


@dataclass(frozen=True)
class OpenFace(Source):
    """Read folders of pictures with the CSVs that OpenFace 2 made of them."""

    people_per_shard: int | None = None
    """People a tar file, 1 or more; if not given 1, and 1,000 where every picture is of another."""
    crop: AnyCrop = "auto"
    """Cut out faces by the landmarks of the CSVs or by a detector, or keep pictures whole; auto: by
    landmarks where every CSV has them, else by the detector."""
    csv: Path | None = None
    """Folder of the CSVs, each in the place of its folder of pictures; else they are looked for in
    those, beside them and in `processed`."""
    labels: Path | None = None
    """CSV of labels by people: sequence (folder from SRC), frame (from 1 in the order of names),
    and what there is of subject, pspi, au4 ... Action units and PSPI are then those."""
    person: Literal["folder", "picture"] = "folder"
    """Where no list says who it is, every folder is somebody else, or every picture."""
    source: str = "openface"
    """Name of the data set, such as emotionet."""

    def config(self, wanted: Wanted) -> ImportConfig:
        """See what lies there."""
        told = WithOpenFace(self.labels, self.csv, self.person, self.source)
        return sources.of_openface(self.src, wanted, told)


Kind = (
    Annotated[Unbc, tyro.conf.subcommand("unbc")]
    | Annotated[Pain3D, tyro.conf.subcommand("3dpain")]
    | Annotated[OpenFace, tyro.conf.subcommand("openface")]
)


def main(arguments: list[str]) -> int:
    """Import a data set and print what was found, made and left out."""
    options: Any = parse(Kind, "import", arguments)  # pyright: ignore[reportArgumentType]
    wanted = checked("import", options.wanted)
    check_json(options.json)
    config = options.config(wanted)
    sources.check_apart(options.out, config)
    # Imported here: --help needs none of what reads pictures.
    from generator.importers.producer import PRODUCER

    run = Run(options.out, options.workers, options.resume)
    start = time.monotonic()
    with Bar(" pictures", resumed=True) as bar:
        generate(config, PRODUCER, run, bar.advance)
    figures = summary(options.out, bar.done, time.monotonic() - start)
    print(table(figures))
    write_json(options.json, figures)
    if not figures["pictures imported"]:
        raise ValueError(f"{options.src} must have a picture to import, got none: see {REPORT}")
    return 0


def summary(out: Path, read: int, seconds: float) -> dict[str, Any]:
    """The figures of the report that lies in a finished data set, and how fast this run was."""
    report = read_json(out / REPORT)
    banner = {"banner": BANNER} if report["surrogate"] else {}
    return {
        **banner,
        "folder": str(out),
        "report": str(out / REPORT),
        "source": report["source"],
        "layout": report["layout"],
        **report["figures"],
        "read in this run": read,
        "seconds": seconds,
        "pictures a second": read / seconds,
    }
