"""Filming a sequence: one camera that stands still, and a head that turns in front of it.

A head is drawn upright at the origin, so when it turns the camera goes round it the other way and
the light of the room with the camera; what stands behind stays where it is. Angles in radians.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, Float64

from assets.facs import AUS
from assets.head import Head
from assets.streams import stream
from generator.backdrop import behind
from generator.capture import between, draw_poor, log_between
from generator.framing import CHIN, Lens, frame, head_points
from generator.surrogate.acting import Act, act
from generator.surrogate.config import SurrogateConfig
from generator.surrogate.people import Subject, drawing, expressed, make_subject
from generator.surrogate.plan import Sequence
from generator.synth3d import landmarks
from generator.view import draw_pose
from render.camera import Camera, head_rotation, intrinsics
from render.frame import Frame
from render.image import draw
from render.light import Light
from render.scene import Scene
from render.sensor import Sensor
from render.surroundings import turn

# A face takes more than half the height of UNBC's frames, a head with its hair four fifths.
FOCAL_MM, FILL = (50.0, 110.0), (0.70, 0.86)
NECK = 0.03
"""The head turns about a point so far (m) below the chin, between the ears."""


@dataclass(frozen=True, eq=False)
class Shoot:
    """What stays the same through a sequence."""

    camera: Camera
    light: Light
    background: Float32[np.ndarray, "height width 3"]
    sensor: Sensor


def act_of(sequence: Sequence, seed: int) -> Act:
    """What the subject of a sequence does in it; `seed` is that of the people."""
    rng = stream(seed, sequence.subject, "surrogate act", sequence.number)
    return act(sequence.frames, sequence.in_pain, rng)


def shoot(config: SurrogateConfig, sequence: Sequence, subject: Subject) -> Shoot:
    """Set up the camera of a sequence; the room and the kind of camera are the subject's."""
    seed, number = subject.likeness.identity.seed, sequence.subject
    rng = stream(seed, number, "surrogate camera", sequence.number)
    pose = draw_pose(0, "portrait", 1.0, rng)
    lens = Lens(log_between(rng, FOCAL_MM), between(rng, FILL))
    side = min(config.width, config.height)
    square = frame(head_points(subject.head), pose, lens, side)
    camera = Camera(
        intrinsics(float(square.intrinsics[0, 0]), config.width, config.height),
        square.extrinsics,
        config.width,
        config.height,
    )
    how, light = drawing(config), subject.light
    background, _ = behind(subject.backdrop, how, camera, light.exposure)
    own = stream(seed, number, "surrogate sensor")
    return Shoot(camera, light, background, draw_poor("ward_video", config.width, own, 0))


def film(
    config: SurrogateConfig, sequence: Sequence, subject: Subject, played: Act
) -> Iterator[Frame]:
    """Draw the frames of a sequence in order."""
    how, on = drawing(config), shoot(config, sequence, subject)
    points, pivot = landmarks(subject.head.topology), neck(subject.head)
    noise = stream(
        subject.likeness.identity.seed, sequence.subject, "surrogate noise", sequence.number
    ).integers(2**31, size=sequence.frames)
    for number in range(sequence.frames):
        sides = _named(played.left[number]), _named(played.right[number])
        mesh, surface = expressed(how, subject.likeness, sides, played.gaze[number])
        way = head_rotation(*played.turn[number].tolist())
        scene = Scene(
            mesh, surface, round_head(on.camera, way, pivot), light_in(on.light, way),
            on.background, points, replace(on.sensor, seed=int(noise[number])),
        )  # fmt: skip
        yield draw(scene, how.device)


def filmed(config: SurrogateConfig, sequence: Sequence) -> tuple[Act, Iterator[Frame]]:
    """What happens in a sequence, and its frames."""
    subject = make_subject(config, sequence.subject)
    played = act_of(sequence, subject.likeness.identity.seed)
    return played, film(config, sequence, subject, played)


def _named(row: Float64[np.ndarray, " aus"]) -> dict[int, float]:
    return dict(zip(AUS, row.tolist(), strict=True))


def neck(head: Head) -> Float64[np.ndarray, " 3"]:
    """The point that a head turns about."""
    marks = head.landmarks(head.vertices)
    ears = (marks[0] + marks[16]) / 2
    return np.array([ears[0], marks[CHIN, 1] - NECK, ears[2]], np.float64)


def round_head(
    camera: Camera, way: Float[np.ndarray, "3 3"], pivot: Float[np.ndarray, " 3"]
) -> Camera:
    """The camera as it stands to a head that `way` has turned about `pivot`, in the head's axes."""
    turned = camera.extrinsics[:, :3] @ way
    moved = camera.extrinsics[:, :3] @ (pivot - way @ pivot) + camera.extrinsics[:, 3]
    return replace(camera, extrinsics=np.concatenate([turned, moved[:, None]], axis=1))


def light_in(light: Light, way: Float[np.ndarray, "3 3"]) -> Light:
    """The light of a room as it falls on a head that `way` has turned, in the head's axes.

    The panorama, which shows in glints alone, turns about the vertical only.
    """
    towards = way.T @ light.key_direction
    return replace(
        light,
        sh=turn(light.sh, way.T),
        key_direction=(towards / np.linalg.norm(towards)).astype(np.float32),
        rotation=light.rotation - float(np.arctan2(way[0, 2], way[2, 2])),
    )
