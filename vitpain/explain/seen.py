"""One pass over frames by one model: answers to shuffled patches, features, and scores of maps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64
from torch import Tensor, nn

from vitpain.data.batch import Batch, unit
from vitpain.data.loader import Loader
from vitpain.data.pairs import Pairs
from vitpain.explain import saliency, score, shuffle
from vitpain.explain.saliency import seeing
from vitpain.explain.score import Scores

COMPARED, ALONE = "compared", "alone"
"""Features: what the heads read, the face with what differs from its neutral; and, of a model that
compares, the face as it leaves the backbone. Both are the class token beside the mean patch."""


@dataclass(frozen=True)
class Seen:
    """Of frames in the order of `rows`: PSPI by order of patches, features (`COMPARED`, `ALONE`),
    and scores by map, a column a region of `score.REGIONS`."""

    rows: Int64[np.ndarray, " frames"]
    said: dict[str, Float64[np.ndarray, " frames"]]
    features: dict[str, Float32[np.ndarray, "frames dim"]]
    scores: dict[str, Scores]


def see(
    model: nn.Module,
    pairs: Pairs,
    rows: Int64[np.ndarray, " frames"],
    seed: int,
    loader: Loader,
    report: Callable[[int], None],
) -> Seen:
    """Pass over rows; `seed` is that of shuffled patches.

    Maps are scored where `pairs` give heat. `report` hears how many frames were done.
    """
    parts = []
    for batch in loader.batches(pairs, rows):
        parts.append(_batch(model, batch, seed))
        report(len(batch.rows))
    return joined(parts)


def joined(parts: Sequence[Seen]) -> Seen:
    """Frames of several passes as one; where one of them lacks a map, its scores are NaN."""
    whole = np.concatenate
    names = dict.fromkeys(name for one in parts for name in one.scores)
    missing = [_nothing(len(one.rows)) for one in parts]
    return Seen(
        whole([one.rows for one in parts]),
        {name: whole([one.said[name] for one in parts]) for name in parts[0].said},
        {name: whole([one.features[name] for one in parts]) for name in parts[0].features},
        {
            name: Scores(
                *(
                    whole(kind)
                    for kind in zip(
                        *(
                            one.scores.get(name, none)
                            for one, none in zip(parts, missing, strict=True)
                        ),
                        strict=True,
                    )
                )
            )
            for name in names
        },
    )


def alone(model: nn.Module, batch: Batch) -> Float32[Tensor, "batch dim"]:
    """The features of `ALONE`."""
    net = seeing(model)
    face = unit(batch.face.to(next(net.parameters()).device))
    with torch.no_grad():
        tokens = net.tokens(net.backbone, (face - net.mean) / net.std)
    return torch.cat([tokens[:, 0], tokens[:, 1:].mean(1)], -1).float().cpu()


def _batch(model: nn.Module, batch: Batch, seed: int) -> Seen:
    said = shuffle.outputs(model, batch, seed)
    features = {COMPARED: said[shuffle.RIGHT].features.float().cpu().numpy()}
    if seeing(model).fusion is not None:
        features[ALONE] = alone(model, batch).numpy()
    answers = {name: one.pspi.double().cpu().numpy() for name, one in said.items()}
    return Seen(batch.rows.numpy(), answers, features, _scored(model, batch))


def _scored(model: nn.Module, batch: Batch) -> dict[str, Scores]:
    """Scores by map; NaN for frames in which nothing moves, for which no map is made."""
    found = score.inside(batch.heat) if batch.heat.shape[1] else None
    if found is None or not found.any():
        return {}
    moved = found.any(-1).any(-1).any(-1)
    parts = score.shares(found[moved], saliency.grid(seeing(model)))
    made = {}
    for name, drawn in saliency.maps(model, Batch(*(part[moved] for part in batch))).items():
        made[name] = _nothing(len(batch.rows))
        for whole, part in zip(made[name], score.scores(drawn, parts), strict=True):
            whole[moved.numpy()] = part
    return made


def _nothing(count: int) -> Scores:
    return Scores(*(np.full((count, len(score.REGIONS)), np.nan) for _ in Scores._fields))
