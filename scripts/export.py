"""`pain3d export`: write a data set in another layout."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from generator.export_3dpain import ImagesDir, export
from scripts.options import parse
from scripts.progress import Bar


@dataclass(frozen=True)
class Options:
    """Write a data set in the layout of another one."""

    folder: tyro.conf.Positional[Path]
    """The data set."""
    out: Path
    """Folder to write; empty or not there."""
    format: Literal["3dpain"] = "3dpain"
    """Layout: that of the published 3D-Pain data set."""
    images_dir: ImagesDir = "images"
    """Name of the folder of pictures: as published, or as the released loader calls it."""


def main(arguments: list[str]) -> int:
    """Export a data set and say what was written."""
    options = parse(Options, "export", arguments)
    with Bar(" pictures") as bar:
        match options.format:
            case "3dpain":
                done = export(options.folder, options.out, options.images_dir, bar.advance)
    print(f"{done.images} pictures, {done.annotations} annotations in {options.out}")
    if done.left_out:
        print(f"{done.left_out} confounders left out: the layout has no place for them")
    return 0
