"""Versions of the back ends that draw a scene: what a data set says it was made with."""

from importlib.metadata import version

import warp as wp

from render import mitsuba_trace, raster_pyrender
from render.backend import Backend, optional
from render.device import Device


def versions(backend: Backend, device: Device) -> dict[str, str]:
    """Give what decides a picture's bytes beside our own source, by name.

    Raises ValueError where a back end is not installed.
    """
    found = {"warp": wp.config.version}
    if backend.raster == "pyrender":
        # Software OpenGL differs between makes of CPU, hardware between drivers.
        found["pyrender"] = f"{version('pyrender')} {raster_pyrender.driver()}"
    if backend.raster == "pytorch3d":
        found["pytorch3d"] = str(optional("raster", "pytorch3d").__version__)
    if backend.shading == "mitsuba":
        found["mitsuba"] = mitsuba_trace.version(device)
    return found
