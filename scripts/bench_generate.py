"""How fast data sets are made: `python -m scripts.bench_generate [--size 512] [--workers 2]`.

Measures, in one run: milliseconds a picture by stage in one process; pictures a second of
`pain3d generate` with the default annotations; and, where pyrender and EGL are there, pictures a
second of the loops of `scripts/bench_pyrender.py` with as many processes. Memory is the largest
of any worker. Prints a table; `--json PATH` writes the same figures.
"""

import multiprocessing
import os
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from generator import jobs, synth3d
from generator.config import GenerateConfig
from generator.expression import make_expressions
from generator.framing import frame, head_points
from generator.heads import Rig
from generator.pool import ONE_THREAD
from generator.synth_record import record
from generator.view import make_view
from render.device import Device
from render.image import draw
from render.raster_pyrender import load
from scripts import bench_pyrender
from scripts.bench_list import LEFT_OUT
from scripts.bench_pyrender import Posed, PyrenderLoop
from scripts.figures import table, write_json


@dataclass(frozen=True)
class Options:
    """Measure how fast data sets are made."""

    size: int = 512
    """Side of the picture, pixels."""
    people: int = 8
    """People that `generate` makes, with 10 pain expressions and 3 views each."""
    workers: int = 2
    """Processes of every loop."""
    rig: Rig = GenerateConfig.rig
    """What turns action units into motion."""
    device: Device = "cpu"
    """Where pictures are drawn."""
    json: Path | None = None
    """Write the figures here too."""


class Clock:
    """Adds up seconds by stage."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        start = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - start


def by_stage(config: GenerateConfig, index: int) -> dict[str, float]:
    """Milliseconds a picture that each stage takes for one person, in this process."""
    clock, pictures = Clock(), 0
    with clock.stage("person: head, hair, clothes, texture"):
        person = synth3d.likeness(config, index)
    for expression in make_expressions(config, index):
        with clock.stage("expression: rig, folds, mesh, skin"):
            synth3d.expressed(config, person, expression)
    shots = synth3d.scenes(config, index)
    while True:
        with clock.stage("scene"):
            item = next(shots, None)
        if item is None:
            break
        identity, shot, scene = item
        with clock.stage("draw: picture and maps"):
            drawn = draw(scene, config.device)
        with clock.stage("encode"):
            synth3d.members(config, drawn)
        with clock.stage("record"):
            record(config, identity, shot, drawn)
        pictures += 1
    # What a scene takes beside its person and expressions, which were timed apart.
    parts = [spent for name, spent in clock.seconds.items() if name[:6] in ("person", "expres")]
    clock.seconds["view: camera, light, background"] = clock.seconds.pop("scene") - sum(parts)
    return {name: 1000 * spent / pictures for name, spent in clock.seconds.items()}


def _stages(config: GenerateConfig) -> dict[str, float]:
    by_stage(config, 0)
    return by_stage(config, 1)


def stages_alone(config: GenerateConfig) -> dict[str, float]:
    """`by_stage` of the second person in a process with one thread, as workers are."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_stages, config).result()


def generated(config: GenerateConfig, workers: int) -> tuple[float, float]:
    """Pictures a second of `generate` once it runs, and the memory (MB) of its largest worker.

    The first report comes when a worker has finished its first person: the start of processes is
    left out, as it is for the loops beside.
    """
    reports: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        run = jobs.Run(Path(folder) / "set", workers)
        report = lambda done, total: reports.append((time.perf_counter(), done))  # noqa: E731
        jobs.generate(config, synth3d.PRODUCER, run, report)
    made = [(at, done) for at, done in reports if done]
    pictures = sum(done for _, done in made[1:])
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return pictures / (made[-1][0] - made[0][0]), memory


def poses(config: GenerateConfig, index: int) -> list[Posed]:
    """What pyrender draws of one person: every pose with its cameras."""
    _, body = synth3d.dressed(config, index)
    head = body.head
    found = []
    for number, expression in enumerate(make_expressions(config, index)):
        mesh = synth3d.posed(config.rig, body, expression, None).mesh
        at = np.zeros((len(mesh.vertices), 2))
        at[mesh.triangles] = mesh.uv[mesh.uv_triangles]
        mask = head.topology.mask
        rows = ((1 - at[:, 1]) * len(mask)).astype(int).clip(0, len(mask) - 1)
        classes = mask[rows, (at[:, 0] * len(mask)).astype(int).clip(0, len(mask) - 1)]
        colours = np.full((len(mesh.vertices), 3), 0.7)
        views = [make_view(config, index, place, number) for place in range(config.views)]
        cameras = tuple(frame(head_points(head), v.pose, v.lens, config.size) for v in views)
        found.append(Posed(mesh, classes, colours, cameras))
    return found


def _loop(
    config: GenerateConfig, loop: bench_pyrender.Loop, index: int
) -> tuple[int, float, float]:
    ready = poses(config, index)
    renderer = PyrenderLoop(config.size)
    renderer.draw(ready[0], loop)
    start = time.perf_counter()
    pictures = sum(renderer.draw(posed, loop) for posed in ready)
    stop = time.perf_counter()
    renderer.close()
    return pictures, start, stop


def pyrender_rate(config: GenerateConfig, loop: bench_pyrender.Loop, workers: int) -> float:
    """Pictures a second of `workers` pyrender loops side by side, start-up left out."""
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        results = [pool.submit(_loop, config, loop, index) for index in range(workers)]
        return sum(
            pictures / (stop - start)
            for pictures, start, stop in (result.result() for result in results)
        )


def main() -> None:
    """Measure and print."""
    options = tyro.cli(Options)
    # For the processes that are spawned below, before they import numpy.
    os.environ.update(ONE_THREAD)
    config = GenerateConfig(
        identities=options.people, size=options.size, rig=options.rig, device=options.device,
        people_per_shard=1,
    )  # fmt: skip
    figures: dict[str, Any] = {
        f"ms a picture, {name}": value for name, value in stages_alone(config).items()
    }
    figures["ms a picture, sum"] = sum(figures.values())
    rate, memory = generated(config, options.workers)
    figures["pictures a second, generate"] = rate
    figures["largest worker, MB"] = memory
    try:
        load()
    except ValueError as error:
        figures[LEFT_OUT] = f"pyrender loops: {error}"
    else:
        for loop in ("plain", "maps"):
            other = pyrender_rate(config, loop, options.workers)
            figures[f"pictures a second, pyrender {loop}"] = other
            figures[f"generate / pyrender {loop}"] = rate / other
    print(table(figures))
    write_json(options.json, figures)


if __name__ == "__main__":
    main()
