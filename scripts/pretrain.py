"""`pain3d pretrain`: train a pain estimator on shards, on their own train, val and test people."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from scripts.figures import check_json, table, write_json
from scripts.learning import GivenRun, GivenTraining, check_installed, told, weights_of
from scripts.options import built, checked, parse
from vitpain.model.config import ModelConfig
from vitpain.train.config import PRETRAIN


@dataclass(frozen=True)
class GivenModel(ModelConfig):
    """What the model is."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> ModelConfig:
        """Hold the options to their rules."""
        return built(ModelConfig, self)


@dataclass(frozen=True)
class Options:
    """Train a pain estimator on shards: learn from train, select by val, predict val and test."""

    data: tuple[Path, ...]
    """Data sets to learn from, finished ones."""
    run: GivenRun
    weights: str = "hub"
    """Weights of the backbone: `hub` fetches what was learnt from photographs, `none` begins with
    random ones and trains all of them, or a file."""
    model: GivenModel = field(default_factory=GivenModel)
    config: GivenTraining = field(default_factory=lambda: GivenTraining.of(PRETRAIN))
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str]) -> int:
    """Train a model, print how that went and say where it lies."""
    options = parse(Options, "pretrain", arguments, ("--data",))
    config = checked("pretrain", options.config.checked)
    run = checked("pretrain", options.run.checked)
    model = checked("pretrain", options.model.checked)
    check_json(options.json)
    check_installed("pretrain")
    # Imported here: these need torch.
    from vitpain.train import begin, run_folder
    from vitpain.train.fitted import MODEL
    from vitpain.train.pretrain import pretrain

    first = begin.fresh(model, weights_of(options.weights))
    ended = run.resume and run_folder.finished(run.out)
    with told("pretrain") as listener:
        if first.weights == "none":
            listener.say("weights are random: the whole backbone is trained")
        done = pretrain(options.data, first, config, run, listener)
        if ended:
            listener.say(f"{run.out} had ended already; nothing was done")
    figures = asdict(done)
    print(table({"model": str(run.out / MODEL), **figures}))
    write_json(options.json, figures)
    return 0
