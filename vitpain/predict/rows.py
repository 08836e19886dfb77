"""What a model says of frames of data sets, as the table that reports are made from.

Batches come through the same loader as in training, cropped alike and not varied. A model that
looks at no neutral is given none.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float64, Int64, Integer
from torch import nn

from vitpain.data.batch import Batch, unit
from vitpain.data.frames import Frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.neutrals import Views, Whose
from vitpain.data.pairs import PairConfig, Pairs
from vitpain.evaluate import predictions
from vitpain.evaluate.predictions import AU_HATS, AU_LABELS, HATS, PROBABILITIES
from vitpain.model.output import Output

KEPT = ("key", "set", "source", "sequence", "frame", "kind", "view")
BATCH = 64
"""Faces at once, where the caller brings no loader."""
ABOUT = ("age_years", "sex", "skin_tone", "split")


@dataclass(frozen=True)
class RowsConfig:
    """How frames are predicted, and what the table says of them all."""

    references: int = 1
    """Neutrals a face; what a model says of several is their mean's."""
    views: Views = "same"
    """Take neutrals from the face's own view, or from any."""
    seed: int = 0
    """Of the draw of neutrals."""
    bf16: bool = False
    """Work in bf16, as a GPU does it fast."""
    fold: int = 0
    role: str = "test"


def predict_rows(
    model: nn.Module,
    frames: Frames,
    rows: Integer[np.ndarray, " asked"],
    config: RowsConfig,
    condition: Whose = "right",
    loader: Loader | None = None,
    report: Callable[[int, int], None] | None = None,
) -> pa.Table:
    """Predict frames on the device where the model is; rows stay in their order.

    `condition` is whose neutral the model is given. `report` hears how many frames were done since
    the last call, of how many. Raises ValueError for a sample that is not whole, naming it.
    """
    rows = np.asarray(rows, np.int64)
    # A module's attributes may be anything to a reader of types.
    shape: Any = model.config
    references = config.references if shape.sees_neutral else 0
    plan = PairConfig(shape.size, references, config.views, condition, seed=config.seed)
    pairs = Pairs(frames, plan)
    said: dict[str, list[np.ndarray]] = {name: [] for name in HATS}
    neutrals: list[np.ndarray] = []
    model.eval()
    with Loader(Loading(BATCH)) if loader is None else nullcontext(loader) as source:
        for batch in source.batches(pairs, rows):
            for name, values in numbers(output_of(model, batch, config.bf16)).items():
                said[name].append(values)
            neutrals.append(batch.neutral_rows.numpy())
            if report is not None:
                report(len(batch.rows), len(rows))
    hats = {name: np.concatenate(parts or [np.zeros(0)]) for name, parts in said.items()}
    return _table(frames, rows, config, condition, hats, neutrals)


@torch.no_grad()
def output_of(model: nn.Module, batch: Batch, bf16: bool = False) -> Output:
    """What a model says of a batch, on the model's own device."""
    device = next(model.parameters()).device
    there = batch.to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        return model(unit(there.face), unit(there.neutrals), there.has_neutral)


def numbers(output: Output) -> dict[str, Float64[np.ndarray, " batch"]]:
    """An output as the columns `HATS` of the table."""
    levels = torch.sigmoid(output.logits.float()).unbind(1)
    columns = {"pspi_hat": output.pspi, "pspi_of_aus_hat": output.pspi_of_aus}
    columns |= dict(zip(PROBABILITIES, levels, strict=True))
    columns |= dict(zip(AU_HATS, output.aus.unbind(1), strict=True))
    # One copy from the device for all of them.
    together = torch.stack([values.float() for values in columns.values()]).double().cpu().numpy()
    return dict(zip(columns, together, strict=True))


def _table(
    frames: Frames,
    rows: Int64[np.ndarray, " asked"],
    config: RowsConfig,
    condition: Whose,
    hats: dict[str, Float64[np.ndarray, " asked"]],
    neutrals: list[np.ndarray],
) -> pa.Table:
    index, count = frames.index.take(pa.array(rows)), len(rows)
    chosen = np.concatenate(neutrals or [np.zeros((0, 0), np.int64)])
    keys = frames.keys(np.maximum(chosen.reshape(-1), 0))
    each = chosen.shape[1]
    named = [
        [keys[at * each + number] for number in range(each) if chosen[at, number] >= 0]
        for at in range(count)
    ]
    labels = dict(zip(AU_LABELS, frames.aus[rows].T, strict=True))
    return predictions.table(
        {
            **{name: index.column(name).combine_chunks() for name in (*KEPT, *ABOUT)},
            "subject": frames.subject[rows].tolist(),
            "fold": np.full(count, config.fold, np.int32),
            "role": [config.role] * count,
            "condition": [condition] * count,
            "pspi": frames.pspi[rows],
            **labels,
            **hats,
            "neutral_keys": named,
        }
    )
