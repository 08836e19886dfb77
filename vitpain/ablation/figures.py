"""What a comparison found: everything that its report shows, as facts.

A figure stands for one arm, one model and one share of the real training subjects (`fraction`),
pooled over folds and seeds: all test frames together, each predicted by the models of its fold.
An undefined figure is a `Value` of None that says why.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from vitpain.ablation.arms import BASE, NATIVE_BASE, Arm
from vitpain.evaluate.value import Value

SIGNIFICANT = 0.05
"""The share of families of nulls in which any difference may be found."""


@dataclass(frozen=True)
class Metric:
    """A figure's name, what a reader is shown, and whether more of it is better."""

    name: str
    title: str
    more_is_better: bool = True


# The first is the primary one, of which alone differences are claimed. Frames without pain are
# most, so that who always says 0 has a small MAE and a high accuracy; their CCC is 0.
METRICS = (
    Metric("ccc", "CCC"),
    Metric("mae", "MAE", more_is_better=False),
    Metric("pearson", "Pearson"),
    Metric("auroc1", "AUROC, PSPI ≥ 1"),
    Metric("auroc2", "AUROC, PSPI ≥ 2"),
    Metric("auroc3", "AUROC, PSPI ≥ 3"),
    Metric("f1_1", "F1, PSPI ≥ 1"),
    Metric("f1_3", "F1, PSPI ≥ 3"),
    Metric("macro_f1", "macro F1, six classes"),
    Metric("accuracy", "accuracy, six classes"),
)
BY_NAME = {one.name: one for one in METRICS}
PRIMARY = METRICS[0].name
PartKind = Literal["level", "au", "age", "sex", "skin tone"]
Over = Literal["subjects", "frames"]


@dataclass(frozen=True)
class Estimate:
    """One metric of an arm, with its interval over subjects in whom seeds are nested."""

    arm: str
    model: str
    fraction: float
    metric: str
    value: Value
    frames: int
    """Test frames with a PSPI, those of one seed."""
    subjects: int
    seeds: int
    folds: tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """A metric of one arm minus that of another, on the subjects and seeds that both have.

    `value` carries the interval of paired resamples. `p` is two-sided, by exchanging the two arms
    within subjects, in `arrangements` ways with the one observed; where `every`, those are all
    there are. `p_holm` holds over the family: differences of the primary metric with one model
    and one fraction; it is None for other metrics, of which nothing is claimed. `effect` is the
    mean over subjects of their own differences by its standard deviation, above 0 where `arm` is
    the better one; `effect_subjects` have a figure of their own.
    """

    arm: str
    base: str
    model: str
    fraction: float
    metric: str
    value: Value
    p: float | None
    p_holm: float | None
    effect: Value
    subjects: int
    effect_subjects: int
    seeds: int
    arrangements: int
    every: bool

    @property
    def against_real(self) -> bool:
        """Whether it is held against real frames alone, not against another synthetic source."""
        return self.base in (BASE, NATIVE_BASE)

    @property
    def found(self) -> bool | None:
        """Whether a difference is shown; None where none is claimed or tested."""
        return None if self.p_holm is None else self.p_holm < SIGNIFICANT

    @property
    def better(self) -> bool | None:
        """Whether `arm` has the better figure, shown or not; None where they are equal."""
        if not self.value.value:
            return None
        return (self.value.value > 0) == BY_NAME[self.metric].more_is_better


@dataclass(frozen=True)
class Part:
    """PSPI (of kind "au" that AU's intensity) on some of an arm's test frames.

    `name` is a whole level of PSPI up to the next, an AU ("au4"), or a group of people, "not known"
    last. `change` is the MAE minus that of real frames alone, of the arm's form, on the same
    frames; it is not tested.
    """

    kind: PartKind
    name: str
    arm: str
    model: str
    fraction: float
    frames: int
    subjects: int
    mae: Value
    bias: Value
    ccc: Value
    change: Value


@dataclass(frozen=True)
class Point:
    """One place on a curve: subjects or frames learnt from (mean over folds), and the figure."""

    x: float
    arm: str
    fraction: float
    value: Value


@dataclass(frozen=True)
class Curve:
    """A metric over the real training subjects of `name`, an arm, or over the synthetic frames of
    `name`, a source, that are learnt from beside all real ones; at least two points.
    """

    over: Over
    name: str
    model: str
    metric: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Cost:
    """What the cells of an arm took, all together, and what the arm gained by it.

    `steps` and `frames` are of learning; `real` and `synthetic` are the different frames learnt
    from, the mean over cells. `gain` is the difference of the primary metric to real frames alone,
    None for those themselves and where it is not known.
    """

    arm: str
    model: str
    fraction: float
    cells: int
    seconds: float
    gpu_hours: float
    steps: int
    frames: int
    real: float
    synthetic: float
    gain: Difference | None


@dataclass(frozen=True)
class Unfinished:
    """A cell without predictions; `error` says why it failed, None where it has not ended."""

    id: str
    arm: str
    model: str
    fold: int
    seed: int
    fraction: float
    error: str | None


@dataclass(frozen=True)
class Stated:
    """What a study was begun with, as `study.json` holds it."""

    config: Mapping[str, Any]
    arms: tuple[Arm, ...]
    real: Mapping[str, Any]
    sources: tuple[Mapping[str, Any], ...]
    surrogate: bool
    level16: Mapping[str, int]
    matched: Mapping[str, Mapping[str, int]]
    versions: Mapping[str, str]
    commit: str | None


@dataclass(frozen=True)
class Results:
    """All of it. Models and fractions are in the order of the study, the first and last lead.

    `learnt` says of every arm what its cells learnt from: frames by source, "real" first, the mean
    over the cells of the leading model and fraction.
    """

    study: Stated
    models: tuple[str, ...]
    fractions: tuple[float, ...]
    seed: int
    finished: int
    unfinished: tuple[Unfinished, ...]
    estimates: tuple[Estimate, ...]
    differences: tuple[Difference, ...]
    parts: tuple[Part, ...]
    curves: tuple[Curve, ...]
    costs: tuple[Cost, ...]
    learnt: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...]

    @property
    def leading(self) -> tuple[str, float]:
        """The model and the fraction by which the question is answered."""
        return self.models[0], self.fractions[-1]

    @property
    def figures(self) -> dict[str, Any]:
        """For JSON."""
        made = asdict(self)
        for one, written in zip(self.differences, made["differences"], strict=True):
            written |= {"found": one.found, "better": one.better}
        return made
