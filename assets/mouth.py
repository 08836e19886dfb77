"""Teeth and tongue of human size behind the lips.

The base mesh's dental arch is 72 mm wide in adults (a human one is some 55 mm over the molars), so
that it comes through the cheeks beside an open mouth. Its tongue fills the mouth to the palate at
the back but ends far behind and below the lower incisors.
"""

import numpy as np
from jaxtyping import Bool, Float32

# Half width of the arch over that of the closed mouth.
ARCH = 1.06
# Upper incisors end this share of the mouth's half width below the lips' seam, as at rest.
SHOWN = 0.05
# What is left of the tongue's height over its floor, and of its width.
TONGUE_HEIGHT, TONGUE_WIDTH = 0.75, 0.85
# How far its tip is raised and brought forward to the lower incisors, as shares of its height.
TIP_RAISED, TIP_FORWARD = 0.30, 0.16
# The first teeth come through at about seven months.
FIRST_TEETH_YEARS = 0.6


def fit(
    vertices: Float32[np.ndarray, "vertices 3"],
    teeth: Bool[np.ndarray, " vertices"],
    tongue: Bool[np.ndarray, " vertices"],
    corners: Float32[np.ndarray, "2 3"],
    age_years: float,
) -> Float32[np.ndarray, "vertices 3"]:
    """Give a head the teeth and tongue of its age; `corners` are those of the closed lips."""
    out = vertices.copy()
    half = float(np.abs(corners[0, 0] - corners[1, 0])) / 2
    middle = float(corners[:, 0].mean())
    arch = out[teeth]
    width = min(1.0, ARCH * half / float(np.abs(arch[:, 0] - middle).max()))
    arch[:, 0] = middle + width * (arch[:, 0] - middle)
    arch[:, 1] -= SHOWN * half
    if age_years < FIRST_TEETH_YEARS:
        # Nothing has come through: what there is lies as a point behind the tongue's root.
        root = out[tongue]
        arch[:] = root[root[:, 2].argmin()]
    out[teeth] = arch
    flat = out[tongue]
    floor = flat[:, 1].min()
    flat[:, 0] = middle + TONGUE_WIDTH * (flat[:, 0] - middle)
    flat[:, 1] = floor + TONGUE_HEIGHT * (flat[:, 1] - floor)
    height = float(np.ptp(flat[:, 1]))
    forward = (flat[:, 2] - flat[:, 2].min()) / np.ptp(flat[:, 2])
    flat[:, 1] += TIP_RAISED * height * forward
    flat[:, 2] += TIP_FORWARD * height * forward
    out[tongue] = flat
    return out
