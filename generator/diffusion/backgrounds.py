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
    """Views of a person whose backgrounds differ: one a place, and more where they vary."""
    before: dict[int, object] = {}
    for number in range(len(make_expressions(config, index))):
        for place in range(config.views):
            view = make_view(config, index, place, number)
            drawn = (view.pose, view.lens, view.lighting, view.backdrop)
            if before.get(place) != drawn:
                before[place] = drawn
                yield view


def paint(config: GenerateConfig, person: Likeness, painter: Painter) -> None:
    """Paint what the store lacks of a person's backgrounds. Raises ValueError as `Painter` does."""
    for view in views(config, person.identity.index):
        drawn = (view.pose, view.lens, view.lighting, view.backdrop)
        key = background_key(config, person.key, drawn)
        if not store.there("backgrounds", key):
            plate.keep(key, around(config, person, view, painter))


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
    """The options under which the painter is shown a person: nothing before the face."""
    return replace(config, sensor="clean", occluders=("none",))
