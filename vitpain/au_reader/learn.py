"""Training a reader: frames of split `train`, varied mildly, in the order of the seed.

There is no choosing among epochs, so what is measured on people who were held out is honest.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Integer
from torch import Tensor
from torch.nn import functional

from assets.repeatable import repeatable
from generator.shards.record import DRAWN
from vitpain.au_reader import files
from vitpain.au_reader.config import MILD, ReaderConfig
from vitpain.au_reader.labels import errors, highest, intensities, taught
from vitpain.au_reader.network import AUNetwork
from vitpain.au_reader.reader import Reader
from vitpain.data import sampling
from vitpain.data.frames import Frames, open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import PairConfig, Pairs
from vitpain.train.machine import sow
from vitpain.train.run_folder import data_facts

Progress = Callable[[int, int], None]
HELD_OUT = ("val", "test")
RISE = 0.05
"""Share of the steps in which the learning rate rises."""
BEND = 0.1
"""Shares of the highest intensity up to which errors count by their square."""
CLIP = 5.0


@dataclass(frozen=True)
class Machine:
    """Where a reader is trained; the device and the number of threads decide its last bits."""

    device: str = "cpu"
    threads: int = 1
    workers: int = 0
    """Processes that read pictures; 0: this one."""


def train(
    folders: Sequence[Path],
    out: Path,
    config: ReaderConfig,
    machine: Machine,
    progress: Progress,
) -> Reader:
    """Train a reader on finished data sets and write it to `out`.

    Raises ValueError where `out` holds something already, frames are of others than drawn heads, or
    no action unit varies in the frames
    to learn from.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"out must be an empty folder or none, got {out}")
    frames = open_frames(folders)
    others = sorted(set(frames.column("source").tolist()) - {DRAWN})
    if others:
        rule = f"drawn heads, whose labels are exact (source {DRAWN})"
        raise ValueError(f"data must be {rule}, got {', '.join(others)}")
    split = frames.column("split")
    rows = np.flatnonzero(split == "train")
    if len(rows) < config.batch:
        rule = f"at most the {len(rows)} frames of split train"
        raise ValueError(f"batch must be {rule}, got {config.batch}")
    aus = taught(frames, rows)
    start = time.monotonic()
    loading = Loading(config.batch, machine.workers, whole=True)
    with repeatable(machine.threads), Loader(loading) as loader:
        sow(config.seed, "au reader")
        network = AUNetwork(config.size, len(aus)).to(machine.device)
        _fit(network, (frames, rows, aus), config, loader, progress)
        reader = Reader(network.eval(), aus, {}, "")
        held = {
            name: _held_out(reader, frames, np.flatnonzero(split == name), rows)
            for name in HELD_OUT
        }
    facts = {
        "data": data_facts(folders),
        "people": len(np.unique(frames.subject[rows])),
        "frames": len(rows),
        "options": asdict(config),
        "device": machine.device,
        "threads": machine.threads,
        "seconds": time.monotonic() - start,
        "errors": held,
    }
    files.save(network, aus, out, facts)
    return files.load(out)


def _fit(
    network: AUNetwork,
    learnt: tuple[Frames, Integer[np.ndarray, " rows"], tuple[int, ...]],
    config: ReaderConfig,
    loader: Loader,
    progress: Progress,
) -> None:
    frames, rows, aus = learnt
    shares = intensities(frames, aus) / highest(aus)
    device = network.last.weight.device
    steps = config.epochs * (len(rows) // config.batch)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    rates = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    pairs = Pairs(frames, PairConfig(config.size, 0, augment=MILD, seed=config.seed))
    network.train()
    step = 0
    for epoch in range(config.epochs):
        order = sampling.order(frames, rows, "none", config.seed, epoch)
        for batch in loader.batches(pairs, order, epoch):
            # What is dropped in a step is that step's draw.
            sow(config.seed, "au reader step", step)
            wanted = torch.from_numpy(shares[batch.rows.numpy()]).to(device)
            lost = loss(network(batch.face.to(device)), wanted)
            optimiser.zero_grad(set_to_none=True)
            lost.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP)
            optimiser.step()
            rates.step()
            step += 1
            progress(1, steps)


def loss(read: Float[Tensor, "batch aus"], wanted: Float[Tensor, "batch aus"]) -> Float[Tensor, ""]:
    """Mean over what is known (a null is NaN) of an error that counts outliers by their size."""
    known = ~torch.isnan(wanted)
    each = functional.smooth_l1_loss(
        read, torch.where(known, wanted, read.detach()), beta=BEND, reduction="none"
    )
    return (each * known).sum() / known.sum().clamp(min=1)


def _rate(step: int, steps: int) -> float:
    """The learning rate of a step as a share of the highest."""
    rise = max(1, round(RISE * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1.0 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def _held_out(
    reader: Reader,
    frames: Frames,
    rows: Integer[np.ndarray, " rows"],
    learnt: Integer[np.ndarray, " learnt"],
) -> dict[str, Any] | None:
    """Errors on people who were held out, beside those of always saying the training median."""
    if len(rows) == 0:
        return None
    stated = intensities(frames, reader.aus)
    middle = np.nanmedian(stated[learnt], axis=0)
    found = read_frames(reader, frames, rows)
    always = np.broadcast_to(middle, found.shape).astype(np.float32)
    return {
        "people": len(np.unique(frames.subject[rows])),
        "frames": len(rows),
        "read": errors(found, stated[rows], reader.aus),
        "median": errors(always, stated[rows], reader.aus),
    }


def read_frames(
    reader: Reader, frames: Frames, rows: Integer[np.ndarray, " rows"]
) -> Float32[np.ndarray, "rows aus"]:
    """Read rows of data sets, cropped by their landmarks as in training."""
    pairs = Pairs(frames, PairConfig(reader.network.size, 0))
    with Loader(Loading(64)) as loader:
        parts = [reader.read(batch.face).cpu().numpy() for batch in loader.batches(pairs, rows)]
    return np.concatenate(parts) if parts else np.zeros((0, len(reader.aus)), np.float32)
