"""What the audit measures of one person: every action unit alone, step by step, and the neutral."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assets.au_regions import region
from assets.facs import HIGHEST, Number
from assets.population import band_name
from generator.audit import change, measures
from generator.audit.detector import Detection, detect
from generator.audit.sheet import Sheet
from generator.audit.sitting import AGAIN, Sitter, Taken
from generator.audit.source import newborn
from generator.audit.texture import Complexion, complexion
from generator.identity import Identity
from generator.synth_record import under_hair

UNDER_HAIR = (1, 2, 4)
"""Action units of the brow, over which a fringe can lie."""
BROWS = slice(17, 27)


@dataclass(frozen=True)
class Facts:
    """Who a person is, as far as groups are made of it; None where it is not known."""

    identity: str
    age_years: float | None
    sex: str | None
    ethnicity: str | None
    skin_tone: int | None

    @property
    def band(self) -> str | None:
        """Age band in completed years, such as 18-39."""
        return None if self.age_years is None else band_name(self.age_years)

    @property
    def newborn(self) -> bool:
        """Whether the person is at most 28 days old."""
        return self.age_years is not None and newborn(self.age_years)

    @property
    def adult(self) -> bool:
        """Whether the person is 18 or older."""
        return self.age_years is not None and self.age_years >= 18


@dataclass(frozen=True)
class Step:
    """One action unit of one person at one intensity, against the neutral.

    `change` is the mean |ΔL*| in the AU's region; `again` that of the neutral taken again (turned
    by a degree, 5 % brighter or darker, with other noise), the mean over four such pictures;
    `inside` the share of all change that lies in region or rim. `motion_mm` is the mean way of the
    landmarks, `motion_most_mm` the longest. `eye_pixels` counts sclera and iris that are seen,
    `eye_left` as a share of the neutral's; `covered` says that hair lies over a part of the brow
    where the AU acts, so that less of it can be seen. The rest as in `measures.Change`.
    """

    facts: Facts
    au: int
    intensity: int
    change: float
    again: float
    inside: float | None
    motion_mm: float
    motion_most_mm: float
    eye_pixels: int
    eye_left: float
    covered: bool
    lid_gap: float
    brow_distance: float
    brow_height: float
    lip_raised: float


@dataclass(frozen=True)
class Found:
    """What the detector found in a person's neutral, and with the eyes closed."""

    facts: Facts
    neutral: Detection
    closed: Detection


@dataclass(frozen=True)
class Sitting:
    """All that was measured of one person, and their sheet (JPEG bytes) where one was asked for."""

    facts: Facts
    steps: tuple[Step, ...]
    found: Found
    texture: Complexion
    sheet: bytes | None


def facts_of(identity: Identity) -> Facts:
    """The facts of a person of ours."""
    person = identity.person
    return Facts(identity.name, person.age_years, person.sex, person.ethnicity, person.skin_tone)


def intensities(au: int) -> tuple[int, ...]:
    """The steps at which an AU is drawn: 1 to its highest."""
    return tuple(range(1, round(HIGHEST[au]) + 1))


def pictures(aus: Sequence[int]) -> int:
    """How many pictures are drawn of a person: the neutral, with eyes closed, again, every step."""
    return 2 + len(AGAIN) + sum(len(intensities(au)) for au in aus)


def measure(
    sitter: Sitter, aus: Sequence[int], with_sheet: bool, report: Callable[[int], None]
) -> Sitting:
    """Draw and measure a person.

    Raises ValueError where a picture shows no skin, and as `texture.complexion` does.
    """
    facts = facts_of(sitter.person.identity)
    neutral = sitter.take({})
    at_rest = change.seen(neutral.frame)
    closed = sitter.take({43: 1})
    found = Found(facts, detect(neutral.frame.image), detect(closed.frame.image))
    again = [change.seen(sitter.take({}, shot).frame) for shot in AGAIN]
    report(2 + len(AGAIN))
    sheet = Sheet(neutral.frame) if with_sheet else None
    steps = []
    for au in aus:
        inside = region(au).inside
        floor = float(np.mean([change.region_change(at_rest, other, inside) for other in again]))
        for intensity in intensities(au):
            taken = sitter.take({au: intensity})
            steps.append(_step(facts, (au, intensity), (neutral, at_rest), taken, floor))
            if sheet is not None:
                sheet.add(au, intensity, taken.frame.image)
            report(1)
    drawn = None if sheet is None else sheet.jpeg(_title(facts))
    return Sitting(facts, tuple(steps), found, complexion(sitter.config, sitter.person), drawn)


def _step(
    facts: Facts,
    what: tuple[int, int],
    before: tuple[Taken, change.Seen],
    taken: Taken,
    again: float,
) -> Step:
    au, intensity = what
    neutral, at_rest = before
    now = change.seen(taken.frame)
    open_eyes = measures.eye_pixels(neutral.frame.classes)
    pixels = measures.eye_pixels(taken.frame.classes)
    moved = measures.change(taken.points, neutral.points)
    mean, most = measures.motion_mm(taken.points, neutral.points)
    return Step(
        facts=facts,
        au=au,
        intensity=intensity,
        change=change.region_change(at_rest, now, region(au).inside),
        again=again,
        inside=change.share_inside(at_rest, now, region(au)),
        motion_mm=mean,
        motion_most_mm=most,
        eye_pixels=pixels,
        eye_left=pixels / max(open_eyes, 1),
        covered=au in UNDER_HAIR and bool(under_hair(neutral.frame)[BROWS].any()),
        lid_gap=moved.lid_gap,
        brow_distance=moved.brow_distance,
        brow_height=moved.brow_height,
        lip_raised=moved.lip_raised,
    )


def columns(step: Step) -> Mapping[str, Number | str | None]:
    """A step as a row of the table, a column a fact."""
    facts = step.facts
    return {
        "identity": facts.identity,
        "age_years": facts.age_years,
        "band": facts.band,
        "sex": facts.sex,
        "ethnicity": facts.ethnicity,
        "skin_tone": facts.skin_tone,
        **{name: value for name, value in vars(step).items() if name != "facts"},
    }


def _title(facts: Facts) -> str:
    age = facts.age_years or 0.0
    years = f"{age * 365.25:.0f} days" if facts.newborn else f"{age:.0f} years"
    return f"{facts.identity}, {years}, {facts.ethnicity}, Monk tone {facts.skin_tone}"
