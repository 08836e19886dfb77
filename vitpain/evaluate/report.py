"""All that an evaluation found, and the same figures for a program."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assets.facs import PAIN_AUS
from assets.unbc import SURROGATE
from vitpain.evaluate.cases import Cases, Chosen, choose
from vitpain.evaluate.conditions import Condition, conditions
from vitpain.evaluate.courses import Confusion, Course, Wrong, confusion, courses, worst
from vitpain.evaluate.groups import Group, Level, groups, levels
from vitpain.evaluate.predictions import LEVELS
from vitpain.evaluate.score import (
    Detector,
    Score,
    Scored,
    agreement_score,
    choose_thresholds,
    detection_score,
    no_threshold,
)
from vitpain.evaluate.value import UNLABELLED, Value, Values
from vitpain.metrics import bootstrap, calibration
from vitpain.metrics.calibration import Reliability

FORMAT = "pain3d evaluation 1"
BANNER = (
    "STAND-IN DATA. These frames were drawn by this project's own generator in the layout of "
    "UNBC-McMaster: no patient is in them. The figures show that everything runs; they say nothing "
    "about pain in real people."
)
FEW_SUBJECTS = 10


@dataclass(frozen=True)
class Baseline:
    """What a guess without looking reaches: mean errors of a constant for every frame of a fold."""

    name: str
    mae: Value
    mse: Value


@dataclass(frozen=True)
class Calibration:
    """Reliability of each level's probability; label on prediction of PSPI, fitted by a line."""

    levels: Mapping[int, Reliability]
    slope: Value
    intercept: Value


@dataclass(frozen=True)
class Report:
    """The evaluation of one run."""

    name: str
    banner: str | None
    run: Mapping[str, Any]
    files: Mapping[str, str]
    chosen: Chosen
    notes: tuple[str, ...]
    seed: int
    pspi: Score
    pspi_of_aus: Score
    baselines: tuple[Baseline, ...]
    detection: tuple[Score, ...]
    by_pspi: tuple[Score, ...]
    aus: tuple[Score, ...]
    au43: Score
    groups: tuple[Group, ...]
    unknown: tuple[str, ...]
    levels: tuple[Level, ...]
    conditions: tuple[Condition, ...]
    calibration: Calibration
    confusions: tuple[Confusion, ...]
    unconfused: Mapping[int, str]
    """Levels at which nothing could be decided, and why."""
    courses: tuple[Course, ...]
    worst: tuple[Wrong, ...]


def report(
    name: str, rows: pa.Table, run: Mapping[str, Any], files: Mapping[str, str], seed: int = 0
) -> Report:
    """Evaluate predictions; `files` are the hashes of what was read, `seed` that of intervals."""
    chosen = choose(rows, name)
    tested = chosen.tested
    weights = cache(partial(bootstrap.draws, seed=seed))
    detectors = {level: Detector("pspi", float(level), f"p{level}") for level in LEVELS}
    thresholds = {
        level: choose_thresholds(chosen.learnt, tested.folds, one)
        for level, one in detectors.items()
    }

    def found(detector: Detector) -> Score:
        own = choose_thresholds(chosen.learnt, tested.folds, detector)
        return detection_score(tested, detector, own, weights)

    made_groups, unknown = groups(tested, detectors[1], thresholds[1], weights)
    missing = {level: no_threshold(thresholds[level], tested.folds) for level in LEVELS}
    surrogate = run.get("surrogate") is True or SURROGATE in set(
        rows["source"].unique().to_pylist()
    )
    return Report(
        name=name,
        banner=BANNER if surrogate else None,
        run=run,
        files=files,
        chosen=chosen,
        notes=(*chosen.notes, *_notes(chosen)),
        seed=seed,
        pspi=agreement_score(tested, "pspi", "pspi_hat", weights),
        pspi_of_aus=agreement_score(tested, "pspi", "pspi_of_aus_hat", weights),
        baselines=_baselines(chosen),
        detection=tuple(found(one) for one in detectors.values()),
        by_pspi=tuple(found(Detector("pspi", float(level), "pspi_hat")) for level in LEVELS),
        aus=tuple(
            agreement_score(tested, f"au{au}", f"au{au}_hat", weights)
            for au in PAIN_AUS
            if au != 43
        ),
        au43=found(Detector("au43", 1.0, "au43_hat")),
        groups=made_groups,
        unknown=unknown,
        levels=levels(tested),
        conditions=conditions(Cases(rows), chosen.role, thresholds, weights),
        calibration=_calibration(chosen),
        confusions=tuple(
            confusion(tested, level, thresholds[level]) for level in LEVELS if not missing[level]
        ),
        unconfused={level: why for level, why in missing.items() if why},
        courses=courses(tested),
        worst=worst(tested),
    )


def figures(made: Report) -> dict[str, Any]:
    """The figures of a report as JSON takes them; what is undefined is null with its reason."""
    tested = made.chosen.tested
    return {
        "format": FORMAT,
        "banner": made.banner,
        "surrogate": made.banner is not None,
        "run": made.name,
        "notes": list(made.notes),
        "tested": {
            "role": made.chosen.role,
            "sources": sorted(tested.rows["source"].unique().to_pylist()),
            "frames": len(tested),
            "frames_with_pspi": made.pspi.pooled.frames,
            "subjects": len(tested.subjects),
            "folds": list(tested.folds),
        },
        "thresholds_chosen_on": made.chosen.learnt_role or None,
        "intervals": {
            "over": "subjects",
            "resamples": bootstrap.RESAMPLES,
            "covered": bootstrap.COVERED,
            "seed": made.seed,
        },
        "pspi": _score(made.pspi),
        "pspi_of_aus": _score(made.pspi_of_aus),
        "baselines": {
            one.name: {"mae": one.mae.figures, "mse": one.mse.figures} for one in made.baselines
        },
        "detection": {f"pspi>={one.level:g}": _score(one) for one in made.detection},
        "detection_by_pspi": {f"pspi>={one.level:g}": _score(one) for one in made.by_pspi},
        "aus": {one.label: _score(one) for one in made.aus} | {"au43": _score(made.au43)},
        "groups": [
            {
                "kind": one.kind,
                "name": one.name,
                "pspi": _scored(one.agreement),
                "pspi>=1": _scored(one.detection),
            }
            for one in made.groups
        ],
        "groups_not_known": list(made.unknown),
        "levels": [asdict(one) for one in made.levels],
        "conditions": {
            one.name: {
                "pspi": _scored(one.agreement),
                **{f"pspi>={level}": _scored(each) for level, each in one.detection.items()},
                "difference": _values(one.difference),
            }
            for one in made.conditions
        },
        "calibration": {
            **{
                f"pspi>={level}": asdict(one) | {"why": None if one.bins else UNLABELLED}
                for level, one in made.calibration.levels.items()
            },
            "slope": made.calibration.slope.figures,
            "intercept": made.calibration.intercept.figures,
        },
        "confusion": [asdict(one) for one in made.confusions]
        + [{"level": level, "why": why} for level, why in made.unconfused.items()],
        "worst": [asdict(one) for one in made.worst],
        "settings": dict(made.run),
        "files": dict(made.files),
    }


def _score(one: Score) -> dict[str, Any]:
    return {
        "predicted": one.predicted,
        "pooled": _scored(one.pooled),
        "folds": {str(fold): _scored(each) for fold, each in one.folds.items()},
        "mean_of_folds": {
            name: {**value.figures, "folds": one.over[name], "standard_deviation": one.spread[name]}
            for name, value in one.mean.items()
        },
        "thresholds": {str(fold): value.figures for fold, value in one.thresholds.items()},
    }


def _scored(one: Scored) -> dict[str, Any]:
    counts = {"frames": one.frames, "subjects": one.subjects}
    if one.positives is not None:
        counts["positives"] = one.positives
    return {**counts, **_values(one.values)}


def _values(values: Values) -> dict[str, Any]:
    return {name: value.figures for name, value in values.items()}


def _notes(chosen: Chosen) -> list[str]:
    tested = chosen.tested
    notes = []
    unlabelled = int(np.isnan(tested.numbers("pspi")).sum())
    if unlabelled:
        notes.append(f"{unlabelled:,} frames without a PSPI take no part in figures of PSPI.")
    if len(tested.folds) > 1:
        notes.append(
            "Pooled figures take all test frames together, each predicted by the model of its fold."
        )
    if 1 < len(tested.subjects) < FEW_SUBJECTS:
        notes.append(f"Intervals over {len(tested.subjects)} subjects are rough.")
    lengths = pc.call_function("list_value_length", [tested.rows["neutral_keys"]])
    alone = int((lengths.to_numpy() == 0).sum())
    if alone:
        notes.append(f"{alone:,} frames were judged without a neutral.")
    return notes


def _baselines(chosen: Chosen) -> tuple[Baseline, ...]:
    tested = chosen.tested
    label = tested.numbers("pspi")
    guesses = {"always 0": np.zeros(len(label))}
    if len(chosen.learnt):
        learnt = chosen.learnt.numbers("pspi")
        guess = np.full(len(label), np.nan)
        for fold in tested.folds:
            own = learnt[chosen.learnt.fold == fold]
            own = own[~np.isnan(own)]
            guess[tested.fold == fold] = own.mean() if len(own) else np.nan
        guesses["always the mean of other subjects"] = guess
    known = ~np.isnan(label)
    made = []
    for name, guess in guesses.items():
        error = guess[known] - label[known]
        if not len(error) or np.isnan(error).any():
            nothing = Value(None, why="no frame to take a mean of, or none to hold against it")
            made.append(Baseline(name, nothing, nothing))
        else:
            mae, mse = float(np.abs(error).mean()), float((error**2).mean())
            made.append(Baseline(name, Value(mae), Value(mse)))
    return tuple(made)


def _calibration(chosen: Chosen) -> Calibration:
    tested = chosen.tested
    label = tested.numbers("pspi")
    known = ~np.isnan(label)
    own = {
        level: calibration.reliability(label[known] >= level, tested.numbers(f"p{level}")[known])
        for level in LEVELS
    }
    predicted = tested.numbers("pspi_hat")[known]
    if known.sum() < 2 or np.ptp(predicted) == 0.0:
        why = f"every prediction is {predicted[0]:.4g}" if known.any() else UNLABELLED
        return Calibration(own, Value(None, why=why), Value(None, why=why))
    slope, intercept = np.polyfit(predicted, label[known], 1)
    return Calibration(own, Value(float(slope)), Value(float(intercept)))
