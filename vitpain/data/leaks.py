"""Nobody is painted by a network that saw them, nor is anybody tested who taught one: checked.

Who trained a network stands in the record of every picture that it made, not in the index, so the
records are read once, as a stream; what is kept is a set of names a network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64, Integer

from assets.folds import Fold
from generator.shards.record import TRANSLATED, Translation
from generator.shards.record_json import read_value
from vitpain.data import crops
from vitpain.data.frames import Frames
from vitpain.data.members import describe, read_members

AT_ONCE = 4096
"""Places of samples that are held at a time."""


@dataclass(frozen=True)
class Taught:
    """Of some rows, in rising order, which of the groups of `people` trained their network."""

    rows: Int64[np.ndarray, " rows"]
    group: Int64[np.ndarray, " rows"]
    people: tuple[frozenset[str], ...]


def read_taught(frames: Frames, rows: Integer[np.ndarray, " rows"]) -> Taught:
    """Read who trained the networks of some rows.

    Raises ValueError that names shard and key where a record does not say.
    """
    rows = np.unique(rows).astype(np.int64)
    group = np.zeros(len(rows), np.int64)
    known: dict[frozenset[str], int] = {}
    for at in range(0, len(rows), AT_ONCE):
        some = rows[at : at + AT_ONCE]
        for number, place in enumerate(frames.places(some)):
            # Whether the bytes are unaltered is checked when the picture is read.
            path = frames.paths[place["path"]]
            data = read_members(path, place, frozenset({crops.JSON}), check=False)[crops.JSON]
            people = _trained_on(data, path, place)
            group[at + number] = known.setdefault(people, len(known))
    return Taught(rows, group, tuple(known))


def check_fold(
    frames: Frames, rows: Integer[np.ndarray, " rows"], fold: Fold, taught: Taught, what: str
) -> None:
    """Hold 2D rows that a fold learns from to the rule; `what` begins the ValueError of a breach.

    They show training people of the fold alone, and their networks were trained by neither the
    person shown nor any validation or test person of the fold.
    """
    identity = frames.column("identity")[rows]
    strange = ~np.isin(identity, fold.train)
    if strange.any():
        key, person = _first(frames, rows, strange), identity[strange][0]
        rule = f"training people of fold {fold.number} alone"
        raise ValueError(f"{what} must show {rule}, got {person} in {key}")
    aside = {*fold.val, *fold.test}
    group = taught.group[np.searchsorted(taught.rows, rows)]
    for number in np.unique(group):
        people, its = taught.people[number], group == number
        if people & aside:
            rule = f"networks trained by no validation or test people of fold {fold.number}"
            got = f"{min(people & aside)}, who trained that of {_first(frames, rows, its)}"
            raise ValueError(f"{what} must be of {rule}, got {got}")
        itself = its & np.isin(identity, sorted(people))
        if itself.any():
            rule = "networks that never saw the person whom they paint"
            got = f"{identity[itself][0]} in {_first(frames, rows, itself)}"
            raise ValueError(f"{what} must be of {rule}, got {got}")


def cleared(
    frames: Frames, rows: Integer[np.ndarray, " rows"], folds: Sequence[Fold], what: str
) -> list[Int64[np.ndarray, " block"]]:
    """What each fold may learn from of rows of a 2D set, every record held to the rule.

    Raises ValueError as `block`, `read_taught` and `check_fold` do.
    """
    blocks = [block(frames, rows, fold, what) for fold in folds]
    taught = read_taught(frames, np.concatenate(blocks))
    for fold, mine in zip(folds, blocks, strict=True):
        check_fold(frames, mine, fold, taught, what)
    return blocks


def block(
    frames: Frames, rows: Integer[np.ndarray, " rows"], fold: Fold, what: str
) -> Int64[np.ndarray, " block"]:
    """Rows of a 2D set that a fold may learn from: its block, by the column `fold`.

    Of a set without blocks they are those of the fold's training people, whom `check_fold` has to
    clear as any. Raises ValueError where there are none.
    """
    number = frames.column("fold")[rows]
    if np.isnan(number).all():
        found = rows[np.isin(frames.column("identity")[rows], fold.train)]
        if len(found) == 0:
            rule = f"pictures in pain of training people of fold {fold.number}"
            raise ValueError(f"{what} must have {rule}, got none")
        return found
    found = rows[number == fold.number]
    if len(found) == 0:
        there = ", ".join(str(int(one)) for one in np.unique(number[~np.isnan(number)]))
        rule = f"a block of pictures in pain for fold {fold.number}"
        raise ValueError(f"{what} must have {rule}, got those of fold {there}")
    return found


def painted(frames: Frames, rows: Integer[np.ndarray, " rows"]) -> bool:
    """Whether rows are pictures of photographs that a network has changed."""
    return bool(np.isin(TRANSLATED, frames.column("source")[rows]))


def _trained_on(data: bytes, path: Path, place: np.void) -> frozenset[str]:
    what = describe(path, place)
    record = crops.parsed(data, what)
    read = read_value(record.get("translation"), Translation | None, f"{what}: translation")
    # An input that was left unchanged names who trained the network of its block, and no network.
    unchanged = record.get("pspi") == 0.0
    if not isinstance(read, Translation) or (read.network is None and not unchanged):
        raise ValueError(f"{what}: translation must name the network that made it, got none")
    return frozenset(read.trained_on)


def _first(
    frames: Frames, rows: Integer[np.ndarray, " rows"], mask: Sequence[bool] | np.ndarray
) -> str:
    return frames.keys(rows[np.flatnonzero(mask)[:1]])[0]
