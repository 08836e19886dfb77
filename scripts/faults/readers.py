"""Every reader of a file that others made, by name: what the hostile files are given to.

`run(["read", NAME, PATH])` reads the file as the commands do; an error that a user can mend is one
line on stderr, as it is theirs.
"""

from collections.abc import Callable
from pathlib import Path

from scripts.cli import reported


def run(arguments: list[str]) -> int:
    """Read a file with the reader of a name."""
    _, name, path = arguments

    def read() -> int:
        READERS[name](Path(path))
        return 0

    return reported(name, read)


def _record(path: Path) -> None:
    from generator.shards import index
    from generator.shards.record_json import from_json
    from generator.shards.rules import record_faults
    from generator.shards.tarball import Span

    record = from_json(path.read_bytes(), str(path))
    index.table([index.row(record, "train-000000.tar", Span(0, 0, ""))])
    list(record_faults(record))


def _manifest(path: Path) -> None:
    from generator.shards import manifest

    manifest.read(path.parent)


def _config(path: Path) -> None:
    from generator.shards.folder import read_config

    read_config(path.parent)


def _index(path: Path) -> None:
    from generator.shards import index

    index.read(path).to_pylist()


def _predictions(path: Path) -> None:
    from vitpain.evaluate import predictions

    predictions.read(path).to_pylist()


def _shard(path: Path) -> None:
    from generator.shards.folder import to_sample
    from generator.shards.tarball import read_shard

    for stored in read_shard(path):
        to_sample(stored, path)


def _member(path: Path) -> None:
    from generator.shards.codec import decode

    decode(path.name, path.read_bytes())


def _picture(path: Path) -> None:
    from assets import picture_file

    picture_file.read(path)


def _expressions(path: Path) -> None:
    from generator.expression_file import read_expressions

    read_expressions(path)


def _openface(path: Path) -> None:
    from generator.importers import openface_csv

    openface_csv.read(path, str(path))


def _numbers(path: Path) -> None:
    from generator.importers import number_file

    number_file.rows(path, str(path))


def _hdf5(path: Path) -> None:
    from generator.importers import sources
    from generator.importers.config import Wanted
    from generator.importers.unbc_hdf5 import pictures, source
    from generator.producer import Note

    wanted = sources.of_unbc(path.parent, Wanted(crop="none", size=64))
    for number in range(len(source(path.parent).subjects)):
        for one in pictures(wanted, number):
            if not isinstance(one, Note):
                try:
                    one.read()
                except ValueError:
                    # The importer makes a note of it.
                    continue


def _mesh(path: Path) -> None:
    from rigging.registration import mesh

    mesh.read(path)


def _quads(path: Path) -> None:
    from assets.makehuman_files import read_obj

    read_obj(path)


def _flame(path: Path) -> None:
    from assets import flame_file

    flame_file.read(path)


def _weights(path: Path) -> None:
    from vitpain.model import weights

    weights.read(path)


READERS: dict[str, Callable[[Path], None]] = {
    "record": _record,
    "manifest": _manifest,
    "config": _config,
    "index": _index,
    "predictions": _predictions,
    "shard": _shard,
    "map": _member,
    "picture": _picture,
    "expressions": _expressions,
    "openface": _openface,
    "numbers": _numbers,
    "hdf5": _hdf5,
    "mesh": _mesh,
    "quads": _quads,
    "flame": _flame,
    "weights": _weights,
}
IMPORTS = (
    "generator.importers.producer", "generator.shards.verify", "generator.importers.unbc_hdf5",
    "rigging.registration.mesh", "assets.makehuman_files", "assets.flame_file",
    "vitpain.model.weights", "vitpain.evaluate.predictions", "generator.expression_file",
)  # fmt: skip
"""What readers need, for a process to have ready."""
