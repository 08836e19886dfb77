"""How hair is cut and combed, by the name of the style: lengths, volume, number of locks."""

from dataclasses import dataclass
from typing import Literal

from generator.grooming import HairStyle

Comb = Literal["crop", "part", "back", "tousled", "down", "tied", "round"]


@dataclass(frozen=True)
class Cut:
    """One style.

    `side` and `nape` are lengths of the locks rooted there as shares of a person's `length`,
    `fringe` that of locks at the front that fall over the forehead (metres; 0: there are none).
    `lift` is how high (metres) the outermost locks lie off the scalp, `raised` the sine of the
    angle at which they leave it. `locks` is how many cards there are, `wide` half their width
    (metres), `rows` the rows of each.
    """

    comb: Comb
    side: float = 1.0
    nape: float = 1.0
    fringe: float = 0.0
    lift: float = 0.008
    raised: float = 0.5
    locks: int = 500
    wide: float = 0.007
    rows: int = 4


CUTS: dict[HairStyle, Cut] = {
    "wispy": Cut("crop", 0.8, 0.8, lift=0.002, raised=0.12, locks=320, wide=0.0045, rows=3),
    "cropped": Cut("crop", 0.55, 0.50, lift=0.006, locks=2300, wide=0.0044, rows=3),
    "side_part": Cut("part", 0.38, 0.30, lift=0.014, raised=0.4, locks=520, wide=0.0072, rows=5),
    "combed_back": Cut("back", 0.38, 0.30, lift=0.013, raised=0.4, locks=520, wide=0.0072, rows=5),
    "tousled": Cut("tousled", 0.62, 0.58, lift=0.016, locks=580, wide=0.0066, rows=5),
    "fringe_short": Cut("tousled", 0.7, 0.6, 0.052, lift=0.013, locks=560, wide=0.0070, rows=5),
    "bob": Cut("down", 0.68, 0.42, lift=0.016, raised=0.15, locks=125, wide=0.0115, rows=8),
    "bob_fringe": Cut(
        "down", 0.68, 0.42, 0.062, lift=0.016, raised=0.15, locks=130, wide=0.0115, rows=8
    ),
    "long": Cut("down", 0.85, 0.65, lift=0.012, raised=0.15, locks=95, wide=0.0140, rows=10),
    "long_fringe": Cut(
        "down", 0.85, 0.65, 0.064, lift=0.012, raised=0.15, locks=100, wide=0.0140, rows=10
    ),
    "ponytail": Cut("tied", lift=0.005, locks=330, wide=0.0085, rows=6),
    "bun": Cut("tied", lift=0.005, locks=330, wide=0.0085, rows=6),
    "afro": Cut("round", 0.85, 0.6, lift=0.9, locks=1600, wide=0.0066, rows=3),
}
"""Styles that grow; the `lift` of `afro` is a share of its length."""
