"""By what a painted texture or background is known: a hash of all that decides it."""

import hashlib
import json
import platform
from dataclasses import replace

import cv2
import numpy as np
import warp as wp

from generator.body import Body
from generator.config import GenerateConfig
from generator.framing import Lens
from generator.identity import Identity
from generator.provenance import DECIDING, added, libraries, shipped, source, vectors
from generator.view import Backdrop
from render import device

APART = tuple(
    f"generator/{name}"
    for name in ("audit", "gan2d", "importers", "preview", "surrogate", "synth2d")
)
"""Rooms that have no part in it: what was painted outlives a change of their code."""
OPTIONS = ("texture", "steps", "dtype")
"""Who paints, and how; what is painted on and what hides parts of it is hashed itself."""


def _hash(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _maker(config: GenerateConfig) -> dict[str, str]:
    """Code, files, libraries and processor."""
    return {
        "source": source(*DECIDING, apart=APART),
        "vectors": vectors(),
        "machine": platform.machine(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "warp": wp.config.version,
        "device": device.named(config.device),
        **shipped(),
        **added(config),
        **libraries(config),
    }


def texture_key(config: GenerateConfig, identity: Identity, body: Body) -> str:
    """The key of a person's texture; the size of pictures, views and expressions change nothing.

    Raises ValueError where what paints was not added or is not installed.
    """
    if config.texture != "skin":
        # The networks that paint backgrounds are not asked for a texture.
        config = replace(config, background="plain", background_folder=None)
    options = {name: getattr(config, name) for name in OPTIONS}
    digest = hashlib.sha256()
    strands, cloth = body.cards.points, body.clothes.points
    for points in (strands, cloth):
        digest.update(points.triangle.tobytes())
        digest.update(points.barycentric.tobytes())
    for part in (body.head.vertices, body.uv, body.triangles, body.uv_triangles):
        digest.update(np.ascontiguousarray(part).tobytes())
    return _hash([_maker(config), options, repr(identity), digest.hexdigest()])


def background_key(config: GenerateConfig, person: str, lens: Lens, backdrop: Backdrop) -> str:
    """The key of what was painted behind a person, whose own key is `person`.

    All pictures of one backdrop have one, in whatever pose and light.
    """
    names = ("steps", "dtype", "size", "creases", "flush", "head", "rig")
    options = {name: getattr(config, name) for name in names}
    return _hash([_maker(config), options, person, repr(lens), repr(backdrop)])
