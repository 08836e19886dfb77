"""The frames that a run is explained on: people whom the model that reads them did not learn from.

They are those that the run has predicted: of test people, each by the model of its fold, or of
validation people where nobody was tested. Some people with some frames each are drawn, so that
who they are can be told as well as how they feel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Int64

from assets.streams import stream
from vitpain.data.frames import Frames, open_frames
from vitpain.data.pairs import PairConfig
from vitpain.evaluate import predictions
from vitpain.model import files
from vitpain.train import run_folder
from vitpain.train.finetune import FOLDER
from vitpain.train.fitted import MODEL

EACH = 8
"""Frames of a person that are wanted before another person is taken."""
FEWEST = 2
"""Frames, at least."""


@dataclass(frozen=True)
class Whom:
    """Rows of `frames` by the number of the fold whose model reads them, 0 for a run without folds.

    `role` is what these people are to that model, `stated` what the run began with.
    """

    run: Path
    frames: Frames
    rows: Mapping[int, Int64[np.ndarray, " rows"]]
    role: str
    stated: Mapping[str, Any]

    @property
    def surrogate(self) -> bool:
        """Whether frames that stand in for UNBC-McMaster had a part in this."""
        return bool(self.stated["surrogate"]) or self.frames.surrogate

    def model(self, fold: int) -> Path:
        """The folder of the model of a fold."""
        return (self.run / FOLDER.format(fold) if fold else self.run) / MODEL

    def pairs(self, heat: bool) -> PairConfig:
        """Neutrals as the run itself takes them, nothing varied."""
        train = self.stated["train"]
        _, model = files.facts(self.model(next(iter(self.rows))))
        references = train["references"] if model.sees_neutral else 0
        return PairConfig(model.size, references, train["views"], heat=heat, seed=train["seed"])


def whom(run: Path, data: Sequence[Path], most: int, seed: int) -> Whom:
    """Choose at most so many frames of the run's own data.

    Raises ValueError where the folder is no run or has not ended, a data set is not one of the
    run's, or none of their frames was tested.
    """
    stated = run_folder.ended(run)
    if not FEWEST <= most:
        raise ValueError(f"frames must be at least {FEWEST}, got {most}")
    numbers = _numbers(run, stated, data)
    frames = open_frames(data)
    role, fold = _read_by(run, frames, numbers)
    if not (fold >= 0).any():
        raise ValueError(f"data must have frames that {run} has predicted, got none in {data[0]}")
    chosen = drawn(frames.subject, np.flatnonzero(fold >= 0), most, seed)
    rows = {int(one): chosen[fold[chosen] == one] for one in np.unique(fold[chosen])}
    return Whom(run, frames, rows, role, stated)


def drawn(
    subject: np.ndarray, rows: Int64[np.ndarray, " rows"], most: int, seed: int
) -> Int64[np.ndarray, " drawn"]:
    """Draw at most so many rows: as many people as can have `EACH`, their frames in turn."""
    rng = stream(seed, -1, "whom to explain")
    order = rng.permutation(len(rows))
    _, person = np.unique(subject[rows], return_inverse=True)
    rank = rng.permutation(int(person.max()) + 1)
    people = max(1, min(len(rank), most // EACH))
    # Which of its person's frames each is, in the order that was drawn.
    by_person = order[np.argsort(person[order], kind="stable")]
    start = np.searchsorted(person[by_person], person[by_person])
    turn = np.empty(len(rows), np.int64)
    turn[by_person] = np.arange(len(rows)) - start
    # More people only where those that are wanted have too few frames.
    later = np.maximum(0, rank[person] - people + 1)
    first = np.lexsort((rank[person], turn, later))
    return np.sort(rows[first[:most]])


def _numbers(run: Path, stated: Mapping[str, Any], data: Sequence[Path]) -> list[int]:
    """Which of the run's data sets each folder is."""
    own = [one["manifest"] for one in stated["data"]]
    numbers = []
    for folder, facts in zip(data, run_folder.data_facts(data), strict=True):
        if facts["manifest"] not in own:
            rule = f"data that {run} was tried on ({', '.join(name[:12] for name in own)})"
            raise ValueError(f"{folder} must be {rule}, got manifest {facts['manifest'][:12]}")
        numbers.append(own.index(facts["manifest"]))
    return numbers


def _read_by(
    run: Path, frames: Frames, numbers: Sequence[int]
) -> tuple[str, Int64[np.ndarray, " rows"]]:
    """What the tried people are, and the fold that read each frame, -1 where none did."""
    table = predictions.read(run / predictions.NAME)
    table = table.select(["set", "key", "fold", "role", "condition"])
    said = table.filter(pa.array(np.asarray(table["condition"].to_pylist()) == "right"))
    roles = np.asarray(said["role"].to_pylist())
    role = "test" if (roles == "test").any() else "val"
    said = said.filter(pa.array(roles == role))
    names = zip(said["set"].to_pylist(), said["key"].to_pylist(), strict=True)
    # Of a validation subject that several folds tried, the last.
    fold = dict(zip(names, said["fold"].to_pylist(), strict=True))
    of_set = frames.column("set").tolist()
    keys = frames.column("key").tolist()
    found = [fold.get((numbers[at], key), -1) for at, key in zip(of_set, keys, strict=True)]
    return role, np.array(found, np.int64)
