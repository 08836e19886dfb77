"""Path tracing by Mitsuba 3: the light of a scene, and the same rays for a check of our maps.

The variant is chosen here and nowhere else: `cuda_ad_rgb` on a CUDA device, `llvm_ad_rgb` where
DRJIT_LIBLLVM_PATH names an LLVM of 16 or later (14 and 15 end the process at the first kernel),
else `scalar_rgb`, which needs nothing. Every pixel is the mean of its own paths and their draws
come from the sensor's seed, so one variant on one machine gives the same bytes.
"""

import ctypes
import os
from typing import Any

import numpy as np
from jaxtyping import Float32

from render.backend import optional
from render.device import Device
from render.mitsuba_scene import build
from render.scene import Scene

PASS = 16
"""Paths a pixel and pass: what fits into memory where all pixels of a pass are traced at once."""


def variant(device: Device) -> str:
    """Name the best variant that runs here."""
    if device == "cuda":
        return "cuda_ad_rgb"
    return "llvm_ad_rgb" if _llvm() else "scalar_rgb"


def _llvm() -> bool:
    """Tell whether the user names an LLVM that works: `LLVMGetVersion` came with 16."""
    path = os.environ.get("DRJIT_LIBLLVM_PATH")
    if not path:
        return False
    try:
        return hasattr(ctypes.CDLL(path), "LLVMGetVersion")
    except OSError as error:
        rule = "the LLVM library that Mitsuba shall use"
        raise ValueError(f"DRJIT_LIBLLVM_PATH must be {rule}, got {path}: {error}") from error


def start(device: Device) -> Any:
    """Give Mitsuba with its variant chosen; raise where it is not installed."""
    mi = optional("shading", "mitsuba")
    mi.set_variant(variant(device))
    return mi


def version(device: Device) -> str:
    """Name what traces, such as `3.9.1 scalar_rgb`."""
    return f"{optional('shading', 'mitsuba').__version__} {variant(device)}"


def traced(scene: Scene, device: Device, paths: int) -> Float32[np.ndarray, "height width 3"]:
    """Linear light of a scene with its own background behind.

    `paths` a pixel are rounded up to whole passes of `PASS`, each pass a jittered 4 x 4 grid.
    """
    mi = start(device)
    made = build(scene, PASS, mi)
    passes = -(-paths // PASS)
    total = np.zeros((scene.camera.height, scene.camera.width, 4))
    for number in range(passes):
        seed = (scene.sensor.seed * passes + number) % 2**32
        total += np.array(mi.render(made, seed=seed, spp=PASS), np.float32)
    film = (total / passes).astype(np.float32)
    return film[..., :3] + (1.0 - film[..., 3:]) * scene.background
