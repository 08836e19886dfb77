"""The one place where a device is opened: `cpu` or `cuda`, and its kernels loaded.

Kernels compile on first use and are kept in warp's cache on disk, which processes may share: a
module is built in a folder of its own and renamed. Call `prepare` in the parent of many workers
all the same, or every one of them compiles.
"""

import importlib
import os
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
import warp as wp

Device = Literal["cpu", "cuda"]

KERNELS = (
    "material",
    "surface",
    "raster",
    "maps",
    "shadow",
    "occlusion",
    "paint",
    "nearby",
    "veil",
    "focus",
    "smear",
    "develop",
)
"""The modules of this room that hold kernels."""


@cache
def _initialise() -> None:
    """Start warp once a process, without its banner.

    Its library tells the standard error by itself, and every worker's again, that a machine has no
    CUDA driver; errors it raises come through.
    """
    wp.config.log_level = wp.LOG_ERROR
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            wp.init()
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def start(device: Device) -> str:
    """Start warp and give its name of the device; raise where there is none."""
    if device not in ("cpu", "cuda"):
        raise ValueError(f"device must be cpu or cuda, got {device}")
    _initialise()
    if device == "cuda" and not wp.is_cuda_available():
        raise ValueError("device must be cpu where no CUDA device is found, got cuda")
    return "cuda:0" if device == "cuda" else "cpu"


def named(device: Device) -> str:
    """Give the name of the device's make: `cpu`, or that of the graphics card."""
    found = start(device)
    return found if device == "cpu" else wp.get_device(found).name


def prepare(device: Device, more: Sequence[str] = ()) -> None:
    """Compile and load every kernel of the renderer, and those of `more` modules of this room."""
    name = start(device)
    for module in (*KERNELS, *more):
        wp.load_module(importlib.import_module(f"render.{module}"), device=name)


def empty(count: int, dtype: Any, device: str) -> wp.array:
    """Give an array of `count` whose values are yet to be written."""
    return wp.empty(count, dtype=dtype, device=device)


def put(values: np.ndarray, dtype: Any, device: str) -> wp.array:
    """Give values to the device; on the CPU the array looks at the same memory."""
    return wp.array(np.ascontiguousarray(values), dtype=dtype, device=device, copy=device != "cpu")
