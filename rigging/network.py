"""The network of the neural rig, in torch: what training sees. `rigging.neural` is its fast twin.

A DiffusionNet (Sharp et al. 2022) reads the neutral surface: blocks mix every channel with itself
diffused for a learned time, so that a vertex knows its surroundings. The decoder holds, for each
control vertex of the mean head and each action unit that can move it, a linear map from the code
of a vertex there to its displacement: what is nowhere moved has no weights and stays exactly still.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rigging.features import AUS, INPUTS, LOCALS

# Diffusion times of a block's channels before training, square millimetres: a pore to a head.
TIMES = (3.0, 3e4)


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network."""

    width: int = 16
    """Channels of the encoder."""
    blocks: int = 1
    """Blocks of diffusion."""
    code: int = 4
    """Numbers of the code that each vertex gets."""
    eigenvectors: int = 64
    """Eigenvectors of the Laplacian that diffusion is computed with."""


@dataclass(frozen=True, eq=False)
class Diffusion:
    """A surface's Laplacian by its first eigenvectors; lengths in mm of a standard face.

    `mass` is the area of each vertex, `values` the eigenvalues (1/mm²).
    """

    values: Float[Tensor, " k"]
    vectors: Float[Tensor, "vertices k"]
    mass: Float[Tensor, " vertices"]

    def spectrum(self, x: Float[Tensor, "vertices width"]) -> Float[Tensor, "k width"]:
        """Coefficients of functions on the surface."""
        return self.vectors.T @ (x * self.mass[:, None])


class Block(nn.Module):
    """One block: every channel, diffused and not, through a small perceptron, added to itself."""

    def __init__(self, width: int) -> None:
        """Begin with times from a pore to a head, and with little change."""
        super().__init__()
        low, high = (float(torch.log(torch.tensor(time))) for time in TIMES)
        self.log_time = nn.Parameter(torch.linspace(low, high, width))
        self.first = nn.Linear(2 * width, width)
        self.second = nn.Linear(width, width)
        with torch.no_grad():
            self.second.weight *= 0.3
            self.second.bias.zero_()

    def forward(
        self, x: Float[Tensor, "vertices width"], on: Diffusion
    ) -> Float[Tensor, "vertices width"]:
        """Mix what lies near."""
        left = torch.exp(-on.values[:, None] * torch.exp(self.log_time))
        diffused = on.vectors @ (left * on.spectrum(x))
        return x + self.second(torch.relu(self.first(torch.cat([x, diffused], dim=1))))


@dataclass(frozen=True, eq=False)
class Entries:
    """Which decoder maps act on which vertex: those of the corners of its control triangle.

    `slot` is vertex times the number of AUs plus the AU's place; `weight` is barycentric.
    """

    vertex: Int[Tensor, " entries"]
    pair: Int[Tensor, " entries"]
    slot: Int[Tensor, " entries"]
    weight: Float[Tensor, " entries"]


@dataclass(frozen=True, eq=False)
class Seen:
    """What the network is shown of one neutral surface; see `rigging.features`."""

    inputs: Float[Tensor, "vertices inputs"]
    local: Float[Tensor, "vertices local"]
    on: Diffusion
    entries: Entries


class Network(nn.Module):
    """Encoder and decoder. `pairs` are (control vertex, place of the AU in `AUS`) that can move."""

    def __init__(self, config: NetworkConfig, pairs: Int[Tensor, "pairs 2"]) -> None:
        """Begin with a decoder that moves nothing; `pairs` are sorted by control vertex."""
        super().__init__()
        self.config = config
        self.register_buffer("pairs", pairs)
        self.enter = nn.Linear(INPUTS, config.width)
        self.blocks = nn.ModuleList([Block(config.width) for _ in range(config.blocks)])
        self.leave = nn.Linear(config.width, config.code)
        self.maps = nn.Parameter(torch.zeros(len(pairs), LOCALS + config.code, 3))

    def codes(self, seen: Seen) -> Float[Tensor, "vertices codes"]:
        """What the decoder needs of each vertex."""
        x = self.enter(seen.inputs)
        for block in self.blocks:
            x = block(x, seen.on)
        return torch.cat([seen.local, self.leave(x)], dim=1)

    def forward(self, seen: Seen) -> Float[Tensor, "vertices aus 3"]:
        """Displacements by the left muscles of each AU at full strength, mm of a standard face."""
        codes, to = self.codes(seen), seen.entries
        each = torch.einsum("ecx,ec->ex", self.maps[to.pair], codes[to.vertex])
        out = codes.new_zeros(len(codes) * len(AUS), 3)
        out = out.index_add(0, to.slot, each * to.weight[:, None])
        return out.reshape(len(codes), len(AUS), 3)
