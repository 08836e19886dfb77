"""What is compared, one change at a time: which frames an arm learns from, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["2d", "3d"]
BASE = "real"
"""The arm that every other one is held against."""


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
    def synthetic(self) -> tuple[str, ...]:
        """Names of all synthetic sources that it learns from."""
        return (*self.beside, *(() if self.first is None else (self.first,)))


def arms(
    painted: Sequence[str], drawn: Sequence[str], shares: Sequence[float] = ()
) -> tuple[Arm, ...]:
    """The arms of a study with these 2D and 3D sources, by name, in the order of its tables.

    The first of each kind stands for it in all arms; further ones, in which one thing was changed
    (creases, rig, texture ...), are added to real frames. Every pair of a 2D and a 3D source that
    are both first is also learnt from together. At every one of `shares` of the matched number of
    frames the first of each kind is added to real frames too.
    """
    made = [Arm(BASE), Arm("real_classical", classical=True)]
    for names in (painted, drawn):
        made += [Arm(f"real+{name}", beside=(name,)) for name in names]
    if painted and drawn:
        both = (painted[0], drawn[0])
        made.append(Arm(f"real+{both[0]}+{both[1]}", beside=both))
    for names in (drawn, painted):
        if names:
            name = names[0]
            made.append(Arm(f"{name}_then_real", first=name))
            made.append(Arm(f"{name}_only", real=False, beside=(name,)))
    if drawn:
        name = drawn[0]
        made.append(Arm(f"real+{name}_unmatched", beside=(name,), matched=False))
        made.append(Arm(f"real+{name}_native", beside=(name,), native=True))
    for names in (painted[:1], drawn[:1]):
        made += [
            Arm(f"real+{name}_{share:g}", beside=(name,), share=share)
            for name in names
            for share in shares
        ]
    return tuple(made)
