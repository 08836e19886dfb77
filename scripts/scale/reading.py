"""Stages of `scripts/bench_scale.py` that learn and report, and so import torch.

`open` ends where the first batch would be read; `load` begins anew and reads every pair.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from scripts.scale import study
from scripts.scale.making import SET, SIZE
from vitpain.ablation.report import build
from vitpain.data.frames import open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import PairConfig, Pairs

STUDY = "study"


def opened(folder: Path, pictures: int, read: bool) -> int:
    """Open the data set, choose the neutrals of an epoch, and read all of it where asked to."""
    frames = open_frames([folder / SET])
    pairs, rows = Pairs(frames, PairConfig(SIZE)), np.arange(len(frames))
    if not read:
        pairs.plan(rows, 0)
        return len(rows)
    with Loader(Loading()) as loader:
        return sum(len(batch.rows) for batch in loader.batches(pairs, rows))


def predicted(folder: Path, pictures: int) -> int:
    """Write a comparison that nobody trained."""
    study.write(folder / STUDY, pictures)
    return pictures


def reported(folder: Path, pictures: int) -> int:
    """Report that comparison."""
    build.report(folder / STUDY)
    return pictures


READING: Mapping[str, Callable[[Path, int], int]] = {
    "open": partial(opened, read=False),
    "load": partial(opened, read=True),
    "predict": predicted,
    "report": reported,
}
"""Each gives the pictures that it went through."""
