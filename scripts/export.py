"""`pain3d export`: write a data set in another layout."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from generator import export_3dpain, export_frames
from generator.export_3dpain import ImagesDir
from scripts.options import parse
from scripts.progress import Bar


@dataclass(frozen=True)
class Options:
    """Write a data set in the layout of another one."""

    folder: tyro.conf.Positional[Path]
    """The data set."""
    out: Path
    """Folder to write; empty or not there."""
    format: Literal["3dpain", "frames"] = "3dpain"
    """Layout: that of the published 3D-Pain data set; or PNG pictures, SEQUENCE/KEY.png (the
    person's name where there is no sequence), for OpenFace to read."""
    images_dir: ImagesDir = "images"
    """Name of 3dpain's folder of pictures: as published, or as the released loader calls it."""


def main(arguments: list[str]) -> int:
    """Export a data set and say what was written."""
    options = parse(Options, "export", arguments)
    with Bar(" pictures") as bar:
        match options.format:
            case "3dpain":
                said = _3dpain(options, bar)
            case "frames":
                done = export_frames.export(options.folder, options.out, bar.advance)
                said = f"{done.images} pictures in {done.folders} folders in {options.out}"
    print(said)
    return 0


def _3dpain(options: Options, bar: Bar) -> str:
    done = export_3dpain.export(options.folder, options.out, options.images_dir, bar.advance)
    said = f"{done.images} pictures, {done.annotations} annotations in {options.out}"
    if done.left_out:
        said += f"\n{done.left_out} confounders left out: the layout has no place for them"
    return said
