"""By what a painted texture or background is known: a hash of all that decides it."""

import hashlib
import json
from dataclasses import replace

from assets.head import Head
from generator.config import GenerateConfig
from generator.framing import Lens, Pose
from generator.identity import Identity
from generator.provenance import DECIDING, added, libraries, shipped, source, vectors
from generator.view import Backdrop, Lighting
from render import device

# What decides a texture beside the person: who paints and how, and what hides parts of the skin.
APART = tuple(
    f"generator/{name}"
    for name in ("audit", "gan2d", "importers", "preview", "surrogate", "synth2d")
)
"""Rooms that have no part in it: what was painted outlives a change of their code."""
OPTIONS = ("texture", "steps", "dtype", "hair", "clothes", "device")


def _hash(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _maker(config: GenerateConfig) -> dict[str, str]:
    """Code, files, libraries and processor."""
    return {
        "source": source(*DECIDING, apart=APART),
        "vectors": vectors(),
        "device": device.named(config.device),
        **shipped(),
        **added(config),
        **libraries(config),
    }


def texture_key(config: GenerateConfig, identity: Identity, head: Head) -> str:
    """The key of a person's texture; the size of pictures, views and expressions change nothing.

    Raises ValueError where what paints was not added or is not installed.
    """
    if config.texture != "skin":
        # The networks that paint backgrounds are not asked for a texture.
        config = replace(config, background="plain", background_folder=None)
    options = {name: getattr(config, name) for name in OPTIONS}
    vertices = hashlib.sha256(head.vertices.tobytes()).hexdigest()
    return _hash([_maker(config), options, repr(identity), vertices])


def background_key(
    config: GenerateConfig, person: str, drawn: tuple[Pose, Lens, Lighting, Backdrop]
) -> str:
    """The key of what was painted behind a person, whose own key is `person`, in a view."""
    options = {
        name: getattr(config, name)
        for name in ("steps", "dtype", "device", "size", "sensor", "creases", "flush", "head")
    }
    return _hash([_maker(config), options, person, repr(drawn)])
