"""What is to be exported: the one model of a run or of a fold, and all that files say of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.shards.manifest import checksum, read_json
from vitpain.evaluate import predictions, report
from vitpain.evaluate.build import FIGURES
from vitpain.evaluate.build import FOLDER as REPORT
from vitpain.model import files
from vitpain.model.config import ModelConfig
from vitpain.train import fitted, run_folder
from vitpain.train.finetune import FOLDER
from vitpain.train.fitted import MODEL, Fitted

HELD = (run_folder.RUN, predictions.NAME)
"""What a report must have been made from, to be of this run."""


@dataclass(frozen=True)
class Source:
    """A trained model with what its run and its own files say.

    `fold` is 0 where there are no folds. `report` holds the figures of the whole run, or is None
    for the reason `why_none`.
    """

    folder: Path
    name: str
    fold: int
    run: Mapping[str, Any]
    stated: Mapping[str, Any]
    config: ModelConfig
    fitted: Fitted
    report: Mapping[str, Any] | None
    why_none: str | None

    @property
    def model(self) -> Path:
        """The folder of its weights."""
        return self.folder / MODEL

    @property
    def surrogate(self) -> bool:
        """Whether it learnt from frames that stand in for UNBC-McMaster."""
        return bool(self.run["surrogate"])


def open_source(folder: Path) -> Source:
    """Find the model of a run without folds, or of a fold of one.

    Raises ValueError where there is none, the run has not ended, or it has folds and none is named.
    """
    whole, fold = folder, 0
    begun = run_folder.known(folder)
    if begun is None:
        whole = folder.resolve().parent
        begun = run_folder.known(whole)
        number = folder.resolve().name.removeprefix(FOLDER.format(""))
        fold = int(number) if number.isdecimal() else 0
        if begun is None or folder.resolve().name != FOLDER.format(fold):
            raise ValueError(
                f"run must be the folder of a run, or a fold of one, got none of {run_folder.RUN} "
                f"in {folder}"
            )
    elif begun["command"] == "finetune":
        found = sorted(path.name for path in folder.glob(FOLDER.format("*")))
        named = f", one of {', '.join(found)}" if found else ""
        raise ValueError(f"run must name a fold of {folder}{named}: each is a model of its own")
    done = fitted.finished(folder)
    if done is None or not (folder / MODEL).is_dir():
        raise ValueError(
            f"run must have ended, got no {fitted.RESULT} with its {MODEL} in {folder}"
        )
    stated, config = files.facts(folder / MODEL)
    name = whole.resolve().name + (f", fold {fold}" if fold else "")
    figures, why_none = _report(whole)
    return Source(folder, name, fold, begun, stated, config, done, figures, why_none)


def _report(whole: Path) -> tuple[Mapping[str, Any] | None, str | None]:
    """The figures of a run's report, or why there are none."""
    path = whole / REPORT / FIGURES
    if not path.is_file():
        return None, "the run has not been evaluated"
    found = read_json(path)
    if not isinstance(found, dict) or found.get("format") != report.FORMAT:
        raise ValueError(f"{path} must be a report ({report.FORMAT}), got another")
    for name in HELD:
        there = whole / name
        if not there.is_file() or checksum(there).sha256 != found["files"].get(name):
            return None, f"the report of the run was made from another {name}"
    return found, None
