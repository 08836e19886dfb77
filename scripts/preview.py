"""`pain3d preview`: draw a contact sheet and a gallery of a data set."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from generator.preview.build import PreviewConfig, preview
from generator.shards.manifest import OUTSIDE
from scripts.options import parse
from scripts.progress import Bar


@dataclass(frozen=True)
class Options:
    """Draw a contact sheet (PNG) and one self-contained gallery page (HTML) of a data set."""

    folder: tyro.conf.Positional[Path]
    """The data set."""
    out: Path | None = None
    """Folder to write the two files into; `preview` in the data set if none is named."""
    sheet_people: int = PreviewConfig.sheet_people
    """People on the contact sheet, 1 to 200, spread over the data set."""
    page_people: int = PreviewConfig.page_people
    """People in the gallery, 1 to 200; fewer where the page would pass 38 MB."""


def main(arguments: list[str]) -> int:
    """Draw both and say where they lie."""
    options = parse(Options, "preview", arguments)
    config = PreviewConfig(options.sheet_people, options.page_people)
    out = options.folder / OUTSIDE if options.out is None else options.out
    with Bar(" pictures") as bar:
        made = preview(options.folder, out, config, bar.advance)
    print(f"{made.sheet}")
    print(f"{made.page}: {made.shown} of {made.everybody} people")
    return 0
