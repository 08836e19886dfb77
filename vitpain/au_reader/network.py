"""The network: four halvings with residual blocks, and a linear layer that knows where it looks.

There is no pooling over the face before the last layer: faces are aligned, so a brow is always in
the same cell of the last grid.
"""

from itertools import pairwise

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

WIDTHS = (24, 48, 96, 128)
DROPPED = 0.3
"""Share of the last grid's features that a step of training leaves out."""
GREY, SPREAD = 0.5, 0.25
"""About the mean and the deviation of a face's colours, 0-1."""


class AUNetwork(nn.Module):
    """Reads the intensities of `aus` units, each as a share of its highest, not yet clipped."""

    def __init__(self, size: int, aus: int) -> None:
        """Begin with random weights as torch's seed has it; `size` is a multiple of 16."""
        super().__init__()
        self.size = size
        first = nn.Conv2d(3, WIDTHS[0], 3, stride=2, padding=1, bias=False)
        self.stem = nn.Sequential(first, nn.BatchNorm2d(WIDTHS[0]), nn.ReLU())
        self.blocks = nn.Sequential(*(_Block(before, after) for before, after in pairwise(WIDTHS)))
        cells = (size // 2 ** len(WIDTHS)) ** 2
        self.drop = nn.Dropout(DROPPED)
        self.last = nn.Linear(WIDTHS[-1] * cells, aus)

    def forward(self, pictures: UInt8[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch aus"]:
        """Read cropped faces, sRGB bytes."""
        scaled = (pictures.to(self.last.weight.dtype) / 255.0 - GREY) / SPREAD
        # Channels last: twice as fast on a CPU.
        scaled = scaled.contiguous(memory_format=torch.channels_last)
        seen = self.blocks(self.stem(scaled))
        return self.last(self.drop(seen.flatten(1)))


class _Block(nn.Module):
    """Two convolutions of which the first halves the side, added to the picture halved."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.halve = _convolved(before, after, 2)
        self.refine = _convolved(after, after, 1)
        shortcut = nn.Conv2d(before, after, 1, bias=False)
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), shortcut, nn.BatchNorm2d(after))

    def forward(self, seen: Tensor) -> Tensor:
        found = self.refine(torch.relu(self.halve(seen)))
        return torch.relu(found + self.shortcut(seen))


def _convolved(before: int, after: int, stride: int) -> nn.Sequential:
    made = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(made, nn.BatchNorm2d(after))
