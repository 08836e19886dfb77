"""`pain3d train-gan`: train networks that paint action units on faces."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from generator.gan2d.config import GanConfig, Run
from generator.gan2d.plan import Division
from generator.origin import check_apart
from scripts.figures import check_json, table, write_json
from scripts.learning import check_installed
from scripts.options import built, checked, parse
from scripts.progress import Bar
from scripts.surrogate_unbc import BANNER

if TYPE_CHECKING:
    from generator.gan2d.folder import Gan


@dataclass(frozen=True)
class Given(GanConfig):
    """How to train; all of it decides the weights."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> GanConfig:
        """Hold the options to their rules."""
        return built(GanConfig, self)


@dataclass(frozen=True)
class GivenRun(Run):
    """Where and how to train; none of it decides the weights."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> Run:
        """Hold the options to their rules."""
        return built(Run, self)


@dataclass(frozen=True)
class Options:
    """Train networks that paint action units on faces (GANimation), one or three a fold."""

    data: Path
    """Data set with action units; registered where `init` is given."""
    run: GivenRun
    init: Path | None = None
    """Folder of one network to begin with."""
    subjects: Path | None = None
    """Text that names the people to train on, one a line; everybody if there is neither this nor
    folds."""
    folds: Division | None = None
    """Three networks for each outer fold: each trained on two thirds of its training people, to
    paint the rest."""
    sweep_au45: bool = False
    """Measure at which AU45 eyes are closed; done unasked where the labels do not tell."""
    config: Given = field(default_factory=Given)
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str]) -> int:
    """Train, print what there is and say where it lies."""
    options = parse(Options, "train-gan", arguments, ("--aus",))
    config = checked("train-gan", options.config.checked)
    run = checked("train-gan", options.run.checked)
    check_json(options.json)
    check_installed("train-gan")
    # Imported here: these need torch.
    from generator.gan2d.begin import Wanted
    from generator.gan2d.build import build
    from generator.gan2d.train import Told

    def say(text: str) -> None:
        # Above the bar, where there is one.
        tqdm.write(f"pain3d train-gan: {text}", file=sys.stderr)

    wanted = checked(
        "train-gan",
        lambda: Wanted(
            options.data, options.init, options.subjects, options.folds, options.sweep_au45
        ),
    )
    sources = [one for one in (options.data, options.init) if one is not None]
    check_apart(run.out, *sources)
    with Bar(" faces") as cutting, Bar(" steps", resumed=True) as bar:
        gan = build(wanted, config, run, Told(cutting.advance, bar.advance, say))
    figures: dict[str, Any] = {
        **({"banner": BANNER} if gan.surrogate else {}),
        "folder": str(run.out),
        "networks": len(gan.networks),
        "action units": ", ".join(map(str, gan.aus)),
        "labels": gan.saw.labels,
        "people": len(gan.saw.people),
        "AU45 of closed eyes": _closed(gan),
    }
    print(table(figures))
    write_json(options.json, figures)
    return 0


def _closed(gan: "Gan") -> str:
    """AU45 of every network, or of all where they agree."""
    found = [one.done.closed for one in gan.networks if one.done is not None]
    said = [one.why if one.au45 is None else f"{one.au45:g} ({one.why})" for one in found]
    return ", ".join(dict.fromkeys(said))
