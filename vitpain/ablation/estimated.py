"""Metrics of one model and fraction: of each arm, and of each difference that is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from vitpain.ablation.exchange import p_value, ways
from vitpain.ablation.figures import METRICS, PRIMARY, Difference, Estimate
from vitpain.ablation.holm import holm
from vitpain.ablation.paired import (
    Resampled,
    by_person,
    common,
    exchanged,
    same_frames,
    sides,
)
from vitpain.ablation.setting import Setting
from vitpain.ablation.tally import POSITIVES, Tally
from vitpain.evaluate.predictions import LEVELS
from vitpain.evaluate.value import UNLABELLED, Value, plain, ranged

NOBODY = "no subject and seed is tested in both arms"
OTHER_FRAMES = "the arms were tested on different frames"
FEW_PEOPLE = "fewer than two subjects have a figure of their own"
NO_SPREAD = "the difference is the same in every subject"


def estimates(setting: Setting, resampled: Resampled) -> list[Estimate]:
    """Every metric of every arm."""
    given, found = resampled.given, []
    for at, arm in enumerate(setting.arms):
        present = given.present[at]
        subjects = int(present.any(axis=1).sum())
        drawn = resampled.of(at, present)
        why = _reasons(setting, given, at)
        folds = np.unique(setting.tested.fold[setting.arm == at]).tolist()
        for name in (one.name for one in METRICS):
            value = ranged(float(drawn[name][0]), drawn[name][1:], subjects, why(name))
            found.append(
                Estimate(
                    arm,
                    setting.model,
                    setting.fraction,
                    name,
                    value,
                    int(given.values[at, :, :, 0].sum(axis=0).max()),
                    subjects,
                    int(present.any(axis=0).sum()),
                    tuple(folds),
                )
            )
    return found


def differences(
    setting: Setting, resampled: Resampled, contrasts: Sequence[tuple[str, str]]
) -> list[Difference]:
    """Every metric of every contrast whose arms are both here; those of the primary one by Holm."""
    here = [pair for pair in contrasts if set(pair) <= set(setting.arms)]
    found = [one for pair in here for one in _differences(setting, resampled, pair)]
    places = [at for at, one in enumerate(found) if one.metric == PRIMARY]
    for at, p in zip(places, holm([found[at].p for at in places]), strict=True):
        found[at] = replace(found[at], p_holm=p)
    return found


def _differences(
    setting: Setting, resampled: Resampled, names: tuple[str, str]
) -> list[Difference]:
    given = resampled.given
    arm, base = (setting.arms.index(name) for name in names)
    both = common(given, arm, base)
    subjects, seeds = int(both.any(axis=1).sum()), int(both.any(axis=0).sum())
    where = (*names, setting.model, setting.fraction)
    refused = OTHER_FRAMES if subjects and not same_frames(given, arm, base) else None
    refused = refused if subjects else NOBODY
    if refused is not None:
        none = Value(None, why=refused)
        return [
            Difference(*where, one.name, none, None, None, none, subjects, 0, seeds, 0, False)
            for one in METRICS
        ]
    drawn = [resampled.of(at, both) for at in (arm, base)]
    arranged = ways(subjects, resampled.resamples.seed)
    two = sides(given, arm, base)
    swapped = exchanged(two, arranged, given.centres)
    own = by_person(two, given.centres)
    reasons = [_reasons(setting, given, at) for at in (arm, base)]
    found = []
    for metric in METRICS:
        name = metric.name
        why = next((told for told in (one(name) for one in reasons) if told), None)
        apart = drawn[0][name] - drawn[1][name]
        value = ranged(float(apart[0]), apart[1:], subjects, why)
        sign = 1.0 if metric.more_is_better else -1.0
        people = own[name][~np.isnan(own[name])]
        found.append(
            Difference(
                *where,
                name,
                value,
                p_value(swapped[name]),
                None,
                _effect(sign * people),
                subjects,
                len(people),
                seeds,
                len(arranged.exchanged),
                arranged.every,
            )
        )
    return found


def _effect(better: np.ndarray) -> Value:
    """Mean by standard deviation of differences, each above 0 where a subject gained."""
    if len(better) < 2:
        return Value(None, why=FEW_PEOPLE)
    spread = float(np.std(better, ddof=1))
    # What rounding leaves of equal differences is no spread.
    if spread <= 1e-12 * max(1.0, float(np.abs(better).max())):
        return Value(None, why=NO_SPREAD)
    return plain(float(better.mean()) / spread, None)


def _reasons(setting: Setting, given: Tally, at: int) -> Callable[[str], str | None]:
    """Why a metric of an arm is undefined, where it is."""
    whole = given.values[at].sum(axis=(0, 1))
    frames, positives = whole[0], whole[POSITIVES]

    def why(name: str) -> str | None:
        if frames == 0:
            return UNLABELLED
        if name.startswith(("auroc", "f1_")):
            level = int(name[-1])
            count = positives[LEVELS.index(level)]
            missing = setting.why.get((setting.arms[at], level))
            if count == 0:
                return f"no frame has PSPI >= {level}"
            if name.startswith("auroc"):
                return f"every frame has PSPI >= {level}"
            return missing
        return "all labels, or all predictions, are the same"

    return why
