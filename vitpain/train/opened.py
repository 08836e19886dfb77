"""A run's folder opened for work: options decided, claimed, held to what it began with."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from assets.repeatable import repeatable
from vitpain.data import neutrals
from vitpain.data.frames import Frames
from vitpain.model.build import Model
from vitpain.train import begin as beginning
from vitpain.train import run_folder, selection
from vitpain.train.begin import Begin
from vitpain.train.config import Run, TrainConfig
from vitpain.train.fitted import Told
from vitpain.train.machine import machine
from vitpain.train.stage import Stage

SAID = ("command", "data", "extra", "before", "sources", "surrogate")
"""What a model says of its run."""


@contextmanager
def opened(
    frames: Frames, begin: Begin, config: TrainConfig, run: Run, told: Told, wanted: dict[str, Any]
) -> Iterator[tuple[Stage, Callable[[], Model]]]:
    """Give what fits share, and what makes their model; the folder is this process's meanwhile.

    `wanted` joins what decides the weights in `run.json`. Raises ValueError where the folder is
    another's, was begun otherwise (naming the field), or data or weights have changed since.
    """
    config = decided(config, begin, run.out)
    where = machine(config, loose=begin.model.variant == "distilled")
    sources = sorted(set(frames.column("source").tolist()))
    surrogate = frames.surrogate or beginning.stand_in(begin.init)
    stated = {
        **wanted,
        **begin.facts(),
        "before": beginning.learnt_from(begin.init),
        "train": asdict(config),
        "rule": selection.RULE,
        "processes": where.world,
        "sources": sources,
        "surrogate": surrogate,
        "places": [str(one.folder.resolve()) for one in frames.sets],
        "versions": run_folder.versions(),
    }
    with run_folder.claimed(run.out, run.resume, where.main), repeatable(config.threads or 1):
        made: list[Model] = []
        if not run_folder.finished(run.out):
            # Before anything is written: a model that cannot be made leaves no folder behind.
            made.append(begin.make(config.seed))
        if where.main:
            run_folder.hold(run.out, stated)
        if where.main and begin.model.sees_neutral and not run_folder.finished(run.out):
            for text in told_of_neutrals(neutrals.find(frames).people):
                told.say(text)
        where.wait()

        def make() -> Model:
            return made.pop() if made else begin.make(config.seed)

        facts = {name: stated[name] for name in SAID}
        yield Stage(frames, config, run, where, told, begin.weights, facts), make


def told_of_neutrals(people: Mapping[str, int]) -> list[str]:
    """What to know of neutrals that were not made as such, by how many people they were found."""
    said = {
        "aus_zero": "frames whose coded AUs are all 0 are the neutrals",
        "pspi_zero": "no frame has all coded AUs at 0, and those of PSPI 0 are the neutrals",
        "none": "no frame is a neutral",
    }
    return [f"of {people[rule]} people {text}" for rule, text in said.items() if people[rule]]


def decided(config: TrainConfig, begin: Begin, out: Path) -> TrainConfig:
    """The options with what was left open: a run goes on with the threads it began with."""
    if config.backbone_share is None:
        config = replace(config, backbone_share=begin.share)
    if config.threads is None:
        before = run_folder.begun(out)
        threads = before["train"]["threads"] if before else os.cpu_count()
        config = replace(config, threads=threads or 1)
    return config
