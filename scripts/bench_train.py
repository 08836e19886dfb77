"""How fast a pain estimator trains, and how fast its input comes: python -m scripts.bench_train.

Rates are pairs of a face and its neutral a second. The step alone (forward, backward, optimiser)
takes batches that lie on the device, each with other neutrals; `apart` is the same step with the
adapters as peft has them, beside the products they adapt. The input alone is read, cut and varied
as for pre-training and then dropped; together is the one feeding the other. The limit is what the
products of a step would take at the rate that one large product reaches on this device.
"""

import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import tyro
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from assets.repeatable import repeatable
from scripts import cli
from scripts.figures import check_json, table, write_json
from vitpain.data.augment import SYNTHETIC
from vitpain.data.batch import Batch
from vitpain.data.frames import open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import PairConfig, Pairs
from vitpain.model import build, losses
from vitpain.model.config import ModelConfig
from vitpain.model.losses import LossConfig
from vitpain.train.config import TrainConfig
from vitpain.train.machine import Machine, machine

MADE = "--identities 12 --views 1 --annotations heat --people-per-shard 1".split()
APART = 1e-12
"""So little dropout drops nothing, and keeps the adapters' products apart."""
RESIDENT = 4
"""Batches that lie on the device and take turns."""
SQUARE = {"cuda": 8192, "cpu": 2048}
"""Side of the large product."""


@dataclass(frozen=True)
class Options:
    """Measure how fast a pain estimator trains: the step, its input, and both together."""

    data: Path | None = None
    """Finished data set of the input; 12 people of 512 pixels are drawn if none is given."""
    backbone: str = "vit_large_patch16_dinov3"
    size: int = 224
    variant: Literal["reference", "plain"] = "reference"
    batch: int = 48
    """Pairs a step."""
    steps: int = 30
    """Steps that are timed."""
    warm_up: int = 5
    """Steps before."""
    workers: int = os.cpu_count() or 1
    """Processes that read."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    json: Path | None = None
    """Write the figures here too."""


class Trainer:
    """A model of random weights, adapted by LoRA, and one step of its training."""

    def __init__(self, options: Options, where: Machine, apart: bool) -> None:
        """Adapters on random weights learn next to nothing, and take as long as on trained ones."""
        config = ModelConfig(
            backbone=options.backbone,
            size=options.size,
            variant=options.variant,
            tune="lora",
            lora_dropout=APART if apart else 0.0,
        )
        self.where = where
        self.model = build.build(config, "none", 0).to(where.device).train()
        groups = build.groups(self.model, 1e-4, 0.1, 0.1)
        self.optimiser = torch.optim.AdamW(groups, fused=where.device.type == "cuda")
        self.trained = [one for one in self.model.parameters() if one.requires_grad]
        self.together = where.together(self.model)

    def step(self, batch: Batch) -> None:
        """Learn from a batch."""
        self.optimiser.zero_grad(set_to_none=True)
        with self.where.numbers():
            parts = losses.step(self.together, batch.to(self.where.device), LossConfig())
        parts["total"].backward()
        nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimiser.step()


def rate(
    options: Options, where: Machine, work: Callable[[Any], None], given: Iterable[Any]
) -> float:
    """Pairs a second of some work, after the warm-up."""
    turns = iter(given)
    for _ in range(options.warm_up):
        work(next(turns))
    _wait(where)
    start = time.perf_counter()
    for _ in range(options.steps):
        work(next(turns))
    _wait(where)
    return options.steps * options.batch / (time.perf_counter() - start)


def resident(options: Options, where: Machine) -> Iterator[Batch]:
    """Batches of noise on the device, in turn."""
    rng = torch.Generator().manual_seed(0)
    count, side = options.batch, options.size
    references = 1 if options.variant == "reference" else 0

    def pictures(*shape: int) -> torch.Tensor:
        return torch.randint(0, 256, (*shape, 3, side, side), generator=rng, dtype=torch.uint8)

    made = [
        Batch(
            pictures(count),
            pictures(count, references),
            torch.ones(count, references, dtype=torch.bool),
            16 * torch.rand(count, generator=rng),
            torch.rand(count, 6, generator=rng),
            torch.zeros(count, 0, side, side, dtype=torch.uint8),
            torch.arange(count),
            torch.zeros(count, references, dtype=torch.int64),
        ).to(where.device)
        for _ in range(RESIDENT)
    ]
    return itertools.cycle(made)


def read(options: Options, data: Path) -> tuple[Pairs, np.ndarray]:
    """Pairs as for pre-training, and as many rows of them as are timed."""
    frames = open_frames([data])
    references = 1 if options.variant == "reference" else 0
    pairs = Pairs(frames, PairConfig(options.size, references, augment=SYNTHETIC))
    count = options.batch * (options.steps + options.warm_up)
    return pairs, np.resize(np.arange(len(frames)), count)


def flops(trainer: Trainer, batch: Batch) -> int:
    """Operations of the products of one step, of a model that is not compiled."""
    counter = FlopCounterMode(display=False)
    with counter:
        trainer.step(batch)
    return counter.get_total_flops()


def reached(where: Machine) -> float:
    """Operations a second of one large product, in the numbers of the run."""
    kind = torch.bfloat16 if where.bf16 else torch.float32
    side = SQUARE[where.device.type]
    left = torch.randn(side, side, device=where.device, dtype=kind)
    best = 0.0
    for _ in range(5):
        _wait(where)
        start = time.perf_counter()
        torch.matmul(left, left)
        _wait(where)
        best = max(best, 2 * side**3 / (time.perf_counter() - start))
    return best


def _wait(where: Machine) -> None:
    if where.device.type == "cuda":
        torch.cuda.synchronize()


def measure(options: Options, data: Path) -> dict[str, Any]:
    """All rates."""
    where = machine(TrainConfig(batch=options.batch, device=options.device))
    plain = replace(where, compiled=False)
    counted = flops(Trainer(options, plain, False), next(resident(options, plain)))
    limit = reached(where) * options.batch / counted
    apart = rate(options, where, Trainer(options, where, True).step, resident(options, where))
    trainer = Trainer(options, where, False)
    alone = rate(options, where, trainer.step, resident(options, where))
    pairs, rows = read(options, data)
    loading = Loading(options.batch, options.workers, pin=where.device.type == "cuda")
    with Loader(loading) as loader:
        fed = rate(options, where, lambda batch: None, loader.batches(pairs, rows))
        both = rate(options, where, trainer.step, loader.batches(pairs, rows, 1))
    return {
        "device": str(where.device),
        "threads": torch.get_num_threads(),
        "GFLOP a pair": counted / options.batch / 1e9,
        "pairs a second, limit of the products": limit,
        "pairs a second, adapters apart": apart,
        "pairs a second, step alone": alone,
        "step / adapters apart": alone / apart,
        "pairs a second, input alone": fed,
        "input / step": fed / alone,
        "pairs a second, together": both,
        "GB of the device": _memory(where),
    }


def _memory(where: Machine) -> float | None:
    return torch.cuda.max_memory_allocated() / 1e9 if where.device.type == "cuda" else None


def main() -> None:
    """Measure and print."""
    options = tyro.cli(Options)
    check_json(options.json)
    with tempfile.TemporaryDirectory() as folder:
        data = options.data
        if data is None:
            data = Path(folder) / "data"
            cli.run(["generate", "--out", str(data), *MADE, "--workers", str(options.workers)])
        # As in every run of training.
        with repeatable(torch.get_num_threads()):
            figures = measure(options, data)
    print(table(figures))
    write_json(options.json, figures)


if __name__ == "__main__":
    main()
