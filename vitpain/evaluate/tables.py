"""The tables of a report: what a person may want to read, the headline first."""

from collections.abc import Mapping, Sequence

from assets.facs import NAMES
from vitpain.evaluate.report import Report
from vitpain.evaluate.score import DETECTION, REGRESSION, Score, Scored
from vitpain.evaluate.table import NONE, Reasons, Table
from vitpain.evaluate.value import UNLABELLED, Value

TITLE_OF = {
    "mae": "MAE",
    "mse": "MSE",
    "pearson": "Pearson",
    "icc": "ICC(3,1)",
    "ccc": "CCC",
    "bias": "bias",
    "auroc": "AUROC",
    "ap": "AP",
    "f1": "F1",
    "precision": "precision",
    "recall": "recall",
}
PAIN = "PSPI ≥ {}"


def tables(made: Report) -> list[Table]:
    """Every table that has rows."""
    found = [
        _pspi(made),
        *(_detection(made, one) for one in made.detection),
        _detection_by_pspi(made),
        _aus(made),
        _aus_by_fold(made),
        _conditions(made),
        _groups(made),
        _levels(made),
        _calibration(made),
        _confusion(made),
        _worst(made),
    ]
    return [table for table in found if table.rows]


def _pspi(made: Report) -> Table:
    reasons = Reasons()
    lines = _by_fold(made.pspi, REGRESSION, reasons)
    strong = frozenset({0})
    of_aus = made.pspi_of_aus.pooled
    lines.append(_line("from predicted AUs, pooled", of_aus, REGRESSION, reasons))
    for one in made.baselines:
        cells = [reasons.cell(value) for value in (one.mae, one.mse)]
        lines.append((f"guess: {one.name}", "", "", *cells, *[""] * (len(REGRESSION) - 2)))
    head = ("", "subjects", "frames", *(TITLE_OF[name] for name in REGRESSION))
    notes = (
        "Pooled: the value over all frames of all subjects, and its 95 % interval by drawing "
        "subjects 1,000 times. Bias: predicted minus labelled.",
    )
    return Table("PSPI", head, tuple(lines), (*notes, *reasons.notes), strong)


def _detection(made: Report, score: Score) -> Table:
    reasons = Reasons()
    lines = _by_fold(score, DETECTION, reasons, with_positives=True)
    head = (
        "", "subjects", "frames", "in pain", "threshold", *(TITLE_OF[name] for name in DETECTION)
    )  # fmt: skip
    notes = (_threshold_note(made),)
    title = "Pain at " + PAIN.format(f"{score.level:g}")
    return Table(title, head, tuple(lines), (*notes, *reasons.notes), frozenset({0}))


def _threshold_note(made: Report) -> str:
    whom = {"train": "training", "val": "validation", "": "no"}[made.chosen.learnt_role]
    where = " of the same fold" if _folds(made.pspi) else ""
    return (
        f"Threshold: the probability with the highest F1 on {whom} subjects{where}. AP of a model "
        "that knows nothing is the share in pain, AUROC 0.5."
    )


def _detection_by_pspi(made: Report) -> Table:
    reasons = Reasons()
    lines = [
        (
            PAIN.format(f"{one.level:g}"),
            *(reasons.cell(one.pooled.values[name]) for name in DETECTION),
        )
        for one in made.by_pspi
    ]
    head = ("", *(TITLE_OF[name] for name in DETECTION))
    notes = ("The predicted PSPI taken as the score, in place of the probability; pooled.",)
    return Table("Pain found by predicted PSPI", head, tuple(lines), (*notes, *reasons.notes))


def _aus(made: Report) -> Table:
    reasons = Reasons()
    names = ("mae", "mse", "pearson", "icc", "ccc")
    lines: list[tuple[str, ...]] = [
        (
            _au(one.label),
            f"{one.pooled.frames:,}",
            *(reasons.cell(one.pooled.values[name]) for name in names),
            "",
            "",
            "",
        )
        for one in made.aus
    ]
    found = made.au43.pooled
    cells = (reasons.cell(found.values[name]) for name in ("auroc", "ap", "f1"))
    lines.append((_au("au43"), f"{found.frames:,}", *[""] * len(names), *cells))
    head = ("action unit", "frames", *(TITLE_OF[name] for name in (*names, "auroc", "ap", "f1")))
    notes = ("Pooled; intensities from 0 to 5. AU43 is there or not, and is found or missed.",)
    return Table("Action units", head, tuple(lines), (*notes, *reasons.notes))


def _aus_by_fold(made: Report) -> Table:
    reasons = Reasons()
    folds = _folds(made.au43)
    lines = [
        (
            f"fold {fold}",
            *(reasons.cell(one.folds[fold].values["icc"]) for one in made.aus),
            reasons.cell(made.au43.folds[fold].values["auroc"]),
        )
        for fold in folds
    ]
    head = ("", *(f"ICC, {one.label.upper()}" for one in made.aus), "AUROC, AU43")
    return Table("Action units by fold", head, tuple(lines), reasons.notes)


def _conditions(made: Report) -> Table:
    reasons = Reasons()
    what = {"right": "own neutral", "other": "another person's", "none": "no neutral"}
    names = ("mae", "pearson", "icc", "ccc")
    lines = []
    for one in made.conditions:
        cells = [reasons.cell(one.agreement.values[name]) for name in names]
        cells += [reasons.cell(each.values["auroc"]) for each in one.detection.values()]
        lines.append((what[one.name], f"{one.agreement.frames:,}", *cells))
    plain = len(lines)
    for one in made.conditions[1:]:
        keys = (*names, *(f"auroc_{level}" for level in one.detection))
        cells = [reasons.cell(one.difference[key], signed=True) for key in keys]
        lines.append((f"{what[one.name]}: difference", "", *cells))
    levels = list(made.conditions[0].detection) if made.conditions else []
    head = ("", "frames", *(TITLE_OF[name] for name in names), *(f"AUROC ≥ {n}" for n in levels))
    notes = (
        "The same frames under each condition. A difference is to the own neutral, in pairs: the "
        "same subjects are drawn for both.",
    )
    strong = frozenset(range(min(1, plain)))
    return Table("Which neutral", head, tuple(lines), (*notes, *reasons.notes), strong)


def _groups(made: Report) -> Table:
    reasons = Reasons()
    names = ("mae", "bias", "pearson", "icc")
    lines = [
        (
            one.title,
            one.shown,
            str(one.agreement.subjects),
            f"{one.agreement.frames:,}",
            *(reasons.cell(one.agreement.values[name]) for name in names),
            *(reasons.cell(one.detection.values[name]) for name in ("auroc", "f1")),
        )
        for one in made.groups
    ]
    head = ("", "group", "subjects", "frames", *(TITLE_OF[name] for name in names))
    head = (*head, "AUROC ≥ 1", "F1 ≥ 1")
    notes = ["All frames together; Monk tones run from 1, the lightest, to 10."] if lines else []
    if made.unknown:
        notes.append(f"Not known of any frame: {', '.join(made.unknown)}.")
        lines = lines or [("", "not known", *[NONE] * (len(head) - 2))]
    left = frozenset({0, 1})
    return Table("Groups", head, tuple(lines), (*notes, *reasons.notes), left=left)


def _levels(made: Report) -> Table:
    lines = tuple(
        (
            str(one.level),
            f"{one.frames:,}",
            str(one.subjects),
            f"{one.mean:.2f}",
            f"{one.spread:.2f}",
            f"{one.mae:.2f}",
            f"{one.bias:+.2f}",
        )
        for one in made.levels
    )
    head = ("PSPI", "frames", "subjects", "mean predicted", "standard deviation", "MAE", "bias")
    return Table("By level of PSPI", head, lines)


def _calibration(made: Report) -> Table:
    reasons = Reasons()
    lines = []
    for level, one in made.calibration.levels.items():
        why = None if one.bins else UNLABELLED
        cells = (reasons.cell(Value(number, why=why)) for number in (one.ece, one.brier))
        lines.append((PAIN.format(level), *cells))
    notes = ["ECE: mean gap between probability and share in pain over ten bins, by frames."]
    slope, intercept = made.calibration.slope, made.calibration.intercept
    if slope.value is not None and intercept.value is not None:
        notes.append(
            f"PSPI as a line of the predicted: {slope.value:.2f} · predicted "
            f"{intercept.value:+.2f} (1 and 0 are right)."
        )
    else:
        notes.append(f"PSPI is no line of the predicted: {slope.why}.")
    head = ("probability of", "ECE", "Brier score")
    return Table("Calibration", head, tuple(lines), (*notes, *reasons.notes))


def _confusion(made: Report) -> Table:
    reasons = Reasons()
    lines: list[tuple[str, ...]] = [
        (
            PAIN.format(one.level),
            *(f"{count:,}" for count in (one.hit, one.missed, one.false, one.passed)),
            _share(one.hit, one.hit + one.missed),
            _share(one.passed, one.passed + one.false),
        )
        for one in made.confusions
    ]
    for level, why in made.unconfused.items():
        lines.append((PAIN.format(level), *[reasons.cell(Value(None, why=why))] * 6))
    head = (
        "", "in pain, found", "in pain, missed", "not in pain, alarm", "not in pain, passed",
        "sensitivity", "specificity",
    )  # fmt: skip
    notes = ("Pooled, each frame by the threshold of its fold.",)
    return Table("Confusion", head, tuple(lines), (*notes, *reasons.notes))


def _worst(made: Report) -> Table:
    lines = tuple(
        (
            one.key,
            one.subject,
            one.sequence or "",
            "" if one.frame is None else str(one.frame),
            f"{one.pspi:g}",
            f"{one.pspi_hat:.2f}",
            f"{one.pspi_of_aus_hat:.2f}",
        )
        for one in made.worst
    )
    head = ("key", "subject", "sequence", "frame", "PSPI", "predicted", "from AUs")
    notes = (
        "Largest errors first, at most three of a sequence (of a person where there is none).",
    )
    left = frozenset({0, 1, 2})
    return Table("Frames that went wrong most", head, lines, notes, left=left)


def _by_fold(
    score: Score, names: Sequence[str], reasons: Reasons, with_positives: bool = False
) -> list[tuple[str, ...]]:
    """Pooled, the mean of the folds, and each fold."""
    folds = _folds(score)
    threshold = _threshold(score.thresholds, reasons, folds) if with_positives else None
    lines = [_line("pooled", score.pooled, names, reasons, threshold)]
    if not folds:
        return lines
    means = [_mean(score, name, len(folds), reasons) for name in names]
    blank = [""] * (4 if with_positives else 2)
    lines.append(("mean of folds ± sd", *blank, *means))
    for fold in folds:
        own = reasons.cell(score.thresholds[fold]) if with_positives else None
        lines.append(_line(f"fold {fold}", score.folds[fold], names, reasons, own))
    return lines


def _line(
    name: str,
    scored: Scored,
    names: Sequence[str],
    reasons: Reasons,
    threshold: str | None = None,
) -> tuple[str, ...]:
    counts = [str(scored.subjects), f"{scored.frames:,}"]
    if threshold is not None:
        counts += [_share(scored.positives or 0, scored.frames), threshold]
    return (name, *counts, *(reasons.cell(scored.values[one]) for one in names))


def _threshold(thresholds: Mapping[int, Value], reasons: Reasons, folds: Sequence[int]) -> str:
    return "each fold's" if folds else reasons.cell(next(iter(thresholds.values())))


def _folds(score: Score) -> tuple[int, ...]:
    """Folds to show: none for a run that has none."""
    return () if set(score.folds) == {0} else tuple(score.folds)


def _mean(score: Score, name: str, folds: int, reasons: Reasons) -> str:
    value = score.mean[name]
    if value.value is None:
        return reasons.cell(value)
    spread = score.spread[name]
    text = f"{value.value:.3f}" + ("" if spread is None else f" ± {spread:.3f}")
    over = score.over[name]
    return text if over == folds else f"{text} ({over} folds)"


def _au(label: str) -> str:
    number = int(label.removeprefix("au"))
    return f"AU{number} {NAMES[number]}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else NONE
