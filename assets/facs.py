"""Facial action units (AUs): the set, its ranges, the rules between them, PSPI and NFCS items.

Intensities are FACS 0-5 everywhere, 0 absent, 5 maximal; AU43 (eyes closed) is 0 or 1, AU45 is
graded lid closure. Left and right are the person's own; a label is the larger side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from jaxtyping import Float, Int

Number = float | int

AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 27, 43, 45)
PAIN_AUS = (4, 6, 7, 9, 10, 43)
OPENFACE_AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
"""Of which OpenFace 2 reads the intensity."""
NAMES = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    14: "dimpler",
    15: "lip corner depressor",
    17: "chin raiser",
    20: "lip stretcher",
    23: "lip tightener",
    25: "lips part",
    26: "jaw drop",
    27: "mouth stretch",
    43: "eyes closed",
    45: "blink",
}
# One muscle or one joint works these in the middle of the face: left and right are equal.
CENTRAL = frozenset({17, 23, 25, 26, 27})
BILATERAL = tuple(au for au in AUS if au not in CENTRAL)
HIGHEST = {au: 1.0 if au == 43 else 5.0 for au in AUS}
CLOSED = 5.0
HIGHEST_PSPI = 16
NFCS_ITEMS = ("brow_bulge", "eye_squeeze", "nasolabial_furrow", "open_mouth")


def pspi(aus: Mapping[int, Number]) -> float:
    """Prkachin-Solomon pain intensity, 0-16, of a mapping that holds at least `PAIN_AUS`.

    AU4 + max(AU6, AU7) + max(AU9, AU10) + AU43 (Prkachin & Solomon 2008, eq. 1).
    """
    return float(aus[4] + max(aus[6], aus[7]) + max(aus[9], aus[10]) + aus[43])


def pspi_array(values: Float[np.ndarray, "*batch 6"]) -> Float[np.ndarray, "*batch"]:
    """`pspi` of rows of intensities whose columns are `PAIN_AUS`."""
    au4, au6, au7, au9, au10, au43 = np.moveaxis(values, -1, 0)
    return np.asarray(au4 + np.maximum(au6, au7) + np.maximum(au9, au10) + au43)


@cache
def _combinations() -> tuple[np.ndarray, ...]:
    graded = range(6)
    table = np.array(list(product(graded, graded, graded, graded, graded, (0, 1))), dtype=np.int32)
    levels = pspi_array(table.astype(np.float32)).astype(np.int32)
    parts = tuple(table[levels == level] for level in range(HIGHEST_PSPI + 1))
    for part in parts:
        part.setflags(write=False)
    return parts


def combinations(level: int) -> Int[np.ndarray, "combinations 6"]:
    """Every whole-number setting of `PAIN_AUS` (columns) whose PSPI is `level`, read-only.

    Rows in lexical order; all levels together hold 15,552. Raises ValueError outside 0-16.
    """
    if level not in range(HIGHEST_PSPI + 1):
        raise ValueError(f"PSPI level must be a whole number from 0 to {HIGHEST_PSPI}, got {level}")
    return _combinations()[level]


def check(aus: Mapping[int, Number], key: str) -> None:
    """Hold a full set of intensities of what we make to the rules of the set.

    Every AU of `AUS` and no other, within its range, AU43 0 or 1; AU43 = 1 exactly when
    AU45 = 5; AU5 and AU45 not both above 0; AU26 and AU27 not both above 0. (Labels read from
    elsewhere stay as read and need not pass.) Raises ValueError that begins with `key`.
    """
    if set(aus) != set(AUS):
        wrong = sorted(set(aus) ^ set(AUS))
        raise ValueError(f"{key}: AUs must be exactly {AUS}, got a difference in {wrong}")
    for au in AUS:
        if not 0.0 <= aus[au] <= HIGHEST[au]:
            rule = f"between 0 and {HIGHEST[au]:g}"
            raise ValueError(f"{key}: AU{au} must be {rule}, got {aus[au]}")
    if aus[43] not in (0.0, 1.0):
        raise ValueError(f"{key}: AU43 must be 0 or 1, got {aus[43]}")
    if (aus[43] == 1.0) != (aus[45] == CLOSED):
        got = f"AU43 {aus[43]} with AU45 {aus[45]}"
        raise ValueError(f"{key}: AU43 must be 1 exactly when AU45 is 5, got {got}")
    for one, other in ((5, 45), (26, 27)):
        if aus[one] > 0.0 and aus[other] > 0.0:
            rule = f"AU{one} and AU{other} must not both be above 0"
            raise ValueError(f"{key}: {rule}, got {aus[one]} and {aus[other]}")


def complete(aus: Mapping[int, Number]) -> dict[int, float]:
    """Fill the AUs that a mapping does not name with 0, in the order of `AUS`.

    Raises ValueError for an AU outside the set.
    """
    unknown = sorted(set(aus) - set(AUS))
    if unknown:
        raise ValueError(f"AU must be one of {AUS}, got {unknown[0]}")
    return {au: float(aus.get(au, 0.0)) for au in AUS}


@dataclass(frozen=True)
class AUVector:
    """Intensities of every AU on the person's left and right side.

    Both sides and the label pass `check`; AUs in `CENTRAL` are equal left and right.
    """

    left: dict[int, float]
    right: dict[int, float]

    def __post_init__(self) -> None:
        """Refuse a side that breaks a rule of the set."""
        check(self.left, "left side")
        check(self.right, "right side")
        check(self.label, "label")
        for au in sorted(CENTRAL):
            if self.left[au] != self.right[au]:
                got = f"{self.left[au]} and {self.right[au]}"
                raise ValueError(f"AU{au} must be equal left and right, got {got}")

    @classmethod
    def both(cls, aus: Mapping[int, Number]) -> "AUVector":
        """Give both sides the same intensities; AUs not named are 0."""
        return cls(complete(aus), complete(aus))

    @property
    def label(self) -> dict[int, float]:
        """The larger side of every AU."""
        return {au: max(self.left[au], self.right[au]) for au in AUS}

    @property
    def pspi(self) -> float:
        """PSPI of the label."""
        return pspi(self.label)


def nfcs(aus: Mapping[int, Number | None]) -> dict[str, int | None]:
    """Four items of the Neonatal Facial Coding System by our own mapping, 0 or 1.

    Brow bulge AU4 >= 1; eye squeeze AU43 = 1 and max(AU6, AU7) >= 1; nasolabial furrow
    max(AU9, AU10) >= 1; open mouth max(AU25, AU26, AU27) >= 1. An item is None where an AU it
    needs is None.
    """

    def largest(*names: int) -> Number | None:
        values = [aus[au] for au in names]
        return None if None in values else max(v for v in values if v is not None)

    def present(value: Number | None) -> int | None:
        return None if value is None else int(value >= 1.0)

    squeeze, closed = present(largest(6, 7)), present(largest(43))
    both = None if squeeze is None or closed is None else squeeze * closed
    items = (present(largest(4)), both, present(largest(9, 10)), present(largest(25, 26, 27)))
    return dict(zip(NFCS_ITEMS, items, strict=True))
