"""What came of every arm of a comparison, out of its predictions and of how its fits went."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vitpain.classifier import fit
from vitpain.classifier.arms import Arm
from vitpain.classifier.classes import Classes
from vitpain.classifier.fit import Learnt
from vitpain.classifier.scores import Scores, scores


@dataclass(frozen=True)
class Side:
    """What came of an arm: figures pooled over folds and of each fold, and how the fits went."""

    arm: Arm
    pooled: Scores
    folds: Mapping[int, Scores]
    learnt: Mapping[int, Learnt]

    @property
    def figures(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "arm": self.arm.kind,
            "synth": self.arm.synth,
            "pooled": self.pooled.figures,
            "folds": {
                str(fold): {**one.figures, "learnt": asdict(self.learnt[fold])}
                for fold, one in self.folds.items()
            },
        }


def sides(run: Path, rows: pa.Table, known: Classes) -> tuple[Side, ...]:
    """Figures of every arm, in the order in which arms first come.

    Raises ValueError that names the folder which does not say how its fit went.
    """
    fold, label, said = (rows[name].to_numpy() for name in ("fold", "label", "predicted"))
    arm = [
        Arm(kind, synth)
        for kind, synth in zip(rows["arm"].to_pylist(), rows["synth"].to_pylist(), strict=True)
    ]
    number = {one: at for at, one in enumerate(dict.fromkeys(arm))}
    of = np.array([number[one] for one in arm])
    made = []
    for one, at in number.items():
        folds, learnt = {}, {}
        for which in np.unique(fold[of == at]).tolist():
            chosen = (of == at) & (fold == which)
            folds[which] = scores(label[chosen], said[chosen], len(known))
            folder = run / f"fold-{which}" / one.name
            found = fit.ended(folder)
            if found is None:
                raise ValueError(f"{folder} must hold how its fit went, got none of {fit.RESULT}")
            learnt[which] = found
        pooled = Scores(sum((each.confusion for each in folds.values()), np.zeros((), np.int64)))
        made.append(Side(one, pooled, folds, learnt))
    return tuple(made)
