"""What two arms read in the frames that they were tested on, to be written on examples of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from assets import table_file
from vitpain.ablation.arms import BASE
from vitpain.ablation.figures import PRIMARY, Results
from vitpain.ablation.stored import stored


@dataclass(frozen=True)
class Readings:
    """PSPI that each of `arms` read, by the key of a test frame; of one model and one seed."""

    arms: tuple[str, ...]
    pspi: Mapping[str, tuple[float, ...]]


def readings(run: Path, results: Results) -> Readings:
    """What real frames alone and the arm of the highest concordance read, with the leading model,
    the leading share of subjects and the first seed, of frames that both were tested on.
    """
    best = max(
        (
            (one.value.value, one.arm)
            for one in results.estimates
            if (one.metric, one.model, one.fraction) == (PRIMARY, *results.leading)
            and one.arm != BASE
            and one.value.value is not None
        ),
        default=None,
    )
    arms = (BASE,) if best is None else (BASE, best[1])
    cells = [one for one in stored(run).cells if (one.model, one.fraction) == results.leading]
    seed = min(one.seed for one in cells) if cells else 0
    by_arm: list[dict[str, float]] = [{} for _ in arms]
    for cell in cells:
        if cell.seed == seed and cell.arm in arms:
            by_arm[arms.index(cell.arm)] |= _read(cell.predictions)
    both = set.intersection(*map(set, by_arm))
    return Readings(arms, {key: tuple(one[key] for one in by_arm) for key in sorted(both)})


def _read(path: Path) -> dict[str, float]:
    table = table_file.read(path, "predictions", ["key", "role", "condition", "pspi_hat"])
    tested = pc.call_function("equal", [table["role"], "test"])
    right = pc.call_function("equal", [table["condition"], "right"])
    table = table.filter(pc.call_function("and", [tested, right]))
    return dict(zip(table["key"].to_pylist(), table["pspi_hat"].to_pylist(), strict=True))
