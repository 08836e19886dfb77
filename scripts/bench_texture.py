"""How long a painted texture takes: `python -m scripts.bench_texture [--networks]`.

Without `--networks`: milliseconds in which three pictures of a head become its albedo (at 2048, in
one worker process; pictures are laid on by two threads), for a few people; the raster of a view,
which the painter's hint is made of too, stands apart. The pictures are drawn of the same
head in another skin and in the light of a room, so no network is needed; torch is not either.
Medians over some rounds. Beside them, where Kandinsky 2.2 was added, all
that a texture takes but the networks: hints, and what the painter is shown of each side, too.

With `--networks` also Kandinsky 2.2 at its real size with random weights
(`scripts/bench_texture_networks.py`). Prints a table; `--json PATH` writes the same figures.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tyro
import warp as wp
from jaxtyping import UInt8

from assets import environments, skin
from generator import pool, provenance, synth3d
from generator.body import Body
from generator.config import GenerateConfig
from generator.identity import Identity, make_identity
from generator.portrait import cameras
from generator.portrait.chart import chart, normals
from generator.portrait.combine import Seen
from generator.portrait.finish import Finished, Paint, finished
from generator.portrait.painted import SIZE
from generator.portrait.settings import Settings
from generator.texture.skin import Texture
from generator.texture.skin import skin as own_skin
from render import background, image
from render.camera import Camera
from render.device import Device, named
from render.mesh import Mesh
from render.scene import Scene
from render.sensor import Sensor
from render.sight import look
from render.surroundings import illuminate
from render.unwrap import unwrap
from scripts.bench_list import LEFT_OUT
from scripts.figures import check_json, table, write_json

GOAL_MS = {"cpu": 300.0, "cuda": 20.0}
"""What projection and fill of three views may take."""
CROWD = GenerateConfig(identities=60, seed=3, ages="0-90")
"""Among whom people are looked for."""
PEOPLE: Mapping[str, Callable[[Identity], bool]] = {
    "short hair": lambda one: one.grooming.hair.style == "cropped" and one.person.age_years >= 18,
    "long hair": lambda one: one.grooming.hair.style == "long",
    "infant": lambda one: one.person.age_years < 1,
}
ROOM, TURN = "lebombo", 0.8
"""Surroundings of the pictures, and the way they are turned (radians): light from a side."""


@dataclass(frozen=True)
class Options:
    """Time painted textures."""

    rounds: int = 9
    """Rounds that are timed, 1 or more; one before them is not."""
    networks: bool = False
    """Time the networks too, with random weights."""
    side: int = cameras.SIDE
    """Side of the pictures that the networks paint, a multiple of 64."""
    steps: int = Settings.steps
    """Denoising steps of a picture."""
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = Settings.dtype
    """Numbers that the networks compute in."""
    device: Device = "cpu"
    """Where pictures are laid on heads, and where networks run."""
    offload: bool = Settings.offload
    """Keep only the networks that paint now on the GPU."""
    json: Path | None = None
    """Write the figures here too."""


@dataclass(frozen=True, eq=False)
class Sitting:
    """A person at rest with skin of our own, and pictures before the cameras of a portrait."""

    config: GenerateConfig
    identity: Identity
    body: Body
    mesh: Mesh
    texture: Texture
    views: list[tuple[Camera, UInt8[np.ndarray, "side side 3"]]]


def found(name: str) -> int:
    """The first of the crowd whom a name of `PEOPLE` fits."""
    fits = PEOPLE[name]
    everyone = (
        make_identity(index, CROWD.identities, CROWD.seed, CROWD.ages)
        for index in range(CROWD.identities)
    )
    return next(one.index for one in everyone if fits(one))


def sit(index: int, device: Device) -> Sitting:
    """Have a person drawn in another skin, from the front and from both sides."""
    config = replace(CROWD, device=device)
    identity, body = synth3d.dressed(config, index)
    head = body.head
    mesh = body.at_rest()
    other = make_identity((index + 1) % CROWD.identities, CROWD.identities, CROWD.seed, CROWD.ages)
    identity = replace(identity, looks=replace(identity.looks, lightness=other.looks.lightness))
    shown = synth3d.painted(own_skin(other, SIZE), head, config)
    light = illuminate(environments.load(ROOM), TURN)
    views = []
    for pose in (cameras.FRONT, *cameras.TURNED.values()):
        camera = cameras.camera(head, pose)
        wall = background.plain(np.full(3, 128, np.uint8), camera, light.exposure)
        points = synth3d.landmarks(head.topology)
        scene = Scene(mesh, shown, camera, light, wall, points, Sensor(noise=0.0, grain=0.0))
        views.append((camera, image.draw(scene, device).image))
    return Sitting(config, identity, body, mesh, own_skin(identity, SIZE), views)


def laid(sitting: Sitting) -> tuple[Finished, dict[str, float]]:
    """Make an albedo of the pictures, and say in how many milliseconds by stage."""
    head, device = sitting.body.head, sitting.config.device
    surface = synth3d.painted(sitting.texture, head, sitting.config)
    texels = chart(head.topology, SIZE)
    own = np.ascontiguousarray(sitting.texture.albedo[texels.rows, texels.columns, :3])
    asked = Paint(own, sitting.identity.looks.lightness, sitting.identity.grooming.beard != "none")
    spent: dict[str, float] = defaultdict(float)
    seen = []
    for camera, picture in sitting.views:
        begun = now()
        sight = look(sitting.mesh, camera, surface, device)
        looked = now()
        light, weight = unwrap(background.decode_srgb(picture), sight, texels)
        seen.append(Seen.of(light, weight, device))
        spent["raster of a view"] += (looked - begun) / len(sitting.views)
        spent["laying on of a view"] += (now() - looked) / len(sitting.views)
    begun = now()
    low = normals(chart(head.topology, skin.SMOOTH_SIZE), sitting.mesh)
    made = finished(seen, asked, low)
    spent["combining, delighting, filling"] = now() - begun
    views = len(sitting.views) * spent["laying on of a view"]
    spent["projection and fill"] = views + spent["combining, delighting, filling"]
    return made, spent


def painted(sitting: Sitting) -> float:
    """Milliseconds of a texture whose pictures take no time. Needs the extra `diffusion`."""
    # Imported here: the rest needs no torch.
    from generator.diffusion import texture
    from generator.diffusion.painter import Painter, Picture

    class Given(Painter):
        """Gives the pictures that are there already, one after the other."""

        def __init__(self) -> None:
            self._pictures = iter([picture for _, picture in sitting.views])

        def _on_depth(self, *_: Any, **__: Any) -> Picture:
            return next(self._pictures)

    surface = synth3d.painted(sitting.texture, sitting.body.head, sitting.config)
    sitter = texture.Sitter(
        sitting.config, sitting.identity, sitting.body, sitting.mesh, sitting.texture, surface,
        chart(sitting.body.head.topology, SIZE),
    )  # fmt: skip
    begun = now()
    texture.paint(sitter, Given(), None)
    return now() - begun


def measured(task: tuple[str, Device, int, bool], _: pool.Report) -> dict[str, float]:
    """Median milliseconds by stage of one of `PEOPLE`, after a round that compiles kernels.

    The task is a name, a device, a number of rounds, and whether to time a whole texture too.
    """
    name, device, rounds, whole = task
    sitting = sit(found(name), device)
    turns = [laid(sitting)[1] for _ in range(rounds + 1)][1:]
    median = {stage: float(np.median([turn[stage] for turn in turns])) for stage in turns[0]}
    if whole:
        times = [painted(sitting) for _ in range(rounds + 1)][1:]
        median["all but the networks"] = float(np.median(times))
    return median


def now() -> float:
    """Milliseconds on a clock, once what was asked of the device is done."""
    wp.synchronize()
    return 1000 * time.perf_counter()


def main() -> None:
    """Measure and print."""
    options = tyro.cli(Options, config=(tyro.conf.OmitArgPrefixes,))
    check_json(options.json)
    if options.rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {options.rounds}")
    settings = Settings(options.steps, options.dtype, options.device, options.offload)
    whole, left_out, asked = True, {}, replace(CROWD, texture="kandinsky")
    try:
        provenance.libraries(asked)
        provenance.added(asked)
    except ValueError as error:
        whole, left_out = False, {LEFT_OUT: f"all but the networks: {error}"}
    tasks = [(name, options.device, options.rounds, whole) for name in PEOPLE]
    figures: dict[str, Any] = {
        "device": named(options.device),
        "ms, goal of projection and fill": GOAL_MS[options.device],
        **left_out,
    }
    for name, stages in zip(PEOPLE, pool.run(measured, tasks, 1, lambda _: None), strict=True):
        figures |= {f"ms, {name}, {stage}": spent for stage, spent in stages.items()}
    if options.networks:
        from scripts import bench_texture_networks

        figures |= bench_texture_networks.measured(settings, options.side)
    print(table(figures))
    write_json(options.json, figures)


if __name__ == "__main__":
    main()
