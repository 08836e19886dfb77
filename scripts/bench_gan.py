"""How fast networks train and paint, beside a plain loop: `python -m scripts.bench_gan`.

Random pictures of the size asked for; both loops have the same networks, losses and batches. The
plain one is eager float32 with channels first, as GANimation was written. Painting ends with the
JPEG and the record in a shard, as `augment2d` writes them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import tyro
from torch import Tensor

from assets.facs import OPENFACE_AUS, AUVector
from assets.repeatable import repeatable
from generator.gan2d.config import GanConfig
from generator.gan2d.draws import Draw
from generator.gan2d.faces import Faces
from generator.gan2d.machine import Machine, machine
from generator.gan2d.painter import Painter
from generator.gan2d.train import Lesson, Training
from generator.shards.codec import encode_image
from generator.shards.record import AUCodes, AUSources, Record
from generator.shards.record_json import to_json
from generator.shards.tarball import ShardWriter
from scripts.figures import check_json, table, write_json

FACES = 512


@dataclass(frozen=True)
class Options:
    """Time training and painting."""

    size: int = 128
    """Side of the pictures."""
    width: int = 64
    """Channels of the first layers."""
    batch: int = 25
    """Faces a step."""
    steps: int = 50
    """Steps that are timed, a multiple of 5."""
    warm_up: int = 10
    """Steps before, which compile."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to work."""
    threads: int = 1
    """Threads of a CPU."""
    json: Path | None = None
    """Write the figures here too."""


def main() -> None:
    """Print pictures a second of both loops, their ratio, and of painting."""
    options = tyro.cli(Options, config=(tyro.conf.OmitArgPrefixes,))
    check_json(options.json)
    config = GanConfig(
        size=options.size,
        width=options.width,
        batch=options.batch,
        device=options.device,
        threads=options.threads,
    )
    with repeatable(options.threads):
        ours = machine(config)
        # On a CPU half the digits are as quick to have as on a GPU, where it knows them.
        plain = Machine(ours.device, False, False)
        lesson = _lesson(options.size)
        figures = {
            "device": _named(ours.device),
            "training, pictures a second": _trained(Training(lesson, config, ours, None), options),
            "plain loop, pictures a second": _trained(_Plain(lesson, config, plain, None), options),
        }
        figures["ratio"] = (
            figures["training, pictures a second"] / figures["plain loop, pictures a second"]
        )
        figures["painted, pictures a second"] = _painted(lesson, config, ours, options)
    print(table(figures))
    write_json(options.json, figures)


class _Plain(Training):
    """The same training with channels first."""

    def __init__(self, lesson: Lesson, config: GanConfig, where: Machine, begin: None) -> None:
        super().__init__(lesson, replace(config, compiled="no", precision="float32"), where, begin)
        for network in self.networks.values():
            network.to(memory_format=torch.contiguous_format)  # pyright: ignore[reportCallIssue]

    def _batch(self, draw: Draw) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        real, aus, wanted, mix = super()._batch(draw)
        return real.contiguous(), aus, wanted, mix


def _lesson(size: int) -> Lesson:
    rng = np.random.default_rng(0)
    count = len(OPENFACE_AUS)
    faces = Faces(
        rng.integers(0, 256, (FACES, size, size, 3), np.uint8),
        np.arange(FACES),
        rng.random((FACES, count), np.float32),
        np.zeros(FACES, np.int64),
        ("nobody",),
        (),
    )
    return Lesson("bench", faces, np.arange(FACES), np.arange(4), OPENFACE_AUS)


def _trained(training: Training, options: Options) -> float:
    def steps(count: int) -> None:
        for _ in range(count):
            training.step()

    return options.steps * options.batch / _seconds(steps, options, training.where.device)


def _painted(lesson: Lesson, config: GanConfig, where: Machine, options: Options) -> float:
    training = Training(lesson, config, where, None)
    painter = Painter(where.quick(training.generator.eval()), where)
    pictures, aus = lesson.faces.take(np.arange(64)), lesson.faces.aus[:64]
    codes = AUCodes.of(AUVector.both({4: 3.0}))
    shown = Record(
        "k", "nobody", "train", "pain", "2d", options.size, options.size, pspi=3.0,
        label_source="target", aus=AUSources(target=codes),
    )  # fmt: skip

    def steps(count: int) -> None:
        for _ in range(count):
            writer = ShardWriter(BytesIO())
            for number, picture in enumerate(painter.paint(pictures, aus)):
                record = replace(shown, key=f"k{number}")
                writer.add(record.key, {"jpg": encode_image(picture), "json": to_json(record)})

    return options.steps * 64 / _seconds(steps, options, where.device)


def _seconds(work: Callable[[int], None], options: Options, device: torch.device) -> float:
    work(options.warm_up)
    if device.type == "cuda":
        torch.cuda.synchronize()
    begun = time.perf_counter()
    work(options.steps)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begun


def _named(device: torch.device) -> str:
    return torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.__version__}"


if __name__ == "__main__":
    main()
