"""A folder that is filled by one command at a time, wholly or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assets.atomic import TEMPORARY
from generator.lock import UNFINISHED, WRITER, claimed


def check_free(out: Path) -> None:
    """Refuse early what `filling` will refuse: a file, or a folder that somebody has filled."""
    killed = (out / UNFINISHED).is_dir()
    if out.exists() and not killed and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"out must be an empty folder, got {out}")


@contextmanager
def filling(out: Path, names: frozenset[str]) -> Iterator[None]:
    """Hold `out`, which is empty or not there, while the block writes files or folders of `names`.

    What the block wrote is removed where it raises, so that it can be run again; what a killed run
    of it left is removed at the start. Raises ValueError where `out` holds anything else or another
    process fills it.
    """
    there = out.exists()
    killed = (out / UNFINISHED).is_dir()
    try:
        with claimed(out, resume=killed):
            _check(out, names)
            _clear(out)
            try:
                yield
            except BaseException:
                _clear(out)
                raise
    except BaseException:
        if not there and out.is_dir() and not any(out.iterdir()):
            out.rmdir()
        raise


def _check(out: Path, names: frozenset[str]) -> None:
    found = {path.name for path in out.iterdir() if path.suffix != TEMPORARY} - {UNFINISHED}
    foreign = sorted(found - names)
    # Rows of shards: a run of another command is to be gone on with here.
    foreign += [
        f"{UNFINISHED}/{path.name}" for path in (out / UNFINISHED).iterdir() if path.name != WRITER
    ]
    if foreign:
        raise ValueError(f"out must be an empty folder, got {out} with {foreign[0]}")


def _clear(out: Path) -> None:
    for path in out.iterdir():
        if path.name == UNFINISHED:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
