"""Whether a generated face still is the person: who its nearest neighbour among real frames is.

Left out are all frames of the sequence that its input comes from: they show the same minute, and
would be found by their light and their cardigan.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64
from torch.nn import functional

AT_ONCE = 1024
"""Generated pictures that are held against the whole gallery at a time."""


@dataclass(frozen=True)
class Gallery:
    """Features of all real frames, who is on each, and which sequence each is of (a number)."""

    features: Float32[np.ndarray, "frames features"]
    person: np.ndarray
    sequence: Int64[np.ndarray, " frames"]


@dataclass(frozen=True)
class Kept:
    """How many generated pictures have their own person for a nearest neighbour, of how many.

    `alone` were not tried: all real frames of their person are in the input's sequence.
    """

    own: int
    tried: int
    alone: int

    @property
    def share(self) -> float | None:
        """The share of those that were tried; None where none was."""
        return self.own / self.tried if self.tried else None


def sequences(person: np.ndarray, sequence: np.ndarray) -> Int64[np.ndarray, " frames"]:
    """Number the sequences of a real set; a frame of no sequence (empty) is one by itself."""
    named = np.array([f"{a}\n{b}" for a, b in zip(person, sequence, strict=True)])
    _, number = np.unique(named, return_inverse=True)
    without = np.flatnonzero(sequence == "")
    number = number.astype(np.int64)
    number[without] = -1 - np.arange(len(without))
    return number


def nearest_is_own(
    gallery: Gallery,
    features: Float32[np.ndarray, "made features"],
    inputs: Int64[np.ndarray, " made"],
    device: str = "cpu",
) -> tuple[Bool[np.ndarray, " made"], Bool[np.ndarray, " made"]]:
    """Whether the nearest neighbour (by the cosine of features) is the input's person, and whether
    there was anything of that person left to find.

    `inputs` are places in the gallery.
    """
    real = functional.normalize(torch.from_numpy(gallery.features).to(device), dim=1)
    _, coded = np.unique(gallery.person, return_inverse=True)
    person = torch.from_numpy(coded.astype(np.int64)).to(device)
    sequence = torch.from_numpy(gallery.sequence).to(device)
    own = np.zeros(len(inputs), np.bool_)
    there = np.zeros(len(inputs), np.bool_)
    for at in range(0, len(inputs), AT_ONCE):
        part = slice(at, at + AT_ONCE)
        made = functional.normalize(torch.from_numpy(features[part]).to(device), dim=1)
        source = torch.from_numpy(inputs[part]).to(device)
        left = sequence[source, None] != sequence
        alike = (made @ real.T).masked_fill(~left, -torch.inf)
        same = person[source, None] == person
        own[part] = (person[alike.argmax(1)] == person[source]).cpu().numpy()
        there[part] = (left & same).any(1).cpu().numpy()
    return own & there, there


def kept(
    gallery: Gallery,
    features: Float32[np.ndarray, "made features"],
    inputs: Int64[np.ndarray, " made"],
    device: str = "cpu",
) -> Kept:
    """Count generated pictures whose nearest neighbour is their own person."""
    own, there = nearest_is_own(gallery, features, inputs, device)
    tried = int(there.sum())
    return Kept(int(own.sum()), tried, len(inputs) - tried)
