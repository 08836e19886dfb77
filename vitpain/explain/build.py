"""From the folder of a run to its checks: every table and picture, `checks.json` last."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from assets import atomic
from generator.shards.manifest import json_bytes
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import Pairs
from vitpain.evaluate import checks
from vitpain.explain import saliency, sheet
from vitpain.explain.asked import Asked
from vitpain.explain.seen import Seen, see
from vitpain.explain.told import projections, told
from vitpain.explain.whom import whom
from vitpain.model import files
from vitpain.model.backbone import Weights
from vitpain.train.config import TrainConfig
from vitpain.train.feed import has_heat
from vitpain.train.machine import check_device

BATCH = 16
"""Faces at once: the weights of all attentions are kept of them."""


def explain(
    run: Path,
    data: Sequence[Path],
    asked: Asked,
    weights: Weights | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Write the checks of a run into its folder `checks`, anew where there are any.

    `weights` are those of a frozen backbone that is not in the run. `report` hears how many frames
    were done since the last call, of how many. Raises ValueError as `whom` and `files.load` do, and
    for a sample that is not whole, naming it.
    """
    check_device(TrainConfig(device=asked.device))
    cpu = asked.device == "cpu" or not torch.cuda.is_available()
    device = torch.device("cpu" if cpu else "cuda")
    chosen = whom(run, data, asked.frames, asked.seed)
    pairs = Pairs(chosen.frames, chosen.pairs(has_heat(chosen.frames)))
    every = np.concatenate(list(chosen.rows.values()))
    drawn = every[sheet.chosen(chosen.frames.pspi[every], chosen.frames.subject[every], asked.seed)]
    parts: list[Seen] = []
    faces: dict[int, dict[str, np.ndarray]] = {}

    def done(count: int) -> None:
        report(count, len(every))

    with Loader(Loading(BATCH, asked.workers)) as loader:
        for fold, rows in chosen.rows.items():
            model = files.load(chosen.model(fold), weights).to(device)
            parts.append(see(model, pairs, rows, asked.seed, loader, done))
            if pairs.config.heat:
                faces |= _faces(model, pairs, drawn[np.isin(drawn, rows)], loader)
    content = told(chosen, parts, asked.seed, pairs.config.heat)
    pictures = dict(projections(chosen, parts, asked.seed))
    if faces:
        shown = [faces[int(row)] for row in drawn]
        pictures["saliency_of_faces_in_pain.png"] = sheet.sheet(shown)
    _write(run / checks.FOLDER, content, pictures)
    return content


def _faces(
    model: nn.Module, pairs: Pairs, rows: np.ndarray, loader: Loader
) -> dict[int, dict[str, np.ndarray]]:
    """Lines of the sheet by their rows."""
    made = {}
    frames = pairs.frames
    for batch in loader.batches(pairs, rows) if len(rows) else ():
        found = saliency.maps(model, batch)
        for at, row in enumerate(batch.rows.tolist()):
            shows = bool(batch.has_neutral[at].any())
            neutral = batch.neutrals[at, 0].permute(1, 2, 0).numpy().copy() if shows else None
            made[row] = sheet.row(
                batch.face[at].permute(1, 2, 0).numpy().copy(),
                neutral,
                batch.heat[at].numpy(),
                {name: one[at].numpy() for name, one in found.items()},
                f"PSPI {frames.pspi[row]:g}, {frames.subject[row]}",
            )
    return made


def _write(folder: Path, content: dict[str, Any], pictures: dict[str, bytes]) -> None:
    """Write a folder of checks; what stood there before goes first, its figures before all."""
    folder.mkdir(exist_ok=True)
    (folder / checks.NAME).unlink(missing_ok=True)
    atomic.remove_temporary(folder)
    for path in folder.glob("*.png"):
        path.unlink()
    for name, data in pictures.items():
        atomic.write(folder / name, data)
    atomic.write(folder / checks.NAME, json_bytes(content))
