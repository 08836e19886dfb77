"""Batches of a fit: which frame comes when follows from seed and step, whoever reads them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from vitpain.data import augment, crops, sampling
from vitpain.data.augment import Augment
from vitpain.data.batch import Batch
from vitpain.data.frames import Frames
from vitpain.data.loader import Loader
from vitpain.data.pairs import PairConfig, Pairs
from vitpain.model.config import ModelConfig
from vitpain.train.config import TrainConfig

AUGMENTS: dict[str, Augment] = {
    "synthetic": augment.SYNTHETIC,
    "real": augment.REAL,
    "none": augment.NONE,
}


@dataclass(frozen=True)
class Feed:
    """Batches of a fit: the same for the same step, however a run came there."""

    pairs: Pairs
    rows: Int64[np.ndarray, " rows"]
    config: TrainConfig
    loader: Loader

    def __post_init__(self) -> None:
        """Refuse a batch that the rows do not fill."""
        check_batch(len(self.rows), self.config)

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return epoch_steps(len(self.rows), self.config)

    def batches(self, step: int) -> Iterator[Batch]:
        """Those of this process from a step (counted from 0 over all epochs) to the end.

        They go over the rows again and again; frames that do not fill a last batch are left out of
        it each time.
        """
        config, end = self.config, self.config.epochs * self.steps
        once = len(self.rows) // config.batch
        while step < end:
            passed, start = divmod(step, once)
            order = sampling.order(
                self.pairs.frames, self.rows, config.sampling, config.seed, passed
            )
            last = min(once, start + end - step)
            yield from self.loader.batches(self.pairs, order[: last * config.batch], passed, start)
            step += last - start


def epoch_steps(rows: int, config: TrainConfig) -> int:
    """Batches an epoch over so many rows."""
    return (rows if config.epoch_frames is None else config.epoch_frames) // config.batch


def check_batch(rows: int, config: TrainConfig) -> None:
    """Raise ValueError where so many rows do not fill a batch."""
    if rows < config.batch:
        rule = f"at most the {rows} frames to learn from"
        raise ValueError(f"batch must be {rule}, got {config.batch}")


def pair_config(config: TrainConfig, model: ModelConfig, heat: bool) -> PairConfig:
    """What a batch of training holds for a model; `heat`: the frames have heat maps."""
    return PairConfig(
        size=model.size,
        references=config.references if model.sees_neutral else 0,
        views=config.views,
        same_geometry=config.same_geometry,
        heat=heat and model.variant == "distilled",
        augment=AUGMENTS[config.augment],
        seed=config.seed,
    )


def has_heat(frames: Frames) -> bool:
    """Whether every frame has heat maps."""
    return crops.HEAT in frames.members(np.arange(len(frames)))
