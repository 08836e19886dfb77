"""A producer for `scripts/bench_scale.py`: one person is drawn, and everybody gets their pictures.

All that lies behind the drawing is as ever: facts of every person, records, a picture and maps that
are encoded for every sample, shards, index, manifest. What is left out is drawing, and what each
person's head and skin take.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from jaxtyping import UInt8

from generator import synth3d
from generator.config import GenerateConfig
from generator.identity import make_identity
from generator.producer import Producer
from generator.shards.record import Sample
from generator.synth_record import Shot, record
from render.frame import Frame

BITS, BLOCK, ACROSS = 24, 4, 8
"""A number in so many bits: squares of so many pixels, so many in a row. JPEG keeps them apart."""


@cache
def drawn(config: GenerateConfig) -> tuple[tuple[Shot, Frame], ...]:
    """The pictures of the first person of a data set."""
    return tuple((shot, frame) for _, shot, frame in synth3d.frames(config, 0))


def marked(
    image: UInt8[np.ndarray, "height width 3"], number: int
) -> UInt8[np.ndarray, "height width 3"]:
    """The picture with a number in its upper left corner, so that no picture is there twice."""
    if not 0 <= number < 2**BITS:
        raise ValueError(f"number must be 0 to {2**BITS - 1}, got {number}")
    bits = (number >> np.arange(BITS)) & 1
    squares = np.kron(bits.reshape(-1, ACROSS), np.ones((BLOCK, BLOCK))).astype(np.uint8) * 255
    made = image.copy()
    made[: squares.shape[0], : squares.shape[1]] = squares[..., None]
    return made


def make_person(config: GenerateConfig, index: int) -> list[Sample]:
    """Every sample of one person: their facts, and the first person's pictures."""
    identity = make_identity(index, config.identities, config.seed, config.ages)
    made, shots = [], drawn(config)
    for place, (shot, frame) in enumerate(shots):
        own = replace(frame, image=marked(frame.image, index * len(shots) + place))
        made.append(Sample(record(config, identity, shot, own), synth3d.members(config, own)))
    return sorted(made, key=lambda sample: sample.record.key)


def made_with(config: GenerateConfig) -> dict[str, str]:
    """What `generate` states, and that this is no data set to learn from."""
    return {**synth3d.made_with(config), "drawn": "one person"}


PRODUCER = Producer(make_person, synth3d.splits, synth3d.pictures, made_with, synth3d.prepare)
