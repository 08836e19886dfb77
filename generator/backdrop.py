"""Painting what a view has behind the head, as linear light under the view's own exposure."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from assets import environments
from assets.streams import stream
from generator.config import pictures
from generator.view import Backdrop, Lighting
from render import background
from render.camera import Camera
from render.light import Light
from render.surroundings import illuminate


def light_of(lighting: Lighting) -> Light:
    """Give what a view's environment throws on the head."""
    environment = environments.load(lighting.environment)
    return illuminate(environment, lighting.rotation, lighting.exposure)


def paint(
    backdrop: Backdrop, camera: Camera, exposure: float, folder: Path | None = None
) -> Float32[np.ndarray, "height width 3"]:
    """Paint the backdrop of a picture that `camera` takes under a light of this exposure.

    `folder` holds the user's pictures where the kind is `folder`. Surroundings other than those
    that light the head are exposed as they would be if they did.
    """
    match backdrop.kind:
        case "environment":
            behind = backdrop.surroundings
            environment = environments.load(behind.environment)
            seen = background.defocused(environment, behind.rotation, camera, backdrop.aperture)
            return seen * np.float32(light_of(behind).exposure / exposure)
        case "plain":
            return background.plain(np.array(backdrop.colours[0], np.uint8), camera, exposure)
        case "gradient":
            colours = np.array(backdrop.colours, np.uint8)
            return background.gradient(colours, backdrop.angle, camera, exposure)
        case "folder" if folder is not None:
            paths = pictures(folder, "background_folder")
            path = paths[int(backdrop.pick * len(paths))]
            return background.picture(path, camera, exposure, stream(backdrop.seed, -1, "crop"))
        case kind:
            rule = "environment, plain, gradient, or folder with a folder of pictures"
            raise ValueError(f"background must be {rule}, got {kind}")
