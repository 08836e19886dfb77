"""What the pictures must reach, stated once, and whether they do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assets.facs import NAMES
from generator.audit.person import Step
from generator.audit.summary import Cell, Course, Rate
from generator.audit.texture import Complexion

JUDGED = (4, 6, 7, 9, 10)
"""The graded AUs of pain, which the goals on growth, place and evenness are for."""
GROWTH = 0.95
OVER_AGAIN = 2.0
INSIDE = 0.8
EVEN = (0.7, 1.4)
BROWS, LID_GAP, LIP = 0.12, 0.25, 0.15
EYE_LEFT = 0.02
ONE_FACE = 0.98
EYES_CLOSED = 0.5
"""Closed eyes are to be found no oftener than this share of the open ones."""
TONE = 3.0
"""L*. The median of the whole face is the one asked for; the cheeks and foreheads of our own skins
are up to 2.1 from it, most where a beard's shadow darkens the rest, and up to 2.8 when they have
been through a portrait."""
SEAM = 4.0
"""Our own skins have at most 2.8, and 3.5 on an atlas of 512 texels; a chest that is 3 L* lighter
than the neck gives 4 on even skin."""
SIDE_LIGHT = 1.0
"""L*. Our own skins have at most 0.2; a lamp at the side that adds 5 % there and takes 5 % away on
the other side gives 1.3 and more."""
PSNR_DB = 25.0
"""A portrait of our own skin in a lamp's light comes back at 45 to 50, with noise of 8 grey steps,
which no atlas keeps, at 30; in even light at 19 to 22.5, with the lamp on the other side at 14 to
17."""


@dataclass(frozen=True)
class Goal:
    """One goal: what was measured and its bound, the worst value, and who falls short of it.

    `reached` is None where nothing was measured that it is about.
    """

    name: str
    bound: str
    worst: float | None
    reached: bool | None
    short: tuple[str, ...]


def goals(
    courses: Sequence[Course],
    cells: Sequence[Cell],
    rates: Sequence[Rate],
    textures: Sequence[Complexion],
) -> list[Goal]:
    """Hold everything that was measured against what must be reached."""
    listed = [goal for au in JUDGED for goal in _of_au(au, courses, cells)]
    listed += [_brows(courses), _lids(courses), _lip(courses), _closed(courses)]
    listed += [_one_face(rates), _open_eyes(rates)]
    listed += [_tone(textures), _seam(textures), _side_light(textures)]
    if any(one.psnr_db is not None for one in textures):
        listed.append(_portrait(textures))
    return listed


def _of_au(au: int, courses: Sequence[Course], cells: Sequence[Cell]) -> list[Goal]:
    name = f"AU{au} {NAMES[au]}"
    own = [course for course in courses if course.au == au]
    grouped = [cell for cell in cells if cell.au == au and cell.kind != "all"]
    low, high = EVEN
    return [
        _goal(
            f"{name}: change grows with every step, every person",
            f"Spearman at least {GROWTH:g}",
            [(course.facts.identity, course.growth) for course in own],
            lambda value: value >= GROWTH,
        ),
        _goal(
            f"{name}: change at 2 over the neutral taken again, every group",
            f"at least {OVER_AGAIN:g}",
            [(cell.group, cell.over_again) for cell in grouped],
            lambda value: value >= OVER_AGAIN,
        ),
        _goal(
            f"{name}: share of the change in region and rim, every group",
            f"at least {INSIDE:g}",
            [(cell.group, cell.inside) for cell in grouped],
            lambda value: value >= INSIDE,
        ),
        _goal(
            f"{name}: change at 3 over that of everybody, every group",
            f"{low:g} to {high:g}",
            [(cell.group, cell.even) for cell in grouped],
            lambda value: low <= value <= high,
            lambda value: -max(low / max(value, 1e-9), value / high),
        ),
    ]


def _each(
    courses: Sequence[Course], au: int, figure: Callable[[Step], float]
) -> list[tuple[str, float | None]]:
    """A figure of the strongest step of an AU, for every person."""
    return [(one.facts.identity, figure(one.last)) for one in courses if one.au == au]


def _brows(courses: Sequence[Course]) -> Goal:
    return _goal(
        "AU4 at 5: inner brows closer or lower, every person",
        f"by at least {BROWS:.0%}",
        _each(courses, 4, lambda last: -min(last.brow_distance, last.brow_height)),
        lambda value: value >= BROWS,
    )


def _lids(courses: Sequence[Course]) -> Goal:
    return _goal(
        "AU7 at 5: lid gap narrower, every person",
        f"by at least {LID_GAP:.0%}",
        _each(courses, 7, lambda last: -last.lid_gap),
        lambda value: value >= LID_GAP,
    )


def _lip(courses: Sequence[Course]) -> Goal:
    return _goal(
        "AU10 at 5: upper lip raised, in heights of the lip from nose to seam, every person",
        f"by at least {LIP:.0%}",
        _each(courses, 10, lambda last: last.lip_raised),
        lambda value: value >= LIP,
    )


def _closed(courses: Sequence[Course]) -> Goal:
    return _goal(
        "AU43: sclera and iris still seen, of the neutral's, every person",
        f"at most {EYE_LEFT:.0%}",
        _each(courses, 43, lambda last: last.eye_left),
        lambda value: value <= EYE_LEFT,
        lambda value: -value,
    )


def _one_face(rates: Sequence[Rate]) -> Goal:
    adults = [rate for rate in rates if rate.kind == "tone" or rate.group == "adults"]
    return _goal(
        "neutral adults in whom the face cascade finds exactly one face, all and every skin tone",
        f"at least {ONE_FACE:.0%}",
        [(rate.group, rate.one_face) for rate in adults],
        lambda value: value >= ONE_FACE,
    )


def _open_eyes(rates: Sequence[Rate]) -> Goal:
    everybody = [rate for rate in rates if rate.group == "all"]
    ratio: list[tuple[str, float | None]] = [
        (rate.group, None if rate.open_eyes is None or rate.closed_eyes is None
         or rate.open_eyes == 0 else rate.closed_eyes / rate.open_eyes)
        for rate in everybody
    ]  # fmt: skip
    return _goal(
        "eyes that the eye cascade finds with AU43, over those in neutrals",
        f"at most {EYES_CLOSED:g}",
        ratio,
        lambda value: value <= EYES_CLOSED,
        good=lambda value: -value,
    )


def _tone(textures: Sequence[Complexion]) -> Goal:
    measured = [
        (f"{one.identity} {place}", value)
        for one in textures
        for place, value in (("forehead", one.forehead), ("cheeks", one.cheeks))
    ]
    return _goal(
        "texture: L* of forehead and cheeks over that asked for, every person",
        f"within {TONE:g}",
        measured,
        lambda value: abs(value) <= TONE,
        lambda value: -abs(value),
    )


def _seam(textures: Sequence[Complexion]) -> Goal:
    return _goal(
        "texture: change of colour across seams over that beside them, every person",
        f"at most {SEAM:g}",
        [(one.identity, one.seam) for one in textures],
        lambda value: value <= SEAM,
        lambda value: -value,
    )


def _side_light(textures: Sequence[Complexion]) -> Goal:
    return _goal(
        "texture: mean L* between the halves of the face by light from a side, every person",
        f"at most {SIDE_LIGHT:g}",
        [(one.identity, one.side_light) for one in textures],
        lambda value: value <= SIDE_LIGHT,
        lambda value: -value,
    )


def _portrait(textures: Sequence[Complexion]) -> Goal:
    return _goal(
        "texture: portrait drawn again where it was confident, PSNR, every person",
        f"at least {PSNR_DB:g} dB",
        [(one.identity, one.psnr_db) for one in textures],
        lambda value: value >= PSNR_DB,
    )


def _goal(
    name: str,
    bound: str,
    measured: Sequence[tuple[str, float | None]],
    holds: Callable[[float], bool],
    good: Callable[[float], float] = lambda value: value,
) -> Goal:
    """Judge measurements by who they are of; `good` is the larger the better a value is."""
    known = [(who, value) for who, value in measured if value is not None]
    if not known:
        return Goal(name, bound, None, None, ())
    short = sorted((pair for pair in known if not holds(pair[1])), key=lambda pair: good(pair[1]))
    worst = min((value for _, value in known), key=good)
    return Goal(name, bound, worst, not short, tuple(f"{who} {value:.2f}" for who, value in short))
