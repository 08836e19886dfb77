"""The test frames of all cells with one model and one fraction, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from assets import table_file
from vitpain.ablation.stored import Finished
from vitpain.ablation.tally import DECIDED, Frames
from vitpain.evaluate.cases import Cases
from vitpain.evaluate.predictions import AU_HATS, AU_LABELS, LEVELS
from vitpain.evaluate.score import Detector, Thresholds, choose_thresholds, said

PEOPLE = ("age_years", "sex", "skin_tone")
KEPT = (
    "subject", "fold", "pspi", "pspi_hat", *(f"p{level}" for level in LEVELS), *AU_LABELS, *AU_HATS,
    *PEOPLE,
)  # fmt: skip
COLUMNS = ("role", "condition", *KEPT)


@dataclass(frozen=True)
class Setting:
    """Test frames of some arms and seeds; `arm` and `seed` are places of each row in those.

    `why` says, by arm and level, why frames cannot be decided on, where they cannot.
    """

    model: str
    fraction: float
    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    tested: Cases
    arm: Int[np.ndarray, " rows"]
    seed: Int[np.ndarray, " rows"]
    said: dict[int, np.ndarray]
    undecided: dict[int, np.ndarray]
    why: dict[tuple[str, int], str]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of arms, subjects and seeds."""
        return len(self.arms), len(self.tested.subjects), len(self.seeds)

    @property
    def group(self) -> Int[np.ndarray, " rows"]:
        """Place of each row in an array of that shape."""
        return np.ravel_multi_index((self.arm, self.tested.subject, self.seed), self.shape)

    def frames(self) -> Frames:
        """The frames that have a PSPI."""
        pspi = self.tested.numbers("pspi")
        known = ~np.isnan(pspi)
        places = np.zeros(self.shape, bool).ravel()
        undecided = {}
        for level, rows in self.undecided.items():
            there = places.copy()
            there[self.group[rows]] = True
            undecided[level] = there.reshape(self.shape)
        return Frames(
            pspi[known],
            self.tested.numbers("pspi_hat")[known],
            {level: self.tested.numbers(f"p{level}")[known] for level in LEVELS},
            {level: one[known] for level, one in self.said.items()},
            undecided,
            self.group[known],
            self.shape,
        )


def setting(cells: Sequence[Finished], arms: Sequence[str]) -> Setting:
    """Read the predictions of cells of one model and fraction; arms come in the order given.

    Thresholds are those of each cell's validation subjects. Raises ValueError that names the file
    where columns are missing, nobody is tested, or a subject is tested by two folds of an arm.
    """
    there = tuple(name for name in arms if any(cell.arm == name for cell in cells))
    seeds = tuple(sorted({cell.seed for cell in cells}))
    rows, decided, missing = [], {level: [] for level in DECIDED}, {level: [] for level in DECIDED}
    why: dict[tuple[str, int], str] = {}
    tested_by: dict[tuple[str, int, str], Finished] = {}
    for cell in cells:
        tested, learnt = _read(cell)
        for subject in tested.subjects:
            other = tested_by.setdefault((cell.arm, cell.seed, subject), cell)
            if other is not cell:
                rule = "a subject must be tested in one fold"
                got = f"{subject} in folds {other.fold} and {cell.fold}"
                raise ValueError(f"{cell.predictions}: {rule}, got {got}")
        rows.append(tested.rows.select(KEPT))
        for level in DECIDED:
            detector = Detector("pspi", float(level), f"p{level}")
            chosen = choose_thresholds(learnt, tested.folds, detector)
            reason = _missing(chosen, cell)
            if reason is not None:
                why.setdefault((cell.arm, level), reason)
                decided[level].append(np.zeros(len(tested), bool))
            else:
                decided[level].append(said(tested, tested.numbers(detector.score), chosen))
            missing[level].append(np.full(len(tested), reason is not None))
    counts = [one.num_rows for one in rows]
    return Setting(
        cells[0].model,
        cells[0].fraction,
        there,
        seeds,
        Cases(pa.concat_tables(rows).combine_chunks()),
        np.repeat([there.index(cell.arm) for cell in cells], counts),
        np.repeat([seeds.index(cell.seed) for cell in cells], counts),
        {level: np.concatenate(one) for level, one in decided.items()},
        {level: np.concatenate(one) for level, one in missing.items()},
        why,
    )


def _read(cell: Finished) -> tuple[Cases, Cases]:
    """Frames of test subjects, and those of validation subjects."""
    path = cell.predictions
    right = Cases(table_file.read(path, "predictions", COLUMNS)).of("condition", ["right"])
    tested, learnt = (right.of("role", [role]) for role in ("test", "val"))
    if not len(tested):
        raise ValueError(f"{path} must hold test subjects, got none")
    if tested.folds != (cell.fold,):
        got = ", ".join(map(str, tested.folds))
        raise ValueError(f"{path} must be of fold {cell.fold}, got {got}")
    return tested, learnt


def _missing(thresholds: Thresholds, cell: Finished) -> str | None:
    why = thresholds[cell.fold].why
    return None if why is None else f"fold {cell.fold}, seed {cell.seed}: {why}"
