"""What a model begins with: random weights, trained ones of its backbone, or those of a run."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from generator.shards import manifest
from generator.shards.record import DRAWN
from vitpain.model import build, files
from vitpain.model.backbone import Weights
from vitpain.model.build import Model
from vitpain.model.config import ModelConfig
from vitpain.train.config import RANDOM, TRAINED
from vitpain.train.fitted import MODEL


@dataclass(frozen=True)
class Begin:
    """A model's configuration and first weights; `init` is the folder of a run that has ended.

    `weights` are the backbone's: with `init` only where the run's own has to be given again.
    """

    model: ModelConfig
    weights: Weights | None
    init: Path | None = None

    def make(self, seed: int) -> Model:
        """Make the model; what no weights decide is random by the seed."""
        if self.init is not None:
            return files.load(self.init / MODEL, self.weights)
        assert self.weights is not None
        return build.build(self.model, self.weights, seed)

    @property
    def share(self) -> float:
        """Learning rate of the backbone as a share of the heads', where none is given."""
        return RANDOM if self.init is None and self.weights == "none" else TRAINED

    def facts(self) -> dict[str, Any]:
        """What is begun with, files by what they hold."""
        weights = self.weights
        named = manifest.checksum(weights).sha256 if isinstance(weights, Path) else weights
        init = None
        if self.init is not None:
            names = (files.TENSORS, files.FACTS)
            init = {name: manifest.checksum(self.init / MODEL / name).sha256 for name in names}
        return {"model": asdict(self.model), "weights": named, "init": init}


def fresh(model: ModelConfig, weights: Weights) -> Begin:
    """Begin with weights of the backbone; random ones train whole, whatever was asked for.

    Adapters on random weights would learn next to nothing.
    """
    if weights == "none":
        model = replace(model, tune="all", adapters="shared")
    if isinstance(weights, Path) and not weights.is_file():
        raise ValueError(f"weights must be hub, none or a file that is there, got {weights}")
    return Begin(model, weights)


def of_run(init: Path, asked: dict[str, Any], weights: Weights | None) -> Begin:
    """Begin with the model of a run.

    `asked` are fields of `ModelConfig` that the user named. Raises ValueError where the run has no
    model, or one that differs in such a field, naming both, and where weights of a backbone are
    given that it has itself.
    """
    if not (init / MODEL).is_dir():
        rule = "a run that has ended, or a fold of one"
        raise ValueError(f"init must be {rule}, got {init}, which has no {MODEL}")
    stated, model = files.facts(init / MODEL)
    if weights == "none" or (weights is not None and stated["backbone"]["in_file"]):
        raise ValueError(f"weights must be left out, {init} has its own, got {weights}")
    for name, value in asked.items():
        found = getattr(model, name)
        if value is not None and value != found:
            raise ValueError(f"{name} must be {found} as in {init}, got {value}")
    return Begin(model, weights, init)


def stand_in(init: Path | None) -> bool:
    """Whether the weights of a run were learnt from frames that stand in for UNBC-McMaster."""
    return bool(_stated(init).get("surrogate"))


def learnt_from(init: Path | None) -> list[dict[str, Any]]:
    """Data sets that a run learnt from, and those of the runs that it began with in turn."""
    stated = _stated(init)
    return [one for name in ("before", "data", "extra") for one in stated.get(name, ())]


def check_apart(init: Path | None, data: dict[str, Any]) -> None:
    """Raise ValueError where a run learnt from a data set that it is now to be tested on.

    Another import of the same source is the same people.
    """
    real = {*data["sources"]} - {DRAWN}
    for one in learnt_from(init):
        same = sorted(real & {*one["sources"]})
        if one["manifest"] == data["manifest"] or same:
            got = f"{init}, which learnt from {', '.join(same)}" if same else f"{init}"
            raise ValueError(f"init must not have learnt from the data it is tested on, got {got}")


def _stated(init: Path | None) -> dict[str, Any]:
    """What a run's model says of its run, wherever the folder has gone since."""
    return {} if init is None else files.facts(init / MODEL)[0]["facts"]
