"""Symmetric positive systems, factorised once and solved as often as one likes, in double."""

import numpy as np
from cholespy import CholeskySolverD, MatrixType  # pyright: ignore[reportAttributeAccessIssue]
from jaxtyping import Float64
from scipy import sparse


class Solver:
    """A factorised symmetric positive matrix."""

    def __init__(self, matrix: sparse.sparray) -> None:
        """Factorise at once."""
        entries = sparse.coo_array(matrix)
        rows, columns = (each.astype(np.int32) for each in entries.coords)
        self._size = matrix.shape[0]  # pyright: ignore[reportAttributeAccessIssue]
        data = np.ascontiguousarray(entries.data, np.float64)
        self._solver = CholeskySolverD(self._size, rows, columns, data, MatrixType.COO)

    def __call__(self, right: Float64[np.ndarray, "rows values"]) -> np.ndarray:
        """Solve for each column."""
        out = np.zeros(right.shape)
        # The solver takes at most 128 columns at a time.
        for start in range(0, right.shape[1], 128):
            part = np.ascontiguousarray(right[:, start : start + 128], np.float64)
            found = np.zeros_like(part)
            self._solver.solve(part, found)
            out[:, start : start + 128] = found
        return out
