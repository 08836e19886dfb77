"""`pain3d assets`: add files that the project does not ship, and say what is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from assets import added, flame, hunyuan3d, kandinsky, makehuman
from scripts.figures import table
from scripts.options import parse
from scripts.progress import Bar


@dataclass(frozen=True)
class Add:
    """Check files and put what options need of them where they find it."""

    name: tyro.conf.Positional[Literal["makehuman", "flame", "kandinsky", "hunyuan3d"]]
    """What it is: makehuman, hair, brows and lashes of its system assets (CC0); flame, the head
    model FLAME (flame2023_Open.pkl, or an older file), which is fitted to our own heads here;
    kandinsky, weights of Kandinsky 2.2 (Apache-2.0), which paints skin and backgrounds; hunyuan3d,
    weights of Hunyuan3D-2, which lays painted portraits on heads."""
    path: tyro.conf.Positional[Path]
    """The pack, a zip or a folder; of FLAME the file, pkl or npz; of weights the folder, which
    stays where it is, or for kandinsky the word hub, which fetches them."""
    accept_licence: bool = False
    """Accept the licence of hunyuan3d, which is shown without."""


@dataclass(frozen=True)
class Listed:
    """Say what was added, and where it lies."""


Job = Annotated[Add, tyro.conf.subcommand("add")] | Annotated[Listed, tyro.conf.subcommand("list")]


def main(arguments: list[str]) -> int:
    """Add a pack or list what is there."""
    job = parse(Job, "assets", arguments)  # pyright: ignore[reportArgumentType]
    figures: dict[str, object] = {}
    if isinstance(job, Add):
        match job.name:
            case "makehuman":
                taken = makehuman.add(job.path)
                figures |= {"taken": f"{len(taken.files)} files"}
                figures |= {"ignored": f"{taken.ignored} others"}
            case "flame":
                # Imported here: listing what is there needs none of what fits heads.
                from generator import flame_add

                figures |= fitted(flame_add.add(job.path))
            case "kandinsky":
                with Bar("B", scaled=True) as bar:
                    kandinsky.add(job.path, bar.advance)
            case "hunyuan3d":
                with Bar("B", scaled=True) as bar:
                    hunyuan3d.add(job.path, job.accept_licence, bar.advance)
    print(table(figures | listing()))
    return 0


def fitted(facts: Mapping[str, Any]) -> dict[str, object]:
    """What was measured while a FLAME file was fitted, as mean and 95th percentile."""
    mean, most = facts["wrapped_mm"]
    figures: dict[str, object] = {"wrapped": f"{mean:.2f} mm off FLAME's mean, 95 % {most:.2f} mm"}
    for band, (mean, most) in facts["reached_mm"].items():
        alone = facts["reached_alone_mm"][band][0]
        without = f", {alone:.2f} mm without growth" if alone > 1.1 * mean else ""
        figures[f"ages {band}"] = f"reached to {mean:.2f} mm, 95 % {most:.2f} mm{without}"
    return figures | {"took": f"{facts['seconds']:.0f} s"}


def listing() -> dict[str, object]:
    """What was added: pieces of each kind, and the hashes that data sets state."""
    figures: dict[str, object] = {"folder": str(added.root())}
    if added.there(makehuman.NAME):
        for kind in makehuman.KINDS:
            figures[kind] = ", ".join(makehuman.pieces(kind)) or "none"
        figures["sha256"] = makehuman.sha256()
    else:
        figures[makehuman.NAME] = "not added: pain3d assets add makehuman PATH"
    if added.there(flame.NAME):
        facts = flame.facts()
        figures |= {"flame": facts["source"], "flame sha256": flame.load().sha256}
        figures["licence"] = facts["licence"]
    else:
        figures[flame.NAME] = "not added: pain3d assets add flame PATH"
    return figures | weights()


def weights() -> dict[str, object]:
    """Which weights were added, and where they lie."""
    figures: dict[str, object] = {}
    if added.there(kandinsky.NAME):
        for part, facts in kandinsky.facts().items():
            figures[f"kandinsky {part}"] = f"{facts['folder']} ({facts['licence']})"
    else:
        figures[kandinsky.NAME] = f"not added: {kandinsky.WAY}"
    if added.there(hunyuan3d.NAME):
        figures[hunyuan3d.NAME] = str(hunyuan3d.load().folder)
        figures["accepted"] = f"{hunyuan3d.LICENCE}, {hunyuan3d.ADDRESS}: {hunyuan3d.TERMS}"
    else:
        figures[hunyuan3d.NAME] = f"not added: {hunyuan3d.WAY}"
    return figures
