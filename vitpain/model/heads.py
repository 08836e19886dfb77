"""What is read from the tokens: PSPI, its levels, and each action unit by a query of its own."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from assets.facs import HIGHEST, HIGHEST_PSPI, PAIN_AUS
from vitpain.model.output import THRESHOLDS, Output

FIRST = 0.2
"""Share of their range that PSPI and AUs are before anything was learnt."""


class Heads(nn.Module):
    """PSPI and its levels from the class token beside the mean patch; AUs from queried patches."""

    highest: Tensor

    def __init__(self, dim: int, hidden: int, dropout: float) -> None:
        """For tokens `dim` wide."""
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.pspi = _head(2 * dim, hidden, 1, dropout, _logit(FIRST))
        self.levels = _head(2 * dim, hidden, len(THRESHOLDS), dropout)
        self.queries = nn.Parameter(torch.randn(len(PAIN_AUS), dim) * dim**-0.5)
        self.key = nn.Linear(dim, dim)
        self.shared = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Dropout(dropout))
        self.au_weight = nn.Parameter(torch.randn(len(PAIN_AUS), hidden) * hidden**-0.5)
        self.au_bias = nn.Parameter(torch.full((len(PAIN_AUS),), _logit(FIRST)))
        highest = torch.tensor([HIGHEST[au] for au in PAIN_AUS])
        self.register_buffer("highest", highest, persistent=False)

    def forward(self, tokens: Float[Tensor, "batch tokens dim"]) -> Output:
        """Tokens are the class token and then the patches."""
        tokens = self.norm(tokens)
        patches = tokens[:, 1:]
        features = torch.cat([tokens[:, 0], patches.mean(1)], -1)
        pspi = HIGHEST_PSPI * torch.sigmoid(self.pspi(features).float()).squeeze(-1)
        attention = torch.softmax(
            (self.queries @ self.key(patches).mT).float() * patches.shape[-1] ** -0.5, -1
        )
        read = self.shared(attention.to(patches.dtype) @ patches)
        raw = (read.float() * self.au_weight).sum(-1) + self.au_bias
        aus = self.highest * torch.sigmoid(raw)
        return Output(pspi, self.levels(features).float(), aus, pspi_of(aus), features.float())


def pspi_of(aus: Float[Tensor, "batch 6"]) -> Float[Tensor, " batch"]:
    """PSPI of intensities whose columns are `PAIN_AUS` (Prkachin & Solomon 2008, eq. 1)."""
    au4, au6, au7, au9, au10, au43 = aus.unbind(-1)
    return au4 + torch.maximum(au6, au7) + torch.maximum(au9, au10) + au43


def _head(dim: int, hidden: int, out: int, dropout: float, first: float = 0.0) -> nn.Sequential:
    last = nn.Linear(hidden, out)
    nn.init.constant_(last.bias, first)
    return nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Dropout(dropout), last)


def _logit(share: float) -> float:
    return float(torch.logit(torch.tensor(share)))
