"""The 25 people of a surrogate: adults whom no other data set has, and the room of each."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float32

from assets import head as head_models
from assets.environments import INDOOR
from assets.head import Head
from assets.streams import stream
from assets.unbc import SUBJECTS
from generator import heads
from generator.backdrop import light_of
from generator.body import make_body
from generator.config import GenerateConfig
from generator.identity import Identity, make_identity
from generator.surrogate.config import SurrogateConfig
from generator.surrogate.plan import people_seed
from generator.synth3d import Likeness, painted, texture_size
from generator.texture.creases import depths, folded, folding, relief
from generator.texture.skin import skin
from generator.view import Backdrop, Lighting, draw_lighting
from render.light import Light
from render.material import Material
from render.mesh import HEAT, Mesh
from rigging.strain import metric
from rigging.swell import swell

AGES = "20-75"
"""Completed years: UNBC's subjects are adults with shoulder pain, their ages are not with it."""


def drawing(config: SurrogateConfig) -> GenerateConfig:
    """How pictures are drawn. Its seed is nobody's: all draws are of `people_seed`."""
    return GenerateConfig(
        identities=len(SUBJECTS),
        ages=AGES,
        size=min(config.width, config.height),
        sensor="ward_video",
        annotations=(),
    )


def identity(config: SurrogateConfig, subject: int) -> Identity:
    """Who a subject (0-24) is."""
    return make_identity(subject, len(SUBJECTS), people_seed(config), AGES)


@dataclass(frozen=True, eq=False)
class Subject:
    """A person with their skin, and the light and the backdrop of the room they are filmed in."""

    likeness: Likeness
    light: Light
    backdrop: Backdrop

    @property
    def head(self) -> Head:
        """The neutral head."""
        return self.likeness.body.head


@lru_cache(maxsize=2)
def make_subject(config: SurrogateConfig, subject: int) -> Subject:
    """Make a subject (0-24), dressed and painted."""
    how, who = drawing(config), identity(config, subject)
    head = heads.make_head(how, who)
    body = make_body(head_models.load(), head, who.grooming, (who.seed, subject))
    texture = skin(who, texture_size(how.size))
    person = Likeness(who, body, texture, painted(texture, head, how), folding(who, head))
    rng = stream(who.seed, subject, "surrogate room")
    lighting = draw_lighting(INDOOR, rng)
    return Subject(person, light_of(lighting), _backdrop(lighting, rng))


def _backdrop(lighting: Lighting, rng: np.random.Generator) -> Backdrop:
    """The room itself out of focus, or a wall."""
    kind = ("environment", "plain", "gradient")[int(rng.choice(3, p=(0.4, 0.3, 0.3)))]
    walls = rng.integers(90, 200, 2)[:, None] + rng.integers(-12, 13, (2, 3))
    (r1, g1, b1), (r2, g2, b2) = walls.tolist()
    angle = 2 * np.pi * float(rng.random())
    return Backdrop(kind, lighting, 0.012, ((r1, g1, b1), (r2, g2, b2)), angle, 0.0, 0)


def expressed(
    how: GenerateConfig,
    person: Likeness,
    sides: tuple[dict[int, float], dict[int, float]],
    gaze: Float32[np.ndarray, "2 2"],
) -> tuple[Mesh, Material]:
    """A person's surface with these intensities left and right, and its colours with creases.

    As `synth3d.expressed`, but without heat maps: six more poses a picture that nobody keeps.
    """
    head = person.body.head
    assert person.folds is not None
    vertices = heads.pose(how.rig, head, *sides, gaze)
    change = metric(head, vertices)
    vertices = swell(head, vertices, change)
    height = relief(person.folds, depths(person.folds, head, change))
    mesh = person.body.mesh(vertices, gaze, np.zeros((len(vertices), len(HEAT)), np.float32))
    return mesh, painted(folded(person.texture, height, person.folds.shade), head, how)
