"""A sheet of faces in pain: each with its neutral, its exact heat map, and maps of the model."""

from collections.abc import Mapping

import cv2
import numpy as np
from jaxtyping import Float, Int64, UInt8

from assets.streams import stream
from generator.shards import codec
from vitpain.predict.overlay import FONT, INK, PAPER, warm

SHOWN = 6
"""Faces of a sheet."""
SIDE, EDGE, HEAD, LINE = 168, 4, 26, 20
"""Side of a picture, gap, height of the headings and of the line above each face, pixels."""
MAPS = {
    "grad_cam": "Grad-CAM",
    "class_token": "last attention",
    "rollout": "rollout",
    "difference": "from neutral",
    "cross": "to neutral",
}


def chosen(
    pspi: Float[np.ndarray, " frames"], subject: np.ndarray, seed: int
) -> Int64[np.ndarray, " shown"]:
    """Choose frames of different people, the worst pain first.

    Of each person the frame of the highest PSPI is taken, and of people the half with the highest
    of these; the seed draws among them.
    """
    rng = stream(seed, -1, "sheet of faces")
    order = rng.permutation(len(pspi))
    order = order[~np.isnan(pspi[order]) & (pspi[order] > 0)]
    order = order[np.argsort(-pspi[order], kind="stable")]
    _, first = np.unique(subject[order], return_index=True)
    best = order[np.sort(first)]
    half = best[: max(SHOWN, -(-len(best) // 2))]
    taken = rng.choice(len(half), min(SHOWN, len(half)), replace=False)
    return half[np.sort(taken)].astype(np.int64)


def row(
    face: UInt8[np.ndarray, "size size 3"],
    neutral: UInt8[np.ndarray, "size size 3"] | None,
    heat: UInt8[np.ndarray, "6 size size"],
    maps: Mapping[str, Float[np.ndarray, "side side"]],
    text: str,
) -> dict[str, UInt8[np.ndarray, "height width 3"]]:
    """The pictures of one face by their headings; `text` stands above them."""
    drawn = {"face": face}
    if neutral is not None:
        drawn["neutral"] = neutral
    drawn["moved skin"] = warm(face, heat.max(0).astype(np.float32))
    for name, heading in MAPS.items():
        if name in maps:
            under = neutral if name == "cross" and neutral is not None else face
            # From its lowest value on: attention is nowhere 0.
            drawn[heading] = warm(under, maps[name] - maps[name].min())
    made = {heading: _framed(image) for heading, image in drawn.items()}
    cv2.putText(made["face"], text, (2, LINE - 6), FONT, 0.36, INK, 1, cv2.LINE_AA)
    return made


def sheet(rows: list[dict[str, UInt8[np.ndarray, "height width 3"]]]) -> bytes:
    """Rows below each other with headings above, as a PNG."""
    headings = list(dict.fromkeys(name for one in rows for name in one))
    blank = _framed(np.full((8, 8, 3), PAPER, np.uint8))
    lines = [np.concatenate([one.get(name, blank) for name in headings], axis=1) for one in rows]
    head = np.full((HEAD, lines[0].shape[1], 3), PAPER, np.uint8)
    for at, name in enumerate(headings):
        place = (at * (SIDE + EDGE) + 4, HEAD - 8)
        cv2.putText(head, name, place, FONT, 0.5, INK, 1, cv2.LINE_AA)
    return codec.encode_image(np.concatenate([head, *lines]), "png")


def _framed(image: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "rows columns 3"]:
    """A picture at its size, with room above for a line and beside it for a gap."""
    made = np.full((LINE + SIDE + EDGE, SIDE + EDGE, 3), PAPER, np.uint8)
    how = cv2.INTER_AREA if image.shape[0] > SIDE else cv2.INTER_LINEAR
    made[LINE : LINE + SIDE, :SIDE] = cv2.resize(image, (SIDE, SIDE), interpolation=how)
    return made
