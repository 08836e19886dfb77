"""The generator and the critic of GANimation (Pumarola et al. 2018), in torch.

Pictures are sRGB from -1 to 1, action units 0-1 (FACS intensity over its highest). The generator
paints a colour and, for every pixel, how much of the photograph stays (attention): where it is 1
nothing changes. The critic says how real a picture looks, patch by patch, and reads its AUs.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

DOWN = 2
"""Times that the generator halves the picture."""
MOST_LAYERS = 6
LEAK = 0.01


class Painted(NamedTuple):
    """What a generator makes of a batch of pictures."""

    picture: Float[Tensor, "batch 3 height width"]
    attention: Float[Tensor, "batch 1 height width"]
    """Share of the photograph that stays, 0-1."""


class Generator(nn.Module):
    """A picture and wanted AUs to a colour and an attention; `width` channels at full size."""

    def __init__(self, aus: int, width: int, blocks: int) -> None:
        """Random weights by torch's generator."""
        super().__init__()
        layers: list[nn.Module] = [*_convolved(3 + aus, width, 7, 1)]
        wide = width
        for _ in range(DOWN):
            layers += _convolved(wide, 2 * wide, 4, 2)
            wide *= 2
        layers += [Residual(wide) for _ in range(blocks)]
        for _ in range(DOWN):
            layers += [
                nn.ConvTranspose2d(wide, wide // 2, 4, 2, 1, bias=False),
                nn.InstanceNorm2d(wide // 2, affine=True),
                nn.ReLU(),
            ]
            wide //= 2
        self.body = nn.Sequential(*layers)
        self.colour = nn.Conv2d(wide, 3, 7, 1, 3, bias=False)
        self.attention = nn.Conv2d(wide, 1, 7, 1, 3, bias=False)

    def forward(
        self,
        pictures: Float[Tensor, "batch 3 height width"],
        aus: Float[Tensor, "batch aus"],
    ) -> Painted:
        """Paint the AUs onto the pictures; height and width are multiples of 4."""
        spread = aus[:, :, None, None].expand(-1, -1, *pictures.shape[2:])
        features = self.body(torch.cat([pictures, spread], 1))
        # In full precision: what stays of the photograph is to stay to the bit's last share.
        colour = torch.tanh(self.colour(features).float())
        attention = torch.sigmoid(self.attention(features).float())
        return Painted(attention * pictures + (1.0 - attention) * colour, attention)


class Residual(nn.Module):
    """Two convolutions whose result is added to what went in."""

    def __init__(self, width: int) -> None:
        """Random weights by torch's generator."""
        super().__init__()
        self.body = nn.Sequential(*_convolved(width, width, 3, 1), *_convolved(width, width, 3, 1))
        # No ReLU after the second one: what is added may be below 0.
        self.body.pop(-1)

    def forward(
        self, features: Float[Tensor, "batch width height down"]
    ) -> Float[Tensor, "batch width height down"]:
        """Features of the same shape."""
        return features + self.body(features)


def _convolved(wide: int, out: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(wide, out, kernel, stride, (kernel - 1) // 2, bias=False),
        nn.InstanceNorm2d(out, affine=True),
        nn.ReLU(),
    ]


class Judged(NamedTuple):
    """What a critic says of a batch of pictures."""

    score: Float[Tensor, " batch"]
    """How real it looks, without a unit."""
    aus: Float[Tensor, "batch aus"]
    """AUs that it reads, 0-1 where it is right."""


class Critic(nn.Module):
    """Pictures of `size` pixels to scores and AUs; every layer halves and doubles, none is normed:
    a norm over the batch would break the gradient penalty.
    """

    def __init__(self, aus: int, size: int, width: int) -> None:
        """Random weights by torch's generator."""
        super().__init__()
        count = min(MOST_LAYERS, size.bit_length() - 2)
        layers: list[nn.Module] = []
        wide, out = 3, width
        for _ in range(count):
            layers += [nn.Conv2d(wide, out, 4, 2, 1), nn.LeakyReLU(LEAK)]
            wide, out = out, 2 * out
        self.body = nn.Sequential(*layers)
        self.score = nn.Conv2d(wide, 1, 3, 1, 1, bias=False)
        self.aus = nn.Conv2d(wide, aus, size >> count, bias=False)

    def forward(self, pictures: Float[Tensor, "batch 3 size size"]) -> Judged:
        """Judge pictures."""
        features = self.body(pictures)
        score = self.score(features).float().mean((1, 2, 3))
        return Judged(score, self.aus(features).float()[:, :, 0, 0])
