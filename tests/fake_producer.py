"""A producer that draws ellipses: every rule of the format holds and a person takes milliseconds.

What it makes has the shape of the real thing (people, views, neutrals, pain, confounders, maps that
agree with each other and with the labels), so that everything after the renderer is tested without
one. The environment variable that the tests of killed runs set slows it down.
"""

import math
import os
import time
from collections.abc import Sequence
from functools import cache

import numpy as np

from assets import facs
from assets.allocation import Slot, allocate
from assets.crease_curves import NAME
from assets.environments import NAMES
from assets.population import Split, draw_age, draw_shares, draw_tone, parse_ages
from assets.streams import stream
from generator.config import GenerateConfig, pspi_levels
from generator.producer import Producer
from generator.shards import codec
from generator.shards.record import (
    NFCS,
    Angles,
    AUCodes,
    AUSources,
    BackgroundFacts,
    CameraFacts,
    Direction,
    Gaze,
    Kind,
    LandmarkFacts,
    LightFacts,
    Maker,
    Makers,
    PersonFacts,
    Record,
    Sample,
    SensorFacts,
)
from render.backend import Backend

PAUSE = "PAIN3D_TEST_PAUSE"
Row4 = tuple[float, float, float, float]


@cache
def _slots(count: int, seed: int, ages: str) -> tuple[Slot, ...]:
    return allocate(count, seed, parse_ages(ages))


def splits(config: GenerateConfig) -> list[Split]:
    return [slot.split for slot in _slots(config.identities, config.seed, config.ages)]


def pictures(config: GenerateConfig, people: Sequence[int]) -> int:
    return len(people) * config.views * (1 + config.pain_per_identity + config.confounders)


def made_with(config: GenerateConfig) -> dict[str, str]:
    return {"fake": "1"}


def make_person(config: GenerateConfig, index: int) -> list[Sample]:
    time.sleep(float(os.environ.get(PAUSE, "0")))
    slot = _slots(config.identities, config.seed, config.ages)[index]
    rng = stream(config.seed, index, "facts")
    african, asian, caucasian = draw_shares(slot.ethnicity, rng)
    person = PersonFacts(
        age_years=draw_age(slot.band, slot.newborn, rng),
        sex=slot.sex,
        ethnicity=slot.ethnicity,
        african=african,
        asian=asian,
        caucasian=caucasian,
        skin_tone=draw_tone(slot.ethnicity, rng),
    )
    expressions: list[tuple[Kind, facs.AUVector]] = [("neutral", facs.AUVector.both({}))]
    for number in range(config.pain_per_identity):
        expressions.append(("pain", _pain(config, stream(config.seed, index, "pain", number))))
    for number in range(config.confounders):
        aus = facs.AUVector.both({12: float(1 + number % 5), 25: 1.0})
        expressions.append(("confounder", aus))
    return [
        _sample(config, index, slot.split, person, (view, number), expression)
        for view in range(config.views)
        for number, expression in enumerate(expressions)
    ]


def _pain(config: GenerateConfig, rng: np.random.Generator) -> facs.AUVector:
    levels = pspi_levels(config.pspi) or tuple(range(1, 17))
    level = int(levels[int(rng.integers(len(levels)))])
    table = facs.combinations(level)
    aus = dict(zip(facs.PAIN_AUS, table[int(rng.integers(len(table)))].tolist(), strict=True))
    if config.continuous and aus[4] > 0:
        aus[4] -= 0.5
    aus[45] = 5.0 * aus[43]
    return facs.AUVector.both(aus)


def _sample(
    config: GenerateConfig,
    index: int,
    split: Split,
    person: PersonFacts,
    place: tuple[int, int],
    expression: tuple[Kind, facs.AUVector],
) -> Sample:
    (view, number), (kind, aus) = place, expression
    name = f"p{index:06d}_v{view}"
    rng = stream(config.seed, index, f"picture {view}", number)
    yaw = 0.4 * (1 if view % 2 else -1) * min(view, 1)
    gaze = Direction(float(rng.normal(0, 0.1)), float(rng.normal(0, 0.1)))
    size = config.size
    codes = AUCodes.of(aus)
    young = person.age_years is not None and person.age_years < 2
    record = Record(
        key=f"{name}_e{number:02d}",
        identity=f"p{index:06d}",
        split=split,
        kind=kind,
        source="3d",
        width=size,
        height=size,
        image=config.image,
        view=view,
        neutral_key=f"{name}_e00",
        expression="smile" if kind == "confounder" else None,
        pspi=aus.pspi,
        label_source="target",
        aus=AUSources(target=codes),
        nfcs=NFCS(**facs.nfcs(aus.label)) if young else None,
        person=person,
        camera=CameraFacts(
            ((2.0 * size, 0.0, size / 2), (0.0, 2.0 * size, size / 2), (0.0, 0.0, 1.0)),
            _extrinsics(yaw),
            config.camera,
        ),
        head_pose=Angles(yaw, 0.0, 0.0),
        gaze=Gaze(gaze, gaze),
        light=LightFacts(NAMES[0], 0.5, 1.0),
        background=BackgroundFacts(config.background),
        sensor=_sensor(config),
        landmarks=LandmarkFacts("ibug68", _points(size), (True,) * 68),
        seed=config.seed,
        made_by=Makers(
            Maker(config.head, "1"),
            Maker("skin"),
            Maker(config.rig),
            Maker(Backend(config.raster, config.shading).name),
            creases=NAME if config.creases == "on" else None,
        ),
    )
    return Sample(record, _members(config, aus, rng))


def _sensor(config: GenerateConfig) -> SensorFacts:
    """A sensor that does nothing but what a photographer's does."""
    return SensorFacts(
        noise=0.003,
        grain=0.01,
        contrast=1.0,
        saturation=1.0,
        vignette=0.1,
        blur=0.2,
        kind=config.sensor,
        gain=1.0,
        balance=(1.0, 1.0, 1.0),
        defocus=0.0,
        motion=(0.0, 0.0),
        columns=0,
        quality=0,
    )


def _extrinsics(yaw: float) -> tuple[Row4, Row4, Row4]:
    """A camera a metre away that sees a head, upright at the origin, turned by `yaw`."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    return (cos, 0.0, sin, 0.0), (0.0, -1.0, 0.0, 0.0), (sin, 0.0, -cos, 1.0)


def _points(size: int) -> tuple[tuple[float, float], ...]:
    """A ring of landmarks on the face, and the last one in its middle."""
    turns = [2 * math.pi * number / 67 for number in range(67)]
    ring = [(size * (0.5 + 0.2 * math.cos(t)), size * (0.5 + 0.2 * math.sin(t))) for t in turns]
    return (*ring, (size / 2, size / 2))


def _members(
    config: GenerateConfig, aus: facs.AUVector, rng: np.random.Generator
) -> dict[str, bytes]:
    size = config.size
    y, x = (np.mgrid[:size, :size].astype(np.float32) + 0.5) / size * 2 - 1
    square = (x / 0.6) ** 2 + (y / 0.8) ** 2
    face = square < 1
    height = np.sqrt(np.maximum(0, 1 - square))
    normal = np.stack([x, -y, height + 0.1], axis=2)
    normal = (normal / np.linalg.norm(normal, axis=2, keepdims=True)) * face[..., None]
    heat = np.stack([face * height * aus.label[au] for au in facs.PAIN_AUS])
    image = rng.integers(0, 256, (8, 8, 3)).repeat(size // 8, 0).repeat(size // 8, 1)
    image = np.pad(image, ((0, size % 8), (0, size % 8), (0, 0)), "edge").astype(np.uint8)
    made = {
        config.image: codec.encode_image(image, config.image),
        "seg.png": codec.encode_seg(face.astype(np.uint8)),
        "depth.png": codec.encode_depth(((1.1 - 0.1 * height) * face).astype(np.float32)),
        "normal.png": codec.encode_normal(normal.astype(np.float32)),
        "heat.png": codec.encode_heat(heat.astype(np.float32)),
        "uv.png": codec.encode_uv((np.stack([x + 1, y + 1]) / 2 * face).astype(np.float32)),
    }
    return {suffix: made[suffix] for suffix in config.members if suffix != "json"}


PRODUCER = Producer(make_person, splits, pictures, made_with)
