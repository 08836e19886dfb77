"""Values from the head model's control vertices to a mesh's, and back."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float64
from scipy import sparse

from rigging.cholesky import Solver
from rigging.registration import smooth
from rigging.registration.nearest import Hits


def matrix(hits: Hits, count: int) -> sparse.csr_array:
    """Rows of corner weights at `hits`, over `count` vertices."""
    rows = len(hits.corners)
    start = np.arange(0, 3 * rows + 1, 3)
    entries = (hits.weights.ravel(), hits.corners.ravel(), start)
    return sparse.csr_array(entries, shape=(rows, count))


@dataclass(frozen=True, eq=False)
class Laid:
    """The head model's topology on a skin, and the maps between the two.

    `to_skin` gives values at the skin's vertices from those at control vertices. `covered` are the
    control vertices that lie on the skin, `from_skin` gives values there from those at the skin's
    vertices.
    """

    vertices: Float64[np.ndarray, "controls 3"]
    to_skin: sparse.csr_array
    covered: Bool[np.ndarray, " controls"]
    from_skin: sparse.csr_array

    @cached_property
    def _spread(self) -> tuple[Solver, sparse.csr_array]:
        matrix, size = smooth.laplacian()
        free = ~self.covered
        inside = matrix[free][:, free] + sparse.diags_array(1e-9 * size[free] / size.mean())
        return Solver(inside), sparse.csr_array(matrix[free][:, self.covered])

    def carry(self, values: Float[np.ndarray, "skin values"]) -> np.ndarray:
        """Values at all control vertices: as on the skin where it covers, harmonic elsewhere."""
        solver, across = self._spread
        out = np.zeros((len(self.covered), values.shape[1]))
        out[self.covered] = self.from_skin @ values.astype(np.float64)
        out[~self.covered] = solver(-(across @ out[self.covered]))
        return out
