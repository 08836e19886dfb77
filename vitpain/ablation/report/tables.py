"""The tables of a comparison: arms, differences, where the error lies, and what it cost."""

from collections.abc import Sequence

from vitpain.ablation.arms import BASE
from vitpain.ablation.figures import (
    BY_NAME,
    METRICS,
    PRIMARY,
    SIGNIFICANT,
    Cost,
    Difference,
    Results,
)
from vitpain.ablation.report import errors
from vitpain.ablation.report.answer import number, verdict
from vitpain.ablation.report.words import amount, calm, learnt_from, of_subjects, share
from vitpain.evaluate.table import NONE, Reasons, Table

DIFFERENCES = f"Differences in {BY_NAME[PRIMARY].title}"
FEWER = f"{DIFFERENCES}, fewer real subjects"
OTHERS = "Differences in other figures"
UNFINISHED = "Cells that are not finished"
COST = "Cost beside gain"
CHEAPER = f"{COST}, fewer real subjects"


def tables(results: Results) -> list[Table]:
    """What is shown at once, in order; every table has rows."""
    held = [one for one in results.differences if one.metric == PRIMARY]
    found = [
        _arms(results),
        _differences(results, DIFFERENCES, [one for one in held if _whole(one, results)]),
        *(_figures(results, model, results.fractions[-1]) for model in results.models),
        *(errors.by(results, kind) for kind in errors.KINDS),
        _cost(results, COST, [one for one in results.costs if _whole(one, results)]),
        _unfinished(results),
    ]
    return [one for one in found if one.rows]


def folded(results: Results) -> list[Table]:
    """What is shown on demand, and a terminal not at all."""
    held = [one for one in results.differences if one.metric == PRIMARY]
    others = [one for one in results.differences if one.metric != PRIMARY]
    found = [
        *(
            _figures(results, model, fraction)
            for model in results.models
            for fraction in reversed(results.fractions[:-1])
        ),
        _differences(results, FEWER, [one for one in held if not _whole(one, results)]),
        _differences(results, OTHERS, others),
        _cost(results, CHEAPER, [one for one in results.costs if not _whole(one, results)]),
        errors.every(results),
    ]
    return [one for one in found if one.rows]


def _arms(results: Results) -> Table:
    study = results.study
    sources = [one["name"] for one in study.sources]
    head = ("arm", "learns from", "PSPI 0 from", *(f"frames: {one}" for one in (BASE, *sources)))
    rows = tuple(
        (
            arm.name,
            learnt_from(arm, study.sources),
            calm(arm, study.sources),
            *(amount(results.learnt.get(arm.name, {}).get(one, 0.0)) for one in (BASE, *sources)),
        )
        for arm in study.arms
    )
    model, fraction = results.leading
    notes = [
        f"Frames: the different ones learnt from, mean over folds and seeds; {model}, "
        f"{of_subjects(fraction)}."
    ]
    painted = [one["name"] for one in study.sources if one["kind"] == "2d"]
    if painted:
        notes.append(
            f"The networks that made {', '.join(painted)} saw real training subjects of the fold, "
            "also where an arm learns from nothing else."
        )
    notes += [
        f"{name}: {count:,} frames of PSPI 16 were dropped; no list of the 2D path has it."
        for name, count in study.level16.items()
        if count
    ]
    return Table("Arms", head, rows, tuple(notes), left=frozenset({0, 1, 2}))


def figures_title(model: str, fraction: float) -> str:
    """The title of a table of figures."""
    return f"Every arm: {model}, {of_subjects(fraction)}"


def _figures(results: Results, model: str, fraction: float) -> Table:
    own = {
        (one.arm, one.metric): one
        for one in results.estimates
        if (one.model, one.fraction) == (model, fraction)
    }
    reasons, rows = Reasons(), []
    for arm in results.study.arms:
        first = own.get((arm.name, PRIMARY))
        if first is not None:
            counts = (str(first.subjects), str(first.seeds), f"{first.frames:,}")
            cells = [reasons.cell(own[arm.name, one.name].value) for one in METRICS]
            rows.append((arm.name, *counts, *cells))
    head = ("arm", "subjects", "seeds", "frames", *(one.title for one in METRICS))
    notes = (
        "Over all test frames of all folds and seeds together, with the 95 % interval by drawing "
        "subjects, and seeds within them.",
        *reasons.notes,
    )
    title = figures_title(model, fraction)
    return Table(title, head, tuple(rows), notes, _rows_of(rows, BASE))


def _differences(results: Results, title: str, held: Sequence[Difference]) -> Table:
    reasons, rows, strong = Reasons(), [], set()
    claimed = all(one.metric == PRIMARY for one in held)
    order = sorted(held, key=lambda one: (results.models.index(one.model), -one.fraction))
    for one in order:
        if one.found:
            strong.add(len(rows))
        rows.append(_line(one, reasons, claimed))
    first = ("", "difference", "p after Holm") if claimed else ("figure", "difference")
    counts = ("effect", "on subjects", "subjects")
    head = ("arm", "against", *first, "p", *counts, "model", "real subjects")
    notes = [
        f"p: by exchanging the two arms within subjects. Better is what has p after Holm "
        f"below {SIGNIFICANT:g} within one model and share of subjects; all else is no difference "
        f"shown, which is not the same as none."
        if claimed
        else "p without Holm: nothing is claimed of these.",
        "Effect: mean over subjects of their own differences by its standard deviation; above 0 "
        "the arm is the better one. On: subjects who have a figure of their own.",
        *reasons.notes,
    ]
    left = frozenset({0, 1, 2, len(head) - 2})
    return Table(title, head, tuple(rows), tuple(notes), frozenset(strong), left)


def _line(one: Difference, reasons: Reasons, claimed: bool) -> tuple[str, ...]:
    value = reasons.cell(one.value, signed=True)
    first = (
        (verdict(one), value, number(one.p_holm)) if claimed else (BY_NAME[one.metric].title, value)
    )
    effect = reasons.cell(one.effect, signed=True)
    counts = (str(one.effect_subjects), str(one.subjects))
    rest = (number(one.p), effect, *counts, one.model, share(one.fraction))
    return (one.arm, one.base, *first, *rest)


def _cost(results: Results, title: str, costs: Sequence[Cost]) -> Table:
    reasons = Reasons()
    order = sorted(costs, key=lambda one: (results.models.index(one.model), -one.fraction))
    rows = tuple(
        (
            one.arm,
            NONE if one.gain is None else reasons.cell(one.gain.value, signed=True),
            "" if one.gain is None else verdict(one.gain),
            f"{one.seconds:,.0f}", f"{one.gpu_hours:,.2f}", amount(one.real),
            amount(one.synthetic), f"{one.steps:,}", f"{one.frames:,}", str(one.cells),
            one.model, share(one.fraction),
        )
        for one in order
    )  # fmt: skip
    head = (
        "arm", f"gain in {BY_NAME[PRIMARY].title}", "", "seconds", "GPU hours", "real frames",
        "synthetic frames", "steps", "frames seen", "cells", "model", "real subjects",
    )  # fmt: skip
    notes = (
        "All cells of an arm together. Real and synthetic frames: different ones, mean over "
        "cells. What it took to make the synthetic ones is not in it.",
        *reasons.notes,
    )
    return Table(title, head, rows, notes, left=frozenset({0, 2, len(head) - 2}))


def _unfinished(results: Results) -> Table:
    rows = tuple(
        (one.arm, one.model, str(one.fold), str(one.seed), share(one.fraction), one.id,
         "has not ended" if one.error is None else f"failed: {one.error}")
        for one in results.unfinished
    )  # fmt: skip
    head = ("arm", "model", "fold", "seed", "real subjects", "cell", "")
    return Table(UNFINISHED, head, rows, left=frozenset({0, 1, 5, 6}))


def _whole(one: Difference | Cost, results: Results) -> bool:
    """Whether it is of as many real subjects as there are in the study."""
    return one.fraction == results.fractions[-1]


def _rows_of(rows: Sequence[tuple[str, ...]], name: str) -> frozenset[int]:
    return frozenset(at for at, row in enumerate(rows) if row[0] == name)
