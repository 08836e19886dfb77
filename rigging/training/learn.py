"""The network at work on samples: what it says, how wrong it is, its decoder by least squares.

Muscles of little reach would be learnt last, were all counted by millimetres: AUs are weighted by
what they move on average.
"""

from collections import defaultdict
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
TOGETHER = 16
"""Vertices about a control vertex, over samples, that least squares take at once."""


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
        about: dict[str, About] = {}
        waiting: dict[str, list[Tensor]] = defaultdict(list)
        for sample in samples:
            seen, wanted = self.show(sample)
            name = sample.laid.name
            if name not in about:
                about[name] = self._about(sample.laid, active)
            waiting[name].append(torch.cat([self.network.codes(seen), wanted.flatten(1)], dim=1))
            if len(waiting[name]) * about[name].vertex.shape[1] >= TOGETHER:
                about[name].add(waiting.pop(name), sums)
        for name, rest in waiting.items():
            about[name].add(rest, sums)
        square, right = sums[:, :, :size], sums[:, :, size:]
        square += self.config.ridge * torch.eye(size, dtype=torch.float64, device=sums.device)
        solved = torch.linalg.solve(square, right).reshape(len(active), size, len(AUS), 3)
        maps.copy_(solved[row_of, :, self.pairs[:, 1]].float())

    def _about(self, laid: Laid, active: Int[Tensor, " controls"]) -> "About":
        columns = laid.to_mesh.tocsc()[:, active.cpu().numpy()]
        count = np.diff(columns.indptr)
        place = np.arange(max(int(count.max()), 1))
        there = place < count[:, None]
        at = np.where(there, columns.indptr[:-1, None] + place, 0)
        share = np.where(there, columns.data[at], 0.0)
        return About(self._tensor(columns.indices[at].astype(np.int64)), self._tensor(share))


@dataclass(frozen=True, eq=False)
class About:
    """Vertices of a topology in the triangles about each of some control vertices.

    `share` is the control vertex's weight there; rows that are shorter end with zeros.
    """

    vertex: Int[Tensor, "controls most"]
    share: Float[Tensor, "controls most"]

    def add(self, samples: list[Tensor], sums: Float[Tensor, "controls codes both"]) -> None:
        """Add to `sums` products of codes with codes and with what is wanted.

        `samples` hold both for each vertex, codes first.
        """
        both = torch.cat([one.double()[self.vertex] for one in samples], dim=1)
        share = self.share.double().repeat(1, len(samples))
        left = both[:, :, : sums.shape[1]] * share[:, :, None]
        sums.baddbmm_(left.transpose(1, 2), both)
