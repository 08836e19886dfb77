"""The folder of a run: one writer, one configuration from beginning to end, whole files.

`run.json` is written first and holds all that decides the weights: options, data sets and weights
begun with, each by the hash of what it holds, so that files may move but not change.
`predictions.parquet` is written last; a folder without it is unfinished and can be resumed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from assets import atomic, table_file
from assets.one_writer import held
from generator.shards import manifest
from generator.shards.derived import read_derived
from generator.shards.folder import CONFIG, INDEX, difference, read_config
from generator.shards.manifest import json_bytes, read_json
from vitpain.evaluate import predictions

RUN = predictions.RUN
FORMAT = "pain3d run 1"
PACKAGES = ("torch", "timm", "peft", "opencv-python-headless", "numpy")
"""Whose versions may decide a weight's last bits; they are stated and not held."""
UNHELD = ("versions", "places")
FIELDS: dict[str, type] = {
    "command": str, "data": list, "extra": list, "train": dict, "sources": list, "surrogate": bool,
}  # fmt: skip


@contextmanager
def claimed(out: Path, resume: bool, main: bool = True) -> Iterator[None]:
    """Hold a run's folder, made here if it is not there, against every other writer.

    Only the `main` one of several processes does. Raises ValueError where another run holds it,
    and where it is not empty and not one to resume.
    """
    if not main:
        yield
        return
    with held(out, RUN, lambda found: resume and RUN in found):
        yield


def begun(out: Path) -> dict[str, Any] | None:
    """What a run began with; None where none has. Raises ValueError where it is no such file."""
    path = out / RUN
    if not path.is_file():
        return None
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path} must be a run ({FORMAT}), got another")
    return content


def known(out: Path) -> dict[str, Any] | None:
    """What a run began with, every field that is read of it there and of its kind.

    None where none has begun. Raises ValueError that names file and field.
    """
    stated = begun(out)
    if stated is None:
        return None
    for name, kind in FIELDS.items():
        if not isinstance(stated.get(name), kind):
            got = type(stated.get(name)).__name__
            raise ValueError(f"{out / RUN}: {name} must be a {kind.__name__}, got {got}")
    return stated


def ended(run: Path) -> dict[str, Any]:
    """What a run that has ended began with. Raises ValueError for any other folder."""
    stated = known(run)
    if stated is None:
        raise ValueError(f"run must be a folder of a run, got none of {RUN} in {run}")
    if not finished(run):
        raise ValueError(f"run must have ended, got none of {predictions.NAME} in {run}")
    return stated


def hold(out: Path, wanted: Mapping[str, Any]) -> None:
    """Write what a run begins with where nothing stands, else hold it to what was written.

    Raises ValueError that names field and both values.
    """
    stated = {"format": FORMAT, **wanted}
    before = begun(out)
    if before is None:
        atomic.write(out / RUN, json_bytes(stated))
        return
    now = json.loads(json_bytes(stated))
    kept = [{k: v for k, v in one.items() if k not in UNHELD} for one in (before, now)]
    changed = difference(*kept)
    if changed:
        raise ValueError(f"{out / RUN} must be of this run, got another: {changed}")


def finished(out: Path) -> bool:
    """Whether a run has nothing left to do."""
    return (out / predictions.NAME).is_file()


def data_facts(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Data sets by the hash of their manifests, which hold all files' hashes, and their sources.

    Of pictures that networks painted, those of the people and of who trained the networks too.
    """
    facts = []
    for folder in folders:
        files = manifest.read(folder)
        digest = manifest.checksum(folder / manifest.NAME).sha256
        # The manifest vouches for the index only as long as the index is the one it lists.
        if INDEX in files and manifest.checksum(folder / INDEX) != files[INDEX]:
            raise ValueError(f"{folder / INDEX} must be as its manifest lists it, got another")
        sources = table_file.read(folder / INDEX, "an index", ["source"])["source"].unique()
        derived = read_derived(read_config(folder), str(folder / CONFIG))
        people = () if derived is None else derived.people
        facts.append({"manifest": digest, "sources": sorted({*sources.to_pylist(), *people})})
    return facts


def versions() -> dict[str, str]:
    """Packages that may decide a weight's last bits."""
    return {name: version(name) for name in PACKAGES}
