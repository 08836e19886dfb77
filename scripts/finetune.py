"""`pain3d finetune`: train a pain estimator by folds of subjects, as UNBC-McMaster is divided."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from scripts.figures import check_json, table, write_json
from scripts.learning import GivenRun, GivenTraining, check_installed, told, weights_of
from scripts.options import checked, parse
from vitpain.model.config import ModelConfig, Tune, Variant
from vitpain.train.config import FINETUNE

LISTS = ("--extra", "--only")
ASKED = ("backbone", "size", "variant", "student", "tune", "rank", "adapters")
"""Options that are fields of `ModelConfig`."""


@dataclass(frozen=True)
class Options:
    """Train a pain estimator by folds of subjects: a model a fold, tested on people of its own."""

    data: Path
    """Data set that is divided, a finished one."""
    run: GivenRun
    folds: Literal["public5", "loso", "thesis5"] = "public5"
    """The public five folds of UNBC-McMaster, leave-one-subject-out of any data, or the thesis's
    five folds."""
    only: tuple[int, ...] = ()
    """Numbers of the folds to train, from 1; all if none is named."""
    extra: tuple[Path, ...] = ()
    """Data sets whose frames of split `train` every fold learns from beside its own."""
    init: Path | None = None
    """Run, or fold of one, whose model to begin with."""
    weights: str | None = None
    """Weights of the backbone: `hub` (if there is no `init`) fetches what was learnt from
    photographs, `none` begins with random ones and trains all of them, or a file."""
    backbone: str | None = None
    """A vision transformer of timm, a small one of ours, or (with `tune` all) a ConvNeXt of timm;
    that of `init` if there is one."""
    size: int | None = None
    """Side of the pictures in pixels; that of `init` if there is one."""
    variant: Variant | None = None
    """See `pretrain`; that of `init` if there is one."""
    student: Literal["plain", "reference"] | None = None
    """See `pretrain`; that of `init` if there is one."""
    tune: Tune | None = None
    """`lora` adapts a frozen backbone, `all` trains it whole; as `init` if there is one."""
    rank: int | None = None
    """Of the adapters; that of `init` if there is one."""
    adapters: Literal["shared", "two"] | None = None
    """Whether face and neutral are adapted alike; as `init` if there is one."""
    config: GivenTraining = field(default_factory=lambda: GivenTraining.of(FINETUNE))
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str]) -> int:
    """Train the folds, print how that went and say where they lie."""
    options = parse(Options, "finetune", arguments, LISTS)
    config = checked("finetune", options.config.checked)
    run = checked("finetune", options.run.checked)
    named = {name: getattr(options, name) for name in ASKED}
    asked = {name: value for name, value in named.items() if value is not None}
    model = checked("finetune", lambda: ModelConfig(**asked))
    check_json(options.json)
    check_installed("finetune")
    # Imported here: these need torch.
    from vitpain.train import begin, run_folder
    from vitpain.train.finetune import Division, finetune

    weights = None if options.weights is None else weights_of(options.weights)
    if options.init is not None:
        first = begin.of_run(options.init, asked, weights)
    else:
        first = begin.fresh(model, "hub" if weights is None else weights)
    division = Division(options.data, options.folds, options.extra, options.only)
    ended = run.resume and run_folder.finished(run.out)
    with told("finetune") as listener:
        if first.init is None and first.weights == "none":
            listener.say("weights are random: the whole backbone is trained")
        done = finetune(division, first, config, run, listener)
        if ended:
            listener.say(f"{run.out} had ended already; nothing was done")
    figures = {f"fold {number}": asdict(one) for number, one in done.items()}
    said = {name: f"epoch {one['epoch']}, {_score(one['score'])}" for name, one in figures.items()}
    print(table({"run": str(run.out), **said}))
    write_json(options.json, figures)
    return 0


def _score(score: float | None) -> str:
    return "concordance undefined" if score is None else f"concordance {score:.3f}"
