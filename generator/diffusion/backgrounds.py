"""Places painted around a person's head, one for every view, or for every picture that varies."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from generator import synth3d
from generator.backdrop import light_of
from generator.config import GenerateConfig
from generator.diffusion.painter import Painter
from generator.expression import make_expressions
from generator.framing import frame, head_points
from generator.portrait import plate, prompts, store
from generator.portrait.keys import background_key
from generator.portrait.plate import Plate
from generator.synth3d import Likeness
from generator.view import View, make_view
from render import background, image
from render.scene import Scene
from render.sensor import Sensor
from render.sight import look
from render.unlit import unlit

GREY = np.full(3, 128, np.uint8)
"""Stands behind the head that the painter is shown."""


def views(config: GenerateConfig, index: int) -> Iterator[View]:
    """Views of a person with a background of their own: one a place, and more where they vary.

    What pictures share is painted for the first of them, in whatever pose and light the rest are.
    """
    before: dict[int, object] = {}
    for number in range(len(make_expressions(config, index))):
        for place in range(config.views):
            view = make_view(config, index, place, number)
            if before.get(place) != view.backdrop:
                before[place] = view.backdrop
                yield view


def lacking(config: GenerateConfig, person: str, index: int) -> dict[str, View]:
    """Views of person `index` whose backgrounds the store lacks, by key."""
    every = {
        background_key(config, person, view.lens, view.backdrop): view
        for view in views(config, index)
    }
    return {key: view for key, view in every.items() if not store.there("backgrounds", key)}


def around(config: GenerateConfig, person: Likeness, view: View, painter: Painter) -> Plate:
    """Paint a place around a person at rest, as they stand and are lit in a view."""
    side = plate.side_for(config.size)
    head = person.body.head
    camera = frame(head_points(head), view.pose, view.lens, side)
    light = light_of(view.lighting, config.environment_folder)
    mesh, surface = synth3d.expressed(
        config, person, make_expressions(config, person.identity.index)[0]
    )
    wall = background.plain(GREY, camera, light.exposure)
    points = synth3d.landmarks(head.topology)
    clean = Sensor(noise=0.0, grain=0.0)
    scene = Scene(mesh, surface, camera, light, wall, points, clean)
    shown = image.draw(scene, config.device)
    _, cover = unlit(look(mesh, camera, surface, config.device), surface)
    names = prompts.scenes(person.identity)
    name = names[min(int(view.backdrop.pick * len(names)), len(names) - 1)]
    prompt = prompts.scene(person.identity, name)
    asked = prompt.positive, prompt.negative
    painted = painter.surroundings(*asked, shown.image, cover == 0, view.backdrop.seed)
    return Plate(plate.whole(painted, cover, config.size), prompt.positive)


def in_colour(config: GenerateConfig) -> GenerateConfig:
    """The options under which the painter is shown a person: in colour, whatever takes pictures."""
    return replace(config, sensor="clean")
