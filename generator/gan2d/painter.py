"""A trained generator at work: pictures in bytes and AUs to pictures in bytes."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor, nn

from generator.gan2d.machine import Machine
from generator.gan2d.network import Painted

Pictures = UInt8[np.ndarray, "batch size size 3"]


@dataclass(frozen=True, eq=False)
class Painter:
    """A generator on its device. The same batch gives the same bytes; other batches of the same
    pictures may differ in a last bit.
    """

    generator: nn.Module
    where: Machine

    def paint(self, pictures: Pictures, aus: Float32[np.ndarray, "batch aus"]) -> Pictures:
        """Paint AUs (0-1, intensity over its highest) onto faces."""
        return to_bytes(self._made(pictures, aus).picture)

    def seen(
        self, pictures: Pictures, aus: Float32[np.ndarray, "batch aus"]
    ) -> tuple[Pictures, Float32[np.ndarray, "batch size size"]]:
        """Paint, and say how much of every pixel stayed (attention, 0-1)."""
        made = self._made(pictures, aus)
        return to_bytes(made.picture), made.attention[:, 0].float().cpu().numpy()

    def _made(self, pictures: Pictures, aus: Float32[np.ndarray, "batch aus"]) -> Painted:
        with torch.inference_mode(), self.where.numbers():
            there = to_tensor(pictures, self.where.device)
            return self.generator(there, torch.from_numpy(aus).to(self.where.device))


def to_tensor(
    pictures: UInt8[np.ndarray, "batch height width 3"], device: torch.device
) -> Float32[Tensor, "batch 3 height width"]:
    """Bytes to numbers from -1 to 1, channels last in memory."""
    # A mapped file gives arrays that torch may not write to.
    there = torch.from_numpy(np.array(pictures)).to(device, non_blocking=True)
    return there.permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1.0


def to_bytes(
    pictures: Float32[Tensor, "batch 3 height width"],
) -> UInt8[np.ndarray, "batch height width 3"]:
    """Numbers from -1 to 1 to the nearest bytes."""
    scaled = ((pictures + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(0, 2, 3, 1).cpu().numpy())
