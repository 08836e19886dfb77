"""From single measurements to figures an action unit and group, the same over every group."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from assets.facs import HIGHEST
from assets.population import BANDS
from generator.audit.person import Facts, Found, Step

SECOND, THIRD = 2, 3
"""Steps at which an AU is held against the neutral taken again, and groups against all."""


@dataclass(frozen=True)
class Group:
    """Some of the people, by one of their facts: `kind` is age or tone."""

    kind: str
    name: str
    holds: Callable[[Facts], bool]


@dataclass(frozen=True)
class Course:
    """One action unit of one person over all its steps.

    `change` by step from 0 (the neutral, where it is 0); `growth` is Spearman's correlation of
    change and step; `inside` the mean share that lies in region and rim, None where nothing
    changed; `last` the strongest step.
    """

    facts: Facts
    au: int
    change: tuple[float, ...]
    growth: float
    inside: float | None
    last: Step

    @property
    def over_again(self) -> float:
        """Change at step 2 (1 where there are no more) over that of the neutral taken again."""
        return self.change[min(SECOND, len(self.change) - 1)] / max(self.last.again, 1e-9)

    @property
    def third(self) -> float:
        """Change at step 3 (1 where there are no more)."""
        return self.change[min(THIRD, len(self.change) - 1)]


def groups(people: Iterable[Facts]) -> list[Group]:
    """Age bands from young to old, newborns apart as well, and skin tones, that have anybody."""
    everybody = list(people)
    found = [Group("age", "newborn", lambda facts: facts.newborn)]
    found += [_band(f"{low}-{high}") for low, high in BANDS]
    found += [_tone(tone) for tone in range(1, 11)]
    return [group for group in found if any(group.holds(facts) for facts in everybody)]


def _band(name: str) -> Group:
    return Group("age", name, lambda facts: facts.band == name)


def _tone(tone: int) -> Group:
    return Group("tone", f"tone {tone}", lambda facts: facts.skin_tone == tone)


def courses(steps: Sequence[Step]) -> list[Course]:
    """Gather the steps of every person and AU, in the order in which they come.

    Those that hair covers are left out: how a person wears it says nothing of the AU.
    """
    gathered: dict[tuple[str, int], list[Step]] = {}
    for step in steps:
        if step.covered:
            continue
        gathered.setdefault((step.facts.identity, step.au), []).append(step)
    return [_course(own) for own in gathered.values()]


def _course(own: list[Step]) -> Course:
    own = sorted(own, key=lambda step: step.intensity)
    change = (0.0, *(step.change for step in own))
    inside = [step.inside for step in own if step.inside is not None]
    return Course(
        facts=own[-1].facts,
        au=own[-1].au,
        change=change,
        growth=spearman(np.arange(len(change), dtype=np.float64), np.array(change)),
        inside=float(np.mean(inside)) if inside else None,
        last=own[-1],
    )


def spearman(first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"]) -> float:
    """Spearman's rank correlation, ties at their mean rank; 0 where one of both never changes."""
    one, other = (rankdata(values) - (len(values) + 1) / 2 for values in (first, second))
    size = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / size if size > 0 else 0.0


@dataclass(frozen=True)
class Cell:
    """One action unit in one group: means over people, and how many they are.

    `even` is the mean change at step 3 over that of everybody; `change` the mean by step.
    """

    au: int
    group: str
    kind: str
    people: int
    change: tuple[float, ...]
    growth: float
    over_again: float
    inside: float | None
    even: float
    motion_mm: float


def cell(au: int, group: Group | None, all_courses: Sequence[Course]) -> Cell | None:
    """Figures of an AU in a group, or over everybody; None where nobody of it was measured."""
    everybody = [course for course in all_courses if course.au == au]
    own = [one for one in everybody if group is None or group.holds(one.facts)]
    if not own:
        return None
    inside = [one.inside for one in own if one.inside is not None]
    third = float(np.mean([one.third for one in everybody]))
    return Cell(
        au=au,
        group="all" if group is None else group.name,
        kind="all" if group is None else group.kind,
        people=len(own),
        change=tuple(np.mean([one.change for one in own], axis=0).tolist()),
        growth=min(one.growth for one in own),
        over_again=float(np.mean([one.over_again for one in own])),
        inside=float(np.mean(inside)) if inside else None,
        even=float(np.mean([one.third for one in own])) / max(third, 1e-9),
        motion_mm=float(np.mean([one.last.motion_mm for one in own])),
    )


def cells(all_courses: Sequence[Course]) -> list[Cell]:
    """Figures of every AU, over everybody and in every group."""
    aus = [au for au in HIGHEST if any(course.au == au for course in all_courses)]
    within = groups(course.facts for course in all_courses)
    made = [cell(au, group, all_courses) for au in aus for group in (None, *within)]
    return [one for one in made if one is not None]


@dataclass(frozen=True)
class Rate:
    """How often the detector finds one face, and of its two eyes how many, open and closed, 0-1.

    Eye rates are over people in whose picture one face was found, None where nobody is; more than
    two finds in a face count as two.
    """

    group: str
    kind: str
    people: int
    one_face: float
    open_eyes: float | None
    closed_eyes: float | None


def rate(found: Sequence[Found], group: str, kind: str) -> Rate:
    """Rates over some people, at least one."""
    return Rate(
        group,
        kind,
        len(found),
        float(np.mean([one.neutral.faces == 1 for one in found])),
        _eye_rate([one.neutral.eyes for one in found]),
        _eye_rate([one.closed.eyes for one in found]),
    )


def _eye_rate(eyes: Sequence[int | None]) -> float | None:
    known = [min(count, 2) / 2 for count in eyes if count is not None]
    return float(np.mean(known)) if known else None


def rates(found: Sequence[Found]) -> list[Rate]:
    """Rates over everybody, over adults, in every age band, and of adults in every skin tone."""
    if not found:
        return []
    adults = [one for one in found if one.facts.adult]
    made = [rate(found, "all", "all")]
    if adults:
        made.append(rate(adults, "adults", "all"))
    for group in groups(one.facts for one in found):
        own = [one for one in (adults if group.kind == "tone" else found) if group.holds(one.facts)]
        if own:
            made.append(rate(own, group.name, group.kind))
    return made
