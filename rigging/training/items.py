"""Which sample comes at which place of the order: by the seed and the place alone."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from assets.streams import stream
from rigging.training.config import TrainConfig

Split = Literal["seen", "unseen"]
SPLITS: tuple[Split, ...] = ("seen", "unseen")
Order = Literal["learn", "fit", "try"]
OWN = "anny"


@dataclass(frozen=True)
class Item:
    """A person, by number within the split, or their mirror image, on a topology.

    Where `noise` is a number, the sample has errors as registration makes them, drawn from the
    stream of `order` with that number.
    """

    order: Order

    split: Split
    person: int
    topology: str
    mirrored: bool = False
    noise: int | None = None

    @property
    def name(self) -> str:
        """For errors."""
        side = "mirrored" if self.mirrored else "as they are"
        return f"{self.split} person {self.person}, {side}, on {self.topology}"


def drawn(config: TrainConfig, order: Order, place: int) -> Item:
    """What comes at a place of an order: rounds in which each person to learn from comes once.

    The decoder is fitted where every vertex is a control vertex, if it may be: there its maps are
    asked for nothing but what they say. The encoder learns on every topology, and with noise.
    """
    people, draws = _round(config.seed, config.people, order, place // config.people)
    topology, own, side, noisy = draws[place % config.people].tolist()
    names = config.topologies
    name = names[int(topology * len(names))]
    if OWN in names and (own < config.own_share or order == "fit"):
        name = OWN
    noise = place if order == "learn" and noisy < config.noisy_share else None
    return Item(order, "seen", int(people[place % config.people]), name, side < 0.5, noise)


@lru_cache(maxsize=4)
def _round(seed: int, people: int, order: Order, number: int) -> tuple[np.ndarray, np.ndarray]:
    rng = stream(seed, -1, f"rig {order}", number)
    return rng.permutation(people), rng.random((people, 4))


def unseen(config: TrainConfig, noisy: bool) -> tuple[Item, ...]:
    """Whom to try on: every other person on one topology, in turn."""
    names = config.topologies
    return tuple(
        Item("try", "unseen", person, names[person % len(names)], False, person if noisy else None)
        for person in range(config.unseen)
    )
