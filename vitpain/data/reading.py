"""A request to a batch: members read, faces cut and varied, labels beside them.

What is drawn for a face depends on seed, row and draw alone, so whoever reads a batch, and in
whatever order, gets the same bytes.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from assets.streams import stream
from generator.shards.codec import HEAT_MAPS
from vitpain.data import crops
from vitpain.data.augment import (
    NONE,
    Colour,
    Geometry,
    Misplaced,
    draw_colour,
    draw_geometry,
    draw_misplaced,
)
from vitpain.data.batch import Batch
from vitpain.data.members import describe, read_members
from vitpain.data.pairs import PairConfig, Request

Fetch = Callable[[str, np.void, frozenset[str]], dict[str, bytes]]
"""Members of the sample at a place of a shard."""
Variation = tuple[Misplaced | None, Geometry | None, Colour | None]


def read(request: Request, fetch: Fetch | None = None) -> Batch:
    """Read the pictures of a batch, from their shards or through `fetch`.

    Raises ValueError that names shard and key where a sample is not whole or not unaltered,
    OSError where a shard cannot be read.
    """
    config = request.config
    count, references = request.neutrals.shape
    side = config.size
    face = np.empty((count, 3, side, side), np.uint8)
    neutrals = np.zeros((count, references, 3, side, side), np.uint8)
    heat = np.empty((count, HEAT_MAPS if config.heat else 0, side, side), np.uint8)
    source = fetch if fetch is not None else _from_disk(config.check)
    for at in range(count):
        row, draw = int(request.rows[at]), int(request.draws[at])
        first = _vary(config, row, draw, 0, None)
        of_face = heat[at] if config.heat else None
        _sample(request, request.faces[at], first, source, face[at], of_face)
        shared = first[1] if config.same_geometry else None
        for number in range(references):
            place = request.neutrals[at, number]
            if place["size"] > 0:
                varied = _vary(config, row, draw, number + 1, shared)
                _sample(request, place, varied, source, neutrals[at, number], None)
    return Batch(
        torch.from_numpy(face),
        torch.from_numpy(neutrals),
        torch.from_numpy(request.neutral_rows >= 0),
        torch.from_numpy(request.labels[:, 0].copy()),
        torch.from_numpy(request.labels[:, 1:].copy()),
        torch.from_numpy(heat),
        torch.from_numpy(request.rows),
        torch.from_numpy(request.neutral_rows),
    )


def _from_disk(check: bool) -> Fetch:
    def fetch(path: str, place: np.void, wanted: frozenset[str]) -> dict[str, bytes]:
        return read_members(Path(path), place, wanted, check)

    return fetch


def _vary(
    config: PairConfig,
    row: int,
    draw: int,
    number: int,
    shared: Geometry | None,
) -> Variation:
    """Draw how the face (`number` 0) or a neutral of a row is varied; `shared` is not drawn."""
    augment = config.augment
    if augment == NONE:
        return None, None, None
    rng = stream(config.seed, row, f"augment {number}", draw)
    misplaced = draw_misplaced(augment, rng)
    geometry, colour = draw_geometry(augment, rng), draw_colour(augment, rng)
    return misplaced, shared or geometry, colour


def _sample(
    request: Request,
    place: np.void,
    varied: Variation,
    fetch: Fetch,
    out: np.ndarray,
    heat: np.ndarray | None,
) -> None:
    path = request.paths[place["path"]]
    suffix = place["suffix"].decode()
    wanted = {suffix, crops.JSON} if heat is None else {suffix, crops.JSON, crops.HEAT}
    members = fetch(path, place, frozenset(wanted))
    what = describe(Path(path), place)
    record = crops.parsed(members[crops.JSON], what)
    square = crops.face_square(record, float(place["share"]), what)
    misplaced, geometry, colour = varied
    matrix = crops.affine(square, misplaced, geometry, request.config.size)
    crops.draw_face(suffix, members[suffix], matrix, colour, out, what)
    if heat is not None:
        crops.draw_heat(members[crops.HEAT], matrix, heat, what)
