"""The question, and its answer in three sentences that claim no more than the tests allow."""

from collections.abc import Sequence

from vitpain.ablation.arms import BASE
from vitpain.ablation.figures import (
    BY_NAME,
    PRIMARY,
    SIGNIFICANT,
    Curve,
    Difference,
    Results,
    Stated,
)
from vitpain.ablation.report.words import learnt_from, of_subjects, signed, spread, whole
from vitpain.evaluate.table import NONE

QUESTION = (
    "Do made frames of faces in pain help a model that reads PSPI from pictures of real people: "
    "painted by networks (2D), drawn (3D), or both, how many of them, and for whom?"
)
BANNER = (
    "The real data here is a stand-in drawn by this project: nothing here is evidence about "
    "people. The figures show that everything runs."
)
FIGURE = BY_NAME[PRIMARY]
NOT_SHOWN = "no difference shown"


def answer(results: Results) -> tuple[str, str, str]:
    """Whether it helps, which kind does, and what is known of how much and for whom."""
    return _helps(results), _which(results), _how_much(results)


def leading(results: Results) -> list[Difference]:
    """Differences of the primary metric, with the model and fraction that the answer is of."""
    return [
        one
        for one in results.differences
        if one.metric == PRIMARY and (one.model, one.fraction) == results.leading
    ]


def verdict(one: Difference) -> str:
    """What may be said of a difference."""
    match one.found:
        case None:
            return "not tested"
        case False:
            return NOT_SHOWN
        case True:
            return "better" if one.better else "worse"


def floor(held: Sequence[Difference]) -> float | None:
    """The least p after Holm that a family of tests can reach; None where none was made."""
    tested = [one for one in held if one.p is not None]
    if not tested:
        return None
    # To exchange everybody gives the same size as to exchange nobody.
    least = min((2 if one.every else 1) / one.arrangements for one in tested)
    return min(1.0, least * len(tested))


def powerless(results: Results) -> str | None:
    """What to say where no test could have found anything, whatever the arms did."""
    held = leading(results)
    least = floor(held)
    if least is None or least < SIGNIFICANT:
        return None
    people = max(one.subjects for one in held)
    return (
        f"No difference could have been shown, whatever the arms did: with {people} test subjects "
        f"the least p after Holm is {least:.2g}."
    )


def _helps(results: Results) -> str:
    model, fraction = results.leading
    base = next(
        (
            one
            for one in results.estimates
            if (one.arm, one.model, one.fraction, one.metric) == (BASE, model, fraction, PRIMARY)
        ),
        None,
    )
    held = [one for one in leading(results) if one.against_real]
    where = "On the stand-in, with" if results.study.surrogate else "With"
    of = of_subjects(fraction)
    if base is None or not held:
        return f"{where} model {model} and {of} nothing was held against real frames alone."
    many = f"{whole(base.subjects, 'test subject')} and {whole(base.seeds, 'seed')}"
    first = (
        f"{where} model {model} and {of}, on {many}, real frames alone reached {FIGURE.title} "
        f"{spread(base.value)}: "
    )
    return first + _said(held, results.study, "arm") + "."


def _which(results: Results) -> str:
    held = [one for one in leading(results) if not one.against_real]
    kinds = {one["name"]: one["kind"] for one in results.study.sources}
    of = {
        arm.name: {kinds[name] for name in arm.synthetic if name in kinds}
        for arm in results.study.arms
    }
    crossed = [one for one in held if of[one.arm] != of[one.base]]
    changed = [one for one in held if of[one.arm] == of[one.base]]
    parts = ["Drawn and painted frames (3D, 2D) were not held against each other"]
    if crossed:
        said = _said(crossed, results.study, "pair")
        parts = [f"Drawn (3D) against painted (2D) frames in the same place: {said}"]
    if changed:
        said = _said(changed, results.study, "set")
        parts.append(f"of sets in which one thing was changed, against the first: {said}")
    return "; ".join(parts) + "."


def _said(held: Sequence[Difference], study: Stated, noun: str) -> str:
    """Differences that were found, one by one, then how many were not."""
    called = {arm.name: learnt_from(arm, study.sources) for arm in study.arms}
    parts = []
    for one in held:
        if one.found:
            other = "" if one.against_real else f" than {called[one.base]}"
            parts.append(
                f"{called[one.arm]} did {verdict(one)}{other} "
                f"({signed(one.value)}, p = {number(one.p_holm)} after Holm)"
            )
    missed = sum(one.found is False for one in held)
    if missed:
        others = "other " if parts and missed > 1 else "other" if parts else ""
        every = f"any of {missed}" if missed > 1 and not parts else f"{missed}"
        parts.append(f"{NOT_SHOWN} for {every} {others}".rstrip() + f" {_many(noun, missed)}")
    untested = sum(one.found is None for one in held)
    if untested:
        parts.append(f"{whole(untested, noun)} could not be tested")
    return "; ".join(parts)


def _how_much(results: Results) -> str:
    model, _ = results.leading
    parts = [
        one
        for each in results.curves
        if (each.model, each.metric) == (model, PRIMARY)
        and (each.over == "frames" or each.name == BASE)
        and (one := _course(each))
    ]
    said = f": {FIGURE.title} went {'; '.join(parts)}" if parts else ""
    return f"How much is needed, and for whom, is described below and tested by nothing{said}."


def _course(curve: Curve) -> str | None:
    first, last = curve.points[0], curve.points[-1]
    if first.value.value is None or last.value.value is None:
        return None
    ends = f"from {first.value.value:.3f} to {last.value.value:.3f}"
    if curve.over == "subjects":
        return f"{ends} from {first.x:.3g} to {last.x:.3g} real training subjects alone"
    return f"{ends} from {first.x:,.0f} to {last.x:,.0f} frames of {curve.name} beside them"


def number(p: float | None) -> str:
    """A p, in as many digits as tell it from 0."""
    if p is None:
        return NONE
    return f"{p:.3f}" if p >= 0.01 else f"{p:.4f}"


def _many(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
