"""From names to what a person wears: the things of each name, fitted, and the hair under a cap."""

from typing import assert_never

from assets import head as head_models
from assets.head import HeadModel
from assets.streams import stream
from generator.body import Body
from generator.config import GenerateConfig
from generator.identity import Identity
from generator.occluders.blanket import blanket
from generator.occluders.breathing_tube import breathing_tube
from generator.occluders.cannula import nasal_cannula
from generator.occluders.cap import COLUMNS, ROWS, cap
from generator.occluders.glasses import glasses
from generator.occluders.kinds import Name, Style, draw, draw_style
from generator.occluders.oxygen_mask import oxygen_mask
from generator.occluders.pacifier import pacifier
from generator.occluders.paint import draw_stuff, paint
from generator.occluders.surgical_mask import surgical_mask
from generator.occluders.thing import Thing
from generator.occluders.wear import Worn, fit, without_hair
from generator.texture.skin import Texture


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
        fit(model, body.head, thing) for name in names for thing in things(model, name, style)
    )
    if "cap" not in names:
        return Worn(names, fitted, body)
    worn = next(one for one in fitted if one.thing is cap(model, style.knitted))
    return Worn(names, fitted, body, *without_hair(body, worn, (ROWS, COLUMNS)))


def outfits(config: GenerateConfig, identity: Identity, body: Body) -> tuple[Worn | None, ...]:
    """What a person wears in each view; None where nothing. Views that agree share one."""
    if config.occluders == ("none",):
        return (None,) * config.views
    model, style = head_models.load(), style_of(identity)
    made: dict[tuple[Name, ...], Worn | None] = {}
    outfit = []
    for names in names_of(config, identity):
        if names not in made:
            made[names] = wear(model, body, names, style)
        outfit.append(made[names])
    return tuple(outfit)


def names_of(config: GenerateConfig, identity: Identity) -> tuple[tuple[Name, ...], ...]:
    """Names of what a person wears in each view."""
    if config.occluders == ("none",):
        return ((),) * config.views
    streams = (
        stream(identity.seed, identity.index, "occluders", view) for view in range(config.views)
    )
    return tuple(draw(config.occluders, identity.person, rng) for rng in streams)


def style_of(identity: Identity) -> Style:
    """Which make of everything a person has."""
    return draw_style(identity.person, stream(identity.seed, identity.index, "occluder makes"))


def lay_out(texture: Texture, identity: Identity) -> None:
    """Paint what a person may wear into their atlas, in place."""
    rng = stream(identity.seed, identity.index, "occluder stuff")
    paint(texture, draw_stuff(rng), rng)
