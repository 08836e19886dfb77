"""Whose head a data set shows, and what moves it: the options `head` and `rig`, each answered here.

Both head models have the topology of `assets.head`: what is made for one fits the other.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, assert_never

import numpy as np
from jaxtyping import Float, Float32

from assets import flame, manifest
from assets import head as anny
from assets.facs import Number
from assets.head import Head
from assets.streams import stream
from generator.config import GenerateConfig
from generator.identity import Identity
from generator.provenance import source
from generator.shards.record import Maker
from rigging import motion, muscles, neural, weights
from rigging.gaze import STRAIGHT

Rig = Literal["neural", "blendshapes"]


def make_head(config: GenerateConfig, identity: Identity) -> Head:
    """A person's neutral head. Raises ValueError where FLAME is asked for and was not added."""
    match config.head:
        case "anny":
            shape = identity.shape
            age_years = identity.person.age_years
            return anny.load().person(shape.phenotypes, shape.changes, age_years)
        case "flame":
            rng = stream(identity.seed, identity.index, "flame")
            return flame.load().person(identity.person, rng)
        case _:
            assert_never(config.head)


def pose(
    moved_by: Rig,
    head: Head,
    left: Mapping[int, Number],
    right: Mapping[int, Number],
    gaze: Float[np.ndarray, "eyes=2 angles=2"] = STRAIGHT,
) -> Float32[np.ndarray, "vertices 3"]:
    """Vertices of a head in an expression; see `rigging.motion.pose`."""
    match moved_by:
        case "neural":
            # As `rigging.rig.pose` does, which can read any mesh and takes long to import.
            return motion.pose(head, neural.fields, left, right, gaze)
        case "blendshapes":
            return motion.pose(head, muscles.fields, left, right, gaze)
        case _:
            assert_never(moved_by)


@lru_cache(maxsize=64)
def moved_mm(
    moved_by: Rig, head: Head, au: int, left: Number, right: Number
) -> Float32[np.ndarray, " vertices"]:
    """How far one AU alone moves every vertex; kept, as expressions share what they are made of."""
    moved = pose(moved_by, head, {au: left}, {au: right}) - head.vertices
    length = 1000 * np.sqrt((moved * moved).sum(axis=1))
    length.flags.writeable = False
    return length


def head_maker(config: GenerateConfig) -> Maker:
    """The head model for records: its name, and the hash of the file that it is made of."""
    match config.head:
        case "anny":
            return Maker("anny", sha256=manifest.entries()["anny_head.npz"].sha256)
        case "flame":
            return Maker("flame", sha256=flame.load().sha256)
        case _:
            assert_never(config.head)


def rig_maker(config: GenerateConfig) -> Maker:
    """The rig for records: its name, and the hash of what decides how it moves a face.

    That is our source, as lids, lips and tissue move by no weights, and the network's weights.
    """
    match config.rig:
        case "neural":
            both = f"{manifest.entries()[weights.FILE].sha256}\n{source('rigging')}\n"
            return Maker("neural", sha256=hashlib.sha256(both.encode()).hexdigest())
        case "blendshapes":
            return Maker("blendshapes", sha256=source("rigging"))
        case _:
            assert_never(config.rig)
