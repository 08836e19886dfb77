"""Which shapes heads have: the mean of many people and the components in which they differ."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, Float32, Float64

from assets import head as head_models
from assets import manifest

NAME = "registration.npz"
# Metres a step of the baked components.
STEP = 4e-6
FLIP = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Shapes:
    """Heads as `mean + coefficients @ components`, coefficients of spread 1 over people.

    Components come by their spread, largest first; those of `symmetric` people are true.
    `readout` gives radius of eyeball and of iris in metres and log(1 + years) from 1 and the first
    symmetric coefficients.
    """

    mean: Float64[np.ndarray, "vertices 3"]
    components: Float32[np.ndarray, "vertices 3 components"]
    symmetric: np.ndarray
    readout: Float[np.ndarray, "rows 3"]

    def facts(self, coefficients: Float64[np.ndarray, " components"]) -> tuple[float, float, float]:
        """Radius of the eyeball, radius of the iris (metres) and years of age, from the shape."""
        read = coefficients[self.symmetric[: len(coefficients)]][: len(self.readout) - 1]
        radius, iris, logarithm = self.readout[0] + read @ self.readout[1 : 1 + len(read)]
        return float(radius), float(iris), float(np.expm1(max(logarithm, 0.0)))


@cache
def load() -> Shapes:
    """The shipped shapes."""
    with np.load(manifest.verified(NAME), allow_pickle=False) as arrays:
        mean, half = arrays["mean"].astype(np.float64), arrays["half"]
        halves = [arrays[name].astype(np.float32) * STEP for name in ("symmetric", "antisymmetric")]
        readout = arrays["readout"].astype(np.float64)
    mirror = head_models.load().topology.mirror
    whole = []
    for part, sign in zip(halves, (1.0, -1.0), strict=True):
        full = np.zeros((len(part), *mean.shape), np.float32)
        full[:, mirror[half]] = sign * part * FLIP
        full[:, half] = part
        whole.append(full)
    components = np.concatenate(whole)
    order = np.argsort(-(components**2).sum((1, 2)), kind="stable")
    symmetric = order < len(whole[0])
    components = np.ascontiguousarray(np.moveaxis(components[order], 0, -1))
    return Shapes(mean, components, symmetric, readout)
