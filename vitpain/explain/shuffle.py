"""The same frames with their patches in another order: a backbone blind to position would not care.

Every frame has an order of its own, drawn by seed and row. Where face and neutral are both
shuffled, they are alike: each patch still stands where its neutral does.
"""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Float64, Int, Int64, UInt8
from torch import Tensor, nn

from assets.streams import stream
from vitpain.data.batch import Batch
from vitpain.explain import figure
from vitpain.explain.saliency import grid, seeing
from vitpain.model import backbone
from vitpain.model.output import Output
from vitpain.predict.rows import output_of

RIGHT = "right_order"
SHUFFLED: dict[str, tuple[bool, bool]] = {
    RIGHT: (False, False),
    "face_shuffled": (True, False),
    "neutral_shuffled": (False, True),
    "both_shuffled_alike": (True, True),
}
"""Whether the patches of face and of neutral change places."""


def orders(rows: Int64[np.ndarray, " batch"], patches: int, seed: int) -> Int64[Tensor, "batch _"]:
    """The order of the patches of each row."""
    drawn = [stream(seed, int(row), "shuffle of patches").permutation(patches) for row in rows]
    return torch.from_numpy(np.stack(drawn))


def shuffled(
    pictures: UInt8[Tensor, "batch channels height width"],
    patch: int,
    order: Int64[Tensor, "batch patches"],
) -> UInt8[Tensor, "batch channels height width"]:
    """Pictures whose patches stand in another order, row by row; no pixel changes."""
    batch, channels, height, width = pictures.shape
    rows, columns = height // patch, width // patch
    cut = pictures.reshape(batch, channels, rows, patch, columns, patch)
    cut = cut.permute(0, 2, 4, 1, 3, 5).reshape(batch, rows * columns, channels, patch, patch)
    moved = cut[torch.arange(batch)[:, None], order.to(pictures.device)]
    moved = moved.reshape(batch, rows, columns, channels, patch, patch)
    return moved.permute(0, 3, 1, 4, 2, 5).reshape(batch, channels, height, width)


def outputs(model: nn.Module, batch: Batch, seed: int) -> dict[str, Output]:
    """What a model says of a batch under every order of `SHUFFLED` that it can see."""
    net = seeing(model)
    patch = backbone.patch(net.backbone)
    order = orders(batch.rows.numpy(), grid(net) ** 2, seed)
    references = batch.neutrals.shape[1]
    made = {}
    for name, (face, neutral) in SHUFFLED.items():
        if neutral and not references:
            continue
        given = batch
        if face:
            given = given._replace(face=shuffled(batch.face, patch, order))
        if neutral:
            each = order.repeat_interleave(references, 0)
            others = shuffled(batch.neutrals.flatten(0, 1), patch, each)
            given = given._replace(neutrals=others.unflatten(0, (-1, references)))
        made[name] = output_of(model, given)
    return made


def table(
    said: Mapping[str, Float64[np.ndarray, " frames"]],
    pspi: Float[np.ndarray, " frames"],
    people: Int[np.ndarray, " frames"],
    seed: int,
) -> dict[str, dict[str, object]]:
    """How good answers are under every order, how far they move, and how much figures change."""
    first = figure.agreement(pspi, said[RIGHT], people, seed)
    made: dict[str, dict[str, object]] = {}
    for name, answer in said.items():
        found = figure.agreement(pspi, answer, people, seed)
        made[name] = {key: one.told for key, one in found.items()}
        if name != RIGHT:
            moved = figure.mean(np.abs(answer - said[RIGHT]), people, seed)
            made[name]["answers_move_by"] = moved.told
            for key in figure.AGREEMENT:
                made[name][f"{key}_change"] = found[key].minus(first[key]).told
    return made
