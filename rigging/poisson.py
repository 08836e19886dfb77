"""Displacements of a whole mesh from a Jacobian for each triangle: a Poisson solve.

Least squares: triangle by triangle the gradient shall be the Jacobian asked for (by area), and
where a displacement is known, and trusted, the result shall lie near it: gradients alone would let
a whole cheek drift. `cholespy` factorises once a mesh, in double precision (15 ms for 5,000
vertices), and solves all columns at once; single precision would lose the small motions.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int
from scipy import sparse

from rigging.cholesky import Solver

LENGTH_MM = 4.0
"""Over this length along the skin a known displacement counts as much as the Jacobians."""
TRUSTED = 0.5
"""A triangle with a corner that is trusted less asks for no change: it goes with its neighbours."""
LEAST_TRUST = 1e-4
"""What is not trusted is held by so much, so that a part with no known place has a solution."""


@dataclass(frozen=True, eq=False)
class Poisson:
    """One mesh: `gradient` takes functions at vertices to gradients, three rows a triangle.

    `asked` is the area of the rows whose Jacobian is asked for, 0 in the others.
    """

    gradient: sparse.csr_array
    asked: Float64[np.ndarray, " rows"]
    hold: Float64[np.ndarray, " vertices"]
    solver: Solver

    def solve(
        self, known: Float[np.ndarray, "vertices columns"]
    ) -> Float64[np.ndarray, "vertices columns"]:
        """Functions whose gradients are nearest to those of `known` where it is trusted."""
        jacobian = self.gradient @ known.astype(np.float64)
        right = self.gradient.T @ (self.asked[:, None] * jacobian) + self.hold[:, None] * known
        return self.solver(right)


def gradients(
    vertices: Float[np.ndarray, "vertices 3"], triangles: Int[np.ndarray, "triangles 3"]
) -> tuple[sparse.csr_array, Float64[np.ndarray, " triangles"]]:
    """The gradient of linear functions on each triangle, [3 triangles, vertices], and areas.

    A triangle without area has no gradient.
    """
    corner = vertices[triangles].astype(np.float64)
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    twice = np.linalg.norm(normal, axis=1)
    usable = twice > 1e-12
    unit = normal / np.where(usable, twice, 1.0)[:, None]
    across = np.roll(corner, -2, axis=1) - np.roll(corner, -1, axis=1)
    hats = np.cross(unit[:, None], across) / np.where(usable, twice, np.inf)[:, None, None]
    columns = np.repeat(triangles, 3, axis=0).ravel()
    start = np.arange(0, len(columns) + 1, 3)
    shape = (3 * len(triangles), len(vertices))
    return sparse.csr_array((hats.transpose(0, 2, 1).ravel(), columns, start), shape), twice / 2


def prepare(
    vertices: Float[np.ndarray, "vertices 3"],
    triangles: Int[np.ndarray, "triangles 3"],
    trust: Float[np.ndarray, " vertices"],
) -> Poisson:
    """Factorise a mesh in millimetres; `trust` is how far known displacements are right, 0-1."""
    gradient, areas = gradients(vertices, triangles)
    area = np.repeat(areas, 3)
    mass = np.bincount(triangles.ravel(), np.repeat(areas / 3, 3), len(vertices))
    hold = np.maximum(mass, 1e-6) * np.maximum(trust, LEAST_TRUST) / LENGTH_MM**2
    whole = (trust[triangles] >= TRUSTED).all(axis=1)
    matrix = gradient.T @ sparse.diags_array(area) @ gradient + sparse.diags_array(hold)
    return Poisson(gradient, area * np.repeat(whole, 3), hold, Solver(matrix))
