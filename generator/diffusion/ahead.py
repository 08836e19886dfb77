"""What diffusion paints of a person before any picture is drawn: one process, one person a time.

Networks are large, so one process has them; what they paint goes into the store, where those who
draw find it, and where a run that was killed finds what it has painted already.
"""

import threading
from dataclasses import replace
from functools import cache

from tqdm import tqdm

from assets import hunyuan3d, kandinsky
from generator import synth3d
from generator.config import GenerateConfig
from generator.diffusion import backgrounds, texture
from generator.diffusion.painter import Painter
from generator.portrait import plate, store
from generator.portrait.hunyuan import Hunyuan
from generator.portrait.keys import texture_key
from generator.provenance import asked, painting_parts
from render import device

KERNELS = ("blend", "layers", "unlit", "unwrap")
"""Modules of the renderer that lay portraits on heads."""


@cache
def painter(config: GenerateConfig) -> Painter:
    """The networks that these options ask for, loaded once a process."""
    # The libraries' bars, which are not shown, would share a lock with other processes.
    tqdm.set_lock(threading.RLock())
    return Painter(kandinsky.folders(painting_parts(config), asked(config)), config.settings)


@cache
def _second(offload: bool) -> Hunyuan:
    return Hunyuan(hunyuan3d.load(), offload)


def paint_ahead(config: GenerateConfig, index: int) -> None:
    """Paint what the store lacks of person `index`.

    Raises ValueError that begins with the person's name where nothing can be painted.
    """
    identity, body = synth3d.dressed(config, index)
    try:
        key = texture_key(config, identity, body)
        if config.texture != "skin" and not store.there("textures", key):
            second = _second(config.offload) if config.texture == "hunyuan3d" else None
            sitter = texture.sit(config, identity, body)
            texture.paint(sitter, painter(config), second).keep(key)
        if config.background == "inpaint":
            _paint_backgrounds(config, key, index)
    except ValueError as error:
        raise ValueError(f"{identity.name}: {error}") from error


def _paint_backgrounds(config: GenerateConfig, key: str, index: int) -> None:
    lacking = backgrounds.lacking(config, key, index)
    if not lacking:
        return
    person = synth3d.likeness(backgrounds.in_colour(config), index)
    for name, view in lacking.items():
        plate.keep(name, backgrounds.around(config, person, view, painter(config)))


def prepare(config: GenerateConfig) -> None:
    """Compile the kernels once, those that lay portraits on heads too, and try the store."""
    store.check()
    synth3d.prepare(config)
    device.prepare(config.device, KERNELS)


PRODUCER = replace(synth3d.PRODUCER, ahead=paint_ahead, prepare=prepare)
