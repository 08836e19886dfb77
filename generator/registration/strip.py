"""A strip of triangles between two lines of vertices that share their ends."""

import numpy as np
from jaxtyping import Int


def between(
    above: Int[np.ndarray, " upper"], below: Int[np.ndarray, " lower"]
) -> Int[np.ndarray, "triangles 3"]:
    """Close the gap between an upper and a lower line, both from the same end to the same end.

    Each may have its own number of vertices; triangles turn as those of skin that is seen from the
    front where the lines go from the picture's left to its right, else the other way round.
    """
    if above[0] != below[0] or above[-1] != below[-1]:
        got = f"{above[[0, -1]].tolist()} and {below[[0, -1]].tolist()}"
        raise ValueError(f"lines must share their ends, got {got}")
    found, up, low = [], 0, 0
    while up + low < len(above) + len(below) - 2:
        # The line that has come less far goes on.
        upper = up * (len(below) - 1) <= low * (len(above) - 1)
        last = above[up + 1] if upper else below[low + 1]
        found.append((above[up], below[low], last))
        up, low = (up + 1, low) if upper else (up, low + 1)
    triangles = np.array(found)
    distinct = (triangles[:, 0] != triangles[:, 1]) & (triangles[:, 1] != triangles[:, 2])
    return triangles[distinct & (triangles[:, 0] != triangles[:, 2])]
