"""Example frames of every source of a study with their PSPI, where their folders are still there.

Nothing is chosen by how it looks: of each level the first frame, of people who are not shown yet
where there are any. On real frames stands too what models read in them that were tested on them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from generator.shards import codec, manifest
from generator.shards.folder import DataSet, open_folder
from generator.shards.index import Row
from vitpain.ablation.figures import Stated
from vitpain.predict.overlay import FONT

SHOWN = 8
"""Frames of a source."""
TILE, GAP, LINE = 140, 4, 18
INK, UNDER, PAPER = (255, 255, 255), (30, 30, 30), (250, 250, 248)


COLUMNS = ["key", "identity", "pspi"]


def examples(study: Stated, read: Mapping[str, Sequence[float]]) -> dict[str, bytes]:
    """A PNG of every source, by its name, that lies where it did and is as it was.

    `read` is the PSPI that models read, each named by its place in the alphabet, by the key of a
    real frame; frames that nobody read are not shown where others were.
    """
    found = {}
    for one in (study.real, *study.sources):
        data = _opened(one)
        if data is None:
            continue
        rows, said = data.index.select(COLUMNS).to_pylist(), {}
        if one is study.real:
            said = {row["key"]: read[row["key"]] for row in rows if row["key"] in read}
        chosen = _chosen([row if row["key"] in said or not said else _HIDDEN for row in rows])
        if chosen:
            found[one["name"]] = _strip(data, data.index.take(chosen).to_pylist(), said)
    return found


_HIDDEN: Row = {"identity": "", "pspi": None}


def _opened(stated: Mapping[str, Any]) -> DataSet | None:
    """A set as it was when the study began; None where it, or a part of it, is gone or another."""
    folder = Path(stated["folder"])
    listed = folder / manifest.NAME
    if not listed.is_file() or manifest.checksum(listed).sha256 != stated["manifest"]:
        return None
    data = open_folder(folder)
    shards = data.index["shard"].unique().to_pylist()
    return data if all((folder / one).is_file() for one in shards) else None


def _chosen(rows: list[Row]) -> list[int]:
    """Places of frames, by level from low to high."""
    levels: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        if row["pspi"] is not None:
            levels.setdefault(int(row["pspi"]), []).append(place)
    known = sorted(levels)
    taken = np.linspace(0, len(known) - 1, min(SHOWN, len(known))).round().astype(int).tolist()
    often: Counter[str] = Counter()
    chosen = []
    for at in taken:
        # The first of those who were shown least.
        place = min(levels[known[at]], key=lambda one: often[rows[one]["identity"]])
        often[rows[place]["identity"]] += 1
        chosen.append(place)
    return chosen


def _strip(data: DataSet, rows: list[Row], read: Mapping[str, Sequence[float]]) -> bytes:
    wide = len(rows) * (TILE + GAP) - GAP
    made = np.full((TILE, wide, 3), PAPER, np.uint8)
    for at, row in enumerate(rows):
        sample = data.sample(row)
        name = sample.record.image
        tile = _tile(codec.decode(name, sample.members[name]))
        _write(tile, f"PSPI {row['pspi']:g}", 0)
        said = zip(ascii_uppercase, read.get(row["key"], ()), strict=False)
        if words := "  ".join(f"{letter} {pspi:.1f}" for letter, pspi in said):
            _write(tile, words, TILE - LINE)
        made[:, at * (TILE + GAP) :][:, :TILE] = tile
    return codec.encode_image(made, "png")


def _tile(picture: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "side side 3"]:
    how = cv2.INTER_AREA if picture.shape[0] > TILE else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(picture, (TILE, TILE), interpolation=how))


def _write(tile: UInt8[np.ndarray, "side side 3"], words: str, top: int) -> None:
    """Write on a tile, from the left, in a line that begins so far down."""
    (wide, _), _ = cv2.getTextSize(words, FONT, 0.42, 1)
    cv2.rectangle(tile, (0, top), (wide + 8, top + LINE), UNDER, -1)
    cv2.putText(tile, words, (4, top + 13), FONT, 0.42, INK, 1, cv2.LINE_AA)
