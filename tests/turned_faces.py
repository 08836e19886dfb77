"""Faces of known pose: landmarks of heads, and pictures in which skin is painted by its place.

The paint is a smooth function of where a point lies on the head, so that every pixel of a picture
that is drawn from the front is known.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, UInt8

from assets import head as heads
from assets.facs import Number
from assets.population import Split
from generator.config import GenerateConfig
from generator.identity import make_identity
from generator.jobs import Run, generate
from generator.producer import Producer
from generator.registration.face_model import FaceModel, load
from generator.registration.fit import AAM66, Fitted
from generator.registration.raster import rastered, weights
from generator.shards.codec import encode_image
from generator.shards.record import Angles, LandmarkFacts, Sample
from render.camera import head_rotation
from rigging import motion, muscles
from rigging.gaze import STRAIGHT
from tests import fake_producer
from tests.runs import ignore

SIZE = 160
PEOPLE = 30
BACKGROUND = 250


@dataclass(frozen=True, eq=False)
class View:
    """How a head stands before the camera; degrees, metres, and shares of the picture."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    distance: float = 1.1
    right: float = 0.0
    down: float = 0.05
    size: int = SIZE

    def fitted(self, coefficients: Float64[np.ndarray, " fields"]) -> Fitted:
        """The face model in this view, as a fit would find it."""
        turn = head_rotation(*np.radians([self.yaw, self.pitch, self.roll]))
        middle = np.full(2, self.size / 2)
        place = self.size * np.array([self.right, self.down])
        return Fitted(turn, middle, place, 3.6 * self.size, 1 / self.distance, coefficients, 0.0)

    def seen(self, points: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 2"]:
        """Pixels of points of a head whose eyes lie about the origin."""
        return self.fitted(np.zeros(1)).seen(points)[:, :2]


def landmarks(
    number: int, aus: dict[int, Number], ages: str = "18-90"
) -> Float64[np.ndarray, "68 3"]:
    """The landmarks of somebody's head, metres."""
    one = make_identity(number, PEOPLE, 41, ages)
    shape = one.shape
    head = heads.load().person(shape.phenotypes, shape.changes, one.person.age_years)
    moved = motion.pose(head, muscles.fields, aus, aus, STRAIGHT)
    return head.landmarks(moved).astype(np.float64)


def coefficients(model: FaceModel, seed: int, wide: float = 0.6) -> Float64[np.ndarray, " fields"]:
    """Some face of the model, with some expression."""
    rng = np.random.default_rng(seed)
    shapes = wide * rng.standard_normal(model.shapes)
    return np.concatenate([shapes, 0.4 * rng.random(len(model.fields) - model.shapes)])


def paint(places: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
    """Colour of a place on the head, alike on both sides, 40 to 215."""
    x, y = np.abs(places[:, 0]), places[:, 1]
    waves = [np.cos(60 * x), np.cos(50 * y), np.cos(45 * (x + y))]
    return 127.5 + 87.5 * np.stack(waves, axis=1)


def shade(places: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 1"]:
    """Light from the person's left."""
    return 0.8 + 2.0 * places[:, :1]


def picture(
    model: FaceModel, view: View, of: Float64[np.ndarray, " fields"], lit: bool = False
) -> UInt8[np.ndarray, "size size 3"]:
    """The painted face in a view, on a light ground."""
    vertices = model.vertices(of)
    seen = view.fitted(of).seen(vertices)
    near = 1 / (1 - seen[:, 2] / view.distance)
    drawn = rastered(seen[:, :2], near, model.triangles, (view.size, view.size))
    at = np.nonzero(drawn.triangle >= 0)
    corners = model.triangles[drawn.triangle[at]]
    shares = weights(seen[:, :2], corners, np.stack(at[::-1], axis=1) + 0.5)
    # Paint belongs to the mean face: skin takes it along when it moves.
    places = np.einsum("pc,pcx->px", shares, model.mean[corners])
    image = np.full((view.size, view.size, 3), BACKGROUND, np.uint8)
    colour = paint(places) * shade(places) if lit else paint(places)
    image[at] = np.clip(np.rint(colour), 0, 255).astype(np.uint8)
    return image


@dataclass(frozen=True)
class FacesConfig(GenerateConfig):
    """Options of the fake producer, and whose faces they are."""

    source: str = "mine"
    scheme: str = "aam66"


CONFIG = FacesConfig(
    identities=3, pain_per_identity=4, confounders=0, views=1, size=SIZE, people_per_shard=1,
    annotations=(),
)  # fmt: skip
YAWS = (-10.0, 0.0, 15.0, -35.0, 75.0)
"""By number of a person's picture; the last is turned too far."""


def make_person(config: FacesConfig, index: int) -> list[Sample]:
    """Painted faces: the first is the neutral of the others."""
    made = []
    for number, sample in enumerate(fake_producer.make_person(config, index)):
        of = coefficients(load("anny"), 10 * index + number)
        view = View(YAWS[number], pitch=5.0 * index, roll=4.0 * number, size=config.size)
        fitted = view.fitted(of)
        points = fitted.seen(load("anny").marks(of))[:, :2]
        if config.scheme == "aam66":
            points = points[list(AAM66)]
        marks = tuple((float(x), float(y)) for x, y in points)
        record = replace(
            sample.record,
            source=config.source,
            split="train",
            sequence=None if index == 2 else f"s{index}t1aaaff",
            frame=number + 1,
            view=None,
            landmarks=LandmarkFacts(config.scheme, marks, (True,) * len(marks)),  # pyright: ignore
            head_pose=Angles(*np.radians([view.yaw, view.pitch, view.roll]).tolist()),
            crop=((0.5, 0.0, -3.0), (0.0, 0.5, -4.0)),
        )
        made.append(Sample(record, {"jpg": encode_image(picture(load("anny"), view, of))}))
    return made


def splits(config: FacesConfig) -> list[Split]:
    return ["train"] * config.identities


PRODUCER = replace(fake_producer.PRODUCER, make_person=make_person, splits=splits)


def faces(out: Path, producer: Producer = PRODUCER, **changed: Any) -> Path:
    """Make a data set of painted faces."""
    generate(replace(CONFIG, **changed), producer, Run(out), ignore)
    return out
