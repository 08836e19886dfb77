"""Files that are whole or absent: written to a temporary name, flushed, renamed.

A reader never sees half a file under its final name, whatever kills the writer. Temporary names
end in `.tmp`; who owns the folder may remove those that a killed writer left.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

TEMPORARY = ".tmp"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def writing(path: Path) -> Iterator[BufferedIOBase]:
    """Give a file that takes its final name when the block ends without an error.

    An error removes it. Raises OSError that names the file and what to do where the disk is full.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        with told_full(path):
            with open(temporary, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.rename(temporary, path)
            flush(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def told_full(path: Path) -> Iterator[None]:
    """Name the file and what to do in the OSError of a block that finds the disk full."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            text = "the disk is full; what was finished is kept: free space and run it again"
            raise OSError(error.errno, text, str(path)) from error
        raise


def write(path: Path, data: bytes) -> None:
    """Write a whole file as `writing` does."""
    with writing(path) as file:
        file.write(data)


def remove_temporary(folder: Path) -> None:
    """Remove what killed writers left in a folder that the caller alone writes to."""
    for path in folder.glob(f"*{TEMPORARY}"):
        path.unlink()


def flush(path: Path) -> None:
    """Make a file, or the names in a folder, durable: a rename is an entry in its folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
