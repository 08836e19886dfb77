"""All that a user names to rows, in its order: pictures, folders, videos and data sets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from generator.shards import manifest
from vitpain.data.frames import open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.predict import pictures, reading, shards, table
from vitpain.predict.overlay import Shown
from vitpain.predict.readers import Readers
from vitpain.predict.reading import Given


@dataclass(frozen=True)
class Asked:
    """What is read: `files` are pictures and videos, or folders that are data sets.

    Of videos one frame in `every` is read; `loading` says how data sets are read, and how many
    faces at once.
    """

    files: tuple[Path, ...]
    given: Given
    loading: Loading
    every: int = 1

    def __post_init__(self) -> None:
        """Refuse to read nothing, and neutrals and boxes that no picture is there for."""
        if not self.files:
            raise ValueError("inputs must be a picture, folder, video or data set, got none")
        if self.every < 1:
            raise ValueError(f"every must be at least 1, got {self.every}")
        given = {
            "neutral": self.given.neutrals,
            "box": self.given.box,
            "neutral-box": self.given.neutral_box,
        }
        named = [name for name, value in given.items() if value]
        if named and all(is_data(path) for path in self.files):
            raise ValueError(f"{named[0]} must be for pictures, got data sets alone")
        if self.given.neutral_box and not self.given.neutrals:
            raise ValueError("neutral-box must be for a neutral picture, got none")

    @property
    def several(self) -> bool:
        """Whether there may be more than one face."""
        single = self.files[:1]
        return len(self.files) > 1 or any(is_data(one) or pictures.is_video(one) for one in single)


def is_data(path: Path) -> bool:
    """Whether a folder is a finished data set."""
    return (path / manifest.NAME).is_file()


def listed(inputs: Sequence[Path]) -> tuple[Path, ...]:
    """The pictures, videos and data sets of what a user names.

    Raises ValueError where there is none of that name, or a folder has none in it.
    """
    found: list[Path] = []
    for path in inputs:
        found += [path] if is_data(path) else pictures.listed(path)
    return tuple(found)


def predict(
    asked: Asked,
    readers: Readers,
    report: Callable[[int, int], None],
    draw: Callable[[Shown], None] | None = None,
) -> list[table.Row]:
    """Give rows of all of it; what cannot be read is a row with its reason.

    `report` hears how many faces were done since the last call, of how many. Raises ValueError
    where a neutral cannot be read.
    """
    total = sum(_count(path, asked.every) for path in asked.files)
    rows: list[table.Row] = []
    for data, group in groupby(asked.files, is_data):
        if data:
            for path in group:
                rows += _of_data(
                    path, asked.loading, readers, lambda done: report(done, total), draw
                )
            continue
        stills = pictures.stills(group, asked.every)
        for some in reading.read(stills, readers, asked.given, draw, asked.loading.batch):
            rows += some
            report(len(some), total)
    return rows


def _count(path: Path, every: int) -> int:
    if not is_data(path):
        return pictures.count(path, every)
    try:
        return len(open_frames([path]))
    except ValueError:
        return 1


def _of_data(
    path: Path,
    loading: Loading,
    readers: Readers,
    report: Callable[[int], None],
    draw: Callable[[Shown], None] | None,
) -> list[table.Row]:
    try:
        frames = open_frames([path])
    except ValueError as error:
        report(1)
        return [table.row(str(path), error=table.as_text(str(error)))]
    with Loader(loading) as loader:
        return shards.read(frames, readers, loader, report, draw)
