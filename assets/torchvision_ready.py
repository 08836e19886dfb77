"""Makes torchvision importable beside a CPU build of torch, before timm or peft import it.

The package index has torchvision built for CUDA alone: beside a torch without CUDA its library does
not load, and its Python code stops for want of two operators' names. Nothing here calls them.
"""

import importlib
from functools import cache

import torch

OPERATORS = ("nms", "qnms")
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@cache
def declare() -> torch.library.Library | None:
    """Import torchvision; where this torch has no CUDA and that fails, name its operators first.

    What is given back keeps the names alive. Raises what torchvision raises where that is not it.
    """
    try:
        importlib.import_module("torchvision")
        return None
    except RuntimeError as error:
        if torch.version.cuda is not None or "torchvision::nms" not in str(error):
            raise
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in OPERATORS:
        library.define(name + SIGNATURE)
    importlib.import_module("torchvision")
    return library
