"""From the stored predictions of a study to all that its report shows; nothing is trained."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from vitpain.ablation.arms import BASE
from vitpain.ablation.contrasts import contrasts
from vitpain.ablation.curves import curves
from vitpain.ablation.estimated import differences, estimates
from vitpain.ablation.figures import PRIMARY, Cost, Difference, Estimate, Part, Results
from vitpain.ablation.nested import Resamples
from vitpain.ablation.paired import Resampled
from vitpain.ablation.parts import parts
from vitpain.ablation.setting import setting
from vitpain.ablation.stored import Finished, Stored, stored
from vitpain.ablation.tally import tally

FEW_SUBJECTS = 10


def compare(folder: Path, seed: int = 0) -> Results:
    """Compare the finished cells of a study; `seed` is that of resamples and exchanges.

    Raises ValueError that names the file where one is not as `scripts.ablate` leaves it, and the
    folder where no cell is finished.
    """
    given = stored(folder)
    if not given.cells:
        raise ValueError(f"{folder} must have a finished cell, got none")
    names = [arm.name for arm in given.study.arms]
    pairs = contrasts(given.study.arms, given.study.sources)
    by_setting: dict[tuple[str, float], list[Finished]] = defaultdict(list)
    for cell in given.cells:
        by_setting[cell.model, cell.fraction].append(cell)
    models = _models(given)
    fractions = sorted({cell.fraction for cell in given.cells})
    found: list[Estimate] = []
    held: list[Difference] = []
    apart: list[Part] = []
    for model in models:
        for fraction in fractions:
            if (model, fraction) not in by_setting:
                continue
            one = setting(by_setting[model, fraction], names)
            resampled = Resampled(tally(one.frames()), Resamples(seed))
            found += estimates(one, resampled)
            held += differences(one, resampled, pairs)
            apart += parts(one, resampled.resamples, given.study.arms)
    leading = by_setting.get((models[0], fractions[-1]), [])
    return Results(
        given.study,
        tuple(models),
        tuple(fractions),
        seed,
        len(given.cells),
        given.unfinished,
        tuple(found),
        tuple(held),
        tuple(apart),
        tuple(curves(given, models, fractions, found)),
        tuple(_costs(given, by_setting, held)),
        {name: _learnt([cell for cell in leading if cell.arm == name]) for name in names},
        tuple(_notes(given, by_setting, found)),
    )


def _models(given: Stored) -> list[str]:
    """Models in the order of the study."""
    there = {cell.model for cell in given.cells}
    listed = [name for name in given.study.config.get("models", ()) if name in there]
    return [*listed, *sorted(there - set(listed))]


def _learnt(cells: Sequence[Finished]) -> dict[str, float]:
    if not cells:
        return {}
    sources = dict.fromkeys(name for cell in cells for name in cell.synthetic)
    return {
        "real": float(np.mean([cell.learnt["real"] for cell in cells])),
        **{
            name: float(np.mean([cell.synthetic.get(name, 0) for cell in cells]))
            for name in sources
        },
    }


def _costs(
    given: Stored,
    by_setting: Mapping[tuple[str, float], Sequence[Finished]],
    held: Sequence[Difference],
) -> Iterator[Cost]:
    gains = {
        (one.arm, one.model, one.fraction): one
        for one in held
        if one.metric == PRIMARY and one.against_real
    }
    for (model, fraction), cells in sorted(by_setting.items()):
        for arm in given.study.arms:
            own = [cell for cell in cells if cell.arm == arm.name]
            if not own:
                continue
            learnt = _learnt(own)
            yield Cost(
                arm.name,
                model,
                fraction,
                len(own),
                float(sum(cell.cost["seconds"] for cell in own)),
                float(sum(cell.cost["gpu_hours"] for cell in own)),
                sum(cell.cost["steps"] for cell in own),
                sum(cell.cost["frames"] for cell in own),
                learnt["real"],
                sum(learnt.values()) - learnt["real"],
                gains.get((arm.name, model, fraction)),
            )


def _notes(
    given: Stored,
    by_setting: Mapping[tuple[str, float], Sequence[Finished]],
    found: Sequence[Estimate],
) -> Iterator[str]:
    """What a reader must know of these figures."""
    subjects = {one.subjects for one in found}
    if min(subjects) < FEW_SUBJECTS:
        yield f"Intervals over {min(subjects)} subjects are rough."
    if max(one.seeds for one in found) == 1:
        yield "One seed: no interval holds what another start of training would change."
    yield (
        "Intervals and tests take people for the draws. That those of a fold are judged by the "
        "same networks is not in them: where these differ much by their start, differences are "
        "found too often."
    )
    for (model, fraction), cells in sorted(by_setting.items()):
        where = f"with {model} at {fraction:g} of the real subjects"
        every = {(cell.fold, cell.seed) for cell in cells}
        arms = {cell.arm for cell in cells}
        if BASE not in arms:
            yield f"No cell of {BASE} {where} is finished: nothing can be held against it."
        for arm in (one.name for one in given.study.arms if one.name in arms):
            lacking = sorted(every - {(c.fold, c.seed) for c in cells if c.arm == arm})
            if lacking:
                listed = ", ".join(f"fold {fold} seed {seed}" for fold, seed in lacking)
                yield f"{arm} {where} lacks {listed}: differences are of what both arms have."
    study = (given.study.commit, dict(given.study.versions))
    other = sum((cell.cost["commit"], cell.cost["versions"]) != study for cell in given.cells)
    if other:
        yield (
            f"{other} of {len(given.cells)} cells were trained by another commit, or with other "
            "versions, than the study was begun with: their cost.json says which."
        )
    yield from _of_cells(given.cells)


def _of_cells(cells: Sequence[Finished]) -> Iterator[str]:
    """What cells say of themselves, with the folds where it is not said in all."""
    folds = {cell.fold for cell in cells}
    said: dict[str, set[int]] = defaultdict(set)
    for cell in cells:
        for note in cell.notes:
            said[note].add(cell.fold)
    for note, where in said.items():
        listed = ", ".join(map(str, sorted(where)))
        yield note if where == folds else f"Fold {listed}: {note}"
