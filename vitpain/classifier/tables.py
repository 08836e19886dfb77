"""The tables of a comparison; those of an arm have the layout of the thesis's tables 13 and 14."""

from collections.abc import Sequence
from statistics import mean, stdev

import numpy as np
from jaxtyping import Bool

from vitpain.classifier.arms import Arm
from vitpain.classifier.classes import Classes
from vitpain.classifier.scores import MEASURES, Scores
from vitpain.classifier.sides import Side
from vitpain.evaluate.table import NONE, Table

HEAD = ("Class", "Precision", "Recall", "F1 score", "Support")
COMPARED, BY_FOLD, LEARNT = "Comparison", "By fold", "Pictures learnt from"
CONFUSION = "Confusion, pooled"
FOLDED = frozenset({BY_FOLD, CONFUSION})
"""Tables that a page shows on demand, and a terminal not at all."""


def number(value: float) -> str:
    """Two digits without closing zeros, as the thesis prints: 0.79, 0.7, 1."""
    short = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def title(arm: Arm) -> str:
    """The title of an arm's table."""
    return f"The result of {arm.kind}" + ("" if arm.synth is None else f": {arm.synth}")


def classification(name: str, found: Scores) -> Table:
    """Precision, recall, F1 and support of every class, accuracy and averages."""
    each, there = found.each, found.there
    rows = [
        (
            str(at),
            *(number(each[one][at]) if there[at] else NONE for one in MEASURES),
            str(support),
        )
        for at, support in enumerate(found.support)
    ]
    total = str(found.frames)
    rows.append(("Accuracy", "", "", number(found.accuracy), total))
    for what, average in (("Macro avg", found.macro), ("Weighted avg", found.weighted)):
        rows.append((what, *(number(average[one]) for one in MEASURES), total))
    return Table(name, HEAD, tuple(rows), _undefined(found))


def confusion(sides: Sequence[tuple[str, Scores]], known: Classes) -> Table:
    """Frames of each class by what was said of them."""
    head = ("", "class", *(f"said {at}" for at in range(len(known))))
    rows = [
        (name if at == 0 else "", str(at), *(f"{count:,}" for count in line))
        for name, found in sides
        for at, line in enumerate(found.confusion.tolist())
    ]
    return Table(CONFUSION, head, tuple(rows), left=frozenset({0, 1}))


def all_tables(sides: Sequence[Side], known: Classes, always_0: Scores) -> list[Table]:
    """The comparison, a table an arm, pictures, confusion, and everything by fold."""
    pooled = [(one.arm.name, one.pooled) for one in sides]
    return [
        _compared(sides, always_0),
        *(classification(title(one.arm), one.pooled) for one in sides),
        _learnt(sides, known),
        confusion(pooled, known),
        _by_fold(sides),
    ]


def _undefined(found: Scores) -> tuple[str, ...]:
    """Which figures are no measurements, and what stands for them."""
    there, zero = found.there, "counts as 0, as in scikit-learn"
    rules = (
        (there & (found.said == 0), f"said of no frame: precision {zero}"),
        (there & (found.support == 0), f"without a frame: recall {zero}"),
        (~there, "without a frame, and said of none: in no average"),
    )
    return tuple(f"{_listed(mask)} {what}." for mask, what in rules if mask.any())


def _listed(mask: Bool[np.ndarray, " classes"]) -> str:
    found = np.flatnonzero(mask).tolist()
    return f"Class{'es' * (len(found) > 1)} {', '.join(map(str, found))}"


def _compared(sides: Sequence[Side], always_0: Scores) -> Table:
    """Accuracy and averages of the arms, pooled, with mean and deviation over folds."""
    # A weighted recall is the accuracy.
    head = ("", "accuracy", *(f"macro {one}" for one in MEASURES), "weighted precision")
    head = (*head, "weighted f1", "accuracy by fold", "macro f1 by fold")
    rows = []
    for one in sides:
        spread = [_spread([each.accuracy for each in one.folds.values()])]
        spread.append(_spread([each.macro["f1"] for each in one.folds.values()]))
        rows.append((one.arm.name, *_line(one.pooled), *spread))
    rows.append(("class 0 of every frame", *_line(always_0), "", ""))
    notes = (
        "Pooled over folds; then the mean of the folds ± their standard deviation.",
        "Who says class 0 of every frame has looked at none.",
    )
    return Table(COMPARED, head, tuple(rows), notes)


def _line(found: Scores) -> tuple[str, ...]:
    weighted = (found.weighted["precision"], found.weighted["f1"])
    figures = [found.accuracy, *(found.macro[one] for one in MEASURES), *weighted]
    return tuple(f"{value:.3f}" for value in figures)


def _spread(values: list[float]) -> str:
    return f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")


def _learnt(sides: Sequence[Side], known: Classes) -> Table:
    """Pictures that every classifier learnt from, by class: the thesis's table 11."""
    head = ("", "fold", *(f"class {at}" for at in range(len(known))), "all")
    rows = [
        (
            one.arm.name,
            str(fold),
            *(f"{count:,}" for count in learnt.pictures),
            f"{sum(learnt.pictures):,}",
        )
        for one in sides
        for fold, learnt in one.learnt.items()
    ]
    return Table(LEARNT, head, tuple(rows), left=frozenset({0, 1}))


def _by_fold(sides: Sequence[Side]) -> Table:
    """The table of every arm in every fold, one below the other, and what was said."""
    rows: list[tuple[str, ...]] = []
    for one in sides:
        for fold, found in one.folds.items():
            lines = classification("", found).rows
            counts = [str(count) for count in found.said]
            said = [*counts, *[""] * (len(lines) - len(counts))]
            for at, (line, count) in enumerate(zip(lines, said, strict=True)):
                first = (one.arm.name, str(fold)) if at == 0 else ("", "")
                rows.append((*first, *line, count))
    notes = ("A precision of a class that was said of no frame counts as 0, as in scikit-learn.",)
    head = ("", "fold", *HEAD, "Said")
    return Table(BY_FOLD, head, tuple(rows), notes, left=frozenset({0, 1, 2}))
