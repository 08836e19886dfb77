"""`pain3d merge`: join parts into one data set, the same bytes as a single run."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from generator.merge import merge
from generator.shards.card import SYNTHETIC
from scripts.options import parse
from scripts.progress import Bar


@dataclass(frozen=True)
class Options:
    """Join all parts of one data set."""

    parts: tyro.conf.Positional[tuple[Path, ...]]
    """Folders that `pain3d generate --part K/N` made, all of them."""
    out: Path
    """Folder to write; empty or not there."""


def main(arguments: list[str]) -> int:
    """Join parts and say where the data set lies."""
    options = parse(Options, "merge", arguments)
    with Bar("B", scaled=True) as bar:
        merge(options.parts, options.out, SYNTHETIC, bar.advance)
    print(f"{len(options.parts)} parts joined in {options.out}")
    return 0
