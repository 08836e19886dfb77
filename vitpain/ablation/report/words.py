"""Numbers and arms in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from vitpain.ablation.arms import BASE, Arm
from vitpain.evaluate.table import NONE
from vitpain.evaluate.value import Value

SAW = "by networks that saw real training people"


def learnt_from(arm: Arm, sources: Sequence[Mapping[str, Any]]) -> str:
    """What an arm learns from, in a few words; sources are called by kind and name."""
    if arm.name == BASE:
        return "real frames alone"
    kinds = {one["name"]: one["kind"] for one in sources}
    called = {name: f"{kinds[name].upper()} {name}" for name in arm.synthetic}
    beside = " and ".join(called[name] for name in arm.beside)
    if not arm.real:
        said = f"{beside} alone"
    elif arm.first is not None:
        said = f"{called[arm.first]}, then real frames"
    elif arm.beside:
        said = f"real frames and {beside}"
    else:
        said = "real frames"
    painted = any(kinds[name] == "2d" for name in arm.synthetic)
    more = [
        *([SAW] if painted and not arm.real else []),
        *(["varied as photographs are"] if arm.classical else []),
        *([f"{share(arm.share)} of the matched frames"] if arm.share < 1.0 else []),
        *([] if arm.matched else ["all of them in pain that the fold may learn from"]),
        *(["not registered"] if arm.native else []),
    ]
    return f"{said} ({', '.join(more)})" if more else said


def calm(arm: Arm, sources: Sequence[Mapping[str, Any]]) -> str:
    """Where an arm has its frames of PSPI 0 from."""
    if arm.real and arm.first is None:
        return "real training subjects"
    kinds = {one["kind"] for one in sources if one["name"] in arm.synthetic}
    from_ = {"3d": "its neutrals and confounders", "2d": "its registered inputs, unchanged"}
    said = " and ".join(said for kind, said in from_.items() if kind in kinds)
    return f"{said}, then real training subjects" if arm.real else said


def share(fraction: float) -> str:
    """A share of what there is: all, or per cent."""
    return "all" if fraction == 1.0 else f"{100 * fraction:g} %"


def of_subjects(fraction: float) -> str:
    """A share of the real training subjects."""
    return f"{'all' if fraction == 1.0 else f'{share(fraction)} of the'} real training subjects"


def spread(value: Value) -> str:
    """A figure with its interval, or why there is none."""
    return _written(value, ".3f")


def signed(value: Value) -> str:
    """A difference with its interval, each with its sign."""
    return _written(value, "+.3f")


def _written(value: Value, form: str) -> str:
    if value.value is None:
        return f"undefined ({value.why})"
    if value.low is None or value.high is None:
        return f"{value.value:{form}}"
    return f"{value.value:{form}} [{value.low:{form}}, {value.high:{form}}]"


def whole(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def amount(value: float) -> str:
    """A mean of whole numbers; a dash for none."""
    return f"{value:,.0f}" if value else NONE
