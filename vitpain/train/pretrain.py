"""Training on the splits of data sets: learns from train, selects by val, predicts val and test."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assets.population import SPLITS
from vitpain.data.frames import Frames, open_frames
from vitpain.evaluate import predictions
from vitpain.train import run_folder, stage
from vitpain.train.begin import Begin
from vitpain.train.config import Run, TrainConfig
from vitpain.train.feed import check_batch
from vitpain.train.fitted import Fitted, Told
from vitpain.train.opened import opened
from vitpain.train.stage import Parts


def pretrain(
    data: Sequence[Path], begin: Begin, config: TrainConfig, run: Run, told: Told
) -> Fitted:
    """Train in the folder of a run, from where that is, and write its predictions.

    Raises ValueError where a data set has no frames to learn from or to select by, and as
    `opened` and `loop.fit` do.
    """
    frames = open_frames(data)
    parts = by_split(frames)
    check_batch(len(parts.train), config)
    wanted = {"command": "pretrain", "data": run_folder.data_facts(data), "extra": []}
    with opened(frames, begin, config, run, told, wanted) as (at, first):
        done = stage.learn(at, parts, run.out, first)
        if not run_folder.finished(run.out):
            table = stage.predict(at, parts, run.out)
            if at.machine.main:
                predictions.write(run.out / predictions.NAME, table)
        at.machine.wait()
    return done


def by_split(frames: Frames) -> Parts:
    """Rows by the splits of the data sets. Raises ValueError where one has none, naming it."""
    split = frames.column("split")
    rows = {name: stage.rows_of(frames, split == name) for name in SPLITS}
    for name in ("train", "val"):
        if len(rows[name]) == 0:
            there = ", ".join(sorted(set(split.tolist())))
            raise ValueError(f"data must have labelled frames in split {name}, got {there} alone")
    return Parts(0, **rows, beside=np.zeros(0, np.int64))
