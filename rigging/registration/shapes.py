"""Which shapes heads have: the mean of many people and the components in which they differ."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float32, Float64

from assets import head as head_models
from assets import manifest

NAME = "registration.npz"
# Metres a step of the baked components.
STEP = 4e-6
FLIP = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Shapes:
    """Heads as `mean + coefficients @ components`, coefficients of spread 1 over people.

    Components come by their spread, largest first. `usual` are radius of eyeball and of iris in
    metres and log(1 + years) of the mean, `readout` what each coefficient adds to them.
    """

    mean: Float64[np.ndarray, "vertices 3"]
    components: Float32[np.ndarray, "vertices 3 components"]
    usual: Float64[np.ndarray, "3"]
    readout: Float64[np.ndarray, "components 3"]

    def facts(self, coefficients: Float64[np.ndarray, " used"]) -> tuple[float, float, float]:
        """Radius of the eyeball, radius of the iris (metres) and years of age, from the shape."""
        radius, iris, logarithm = self.usual + coefficients @ self.readout[: len(coefficients)]
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
    # Facts are read from the first symmetric components, as they were baked.
    read = np.zeros((len(order), 3))
    read[: len(readout) - 1] = readout[1:]
    components = np.ascontiguousarray(np.moveaxis(components[order], 0, -1))
    return Shapes(mean, components, readout[0], read[order])
