"""The record of a picture that we made: every fact that the draws and the renderer know."""

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, UInt8

from assets import crease_curves, facs, hunyuan3d, kandinsky, manifest
from assets.classes import CLASSES, OCCLUDERS
from generator.config import GenerateConfig
from generator.expression import Expression
from generator.framing import gaze_angles
from generator.heads import head_maker, rig_maker
from generator.identity import Identity
from generator.makehuman import closet
from generator.provenance import source
from generator.shards.record import (
    DRAWN,
    NFCS,
    Angles,
    AUCodes,
    AUSources,
    BackgroundFacts,
    CameraFacts,
    Direction,
    Gaze,
    LandmarkFacts,
    LightFacts,
    Maker,
    Makers,
    PersonFacts,
    Record,
    SensorFacts,
)
from generator.shards.rules import NFCS_AGE
from generator.view import View
from render.backend import Backend
from render.frame import Frame
from render.installed import versions
from render.light import Light
from render.sensor import Sensor

LEAST = 4
"""Pixels of its class on which a picture shows what is worn; fewer are none."""

# Landmarks (ibug order) of the right and left brow and of the right and left eye.
EYES_AND_BROWS = (range(17, 22), range(22, 27), range(36, 42), range(42, 48))


@dataclass(frozen=True)
class Shot:
    """What one picture was made from, beside its person.

    `focus` is the depth (m) that is sharp, None where all of the head is. `worn` names what the
    person wears in this view, seen or not.
    """

    number: int
    expression: Expression
    view: View
    light: Light
    background: BackgroundFacts
    focus: float | None = None
    worn: tuple[str, ...] = ()


def key(identity: Identity, view: int, expression: int) -> str:
    """Name of a sample; expression 0 is the neutral."""
    return f"{identity.name}_v{view}_e{expression:03d}"


def _triple(values: Float[np.ndarray, " 3"]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third


@cache
def makers(config: GenerateConfig) -> Makers:
    """Hashes of what makes the pictures: shipped files, and the source of rig and renderer."""
    backend = Backend(config.raster, config.shading)
    return Makers(
        head=head_maker(config),
        texture=_texture_maker(config),
        rig=rig_maker(config),
        renderer=Maker(
            backend.name, ", ".join(versions(backend, config.device).values()), source("render")
        ),
        creases=crease_curves.NAME if config.creases == "on" else None,
    )


def _texture_maker(config: GenerateConfig) -> Maker:
    """What makes the skin: our own pigments, or networks that paint it."""
    if config.texture == "skin":
        return Maker("skin", sha256=manifest.entries()["skin.npz"].sha256)
    weights = [kandinsky.sha256(kandinsky.TEXTURE)]
    if config.texture == "hunyuan3d":
        weights.append(hunyuan3d.load().sha256)
    both = "\n".join(weights).encode()
    return Maker(
        config.texture, kandinsky.version(kandinsky.TEXTURE), hashlib.sha256(both).hexdigest()
    )


def _person(config: GenerateConfig, identity: Identity) -> PersonFacts:
    person = identity.person
    own = config.hair != "makehuman"
    return PersonFacts(
        age_years=person.age_years,
        sex=person.sex,
        ethnicity=person.ethnicity,
        african=person.african,
        asian=person.asian,
        caucasian=person.caucasian,
        skin_tone=person.skin_tone,
        eye_colour=identity.looks.eye,
        hair=identity.grooming.hair.style if own else closet.hair_name(config, identity),
    )


def _gaze(frame: Frame, expression: Expression) -> Gaze:
    """Gaze against the camera, as the pictures show it."""
    gaze = expression.gaze
    left = gaze_angles(frame.camera, gaze.left_yaw, gaze.left_pitch)
    right = gaze_angles(frame.camera, gaze.right_yaw, gaze.right_pitch)
    return Gaze(Direction(*left), Direction(*right))


def _light(shot: Shot) -> LightFacts:
    light = shot.light
    return LightFacts(
        environment=light.name,
        rotation=light.rotation,
        exposure=light.exposure,
        key_direction=_triple(light.key_direction),
        key_colour=_triple(light.key_colour),
        key_size=light.key_size,
        key_distance=light.key_distance or None,
    )


def under_hair(frame: Frame) -> Bool[np.ndarray, " 68"]:
    """Which landmarks hair lies over."""
    pixels = np.floor(frame.landmarks).astype(int)
    height, width = frame.classes.shape
    inside = np.all((pixels >= 0) & (pixels < [width, height]), axis=1)
    column, row = np.where(inside[:, None], pixels, 0).T
    return inside & ~frame.landmark_visible & (frame.classes[row, column] == CLASSES["hair"])


def hidden_by_hair(frame: Frame) -> bool:
    """Whether hair lies over an eye or a brow: over a third of its landmarks or more."""
    over = under_hair(frame)
    return any(over[list(part)].mean() >= 1 / 3 for part in EYES_AND_BROWS)


def _sensor(config: GenerateConfig, sensor: Sensor) -> SensorFacts:
    return SensorFacts(
        noise=sensor.noise,
        grain=sensor.grain,
        contrast=sensor.contrast,
        saturation=sensor.saturation,
        vignette=sensor.vignette,
        blur=sensor.blur,
        kind=config.sensor,
        gain=sensor.gain,
        balance=sensor.balance,
        defocus=sensor.defocus,
        motion=sensor.motion,
        columns=sensor.columns,
        quality=sensor.quality,
    )


def occluding(worn: tuple[str, ...], classes: UInt8[np.ndarray, "height width"]) -> tuple[str, ...]:
    """Which of the things that a person wears a picture shows, on at least `LEAST` pixels."""
    count = np.bincount(classes.reshape(-1), minlength=max(CLASSES.values()) + 1)
    return tuple(name for name in worn if count[CLASSES[OCCLUDERS[name]]] >= LEAST)


def record(config: GenerateConfig, identity: Identity, shot: Shot, frame: Frame) -> Record:
    """Everything about one picture."""
    expression, view = shot.expression, shot.view
    young = identity.person.age_years < NFCS_AGE
    points = tuple((float(x), float(y)) for x, y in frame.landmarks)
    camera = frame.camera
    rows = [_triple(row) for row in camera.intrinsics]
    placed = [(*_triple(row[:3]), float(row[3])) for row in camera.extrinsics]
    return Record(
        key=key(identity, view.number, shot.number),
        identity=identity.name,
        split=identity.person.split,
        kind=expression.kind,
        source=DRAWN,
        width=camera.width,
        height=camera.height,
        image=config.image,
        view=view.number,
        neutral_key=key(identity, view.number, 0),
        expression=expression.name,
        pspi=expression.pspi,
        label_source="target",
        aus=AUSources(target=AUCodes.of(expression.aus)),
        nfcs=NFCS(**facs.nfcs(expression.label)) if young else None,
        person=_person(config, identity),
        camera=CameraFacts(
            (rows[0], rows[1], rows[2]),
            (placed[0], placed[1], placed[2]),
            view.camera_name,
            None if shot.focus is None else view.backdrop.aperture,
            shot.focus,
        ),
        head_pose=Angles(view.pose.yaw, view.pose.pitch, view.pose.roll),
        gaze=_gaze(frame, expression),
        light=_light(shot),
        background=shot.background,
        sensor=_sensor(config, view.sensor),
        landmarks=LandmarkFacts(
            "ibug68", points, tuple(bool(seen) for seen in frame.landmark_visible)
        ),
        occluders=occluding(shot.worn, frame.classes)
        + (("hair",) if hidden_by_hair(frame) else ()),
        seed=config.seed,
        made_by=makers(config),
    )  # fmt: skip
