"""One person before a camera that never changes: frontal, plain background, one soft light.

Everybody of every data set sits in the same light, so that what differs between people is theirs;
the lights that a data set was drawn in are left to the pictures in its folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32

from assets import environments
from assets.facs import AUVector, Number
from generator import synth3d
from generator.config import GenerateConfig
from generator.expression import Expression, Gaze
from generator.framing import Lens, Pose, frame, head_points, rotation
from generator.synth3d import Likeness
from render import background, image
from render.camera import Camera
from render.frame import Frame
from render.scene import Scene
from render.sensor import Sensor
from render.surroundings import illuminate

# A portrait lens and the share of the picture from the middle of what is drawn for data sets, and
# so are noise, grain and softness of the sensor.
LENS = Lens(focal_mm=85.0, fill=0.72)
NOISE, GRAIN, BLUR = 0.0022, 0.006, 0.25
LIGHT = "adams_place_bridge"
"""Broad light from above, as under the ceiling lights of a ward."""
GREY = (128, 128, 128)
FRONTAL = Pose(0.0, 0.0, 0.0)
AHEAD = Gaze(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Shot:
    """How a picture is taken: head's yaw (radians), exposure (1 is usual), seed of the noise."""

    yaw: float = 0.0
    exposure: float = 1.0
    noise_seed: int = 0


# The neutral again: turned by a degree, a twentieth brighter or darker, with noise of its own.
AGAIN = tuple(
    Shot(side * float(np.radians(1.0)), exposure, 1 + number)
    for number, (side, exposure) in enumerate(((1, 1.05), (-1, 1.05), (1, 0.95), (-1, 0.95)))
)


@dataclass(frozen=True, eq=False)
class Taken:
    """A picture with its maps, and the 68 landmarks of what it shows, metres in the head's axes."""

    frame: Frame
    points: Float32[np.ndarray, "68 3"]


@dataclass(frozen=True, eq=False)
class Sitter:
    """A person of a data set, made again, in the light of an environment that ships."""

    config: GenerateConfig
    person: Likeness
    light: str = LIGHT

    def take(self, aus: Mapping[int, Number], shot: Shot = Shot()) -> Taken:
        """Draw the person with these action units on both sides, looking straight ahead.

        AU45 at 5 closes the eyes, which is AU43.
        """
        expression = Expression("pain" if any(aus.values()) else "neutral", whole(aus), AHEAD)
        mesh, surface = synth3d.expressed(self.config, self.person, expression)
        head = self.person.body.head
        camera = turned(frame(head_points(head), FRONTAL, LENS, self.config.size), shot.yaw)
        light = illuminate(environments.load(self.light), 0.0, shot.exposure)
        # The wall is as bright as ever whatever the exposure of the face.
        wall = background.plain(np.array(GREY, np.uint8), camera, light.exposure)
        landmarks = synth3d.landmarks(head.topology)
        sensor = Sensor(NOISE, GRAIN, blur=BLUR, seed=shot.noise_seed)
        scene = Scene(mesh, surface, camera, light, wall, landmarks, sensor)
        drawn = image.draw(scene, self.config.device)
        return Taken(drawn, landmarks.on(mesh.vertices, mesh.triangles))


def turned(camera: Camera, yaw: float) -> Camera:
    """The frontal camera gone round the head, so that the head has this yaw (radians).

    About the point between the eyes and at the same distance: the head yaws and does nothing else.
    Framed anew it would also slide in the picture, by more than a brow moves.
    """
    turn = rotation(replace(FRONTAL, yaw=yaw))
    return replace(camera, extrinsics=np.concatenate([turn, camera.extrinsics[:, 3:]], axis=1))


def whole(aus: Mapping[int, Number]) -> AUVector:
    """Both sides alike, with AU43 and AU45 at 5 brought together as the rules of the set ask."""
    together = dict(aus)
    if together.get(43) or together.get(45) == 5:
        together |= {43: 1.0, 45: 5.0}
    return AUVector.both(together)


def seat(config: GenerateConfig, index: int, light: str = LIGHT) -> Sitter:
    """Make person `index` of a data set again."""
    return Sitter(config, synth3d.likeness(config, index), light)
