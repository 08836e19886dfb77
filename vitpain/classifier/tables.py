"""The tables of a comparison; those of an arm have the layout of the thesis's tables 13 and 14."""

from collections.abc import Sequence
from statistics import mean, stdev

from vitpain.classifier.arms import Arm
from vitpain.classifier.classes import Classes
from vitpain.classifier.scores import MEASURES, Scores
from vitpain.classifier.sides import Side
from vitpain.evaluate.table import Table

HEAD = ("Class", "PSPI", "Precision", "Recall", "F1 score", "Support")
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
    what = {"original": "photographs", "generated": "made pictures", "both": "both"}[arm.kind]
    of = "" if arm.synth is None else f" of {arm.synth}"
    return f"Result of {arm.kind}{of}" + ("" if what == arm.kind else f": {what}")


def classification(name: str, found: Scores, known: Classes) -> Table:
    """Precision, recall, F1 and support of every class, accuracy and averages."""
    each = found.each
    rows = [
        (str(at), shown, *(number(each[one][at]) for one in MEASURES), str(found.support[at]))
        for at, shown in enumerate(known.shown)
    ]
    total = str(found.frames)
    rows.append(("Accuracy", "", "", "", number(found.accuracy), total))
    for what, average in (("Macro avg", found.macro), ("Weighted avg", found.weighted)):
        rows.append((what, "", *(number(average[one]) for one in MEASURES), total))
    return Table(name, HEAD, tuple(rows), _undefined(found), left=frozenset({0, 1}))


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
        *(classification(title(one.arm), one.pooled, known) for one in sides),
        _learnt(sides, known),
        confusion(pooled, known),
        _by_fold(sides, known),
    ]


def _undefined(found: Scores) -> tuple[str, ...]:
    """Why a 0 is no measurement."""
    notes = []
    for counts, what in ((found.said, "was said of no frame"), (found.support, "has no frame")):
        none = [str(at) for at, count in enumerate(counts) if count == 0]
        if none:
            notes.append(f"Class {', '.join(none)} {what}: counted as 0, as scikit-learn does.")
    return tuple(notes)


def _compared(sides: Sequence[Side], always_0: Scores) -> Table:
    """Accuracy and averages of the arms, pooled, with mean and deviation over folds."""
    head = ("", "accuracy", *(f"macro {one}" for one in MEASURES))
    head = (*head, *(f"weighted {one}" for one in MEASURES), "accuracy by fold", "macro f1 by fold")
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
    averages = (found.macro, found.weighted)
    figures = [found.accuracy, *(average[one] for average in averages for one in MEASURES)]
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


def _by_fold(sides: Sequence[Side], known: Classes) -> Table:
    """The table of every arm in every fold, one below the other, and what was said."""
    rows: list[tuple[str, ...]] = []
    for one in sides:
        for fold, found in one.folds.items():
            lines = classification("", found, known).rows
            said = [*found.said.tolist(), *[""] * (len(lines) - len(known))]
            for at, (line, count) in enumerate(zip(lines, said, strict=True)):
                first = (one.arm.name, str(fold)) if at == 0 else ("", "")
                rows.append((*first, *line, str(count)))
    notes = ("A class that was said of no frame, or has none, counts as 0, as in scikit-learn.",)
    head = ("", "fold", *HEAD, "Said")
    return Table(BY_FOLD, head, tuple(rows), notes, left=frozenset({0, 1, 2, 3}))
