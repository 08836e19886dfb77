"""CPBD, how sharp a picture looks without a sharper one beside it: 0 is blurred, 1 sharp.

Narvekar & Karam 2011, "A no-reference image blur metric based on the cumulative probability of
blur detection". The width of every vertical edge (Marziliano et al. 2002) is held against the width
that people just notice at the contrast around it; the figure is the share of edges whose blur is
not noticed. The paper leaves open what an edge is: here it is as in Octave's `edge`, which the
public package `cpbd` follows too, so that figures can be compared.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from jaxtyping import Bool, Int16, UInt8

BLOCK = 64
"""Side of the blocks in which contrast is judged, pixels. What does not fill one is left out; a
picture that is smaller than one is a block as it is."""
EDGES = 0.002
"""A block counts where more than this share of its pixels are edges (section III)."""
LOW_CONTRAST = 50
JUST_NOTICEABLE = (5, 3)
"""Width of an edge that is just noticed to be blurred, pixels: at contrasts to 50, and above."""
LEVEL = np.tan(np.pi / 8)
"""Steepest slope of an edge's normal against the row along which its width is measured."""


def cpbd(grey: UInt8[np.ndarray, "height width"]) -> float | None:
    """Share of edges whose blur is not noticed; None where no edge counts, as in a flat picture."""
    if min(grey.shape) < 3:
        return None
    edges, widths = edges_of(grey), edge_widths(grey)
    unnoticed, count = 0, 0
    for block in _blocks(*grey.shape):
        found = widths[block][edges[block]]
        if len(found) <= EDGES * edges[block].size:
            continue
        found = found[found > 0]
        contrast = int(grey[block].max()) - int(grey[block].min())
        limit = JUST_NOTICEABLE[int(contrast > LOW_CONTRAST)]
        # The chance to notice a width w is 1 - exp(-(w / limit) ** 3.6), 63 % where w is the limit,
        # and what is noticed less often than that counts: up to the limit, whatever 3.6 is.
        unnoticed += int(np.count_nonzero(found <= limit))
        count += len(found)
    return unnoticed / count if count else None


def edges_of(grey: UInt8[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Where the brightness changes along the row more than anywhere beside it: above or below, or
    left or right.
    """
    # Sobel's weights sum to 8.
    change = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3, borderType=cv2.BORDER_REFLECT) / 8.0
    # Exact: whole 64ths of small numbers.
    strength = change * change
    strength[strength <= 2.0 * np.sqrt(strength.mean(dtype=np.float64))] = 0.0
    around = np.pad(strength, 1)
    left, right = around[1:-1, :-2], around[1:-1, 2:]
    above, below = around[:-2, 1:-1], around[2:, 1:-1]
    peak = (strength > left) & (strength > right)
    return peak | ((strength > above) & (strength > below))


def edge_widths(grey: UInt8[np.ndarray, "height width"]) -> Int16[np.ndarray, "height width"]:
    """Pixels from where brightness begins to change along the row to where it ends to.

    0 where the row runs along the edge rather than across it, and at the picture's border.
    """
    level = grey.astype(np.int16)
    widths = np.zeros(level.shape, np.int16)
    right = level[1:-1, 2:] - level[1:-1, :-2]
    down = level[2:, 1:-1] - level[:-2, 1:-1]
    across = np.abs(down) <= LEVEL * np.abs(right)
    step = np.diff(level[1:-1], axis=1)
    inside = widths[1:-1, 1:-1]
    inside[...] = np.where(right > 0, _stretch(step > 0), _stretch(step < 0))
    inside[~across | (right == 0)] = 0
    return widths


def _stretch(
    goes_on: Bool[np.ndarray, "height steps"],
) -> Int16[np.ndarray, "height inside"]:
    """How far it goes on from the pixel before to the left and from the one after to the right.

    `goes_on` says of every step from a pixel to the next whether brightness changes as it should;
    a row's first and last pixel have no neighbour and are left out.
    """
    place = np.arange(goes_on.shape[1] + 1, dtype=np.int16)
    # The last pixel in either direction that it goes on to.
    ends = np.pad(~goes_on, ((0, 0), (0, 1)), constant_values=True)
    last = np.where(ends, place, place[-1])[:, ::-1]
    last = np.minimum.accumulate(last, axis=1)[:, ::-1]
    begins = np.pad(~goes_on, ((0, 0), (1, 0)), constant_values=True)
    first = np.maximum.accumulate(np.where(begins, place, place[0]), axis=1)
    return last[:, 2:] - first[:, :-2]


def _blocks(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    tall, wide = min(BLOCK, height), min(BLOCK, width)
    for top in range(0, height - tall + 1, tall):
        for left in range(0, width - wide + 1, wide):
            yield slice(top, top + tall), slice(left, left + wide)
