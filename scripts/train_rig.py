"""`pain3d train-rig`: train the neural rig on sampled people and many topologies."""

import time
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from assets import head as heads
from assets.head import Head
from assets.streams import stream
from generator import pool
from generator.identity import make_identity
from rigging.training.config import HIGHEST_SEED, Run, TrainConfig
from rigging.training.items import SPLITS
from rigging.training.people import People
from scripts.figures import check_json, table, write_json
from scripts.options import built, checked, parse
from scripts.progress import Bar


@dataclass(frozen=True)
class Given(TrainConfig):
    """What decides the weights."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> TrainConfig:
        """Hold the options to their rules."""
        return built(TrainConfig, self)


@dataclass(frozen=True)
class GivenRun(Run):
    """How to train."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> Run:
        """Hold the options to their rules."""
        return built(Run, self)


@dataclass(frozen=True)
class Options:
    """Train the neural rig on sampled people and many topologies."""

    run: GivenRun
    config: Given = field(default_factory=Given)
    json: Path | None = None
    """Write the figures here too."""


def person(seed: int, count: int, ages: str, index: int) -> Head:
    """Make the head of one of `count` people."""
    identity = make_identity(index, count, seed, ages)
    shape = identity.shape
    return heads.load().person(shape.phenotypes, shape.changes, identity.person.age_years)


def people(config: TrainConfig) -> People:
    """Two sets of people of their own, whom no data set has, whatever its seed."""
    stated = {}
    for split, count in zip(SPLITS, (config.people, config.unseen), strict=True):
        seed = int(stream(config.seed, -1, f"rig {split}").integers(HIGHEST_SEED))
        stated[split] = {"seed": seed, "count": count, "ages": config.ages}
    seen, unseen = (partial(person, *stated[split].values()) for split in SPLITS)
    return People(seen, unseen, stated)


def main(arguments: list[str]) -> int:
    """Train a rig, print its figures and say where the weights lie."""
    options = parse(Options, "train-rig", arguments, ("--topologies",))
    config = checked("train-rig", options.config.checked)
    run = checked("train-rig", options.run.checked)
    check_json(options.json)
    for package in ("torch", "tensorboard"):
        if find_spec(package) is None:
            raise ValueError(f'train-rig needs {package}: pip install -e ".[learn]"')
    # Imported here: nobody else needs torch.
    from rigging.training.folder import claimed
    from rigging.training.loop import check_device, train
    from rigging.training.store import prepare
    from rigging.training.weights import NAME

    check_device(config)
    who, start = people(config), time.monotonic()
    with claimed(run, config):
        with Bar(" people", resumed=True) as bar:
            prepare(config, run, who, pool.run, bar.advance)
        with Bar(" steps", resumed=True) as bar:
            figures = train(config, run, who, bar.advance)
    shown = {name: f"{100 * share:.2f} %" for name, share in figures.items() if "_au" not in name}
    print(table({"rig": str(run.out / NAME), **shown, "this run, s": time.monotonic() - start}))
    write_json(options.json, figures)
    return 0
