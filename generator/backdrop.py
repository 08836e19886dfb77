"""From what a view drew to light, and to what stands behind the head."""

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from assets import environments
from assets.environments import Environment
from generator import panorama_folder
from generator.config import GenerateConfig, pictures
from generator.portrait.plate import Plate
from generator.shards.record import BackgroundFacts
from generator.view import Backdrop, Lighting
from render import background, surroundings
from render.background import Background
from render.camera import Camera
from render.light import Light


def surrounding(name: str, folder: Path | None) -> Environment:
    """The environment of this name: one of the user's folder, or without one of those that ship."""
    if folder is not None:
        return panorama_folder.load(folder, name)
    return environments.load(name)


def light_of(lighting: Lighting, folder: Path | None = None) -> Light:
    """The light that an environment, the user's or one that ships, throws on the head."""
    environment = surrounding(lighting.environment, folder)
    return surroundings.illuminate(environment, lighting.rotation, lighting.exposure)


@lru_cache(maxsize=2)
def _folder(path: Path) -> tuple[Path, ...]:
    return tuple(pictures(path, "background_folder"))


def behind(
    backdrop: Backdrop,
    config: GenerateConfig,
    camera: Camera,
    exposure: float,
    plate: Plate | None = None,
) -> tuple[Background, BackgroundFacts]:
    """Linear light behind the head, and what the record says of it.

    `exposure` is that of the light on the head; `plate` is what was painted for the kind
    `inpaint`. Raises ValueError, naming the file, where a
    picture of the user's folder cannot be read.
    """
    colours = np.array(backdrop.colours, np.uint8)
    match backdrop.kind:
        case "environment":
            seen = backdrop.surroundings
            environment = surrounding(seen.environment, config.environment_folder)
            distance = float(np.linalg.norm(camera.position))
            blur = float(camera.intrinsics[0, 0]) * backdrop.aperture / distance
            # Surroundings of their own are exposed as they would be, not as the head is.
            own = light_of(seen, config.environment_folder).exposure
            lens = backdrop.aperture
            drawn = background.defocused(environment, seen.rotation, camera, lens, own)
            drawn *= np.float32(own / exposure)
            return drawn, BackgroundFacts("environment", seen.environment, blur)
        case "plain":
            return background.plain(colours[0], camera, exposure), BackgroundFacts("plain")
        case "gradient":
            drawn = background.gradient(colours, backdrop.angle, camera, exposure)
            return drawn, BackgroundFacts("gradient")
        case "folder":
            assert config.background_folder is not None
            files = _folder(config.background_folder)
            path = files[min(int(backdrop.pick * len(files)), len(files) - 1)]
            # The crop is the view's own draw, so it is the same for every picture of the view.
            rng = np.random.Generator(np.random.Philox(key=backdrop.seed))
            drawn = background.picture(path, camera, exposure, rng)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            return drawn, BackgroundFacts("folder", f"sha256:{digest}")
        case "inpaint":
            assert plate is not None
            drawn = background.before_tone(background.decode_srgb(plate.picture), exposure)
            return drawn, BackgroundFacts("inpaint", plate.prompt)
    kinds = "environment, plain, gradient, folder or inpaint"
    raise ValueError(f"background must be {kinds}, got {backdrop}")
