"""Where the face folds: curves along which skin can crease, from anatomy alone.

Face coordinates as in `assets.skin_regions`: origin between the eyes, half the distance between
them as unit, x to the person's left, y up. A fold lies across the pull of the muscle under it
(Bourne's and Tessier's lines of expression); which of them show, and how deeply, follows from how
far a pose pushes the skin together across them (`generator.texture.creases`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

NAME = "strain"
"""What the record calls folds that follow the strain of the skin."""

Curve = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Fold:
    """A family of creases on the person's left half; mirrored ones are drawn on the right.

    `width_mm` is the half width of the valley, `depth_mm` its depth where skin is pushed together
    by `CLOSED` of its length or more; `swell` the height of the bulges beside it as a share of the
    depth, `lean` moves that share to the side of larger x, or larger y of level curves (1 all).
    `lined` says whether it comes with age (1: a smooth young skin hardly has it; 0: every skin
    folds there, newborn or old). Curves that begin at x = 0 go on over the midline.
    """

    curves: Sequence[Curve]
    width_mm: float
    depth_mm: float
    swell: float
    lean: float
    lined: float


# Compression at which a crease begins to show, and at which it has its depth in the table; pushed
# further it goes on to `BEYOND` times that, ever more slowly.
OPEN, CLOSED, BEYOND = 0.008, 0.15, 1.25

FOLDS: dict[str, Fold] = {
    # Corrugator and procerus (AU4, AU9).
    "frown": Fold(
        [
            [(0.16, 0.20), (0.19, 0.46), (0.27, 0.80)],
            [(0.37, 0.50), (0.44, 0.74), (0.55, 0.92)],
        ],
        1.5, 1.7, 0.55, 0.2, 0.2,
    ),
    "nose_root": Fold(
        [
            [(0.0, 0.27), (0.14, 0.25), (0.30, 0.16)],
            [(0.0, 0.05), (0.15, 0.02), (0.34, -0.10)],
            [(0.0, -0.15), (0.14, -0.18), (0.27, -0.27)],
        ],
        1.5, 1.25, 0.5, 0.3, 0.2,
    ),
    # Nasalis and levator labii alaeque nasi (AU9).
    "bunny": Fold(
        [
            [(0.15, 0.02), (0.27, -0.03), (0.42, -0.15)],
            [(0.10, -0.18), (0.24, -0.24), (0.40, -0.38)],
            [(0.13, -0.36), (0.27, -0.44), (0.44, -0.60)],
            [(0.17, -0.56), (0.30, -0.66), (0.47, -0.82)],
        ],
        1.3, 1.6, 0.55, 0.0, 0.1,
    ),
    # Orbicularis oculi: crow's feet, the furrow under the eye (AU6), the tense lid (AU7).
    "crows_feet": Fold(
        [
            [(1.66, 0.14), (1.84, 0.28), (2.00, 0.47)],
            [(1.68, 0.04), (1.88, 0.09), (2.10, 0.19)],
            [(1.67, -0.08), (1.88, -0.13), (2.10, -0.14)],
            [(1.62, -0.19), (1.81, -0.32), (2.00, -0.42)],
            [(1.54, -0.30), (1.72, -0.49), (1.88, -0.66)],
        ],
        0.9, 0.75, 0.5, 0.0, 0.45,
    ),
    "infraorbital": Fold(
        [[(0.50, -0.28), (0.66, -0.46), (0.92, -0.60), (1.22, -0.60), (1.50, -0.46)]],
        1.6, 1.2, 0.6, 0.4, 0.1,
    ),
    "lower_lid": Fold(
        [
            [(0.62, -0.24), (0.84, -0.34), (1.10, -0.36), (1.36, -0.26)],
            [(0.70, -0.36), (0.92, -0.46), (1.16, -0.47), (1.40, -0.38)],
        ],
        0.9, 0.8, 0.6, 0.2, 0.1,
    ),
    # Levators of the upper lip and zygomaticus (AU9, 10, 12).
    "nasolabial": Fold(
        [[(0.46, -0.98), (0.60, -1.22), (0.76, -1.55), (0.92, -1.92), (1.02, -2.30)]],
        2.3, 1.7, 0.5, 0.75, 0.1,
    ),
    "cheek": Fold([[(1.14, -1.72), (1.26, -2.05), (1.27, -2.40)]], 1.8, 0.7, 0.4, 0.2, 0.85),
    # Frontalis (AU1 in the middle, AU2 at the sides).
    "forehead": Fold(
        [
            [(0.0, 1.16), (0.5, 1.18), (0.95, 1.28), (1.40, 1.20)],
            [(0.0, 1.44), (0.5, 1.46), (1.0, 1.56), (1.50, 1.44)],
            [(0.0, 1.73), (0.45, 1.76), (0.9, 1.84), (1.40, 1.74)],
            [(0.0, 2.02), (0.5, 2.05), (1.0, 2.10)],
        ],
        1.3, 0.9, 0.5, 0.1, 0.4,
    ),
    # Corner of the mouth: depressor, risorius, buccinator (AU14, 15, 20).
    "corner": Fold(
        [
            [(0.96, -2.10), (1.06, -2.34), (1.03, -2.62)],
            [(0.83, -2.44), (0.92, -2.66), (0.95, -2.98)],
        ],
        1.4, 1.0, 0.5, 0.4, 0.35,
    ),
    # Mentalis (AU17) and the rolled lip.
    "chin": Fold([[(0.0, -2.76), (0.26, -2.79), (0.52, -2.70)]], 1.8, 1.2, 0.5, 0.0, 0.1),
    # Orbicularis oris (AU23, and the pursed lip over teeth).
    "lips": Fold(
        [
            [(0.12, -1.98), (0.12, -1.78)],
            [(0.28, -1.99), (0.30, -1.80)],
            [(0.44, -2.02), (0.48, -1.85)],
            [(0.60, -2.07), (0.66, -1.92)],
            [(0.18, -2.60), (0.18, -2.72)],
            [(0.40, -2.57), (0.44, -2.70)],
        ],
        0.8, 0.45, 0.4, 0.0, 0.7,
    ),
}  # fmt: skip
