"""The network at work on samples: what it says, how wrong it is, its decoder by least squares.

Muscles of little reach would be learnt last, were all counted by millimetres: AUs are weighted by
what they move on average.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor

from assets import head as heads
from assets.head import SKIN
from rigging import features
from rigging.features import AUS
from rigging.network import Diffusion, Entries, Network, NetworkConfig, Seen
from rigging.training import store
from rigging.training.config import Run, TrainConfig
from rigging.training.sample import Laid, Sample

STILL = 0.015
"""Millimetres: what nobody's muscle moves further has no weights in the decoder."""
WEIGHED = 30
"""People whose average says how much an AU moves."""
SOFT = 1e-3
"""Errors well below so many mm count by their square."""
USUAL, POWER = 0.15, 0.6
"""An AU that moves the skin by `USUAL` mm on average weighs 1; others less, the more they move."""
CHUNK = 1024
"""Vertices that least squares take at once: bounds memory."""


@dataclass(frozen=True, eq=False)
class Reach:
    """What the teacher's left muscles move on anybody: pairs (control vertex, place in `AUS`).

    Pairs are in order. `weights` are those of the AUs in the loss.
    """

    pairs: Int[np.ndarray, "pairs 2"]
    weights: Float32[np.ndarray, " aus"]


def reach(config: TrainConfig, run: Run) -> Reach:
    """Look at all people to learn from, and at their mirror images."""
    skin = heads.load().topology.part == SKIN
    furthest = np.zeros((len(skin), len(AUS)), np.float32)
    moved, weighed = np.zeros(len(AUS)), min(WEIGHED, config.people)
    for number in range(config.people):
        for mirrored in (False, True):
            fields = store.person(run, "seen", number, mirrored).fields
            length = np.sqrt(np.einsum("vax,vax->va", fields, fields))
            np.maximum(furthest, length, out=furthest)
            if number < weighed and not mirrored:
                moved += length[skin].mean(0) / weighed
    furthest[~skin] = 0.0
    weights = (USUAL / np.maximum(moved, 1e-6)) ** POWER
    return Reach(np.argwhere(furthest > STILL), weights.astype(np.float32))


def build(config: TrainConfig, found: Reach) -> Network:
    """A network that has learnt nothing yet."""
    sizes = NetworkConfig(config.width, config.blocks, config.code, config.eigenvectors)
    return Network(sizes, torch.from_numpy(found.pairs))


class Learner:
    """A network, and what it needs of each topology, on the device that trains."""

    def __init__(self, config: TrainConfig, found: Reach) -> None:
        """Begin with a network that has learnt nothing yet."""
        self.config, self._found = config, found
        self.network = build(config, found).to(config.device)
        self.pairs = torch.from_numpy(found.pairs).to(config.device)
        self.weights = torch.from_numpy(found.weights).to(config.device)
        self._grounds: dict[str, tuple[Diffusion, Entries]] = {}

    def _ground(self, laid: Laid) -> tuple[Diffusion, Entries]:
        if laid.name not in self._grounds:
            at = features.entries(self._found.pairs, laid.to_mesh, False)
            self._grounds[laid.name] = (
                Diffusion(*map(self._tensor, (laid.on.values, laid.on.vectors, laid.on.mass))),
                Entries(*map(self._tensor, (at.vertex, at.pair, at.slot, at.weight))),
            )
        return self._grounds[laid.name]

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.config.device)

    def show(self, sample: Sample) -> tuple[Seen, Float[Tensor, "vertices aus 3"]]:
        """What the network sees, and what it should say."""
        inputs, local = sample.features
        on, entries = self._ground(sample.laid)
        seen = Seen(self._tensor(inputs), self._tensor(local), on, entries)
        return seen, self._tensor(sample.fields)

    def loss(self, sample: Sample) -> dict[str, Tensor]:
        """Parts to log; `loss` is what a step makes smaller."""
        seen, wanted = self.show(sample)
        off = self.network(seen) - wanted
        lengths = torch.sqrt((off * off).sum(-1) + SOFT**2)
        return {"loss": (lengths * self.weights).sum() / len(lengths)}

    @torch.no_grad()
    def fit(self, samples: Iterable[Sample]) -> None:
        """Set the decoder's maps by least squares on samples, the encoder being as it is.

        Each control vertex is fitted to what lies in the triangles about it, by its share there:
        exact where vertices are control vertices, else as regression in a window is.
        """
        maps = self.network.maps
        active, row_of = torch.unique(self.pairs[:, 0], return_inverse=True)
        size = maps.shape[1]
        sums = maps.new_zeros(len(active), size, size + 3 * len(AUS), dtype=torch.float64)
        for sample in samples:
            seen, wanted = self.show(sample)
            codes = self.network.codes(seen).double()
            both = torch.cat([codes, wanted.double().flatten(1)], dim=1)
            vertex, row, share = self._shares(sample.laid, active)
            for first in range(0, len(vertex), CHUNK):
                at = slice(first, first + CHUNK)
                left = codes[vertex[at]] * share[at, None]
                sums.index_add_(0, row[at], left[:, :, None] * both[vertex[at]][:, None])
        square, right = sums[:, :, :size], sums[:, :, size:]
        square += self.config.ridge * torch.eye(size, dtype=torch.float64, device=sums.device)
        solved = torch.linalg.solve(square, right).reshape(len(active), size, len(AUS), 3)
        maps.copy_(solved[row_of, :, self.pairs[:, 1]].float())

    def _shares(self, laid: Laid, active: Int[Tensor, " controls"]) -> tuple[Tensor, ...]:
        """Vertices, places in `active` of their corners, and weights there."""
        place = np.full(len(heads.load().topology.part), -1)
        place[active.cpu().numpy()] = np.arange(len(active))
        vertex = np.repeat(np.arange(len(laid.canonical)), np.diff(laid.to_mesh.indptr))
        rows = place[laid.to_mesh.indices]
        kept = rows >= 0
        share = laid.to_mesh.data[kept].astype(np.float64)
        return tuple(map(self._tensor, (vertex[kept], rows[kept], share)))
