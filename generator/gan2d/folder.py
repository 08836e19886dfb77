"""The folder of a GAN: what it is, and a folder a network with its generator's weights.

`begun.json` is written first and holds all that decides the weights; `gan.json` has the same and
what came of it, and is written last: a folder without it is unfinished and can be resumed. A
network without folds keeps its critic too, so that another run can go on from both.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from assets import atomic
from generator.gan2d.config import GanConfig
from generator.gan2d.plan import Division
from generator.shards.derived import Registered
from generator.shards.manifest import json_bytes, read_json
from generator.shards.record import LabelSource
from generator.shards.record_json import read_value

BEGUN, GAN, FORMAT = "begun.json", "gan.json", "pain3d gan 1"
DONE = "done.json"
"""In the folder of a network: what came of it, written last there."""
WEIGHTS = {"generator": "generator.safetensors", "critic": "critic.safetensors"}


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
class Closed:
    """The AU45, of 1, that stands for AU43 = 1 with a network, and why; null where none does."""

    au45: float | None
    why: Literal["thesis", "labels", "sweep", "no AU45", "not measured"]


@dataclass(frozen=True)
class Done:
    """What came of a network: hashes of its weights, and its closed eyes."""

    generator: str
    critic: str | None
    """Null where it was not kept."""
    closed: Closed


@dataclass(frozen=True)
class Network:
    """One network of a folder."""

    name: str
    fold: int | None
    trained_on: tuple[str, ...]
    """People of the run's data set."""
    paints: tuple[str, ...] | None
    """Whom alone it paints; null: anybody whom it has not seen."""
    done: Done | None = None
    """Null while it is trained."""


@dataclass(frozen=True)
class Gan:
    """What `gan.json` says."""

    format: str
    config: GanConfig
    """Options that decide the weights, none of them open."""
    folds: Division | None
    registered: Registered | None
    """How the faces were aligned."""
    surrogate: bool
    saw: Saw
    """Whom the networks were trained on, between them."""
    before: tuple[Saw, ...]
    """Whom the weights saw that they began with."""
    init: tuple[str, str] | None
    """Hashes of the generator and critic that all networks began with."""
    made_with: str
    """Version of torch, device and our sources; stated, and not held when a run goes on."""
    networks: tuple[Network, ...]

    @property
    def aus(self) -> tuple[int, ...]:
        """Action units of the condition, in their order."""
        return self.config.aus

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of all data sets whose people any network saw."""
        return tuple(sorted({one.source for one in (self.saw, *self.before)}))

    def seen(self, network: Network, source: str) -> tuple[str, ...]:
        """People of a data set whom a network saw, in this run or before."""
        names = set(network.trained_on) if source == self.saw.source else set()
        for one in self.before:
            if one.source == source:
                names |= set(one.people)
        return tuple(sorted(names))

    def theirs(self, person: str) -> tuple[Network, ...]:
        """Networks that are to paint a person, whether or not they saw them: see `seen`."""
        return tuple(one for one in self.networks if not one.paints or person in one.paints)


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


def done(path: Path) -> Done:
    """Read what came of a network; raises ValueError where the file says something else."""
    found = read_value(read_json(path), Done, str(path))
    assert isinstance(found, Done)
    return found


def write(folder: Path, gan: Gan, name: str = GAN) -> None:
    """Write what a folder says of itself."""
    atomic.write(folder / name, json_bytes(asdict(gan)))
