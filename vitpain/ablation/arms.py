"""What is compared, one change at a time: which frames an arm learns from, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["2d", "3d"]
BASE = "real"
"""The arm that every other one is held against."""
NATIVE_BASE = "real_native"
"""The one that arms of frames that are not registered are held against."""


@dataclass(frozen=True)
class Arm:
    """One side of the comparison.

    `real`: frames of the fold's training subjects are learnt from; `classical`: they are varied as
    photographs usually are. `beside`: names of synthetic sources learnt from along with them, or
    alone where `real` is false. `first`: the source that is learnt before the rest. `matched`:
    synthetic frames are as many, and of the same PSPI, as those of every other matched arm.
    `native`: frames are those of the sets as they are, not registered and shrunk to one size.
    `share`: of the matched number of synthetic frames, above 0 to 1; below 1 a point of a curve.
    """

    name: str
    real: bool = True
    classical: bool = False
    beside: tuple[str, ...] = ()
    first: str | None = None
    matched: bool = True
    native: bool = False
    share: float = 1.0

    @property
    def base(self) -> str | None:
        """Name of the arm of real frames alone that it is held against; None for `real`."""
        if self.name == BASE:
            return None
        return NATIVE_BASE if self.native and self.name != NATIVE_BASE else BASE

    @property
    def synthetic(self) -> tuple[str, ...]:
        """Names of all synthetic sources that it learns from."""
        return (*self.beside, *(() if self.first is None else (self.first,)))


def arms(
    painted: Sequence[str], drawn: Sequence[str], shares: Sequence[float] = ()
) -> tuple[Arm, ...]:
    """The arms of a study with these 2D and 3D sources, by name, in the order of its tables.

    Every source is added to real frames, learnt before them and learnt alone. The first of each
    kind stands for it in all that is left; further ones have one thing changed (creases, rig,
    texture ...). The first 2D and the first 3D source are also learnt from together; unmatched; and
    at every one of `shares` of the matched number of frames. Painted frames were made of registered
    ones, so that of 2D there is no native arm.
    """
    made = [Arm(BASE), Arm("real_classical", classical=True)]
    for names in (painted, drawn):
        made += [Arm(f"real+{name}", beside=(name,)) for name in names]
    if painted and drawn:
        both = (painted[0], drawn[0])
        made.append(Arm(f"real+{both[0]}+{both[1]}", beside=both))
    for names in (drawn, painted):
        for name in names:
            made.append(Arm(f"{name}_then_real", first=name))
            made.append(Arm(f"{name}_only", real=False, beside=(name,)))
    for names in (painted[:1], drawn[:1]):
        made += [Arm(f"real+{name}_unmatched", beside=(name,), matched=False) for name in names]
    made.append(Arm(NATIVE_BASE, native=True))
    made += [Arm(f"real+{name}_native", beside=(name,), native=True) for name in drawn[:1]]
    for names in (painted[:1], drawn[:1]):
        made += [
            Arm(f"real+{name}_{share:g}", beside=(name,), share=share)
            for name in names
            for share in shares
        ]
    return tuple(made)
