"""`pain3d ablate`: what 2D and 3D synthetic frames add to real ones, arm by arm."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scripts.figures import check_json, table, write_json
from scripts.learning import check_installed, device_of, weights_of
from scripts.options import built, checked, parse
from scripts.progress import Bar
from vitpain.ablation.arms import BASE, Arm, arms
from vitpain.ablation.config import SMALL, STUDY, StudyConfig

if TYPE_CHECKING:
    from vitpain.ablation.sources import Source, Sources
    from vitpain.ablation.status import Status

LISTS = ("--synth2d", "--synth3d", "--models", "--only", "--fractions", "--shares", "--arms")


@dataclass(frozen=True)
class GivenStudy(StudyConfig):
    """What is trained in every arm, how, and on whom; all of it decides what is found."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    @classmethod
    def of(cls, preset: StudyConfig) -> "GivenStudy":
        """Options whose defaults are those of a preset."""
        return built(cls, preset)

    def checked(self) -> StudyConfig:
        """Hold the options to their rules."""
        return built(StudyConfig, self)


@dataclass(frozen=True)
class Options:
    """Train the same models by folds of subjects on real frames, and on real and synthetic ones in
    every arm; what they say of the test subjects is stored for `ablation-report`."""

    out: Path
    """Folder of the study; empty or not there, or one to resume."""
    real: Path | None = None
    """Data set of real frames that is divided."""
    synth2d: tuple[str, ...] = ()
    """Sets that networks painted, by folds, as NAME=DIR; the first stands for its kind."""
    synth3d: tuple[str, ...] = ()
    """Sets of `generate` as NAME=DIR; the first stands for its kind, of further ones each is to
    differ from it in one thing."""
    surrogate: bool = False
    """Make all of these here, on a stand-in for UNBC-McMaster, and train small models."""
    arms: tuple[str, ...] = ()
    """Names of the arms to train, `real` among them; all if none is named."""
    config: GivenStudy = field(default_factory=lambda: GivenStudy.of(STUDY))
    executor: Literal["local", "ray"] = "local"
    """Train on this machine, or on a Ray cluster whose machines see all these folders."""
    workers: int | None = None
    """Cells at once; if none is given, as many as fit: one a GPU, or by the threads of a CPU."""
    features: str | None = None
    """What gives the domain gap its features: `inception`, or a model of timm; if none is given, it
    is not measured."""
    features_weights: str | None = None
    """Weights of that network: a file, or `none` for a timm model with random ones (every table
    then says so)."""
    resume: bool = False
    """Go on with a study that was stopped; finished cells stay, failed ones are tried again."""
    json: Path | None = None
    """Write the figures here too."""

    def check(self) -> None:
        """Refuse what leaves open what is compared."""
        given = self.real is not None or self.synth2d or self.synth3d
        if self.surrogate and given:
            raise ValueError("surrogate must stand without data sets of one's own, got both")
        if not self.surrogate and self.real is None:
            raise ValueError("real must be given, or surrogate, got neither")
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")
        if self.features_weights is not None and self.features is None:
            rule = "be for features that are named"
            raise ValueError(f"features_weights must {rule}, got {self.features_weights}")
        if self.features_weights == "hub":
            raise ValueError("features_weights must be none or a file, got hub")


@dataclass(frozen=True)
class SmallOptions(Options):
    """Train small models in every arm, on a stand-in and synthetic frames that are made here."""

    config: GivenStudy = field(default_factory=lambda: GivenStudy.of(SMALL))
    features: str | None = "resnet18"
    features_weights: str | None = "none"


def main(arguments: list[str]) -> int:
    """Train what is left of a study, and print what is done; 1 where cells failed."""
    kind = SmallOptions if "--surrogate" in arguments else Options
    options = parse(kind, "ablate", arguments, LISTS)
    checked("ablate", options.check)
    config = checked("ablate", options.config.checked)
    check_json(options.json)
    check_installed("ablate")
    # Imported here: these need torch.
    from vitpain.ablation import local, ray_jobs, study
    from vitpain.ablation.plan import plan
    from vitpain.ablation.status import Progress

    if options.executor == "ray":
        ray_jobs.check_installed()
    start = time.monotonic()
    with study.claimed(options.out, options.resume):
        study.hold_config(options.out, config)
        there, spent = inputs(options, config)
        offered = wanted(options.arms, there, config)
        planned = plan(config, offered, there)
        made = study.begun(options.out.resolve(), config, offered, there, planned)
        if options.features is not None:
            # First, so that weights that are missing are not found out in the end.
            look_apart(options, config)
        left = [cell for cell in planned.cells if not made.finished(cell)]
        with view() as show:
            progress = Progress(len(planned.cells) - len(left), left, show)
            match options.executor:
                case "local":
                    local.run(made, left, local.room(made, options.workers), progress)
                case "ray":
                    ray_jobs.run(made, left, options.workers, progress)
    failures = {str(cell): text for cell, text in progress.failures.values()}
    figures = {
        "folder": str(options.out),
        "cells": len(planned.cells),
        "done": progress.status.done,
        "done in this run": len(left) - len(failures),
        "failed": len(failures),
        "seconds": time.monotonic() - start,
    }
    print(table(figures))
    for name, text in failures.items():
        print(f"failed: {name}: {text}")
    write_json(options.json, {**figures, "failures": failures, "inputs_seconds": spent})
    return 1 if failures else 0


def inputs(options: Options, config: StudyConfig) -> tuple["Sources", dict[str, float]]:
    """The sources, each registered, and the seconds that each took which was made here."""
    from vitpain.ablation.sources import Source, Sources, check_kinds, opened
    from vitpain.classifier.config import Synth, named

    workers, spent = options.workers or os.cpu_count() or 1, {}
    real, painted, drawn = (
        options.real,
        *(map(named, one) for one in (options.synth2d, options.synth3d)),
    )
    if options.surrogate:
        # Imported here: this imports what makes every kind of set.
        from scripts import ablation_inputs

        made = ablation_inputs.make(options.out, workers)
        real, spent = made.real, made.seconds
        painted, drawn = [Synth("painted", made.synth2d)], [Synth("drawn", made.synth3d)]
    assert real is not None, "checked before"
    given = [
        Source(BASE, "real", real),
        *(Source(one.name, "2d", one.folder) for one in painted),
        *(Source(one.name, "3d", one.folder) for one in drawn),
    ]
    # Held to their rules before the first is registered.
    check_kinds(Sources(given[0], tuple(given[1:])), opened(given))
    aligned = [registered(one, options.out, config, workers) for one in given]
    return Sources(aligned[0], tuple(aligned[1:])), spent


def registered(given: "Source", out: Path, config: StudyConfig, workers: int) -> "Source":
    """A source as it is where it is registered, else a registered copy, made in the study once."""
    from generator.jobs import Run, generate
    from generator.registration.config import RegisterConfig
    from generator.registration.producer import PRODUCER
    from generator.shards import manifest
    from generator.shards.derived import read_derived
    from generator.shards.folder import CONFIG, read_config
    from vitpain.ablation.study import SETS

    known = read_derived(read_config(given.folder), str(given.folder / CONFIG))
    if known is not None and known.registered is not None:
        return replace(given, folder=given.folder.resolve())
    copy = out.resolve() / SETS / given.name
    copy.parent.mkdir(exist_ok=True)
    wanted = RegisterConfig(given.folder, config.mode, config.side)
    # One that is finished stays, whichever code made it; whether it is of this source is checked.
    if not (copy / manifest.NAME).exists():
        with Bar(f" pictures of {given.name}", resumed=True) as bar:
            generate(wanted, PRODUCER, Run(copy, workers, resume=True), bar.advance)
    return replace(given, folder=copy, native=given.folder.resolve())


def wanted(names: Sequence[str], there: "Sources", config: StudyConfig) -> list[Arm]:
    """The arms of a study, those that were named if any were.

    What is native is left out where a set is not at hand as it was. Raises ValueError for a name
    that no arm has, and where there is nothing to hold the others against.
    """
    painted, drawn = (
        [one.name for one in there.synthetic if one.kind == kind] for kind in ("2d", "3d")
    )
    offered = arms(painted, drawn, config.shares)
    lost = [one.name for one in offered if one.native and not there.natively(one)]
    known = [one.name for one in offered]
    for name in names:
        if name not in known:
            raise ValueError(f"arms must be of {', '.join(known)}, got {name}")
    if lost and not names:
        print(f"left out, as sets came registered: {', '.join(lost)}")
    if names and BASE not in names:
        raise ValueError(f"arms must have {BASE} among them, got {', '.join(names)}")
    # Of those that are lost the plan says which set came registered.
    return [one for one in offered if (one.name in names if names else one.name not in lost)]


def look_apart(options: Options, config: StudyConfig) -> None:
    """Measure how far apart the sources look, unless that was done before."""
    from vitpain.ablation import domains

    assert options.features is not None, "asked before"
    weights = options.features_weights
    domains.measure(
        options.out,
        options.features,
        None if weights is None else weights_of(weights),
        domains.MOST,
        device_of(config.device),
    )


@contextmanager
def view() -> Iterator[Callable[["Status"], None]]:
    """Give what says on one line of stderr how far the cells are; the line ends with the block.

    Where nobody watches it is a line whenever a cell has ended.
    """
    wide, ended = 0, -1

    def show(status: "Status") -> None:
        nonlocal wide, ended
        text, now = f"cells: {status}", status.done + status.failed
        if sys.stderr.isatty():
            print(f"\r{text.ljust(wide)}", end="", file=sys.stderr, flush=True)
            wide = len(text)
        elif now != ended:
            print(text, file=sys.stderr, flush=True)
        ended = now

    try:
        yield show
    finally:
        if wide:
            print(file=sys.stderr)
