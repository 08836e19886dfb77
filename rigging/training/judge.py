"""How far a rig in training is off on people it has not seen, and a picture of where."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rigging.features import AUS
from rigging.training import picture
from rigging.training.learn import Learner
from rigging.training.sample import Sample

SHOWN = (4, 6, 9, 10, 12, 25)
"""AUs of the picture."""


class Judge:
    """Adds up errors of displacement at full strength over samples, by AU and by topology."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sums: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(3))

    def add(
        self,
        topology: str,
        teacher: Float[Tensor, "vertices aus 3"],
        rig: Float[Tensor, "vertices aus 3"],
    ) -> None:
        """Count a sample."""
        both = torch.stack([rig - teacher, teacher, rig])
        sums = torch.linalg.vector_norm(both, dim=-1).mean(1).double().cpu().numpy().T
        self._sums[""] += sums.sum(0)
        self._sums[f"_{topology}"] += sums.sum(0)
        for au, row in zip(AUS, sums, strict=True):
            self._sums[f"_au{au}"] += row

    def figures(self) -> dict[str, float]:
        """Mean error over the teacher's mean displacement, and the rig's mean over the teacher's.

        `error_share` and `strength` are over everything; names with an ending are the error share
        of one topology or AU.
        """
        _, teacher, rig = self._sums[""]
        shares = {f"error_share{name}": off / whole for name, (off, whole, _) in self._sums.items()}
        return {"strength": float(rig / teacher)} | {n: float(v) for n, v in shares.items()}


@torch.no_grad()
def judge(
    learner: Learner, samples: Iterable[Sample]
) -> tuple[dict[str, float], UInt8[np.ndarray, "height width 3"]]:
    """Try a network on samples; the picture is of the first."""
    found, drawn = Judge(), None
    for sample in samples:
        seen, teacher = learner.show(sample)
        rig = learner.network(seen)
        found.add(sample.laid.name, teacher, rig)
        if drawn is None:
            columns = [AUS.index(au) for au in SHOWN]
            ours, theirs = (field[:, columns].cpu().numpy() for field in (rig, teacher))
            surface = sample.surface.vertices, sample.laid.triangles
            drawn = picture.draw(*surface, theirs, ours, SHOWN)
    assert drawn is not None
    return found.figures(), drawn
