"""The views of a person: pose, lens, light, backdrop and sensor, drawn once and shared.

Neutral, pain and confounder pictures of one view have them all in common, but for what `vary`
names, which is drawn anew for every picture, and for the noise of the sensor, because two
photographs never share it. Angles in radians, as in `generator.framing`.
"""

from dataclasses import dataclass

import numpy as np

from assets.environments import NAMES
from assets.sensors import APERTURES
from assets.streams import stream
from generator import panorama_folder
from generator.capture import Lamp, between, draw_sensor, log_between, near
from generator.config import GenerateConfig
from generator.framing import Lens, Pose
from generator.looks import Colour
from render.sensor import Sensor

FRONTAL = np.radians(5.0)
TURNED = np.radians((15.0, 45.0))
PITCH_SPREAD, PITCH_LIMIT = np.radians((4.0, 10.0))
ROLL_SPREAD, ROLL_LIMIT = np.radians((3.0, 8.0))
# A ward camera looks down from a wall or an arm.
WARD_PITCH = np.radians((-28.0, -8.0))
FOCAL_MM = {"portrait": (50.0, 135.0), "ward": (60.0, 150.0)}
FILL = {"portrait": (0.62, 0.74), "ward": (0.48, 0.60)}
F_NUMBER = {"portrait": (2.0, 4.0), "ward": (2.8, 8.0)}
OFF_CENTRE = 0.025
STOPS_SPREAD, STOPS_LIMIT = 0.2, 0.4


@dataclass(frozen=True)
class Lighting:
    """Name of the environment, its turn about the vertical (radians), exposure (1 is usual)."""

    environment: str
    rotation: float
    exposure: float


@dataclass(frozen=True)
class Backdrop:
    """What stands behind the head.

    For the kind `environment`, `surroundings` through a lens `aperture` metres wide; for `plain`
    the first of two sRGB `colours`, for `gradient` both, at `angle`; for `folder` the file at
    `pick` (0-1) of the way through its names. `seed` is for the crop of that file.
    """

    kind: str
    surroundings: Lighting
    aperture: float
    colours: tuple[Colour, Colour]
    angle: float
    pick: float
    seed: int


@dataclass(frozen=True)
class View:
    """All that a picture takes from its view."""

    number: int
    camera_name: str
    pose: Pose
    lens: Lens
    lighting: Lighting
    backdrop: Backdrop
    sensor: Sensor
    lamp: Lamp | None = None


def draw_pose(view: int, camera: str, first_side: float, rng: np.random.Generator) -> Pose:
    """Draw the pose of a view: number 0 is frontal, the others are turned to alternating sides.

    `first_side` is 1 or -1, the side that view 1 is turned to.
    """
    if view == 0:
        yaw = between(rng, (-FRONTAL, FRONTAL))
    else:
        yaw = first_side * (1 if view % 2 else -1) * between(rng, tuple(TURNED))
    if camera == "ward":
        pitch = between(rng, tuple(WARD_PITCH))
    else:
        pitch = near(rng, 0.0, PITCH_SPREAD, PITCH_LIMIT)
    roll = near(rng, 0.0, ROLL_SPREAD, ROLL_LIMIT)
    right, down = (between(rng, (-OFF_CENTRE, OFF_CENTRE)) for _ in range(2))
    return Pose(yaw, pitch, roll, right, down)


def draw_lens(camera: str, rng: np.random.Generator) -> tuple[Lens, float]:
    """Draw a lens and its aperture in metres."""
    focal = log_between(rng, FOCAL_MM[camera])
    fill = between(rng, FILL[camera])
    aperture = focal / 1000.0 / log_between(rng, F_NUMBER[camera])
    return Lens(focal, fill), float(np.clip(aperture, *APERTURES))


def draw_lighting(environments: tuple[str, ...], rng: np.random.Generator) -> Lighting:
    """Draw an environment, each equally likely, any rotation, and an exposure."""
    name = environments[int(rng.integers(len(environments)))]
    rotation = 2.0 * np.pi * float(rng.random())
    return Lighting(name, rotation, 2.0 ** near(rng, 0.0, STOPS_SPREAD, STOPS_LIMIT))


def _colour(rng: np.random.Generator) -> Colour:
    """A muted colour, as of walls and paper backdrops."""
    level, tint = rng.integers(50, 230), rng.integers(-22, 23, size=3)
    red, green, blue = np.clip(level + tint, 0, 255).tolist()
    return red, green, blue


def environment_names(config: GenerateConfig) -> tuple[str, ...]:
    """Names of the environments to draw from: those asked for, the user's, or all that ship."""
    if config.environment_folder is not None:
        return tuple(panorama_folder.files(config.environment_folder))
    return config.environments or NAMES


def make_view(config: GenerateConfig, index: int, view: int, picture: int = 0) -> View:
    """Make view `view` of person `index` for the picture of expression number `picture`.

    `picture` counts the person's expressions, the neutral 0; it changes the noise, and what
    `config.vary` names. Raises ValueError for a view or an expression that is not there.
    """
    if not 0 <= view < config.views:
        raise ValueError(f"view must be from 0 to {config.views - 1}, got {view}")
    if picture < 0:
        raise ValueError(f"picture must be at least 0, got {picture}")
    own = (1 + picture) * config.views + view

    def rng(stage: str, varied: bool) -> np.random.Generator:
        return stream(config.seed, index, stage, own if varied else view)

    names = environment_names(config)
    first_side = 1.0 if stream(config.seed, index, "side").random() < 0.5 else -1.0
    pose = draw_pose(view, config.camera, first_side, rng("pose", "pose" in config.vary))
    shared = rng("camera", False)
    lens, aperture = draw_lens(config.camera, shared)
    noise = int(rng("noise", True).integers(2**31))
    vary_background = "background" in config.vary
    behind = rng("background", vary_background)
    sensor, lamp = draw_sensor(config, (index, view), shared, noise)
    return View(
        number=view,
        camera_name=config.camera,
        pose=pose,
        lens=lens,
        lighting=draw_lighting(names, rng("light", "light" in config.vary)),
        backdrop=Backdrop(
            kind=config.background,
            surroundings=draw_lighting(names, rng("light", vary_background)),
            aperture=aperture,
            colours=(_colour(behind), _colour(behind)),
            angle=between(behind, (0.0, 2.0 * np.pi)),
            pick=float(behind.random()),
            seed=int(behind.integers(2**31)),
        ),
        sensor=sensor,
        lamp=lamp,
    )
