"""Where the error lies: by level of PSPI, by AU, and by group of people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from vitpain.ablation.arms import Arm
from vitpain.ablation.figures import Part, PartKind
from vitpain.ablation.nested import Resamples
from vitpain.ablation.setting import Setting
from vitpain.evaluate.groups import names_of
from vitpain.evaluate.predictions import AU_HATS, AU_LABELS
from vitpain.evaluate.value import UNLABELLED, Value, ranged
from vitpain.metrics import agreement

UNKNOWN = "not known"
GROUPS: tuple[PartKind, ...] = ("age", "sex", "skin tone")
NO_BASE = "no frame of real frames alone to hold it against"


@dataclass(frozen=True)
class _Frames:
    kind: PartKind
    name: str
    label: Float64[np.ndarray, " rows"]
    hat: Float64[np.ndarray, " rows"]
    chosen: Bool[np.ndarray, " rows"]


def parts(setting: Setting, resamples: Resamples, arms: Sequence[Arm]) -> list[Part]:
    """Figures of every part of every arm that has frames of it; `arms` are those of the study."""
    bases = {arm.name: arm.base for arm in arms}
    return [made for one in _all(setting) for made in _of_arms(setting, one, resamples, bases)]


def _all(setting: Setting) -> Iterator[_Frames]:
    tested = setting.tested
    pspi, hat = tested.numbers("pspi"), tested.numbers("pspi_hat")
    floor = np.floor(pspi)
    for level in np.unique(floor[~np.isnan(floor)]):
        yield _Frames("level", f"{level:.0f}", pspi, hat, floor == level)
    everything = np.ones(len(tested), bool)
    for label, said in zip(AU_LABELS, AU_HATS, strict=True):
        yield _Frames("au", label, tested.numbers(label), tested.numbers(said), everything)
    for kind in GROUPS:
        names = names_of(tested, kind)
        present = sorted({name for name in names if name is not None}, key=_in_order)
        if not present:
            continue
        for name in (*present, None):
            chosen = np.asarray(names == name)
            if chosen.any():
                yield _Frames(kind, UNKNOWN if name is None else name, pspi, hat, chosen)


def _of_arms(
    setting: Setting, given: _Frames, resamples: Resamples, bases: Mapping[str, str | None]
) -> Iterator[Part]:
    groups = int(np.prod(setting.shape))
    rows = given.chosen
    found = agreement.sums(given.label[rows], given.hat[rows], setting.group[rows], groups)
    values = found.values.reshape(*setting.shape, -1)
    there = values[..., 0] > 0
    centres = (found.label_centre, found.predicted_centre)
    known: dict[tuple[int, bytes], dict[str, np.ndarray]] = {}

    def figures(at: int, present: np.ndarray) -> dict[str, np.ndarray]:
        """What was observed of an arm first, then of every draw of those present."""
        key = (at, present.tobytes())
        if key not in known:
            weights = resamples.of(present)
            flat = weights.reshape(len(weights), -1) @ values[at].reshape(-1, agreement.SUMS)
            known[key] = agreement.agreement(agreement.Sums(flat, *centres))
        return known[key]

    for at, arm in enumerate(setting.arms):
        present = there[at]
        if not present.any():
            continue
        subjects = int(present.any(axis=1).sum())
        drawn = figures(at, present)
        made = {
            name: ranged(float(drawn[name][0]), drawn[name][1:], subjects, _why(name))
            for name in ("mae", "bias", "ccc")
        }
        change, held = Value(None, why=NO_BASE), bases[arm]
        base = setting.arms.index(held) if held in setting.arms else None
        both = present & there[base] if base is not None else present & False
        if base is not None and both.any():
            apart = figures(at, both)["mae"] - figures(base, both)["mae"]
            change = ranged(float(apart[0]), apart[1:], int(both.any(axis=1).sum()), None)
        frames = int(values[at, ..., 0].sum(axis=0).max())
        where = (given.kind, given.name, arm, setting.model, setting.fraction)
        yield Part(*where, frames, subjects, **made, change=change)


def _why(name: str) -> str:
    return "every label is the same" if name == "ccc" else UNLABELLED


def _in_order(name: str) -> str:
    """Ages and tones by their first number."""
    return name.partition("-")[0].zfill(3)
