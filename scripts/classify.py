"""`pain3d classify`: whether made pictures help to tell classes of pain in photographs."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from scripts.figures import check_json, write_json
from scripts.learning import check_installed, told
from scripts.options import built, checked, parse
from vitpain.classifier.config import ClassifyConfig, ClassifyRun, Compared, named

LISTS = ("--synth", "--only")


@dataclass(frozen=True)
class GivenConfig(ClassifyConfig):
    """What to train and how; all of it decides the weights."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> ClassifyConfig:
        """Hold the options to their rules."""
        return built(ClassifyConfig, self)


@dataclass(frozen=True)
class GivenRun(ClassifyRun):
    """Where and how to train; none of it decides the weights."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> ClassifyRun:
        """Hold the options to their rules."""
        return built(ClassifyRun, self)


@dataclass(frozen=True)
class Options:
    """Train classifiers of pain by folds of subjects on photographs, on made pictures and on both,
    and test them on photographs: per class figures as in the thesis's tables 13 and 14."""

    real: Path
    """Data set of photographs that is divided, a finished one; registered as the made pictures
    are."""
    run: GivenRun
    synth: tuple[str, ...] = ()
    """Data sets of made pictures as NAME=DIR: of `augment2d`, each fold by its own block, or of
    `generate`, their split `train`. Nobody whom a fold validates or tests may have trained what
    made its pictures."""
    folds: Literal["thesis5", "public5"] = "thesis5"
    """The thesis's five folds of UNBC-McMaster, or the public five."""
    only: tuple[int, ...] = ()
    """Numbers of the folds to train, from 1; all if none is named."""
    weights: str = "imagenet"
    """First weights of the network: `imagenet` fetches them, `none` begins with random ones, or a
    file .safetensors of timm's."""
    config: GivenConfig = field(default_factory=GivenConfig)
    json: Path | None = None
    """Write the figures here too."""

    def compared(self) -> Compared:
        """Hold what is compared to its rules."""
        return Compared(self.real, tuple(map(named, self.synth)), self.folds, self.only)


def main(arguments: list[str]) -> int:
    """Train and test the classifiers, print the tables and say where the report lies."""
    options = parse(Options, "classify", arguments, LISTS)
    config = checked("classify", options.config.checked)
    run = checked("classify", options.run.checked)
    compared = checked("classify", options.compared)
    check_json(options.json)
    check_installed("classify")
    # Imported here: these need torch.
    from vitpain.classifier.classify import classify
    from vitpain.classifier.report import report
    from vitpain.evaluate.build import FOLDER, PAGE
    from vitpain.train import run_folder

    given: Any = options.weights
    if given not in ("imagenet", "none"):
        given = Path(given)
    ended = run.resume and run_folder.finished(run.out)
    with told("classify") as listener:
        if given == "none":
            listener.say("weights are random: the thesis's are ImageNet's")
        classify(compared, given, config, run, listener)
        if ended:
            listener.say(f"{run.out} had ended already; only the report was made anew")
    made = report(run.out)
    print("\n".join(made.lines))
    print(f"\nreport  {run.out / FOLDER / PAGE}")
    write_json(options.json, made.figures)
    return 0
