"""`pain3d merge`: join parts into one data set, the same bytes as a single run."""

import sys
from dataclasses import dataclass
from pathlib import Path

import tyro
from tqdm import tqdm

from generator.shards.card import SYNTHETIC
from generator.shards.merge import merge
from scripts.options import parse


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
    with tqdm(unit="B", unit_scale=True, file=sys.stderr) as bar:

        def advance(copied: int, total: int) -> None:
            bar.total = total
            bar.update(copied)

        merge(options.parts, options.out, SYNTHETIC, advance)
    print(f"{len(options.parts)} parts joined in {options.out}")
    return 0
