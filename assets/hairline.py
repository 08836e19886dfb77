"""Where hair grows on the scalp: a smooth line in angles about the skull of the mean adult head.

Positions are those of the mean head (`HeadModel.mean_phenotypes`), metres from the midpoint of the
eyes; a point of any person's scalp is judged by where the same point lies on the mean head.
"""

import numpy as np
from jaxtyping import Float
from scipy.interpolate import PchipInterpolator

SKULL = np.array([0.0, 0.015, -0.070])
# Elevation of the line by azimuth from the front, degrees: forehead, temple, sideburn, over the
# ear, behind it, nape. Drawn on the mean head along the hair of the photographed skins.
LINE = ((0, 36.0), (25, 37.5), (45, 34.0), (60, 22.0), (72, 8.0), (80, -4.0), (92, -6.0))
LINE += ((100, 8.0), (112, 8.0), (122, -14.0), (140, -30.0), (180, -36.0))


def skull_angles(
    position: Float[np.ndarray, "*points 3"],
) -> tuple[Float[np.ndarray, "*points"], Float[np.ndarray, "*points"]]:
    """Azimuth from the front (0 to 180, either side) and elevation about the skull, degrees."""
    relative = position - SKULL
    azimuth = np.rad2deg(np.abs(np.arctan2(relative[..., 0], relative[..., 2])))
    across = np.hypot(relative[..., 0], relative[..., 2])
    return azimuth, np.rad2deg(np.arctan2(relative[..., 1], across))


def above_hairline(position: Float[np.ndarray, "*points 3"]) -> Float[np.ndarray, "*points"]:
    """Degrees of elevation above the hairline; negative on face and neck."""
    azimuth, elevation = skull_angles(position)
    return elevation - PchipInterpolator(*np.array(LINE).T)(azimuth)
