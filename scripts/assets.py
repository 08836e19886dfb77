"""`pain3d assets`: add files that the project does not ship, and say what is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from assets import added, makehuman
from scripts.figures import table
from scripts.options import parse


@dataclass(frozen=True)
class Add:
    """Check the files of a pack against their hashes and copy them to where options find them."""

    name: tyro.conf.Positional[Literal["makehuman"]]
    """What it is: makehuman, hair, brows and lashes of its system assets (CC0)."""
    path: tyro.conf.Positional[Path]
    """The pack: a zip, or a folder."""


@dataclass(frozen=True)
class Listed:
    """Say what was added, and where it lies."""


Job = Annotated[Add, tyro.conf.subcommand("add")] | Annotated[Listed, tyro.conf.subcommand("list")]


def main(arguments: list[str]) -> int:
    """Add a pack or list what is there."""
    job = parse(Job, "assets", arguments)  # pyright: ignore[reportArgumentType]
    figures: dict[str, object] = {}
    if isinstance(job, Add):
        taken = makehuman.add(job.path)
        figures |= {"taken": f"{len(taken.files)} files", "ignored": f"{taken.ignored} others"}
    print(table(figures | listing()))
    return 0


def listing() -> dict[str, object]:
    """What was added: pieces of each kind, and the hash that data sets state."""
    figures: dict[str, object] = {"folder": str(added.root())}
    if not added.there(makehuman.NAME):
        return figures | {makehuman.NAME: "not added: pain3d assets add makehuman PATH"}
    for kind in makehuman.KINDS:
        figures[kind] = ", ".join(makehuman.pieces(kind)) or "none"
    return figures | {"sha256": makehuman.sha256()}
