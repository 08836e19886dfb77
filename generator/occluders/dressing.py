"""From names to what a person wears: the things of each name, fitted, and the hair under a cap."""

from typing import assert_never

from assets.head import HeadModel
from generator.body import Body
from generator.occluders.blanket import blanket
from generator.occluders.breathing_tube import breathing_tube
from generator.occluders.cannula import nasal_cannula
from generator.occluders.cap import COLUMNS, ROWS, cap
from generator.occluders.glasses import glasses
from generator.occluders.kinds import Name, Style
from generator.occluders.oxygen_mask import oxygen_mask
from generator.occluders.pacifier import pacifier
from generator.occluders.surgical_mask import surgical_mask
from generator.occluders.thing import Thing
from generator.occluders.wear import Worn, fit, without_hair


def things(model: HeadModel, name: Name, style: Style) -> tuple[Thing, ...]:
    """The things that make up what is called `name`, on the mean head."""
    match name:
        case "glasses":
            return (glasses(model, style.frame),)
        case "cap":
            return (cap(model, style.knitted),)
        case "nasal_cannula":
            return (nasal_cannula(model, style.taped),)
        case "oxygen_mask":
            return (oxygen_mask(model),)
        case "surgical_mask":
            return (surgical_mask(model),)
        case "breathing_tube":
            return breathing_tube(model, style.tube_left)
        case "pacifier":
            return (pacifier(model),)
        case "blanket":
            return (blanket(model, style.drawn),)
        case _:
            assert_never(name)


def wear(model: HeadModel, body: Body, names: tuple[Name, ...], style: Style) -> Worn | None:
    """Fit what is named to a person; None where nothing is."""
    if not names:
        return None
    fitted = tuple(
        fit(model, body, thing) for name in names for thing in things(model, name, style)
    )
    if "cap" not in names:
        return Worn(fitted, body)
    worn = next(one for one in fitted if one.thing is cap(model, style.knitted))
    return Worn(fitted, body, *without_hair(body, worn, (ROWS, COLUMNS)))
