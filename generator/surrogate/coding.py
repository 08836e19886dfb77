"""What a coder writes down of a sequence: whole intensities, PSPI, and the labels of the whole.

Codes are rounded from what the muscles do, and PSPI is computed from the codes, so that the files
agree with each other; the face in the picture lies up to half a level from its code. A blink is no
AU43: coders give that to lids that stay closed. UNBC does not code the lids' blinks at all.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from assets.facs import AUS, HIGHEST_PSPI, PAIN_AUS, pspi_array
from assets.unbc import CODED

_COLUMNS = [AUS.index(au) for au in CODED]
_PAIN = [CODED.index(au) for au in PAIN_AUS]
# Heights of the scales: 15 words of affect (AFF) and of sensation (SEN), observer 0-5 (OPR),
# visual analogue 0-10 (VAS).
HIGHEST = {"AFF": 14, "OPR": 5, "SEN": 14, "VAS": 10}
SELF_REPORT = 0.12
"""Deviation of what people say from what they show, in shares of a scale; an observer's is half."""

Codes = Int64[np.ndarray, "frames 11"]
Course = Float64[np.ndarray, "frames aus"]


def coded(left: Course, right: Course) -> Codes:
    """Whole intensities of `CODED`, the stronger side of each; columns of the course are `AUS`."""
    larger = np.maximum(left, right)[:, _COLUMNS]
    return np.floor(larger + 0.5).astype(np.int64)


def pspi(codes: Codes) -> Int64[np.ndarray, " frames"]:
    """PSPI of codes, 0-16."""
    return pspi_array(codes[:, _PAIN].astype(np.float64)).astype(np.int64)


@dataclass(frozen=True)
class Scales:
    """Labels of a sequence on their scales, whole numbers."""

    AFF: int
    OPR: int
    SEN: int
    VAS: int


def scales(levels: Int64[np.ndarray, " frames"], rng: np.random.Generator) -> Scales:
    """Labels of a sequence from the PSPI of its frames.

    Ours, for a stand-in: shown = 0.75 sqrt(most / 16) + 0.25 (share of frames above 0). A scale is
    its height times shown plus normal noise (`SELF_REPORT`), rounded, within the scale.
    """
    most, share = float(levels.max()) / HIGHEST_PSPI, float((levels > 0).mean())
    shown = 0.75 * np.sqrt(most) + 0.25 * share
    felt = shown + SELF_REPORT * float(rng.standard_normal())

    def on(name: str, about: float, spread: float) -> int:
        value = HIGHEST[name] * (about + spread * float(rng.standard_normal()))
        return int(np.clip(np.floor(value + 0.5), 0, HIGHEST[name]))

    return Scales(
        AFF=on("AFF", felt, SELF_REPORT / 2),
        OPR=on("OPR", shown, SELF_REPORT / 2),
        SEN=on("SEN", felt, SELF_REPORT / 2),
        VAS=on("VAS", felt, SELF_REPORT / 3),
    )
