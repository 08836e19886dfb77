"""A trained reader: pictures of faces in, intensities out."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float32, UInt8
from torch import Tensor
from torch.nn import functional

from vitpain.au_reader.labels import highest
from vitpain.au_reader.network import AUNetwork


@dataclass(frozen=True)
class Reader:
    """A network with the units that it reads, in their order, and what is known of it."""

    network: AUNetwork
    aus: tuple[int, ...]
    facts: dict[str, Any]
    """Data, options, and the errors on people who were held out."""
    sha256: str
    """Of its weights' file: what tells readers apart."""

    def read(self, pictures: UInt8[Tensor, "batch 3 height width"]) -> Float32[Tensor, "batch aus"]:
        """Read faces that are cropped as `assets.face_crop` does, square, sRGB, of any size.

        Intensities are FACS: 0-5, AU43 0-1. They come from where the network lies; the pictures
        are taken there.
        """
        device = self.network.last.weight.device
        scale = torch.from_numpy(highest(self.aus)).to(device)
        with torch.inference_mode():
            shares = self.network(shrunk(pictures.to(device), self.network.size))
            return shares.float().clamp(0.0, 1.0) * scale

    def to(self, device: torch.device | str) -> "Reader":
        """Move the network to a device."""
        self.network.to(device)
        return self


def shrunk(
    pictures: UInt8[Tensor, "batch 3 height width"], size: int
) -> UInt8[Tensor, "batch 3 size size"]:
    """Bring pictures to a side of `size` pixels, averaged over what falls into one."""
    if pictures.shape[2:] == (size, size):
        return pictures
    whole = functional.interpolate(
        pictures.float(), (size, size), mode="bilinear", antialias=True, align_corners=False
    )
    return whole.round().clamp(0, 255).to(torch.uint8)
