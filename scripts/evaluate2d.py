"""`pain3d evaluate2d`: how good generated faces are, beside the real ones they were made from."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from assets.facs import OPENFACE_AUS
from generator.export_frames import places
from generator.importers import openface_csv
from scripts.figures import check_json, table, write_json
from scripts.learning import check_installed, device_of, weights_of
from scripts.options import checked, parse
from scripts.progress import Bar

if TYPE_CHECKING:
    from vitpain.image_quality.reached import Judged
    from vitpain.image_quality.sets import Compared, Named

LISTS = ("--real", "--generated", "--openface")


@dataclass(frozen=True)
class Options:
    """Compare generated faces with real ones: sharpness, distance, identity, action units.

    A generated set is compared with the real set that was registered alike; several stand in the
    tables side by side.
    """

    real: tuple[str, ...]
    """Real sets as NAME=FOLDER, registered; one a way of registering."""
    generated: tuple[str, ...]
    """Generated sets as NAME=FOLDER, of augment2d."""
    out: Path
    """Folder of the report; empty or not there."""
    features: str = "inception"
    """What gives FID, KID and identity their features: `inception`, or a model of timm."""
    weights: str | None = None
    """Weights of that network: a file, or `none` for a timm model with random ones (every table
    then says so)."""
    reader: Path | None = None
    """Judge of action units: a folder that train-au-reader made."""
    openface: tuple[str, ...] = ()
    """The other judge: what OpenFace read from `export --format frames`, as NAME=FOLDER of its
    CSVs for every set."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to work; auto takes a GPU where there is one."""
    batch: int = 32
    """Faces at once, 1 or more."""
    workers: int = 2
    """Threads that read pictures, 1 or more."""
    seed: int = 0
    """Of random weights and of KID's subsets."""
    json: Path | None = None
    """Write the figures here too."""

    def check(self) -> "Options":
        """Refuse numbers that do nothing, and two judges."""
        for name, low in (("batch", 1), ("workers", 1), ("seed", 0)):
            if getattr(self, name) < low:
                raise ValueError(f"{name} must be at least {low}, got {getattr(self, name)}")
        if self.reader is not None and self.openface:
            raise ValueError("judge must be one of reader and openface, got both")
        if self.weights == "hub":
            raise ValueError("weights must be none or a file, got hub")
        return self


def main(arguments: list[str]) -> int:
    """Compare the sets, print the tables and say where the report lies."""
    options = checked("evaluate2d", parse(Options, "evaluate2d", arguments, LISTS).check)
    check_json(options.json)
    check_installed("evaluate2d")
    if find_spec("torchmetrics") is None:
        raise ValueError('evaluate2d needs torchmetrics: pip install -e ".[learn]"')
    # Imported here: these need torch.

    from vitpain.au_reader import files
    from vitpain.image_quality import build, features
    from vitpain.image_quality.seen import Looking
    from vitpain.image_quality.sets import named_folders, open_compared

    start = time.monotonic()
    build.check_out(options.out)
    device = device_of(options.device)
    real, made = (
        named_folders(texts, option)
        for option, texts in (("real", options.real), ("generated", options.generated))
    )
    compared = open_compared(real, made)
    tables = named_folders(options.openface, "openface")
    readings = None if not tables else read_by_openface(compared, tables)
    weights = None if options.weights is None else weights_of(options.weights)
    looking = Looking(
        features.build(options.features, weights, options.seed),
        None if options.reader is None else files.load(options.reader).to(device),
        device,
        options.batch,
        options.workers,
    )
    with Bar(" pictures") as bar:
        found = build.evaluate(compared, looking, readings, bar.advance, options.seed)
    build.write(found, options.out)
    print("\n".join(found.lines))
    seconds = time.monotonic() - start
    print(f"\n{table({'report': options.out / build.PAGE, 'seconds': seconds})}")
    write_json(options.json, found.figures)
    return 0


def read_by_openface(
    compared: "Sequence[Compared]", tables: Mapping[str, Path]
) -> "dict[str, Judged]":
    """Read OpenFace's CSVs of every set, which lie as `attach-openface` takes them.

    Raises ValueError for a set without CSVs, CSVs of no set, and a folder that holds none of the
    set's.
    """
    sets = {one.name: one for each in compared for one in (each.made, each.real)}
    differs = sorted(sets.keys() ^ tables.keys())
    if differs:
        rule = f"of the sets {', '.join(sorted(sets))}, each once"
        raise ValueError(f"openface must name CSVs {rule}, got a difference in {differs[0]}")
    return {name: _judged(one, tables[name]) for name, one in sets.items()}


def _judged(one: "Named", folder: Path) -> "Judged":
    from vitpain.image_quality.reached import Judged

    columns = one.frames.index.select(["key", "sequence", "identity"]).to_pylist()
    read = np.full((len(columns), len(OPENFACE_AUS)), np.nan, np.float32)
    placed = places(columns)
    paths = {name: folder / f"{name}.csv" for name in {place for place, _ in placed.values()}}
    said = {
        name: openface_csv.read(path, str(path)) for name, path in paths.items() if path.is_file()
    }
    if not said:
        raise ValueError(f"{folder} must hold a CSV of OpenFace for a sequence of {one.name}")
    for row, column in enumerate(columns):
        name, number = placed[column["key"]]
        reading = said.get(name, {}).get(number)
        if isinstance(reading, openface_csv.Reading):
            read[row] = [_known(reading.aus[au]) for au in OPENFACE_AUS]
    return Judged("OpenFace", OPENFACE_AUS, read)


def _known(value: float | None) -> float:
    return float("nan") if value is None else value
