"""Importers as a producer of samples: what writes generated shards writes imported ones too."""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from types import ModuleType

import pyarrow as pa

from assets.population import Split
from generator.importers import openface, pain3d, unbc
from generator.importers.config import ImportConfig, imported, stated
from generator.importers.notes import REPORT, note, report
from generator.importers.picture import Picture, samples
from generator.producer import Note, Producer
from generator.shards.card import About
from generator.shards.imported import about_imported
from generator.shards.record import Sample


def make_person(config: ImportConfig, index: int) -> Iterator[Sample | Note]:
    """Samples and notes of one person, one picture in memory at a time.

    A neutral that is left out is nobody's: the pictures after it have none.
    """
    lost: set[str] = set()
    for found in _pictures(config, index):
        if isinstance(found, Note):
            yield found
            continue
        if found.record.neutral_key in lost:
            found = replace(found, record=replace(found.record, neutral_key=None))
            rule = "must have a neutral of its person and view"
            yield note("missing", found.file, rule, "one that was left out")
        made = list(samples(found, config))
        if not any(isinstance(one, Sample) for one in made):
            lost.add(found.record.key)
        yield from made


def _pictures(config: ImportConfig, index: int) -> Iterator[Picture | Note]:
    match config.layout:
        case "unbc":
            return unbc.pictures(config, index)
        case "unbc_hdf5":
            return _hdf5().pictures(config, index)
        case "3dpain":
            return pain3d.pictures(config, index)
        case "openface":
            return openface.pictures(config, index)


def _people(config: ImportConfig) -> list[tuple[Split, int]]:
    """Split of everybody, and how many pictures they have."""
    match config.layout:
        case "unbc":
            return [("train", one.pictures) for one in unbc.subjects(config.root)]
        case "unbc_hdf5":
            return [("train", len(one.rows)) for one in _hdf5().source(config.root).subjects]
        case "3dpain":
            assert config.splits is not None
            people = pain3d.source(config.root, config.splits).people
            return [(one.split, len(one.shown)) for one in people]
        case "openface":
            return [("train", len(one.pictures)) for one in openface.source(config).people]


def _notes(config: ImportConfig) -> Sequence[Note]:
    """What there is to tell of a source that belongs to nobody in it."""
    match config.layout:
        case "unbc":
            return unbc.strays(config.root)
        case "unbc_hdf5":
            return _hdf5().source(config.root).notes
        case "3dpain":
            assert config.splits is not None
            return pain3d.source(config.root, config.splits).notes
        case "openface":
            return openface.source(config).notes


def _hdf5() -> ModuleType:
    """What reads HDF5 files, for which alone h5py must be there."""
    try:
        return importlib.import_module("generator.importers.unbc_hdf5")
    except ImportError as error:
        rule = "one that is installed (pip install 'pain3d[learn]')"
        raise ValueError(f"h5py, which reads the HDF5 form, must be {rule}, got {error}") from error


def splits(config: ImportConfig) -> list[Split]:
    """Split of everybody."""
    return [split for split, _ in _people(config)]


def pictures(config: ImportConfig, people: Sequence[int]) -> int:
    """How many pictures the source has of some people."""
    counts = [count for _, count in _people(config)]
    return sum(counts[person] for person in people)


def made_with(config: ImportConfig) -> dict[str, str]:
    """Versions that decide what is read."""
    return {"h5py": version("h5py")} if config.layout == "unbc_hdf5" else {}


def about(config: ImportConfig) -> About:
    """What the card says."""
    return about_imported(imported(config, ""))


def beside(config: ImportConfig, notes: Sequence[Note], rows: pa.Table) -> dict[str, bytes]:
    """The report, which lies with the data set."""
    everything = [*_notes(config), *notes]
    left_out = sum(note.pictures for note in _notes(config))
    total = left_out + sum(count for _, count in _people(config))
    return {REPORT: report(imported(config, ""), everything, rows, total)}


PRODUCER = Producer(
    make_person, splits, pictures, made_with, about=about, stated=stated, beside=beside
)
