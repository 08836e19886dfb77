"""The folder of a GAN: what it is, and a folder a network with its generator's weights.

`begun.json` is written first and holds all that decides the weights; `gan.json` has the same and
what came of it, and is written last: a folder without it is unfinished and can be resumed. A
network without folds keeps its critic too, so that another run can go on from both.
"""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from assets import atomic
from generator.shards.derived import Registered
from generator.shards.manifest import json_bytes, read_json
from generator.shards.record import LabelSource
from generator.shards.record_json import read_value

BEGUN, GAN, FORMAT = "begun.json", "gan.json", "pain3d gan 1"
WEIGHTS = {"generator": "generator.safetensors", "critic": "critic.safetensors"}
THESIS_CLOSED = 0.4
"""AU45, of 1, at which eyes are closed after training on OpenFace's labels (thesis, eq. 12)."""


@dataclass(frozen=True)
class Saw:
    """People of a data set that trained a network."""

    source: str
    """Name of their data set; people of other data sets are other people."""
    data: str
    """SHA-256 of its manifest."""
    labels: LabelSource
    people: tuple[str, ...]


@dataclass(frozen=True)
class Network:
    """One network of a folder."""

    name: str
    fold: int | None
    trained_on: tuple[str, ...]
    """People of the run's data set."""
    paints: tuple[str, ...] | None
    """Whom alone it paints; null: anybody whom it has not seen."""
    sha256: str | None
    """Of the generator's weights; null while it is trained."""


@dataclass(frozen=True)
class Shape:
    """Size and AUs of all networks of a folder."""

    size: int
    width: int
    blocks: int
    aus: tuple[int, ...]


@dataclass(frozen=True)
class Closed:
    """The AU45, of 1, that stands for AU43 = 1, and why; null where the network has no AU45."""

    au45: float | None
    why: Literal["thesis", "labels", "sweep", "no AU45"] | None


@dataclass(frozen=True)
class Gan:
    """What `gan.json` says."""

    format: str
    shape: Shape
    registered: Registered | None
    """How the faces were aligned."""
    surrogate: bool
    saw: Saw
    """Whom the networks were trained on, between them."""
    before: tuple[Saw, ...]
    """Whom the weights saw that they began with."""
    config: str
    """Options that decide the weights, as JSON text."""
    init: str | None
    """Hash of the generator that all networks began with."""
    closed: Closed
    networks: tuple[Network, ...]

    def seen(self, network: Network, source: str) -> tuple[str, ...]:
        """People of a data set whom a network saw, in this run or before."""
        names = set(network.trained_on) if source == self.saw.source else set()
        for one in self.before:
            if one.source == source:
                names |= set(one.people)
        return tuple(sorted(names))

    def paints(self, person: str, source: str, fold: int | None) -> Network:
        """The network of a fold that paints a person.

        Raises ValueError where it is nobody's to paint there, or each has seen them.
        """
        for network in self.networks:
            if network.fold != fold or (network.paints and person not in network.paints):
                continue
            if person in self.seen(network, source):
                rule = "a person whom it has never seen"
                raise ValueError(f"network {network.name} must paint {rule}, got {person}")
            return network
        which = "" if fold is None else f" of fold {fold}"
        raise ValueError(f"{person} must be painted by a network{which}, got none that may")

    def folds(self) -> tuple[int | None, ...]:
        """The outer folds, or None alone."""
        return tuple(dict.fromkeys(network.fold for network in self.networks))


def opened(folder: Path, name: str = GAN) -> Gan:
    """Read what a folder says of itself when it is finished, or (`BEGUN`) when it was begun.

    Raises ValueError where it is no folder of networks, is unfinished, or says something else.
    """
    path = folder / name
    if not path.is_file():
        unfinished = (folder / BEGUN).is_file()
        way = f"no {name} yet: go on with train-gan --resume" if unfinished else f"no {name}"
        raise ValueError(f"{folder} must be a folder of networks, got {way}")
    gan = read_value(read_json(path), Gan, str(path))
    assert isinstance(gan, Gan)
    if gan.format != FORMAT:
        raise ValueError(f"{path} must have the format {FORMAT!r}, got {gan.format!r}")
    return gan


def write(folder: Path, gan: Gan, name: str = GAN) -> None:
    """Write what a folder says of itself."""
    atomic.write(folder / name, json_bytes(asdict(gan)))


def hashed(folder: Path) -> str:
    """One hash of all that a finished folder holds: its facts, and with them every generator's."""
    return f"sha256:{hashlib.sha256((folder / GAN).read_bytes()).hexdigest()}"
