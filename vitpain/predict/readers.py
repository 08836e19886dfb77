"""The models of a run, and which of them reads whom: nobody by a fold that learnt from them.

A run by folds has a model a fold. Frames of a subject whom a fold tested are read by that fold;
all others by the mean of the folds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64

from assets.unbc import SURROGATE
from generator.shards import manifest
from generator.shards.manifest import checksum
from generator.shards.record import DRAWN
from vitpain.data.batch import Batch
from vitpain.data.frames import Frames
from vitpain.evaluate import predictions
from vitpain.explain.saliency import grad_cam
from vitpain.model import files
from vitpain.model.backbone import Weights
from vitpain.model.build import Model
from vitpain.model.config import ModelConfig
from vitpain.predict.rows import RowsConfig, numbers, output_of
from vitpain.predict.table import SEEN
from vitpain.train import run_folder
from vitpain.train.finetune import FOLDER
from vitpain.train.fitted import MODEL

LEARNT = "learnt from a stand-in for UNBC-McMaster, not from people in pain"
SHOWN = "shows a stand-in for UNBC-McMaster: a drawn face"

By = tuple[int, str | None]
"""Who reads a frame: a fold, or 0 for all models; and one of `SEEN`, None where it is unknown."""


@dataclass(frozen=True)
class Readers:
    """Models by the number of their fold; 0 alone for a run without folds.

    `tested` has the fold that tested a subject of the run's first data set; `data` are hashes of
    manifests of the data sets that the run learnt from; `begun` says whether it began with the
    model of another run, of whose data nothing is known here.
    """

    models: Mapping[int, Model]
    rows: RowsConfig
    tested: Mapping[str, int]
    data: tuple[str, ...]
    sources: frozenset[str]
    begun: bool
    surrogate: bool

    @property
    def config(self) -> ModelConfig:
        """What every model of the run is."""
        return next(iter(self.models.values())).config

    def note(self, source: str | None = None) -> str | None:
        """What must stand beside what this run says of a frame of a source."""
        learnt = [LEARNT] if self.surrogate else []
        shown = [SHOWN] if source == SURROGATE else []
        return "; ".join(learnt + shown) or None

    def name(self, fold: int) -> str:
        """Who reads: a fold, or with 0 all models there are."""
        if fold == 0 and len(self.models) > 1:
            return f"mean of {len(self.models)} folds"
        number = fold or next(iter(self.models))
        return f"fold {number}" if number else "the model"

    def read(self, batch: Batch, fold: int = 0) -> dict[str, Float64[np.ndarray, " batch"]]:
        """What is said of a batch, by the columns `vitpain.evaluate.predictions.HATS`."""
        said = [numbers(output_of(one, batch, self.rows.bf16)) for one in self._chosen(fold)]
        return {name: np.mean([one[name] for one in said], axis=0) for name in said[0]}

    def saliency(self, batch: Batch, fold: int = 0) -> Float64[np.ndarray, "batch side side"]:
        """Grad-CAM of PSPI, 1 at its highest, the mean of the models that are asked."""
        made = [grad_cam(model, batch).double().numpy() for model in self._chosen(fold)]
        highest = [cam.max(axis=(1, 2), keepdims=True) for cam in made]
        shares = [cam / np.where(top > 0, top, 1) for cam, top in zip(made, highest, strict=True)]
        return np.mean(shares, axis=0)

    def _chosen(self, fold: int) -> list[Model]:
        return [self.models[fold]] if fold else list(self.models.values())

    def shared(self, frames: Frames) -> dict[By, list[int]]:
        """Share frames out: their rows by who reads them."""
        hashes = [checksum(one.folder / manifest.NAME).sha256 for one in frames.sets]
        columns = (frames.column(name).tolist() for name in ("set", "identity", "split", "source"))
        found: dict[By, list[int]] = {}
        for row, (number, *about) in enumerate(zip(*columns, strict=True)):
            found.setdefault(self.by(hashes[number], *about), []).append(row)
        return found

    def by(self, digest: str, identity: str, split: str, source: str) -> By:
        """Who reads a frame of the data set with that hash of its manifest."""
        first = digest == self.data[0]
        # Real people have their name in every data set that shows them.
        same = first or (source in self.sources and source != DRAWN)
        if same and identity in self.tested:
            return self.tested[identity], SEEN[0]
        if digest not in self.data:
            return 0, None
        # Whom no fold tested, in data that folds divide, every fold that was trained learnt from.
        if split == "train" or (first and self.tested):
            return 0, SEEN[2]
        if self.tested:
            # Of data beside those that folds divide, `train` alone is read.
            return 0, None if self.begun else SEEN[0]
        return 0, {"val": SEEN[1], "test": SEEN[0]}[split]


def open_run(run: Path, weights: Weights | None, device: torch.device, bf16: bool) -> Readers:
    """Read the models of a run that has ended.

    `weights` are those of a frozen backbone that is not in the run. Raises ValueError where the
    folder is no run, has not ended, or as `files.load` does.
    """
    stated = run_folder.ended(run)
    tested = _tested(run) if stated["command"] == "finetune" else {}
    folders = {number: run / FOLDER.format(number) / MODEL for number in sorted({*tested.values()})}
    if not folders:
        folders = {0: run / MODEL}
    models = {number: files.load(path, weights).to(device) for number, path in folders.items()}
    trained: Mapping[str, Any] = stated["train"]
    return Readers(
        models,
        RowsConfig(trained["references"], trained["views"], trained["seed"], bf16),
        tested,
        tuple(one["manifest"] for one in [*stated["data"], *stated["extra"]]),
        frozenset(stated["sources"]),
        stated["init"] is not None,
        stated["surrogate"],
    )


def _tested(run: Path) -> dict[str, int]:
    """Which fold tested a subject of the data that folds divide."""
    table = predictions.read(run / predictions.NAME).select(["subject", "fold", "role", "set"])
    rows = table.group_by(table.column_names).aggregate([]).to_pylist()
    # A name that another set has too begins with the number of its set.
    return {
        row["subject"].removeprefix("0:"): row["fold"]
        for row in rows
        if row["role"] == "test" and row["set"] == 0
    }
