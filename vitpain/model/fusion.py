"""What of a face is not in its neutral: attention from a face to the same places in a neutral."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

REACH = (0.5, 4.0)
"""Within how many patches the first and the last head look at first; all of them learn theirs."""


class Fusion(nn.Module):
    """Face tokens, each with its difference from what the neutral has at about that place.

    Tokens are the class token and then a square of patches, row by row.
    """

    apart: Tensor

    def __init__(self, dim: int, heads: int, side: int) -> None:
        """For tokens `dim` wide and `side` patches in a row."""
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(dim)
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim, bias=False)
        self.out = nn.Linear(dim, dim)
        self.missing = nn.Parameter(torch.zeros(dim))
        first, last = (math.log(patches) for patches in REACH)
        self.log_reach = nn.Parameter(torch.linspace(first, last, heads))
        place = torch.arange(side, dtype=torch.float32)
        grid = torch.cartesian_prod(place, place)
        apart = torch.zeros(1 + side * side, 1 + side * side)
        apart[1:, 1:] = torch.cdist(grid, grid).square()
        # The class token has no place: it looks everywhere alike, and no patch looks at it.
        apart[1:, 0] = float(2 * side * side)
        self.register_buffer("apart", apart, persistent=False)
        nn.init.eye_(self.value.weight)
        for layer in (self.query, self.key):
            nn.init.normal_(layer.weight, std=dim**-0.5)
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.out.weight, std=dim**-0.5)
        nn.init.zeros_(self.out.bias)

    def forward(
        self,
        face: Float[Tensor, "batch tokens dim"],
        neutrals: Float[Tensor, "batch references tokens dim"],
        has_neutral: Bool[Tensor, "batch references"],
    ) -> Float[Tensor, "batch tokens dim"]:
        """The mean difference over those neutrals that there are; a learned vector for none."""
        batch, references, tokens, dim = neutrals.shape
        face = self.norm(face)
        neutrals = self.norm(neutrals)
        query = self._split(self.query(face)).unsqueeze(1)
        query = query.expand(-1, references, -1, -1, -1).flatten(0, 1)
        key = self._split(self.key(neutrals).flatten(0, 1))
        value = self._split(self.value(neutrals).flatten(0, 1))
        reach = (2.0 * self.log_reach.float()).exp()
        bias = -self.apart / (2.0 * reach[:, None, None])
        seen = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias.to(query.dtype)
        )
        seen = seen.transpose(1, 2).reshape(batch, references, tokens, dim)
        share = has_neutral.to(seen.dtype)
        count = share.sum(1, keepdim=True)
        share = share / count.clamp(min=1.0)
        seen = (share[:, :, None, None] * seen).sum(1)
        apart = self.out(self.value(face) - seen)
        return torch.where(count[:, :, None] > 0.0, apart, self.missing.to(apart.dtype))

    def _split(self, x: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch heads tokens _"]:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
