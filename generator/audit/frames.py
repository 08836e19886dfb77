"""What the pictures that lie in a folder allow, whoever made them.

Nothing is drawn: each picture is held against one of the same person at rest, as far as there is
one, after the eyes and the nose have been laid on each other; the light may differ, the head may
have turned, so that these figures say less than those of people made again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from assets.facs import AUS
from generator.audit import measures
from generator.audit.change import lightness
from generator.audit.detector import Detection, detect
from generator.audit.person import Facts
from generator.shards import codec
from generator.shards.folder import DataSet
from generator.shards.index import Row
from generator.shards.record import LandmarkFacts, Record

MOST = 24
"""Pictures of one person that are looked at."""
FRONTAL_DEG = 15.0
"""Pictures whose head is known to be turned by more are left out."""
# What expressions leave in place: corners of the eyes and the bridge of the nose.
STILL = (27, 28, 29, 30, 36, 39, 42, 45)
# Points of the 68 that the 66 of AAM trackers lack: the inner corners of the mouth.
LACKING = (60, 64)


@dataclass(frozen=True)
class Picture:
    """One picture of a folder; None stands for what is not known or cannot be measured.

    `change` is the mean |ΔL*| over the face against the picture at rest, `face` the change of
    lengths against it; both None for the picture at rest itself.
    """

    facts: Facts
    key: str
    pspi: float | None
    aus: Mapping[int, float | None]
    rest: bool
    detection: Detection
    change: float | None
    face: measures.Change | None


def look(data: DataSet, rows: Sequence[Row]) -> list[Picture]:
    """Measure pictures of one person, frontal ones of the first view, `MOST` at most."""
    frontal = [row for row in rows if abs(row["yaw_deg"] or 0.0) <= FRONTAL_DEG]
    resting = at_rest(frontal)
    kept = thinned(frontal, resting)
    before = None if resting is None else _read(data, resting)
    return [_measured(data, row, resting, before) for row in kept]


def at_rest(rows: Sequence[Row]) -> Row | None:
    """The neutral, failing that the first picture whose coded AUs are all 0, or of PSPI 0."""
    tests = (
        lambda row: row["kind"] == "neutral",
        lambda row: _coded(row) and not any(_coded(row)),
        lambda row: row["pspi"] == 0,
    )
    for test in tests:
        for row in rows:
            if test(row):
                return row
    return None


def _coded(row: Row) -> list[float]:
    return [row[f"au{au}"] for au in AUS if row[f"au{au}"] is not None]


def thinned(rows: Sequence[Row], resting: Row | None) -> list[Row]:
    """`MOST` rows at most: the one at rest, and the others at even steps of PSPI."""
    others = [row for row in rows if resting is None or row["key"] != resting["key"]]
    others.sort(key=lambda row: (row["pspi"] if row["pspi"] is not None else -1.0, row["key"]))
    room = MOST - (resting is not None)
    if len(others) > room:
        others = [others[round(at)] for at in np.linspace(0, len(others) - 1, room)]
    return others if resting is None else [resting, *others]


def _read(data: DataSet, row: Row) -> tuple[Record, UInt8[np.ndarray, "height width 3"]]:
    sample = data.sample(row)
    suffix = data.config["members"][0]
    return sample.record, codec.decode(f"{row['key']}.{suffix}", sample.members[suffix])


def _measured(
    data: DataSet, row: Row, resting: Row | None, before: tuple[Record, np.ndarray] | None
) -> Picture:
    record, image = _read(data, row)
    rest = resting is not None and resting["key"] == row["key"]
    change, face = None, None
    if before is not None and not rest:
        points, still = points_of(record.landmarks), points_of(before[0].landmarks)
        if points is not None and still is not None:
            onto = similarity(points, still)
            change = aligned_change(image, before[1], onto, still)
            face = measures.change(upward(moved(points, onto)), upward(still))
    return Picture(
        Facts(
            row["identity"], row["age_years"], row["sex"], row["ethnicity"], row["skin_tone"]
        ),
        row["key"],
        row["pspi"],
        {au: row[f"au{au}"] for au in AUS},
        rest,
        detect(image),
        change,
        face,
    )  # fmt: skip


def points_of(facts: LandmarkFacts | None) -> Float32[np.ndarray, "68 2"] | None:
    """Landmarks in pixels in the order of ibug, None where there are none.

    The two that the 66 of AAM trackers lack are put where the outer corners of the mouth are.
    """
    if facts is None:
        return None
    points = np.array(facts.points, np.float32)
    if facts.scheme == "ibug68":
        return points
    full = np.insert(points, [LACKING[0], LACKING[1] - 1], 0, axis=0)
    full[list(LACKING)] = full[[48, 54]]
    return full


def similarity(
    points: Float32[np.ndarray, "68 2"], onto: Float32[np.ndarray, "68 2"]
) -> Float32[np.ndarray, "2 3"]:
    """The turn, scale and shift that lay what is still in a face on another, least squares."""
    one, other = (at[list(STILL)].astype(np.float64) for at in (points, onto))
    middle, wanted = one.mean(axis=0), other.mean(axis=0)
    a, b = (one - middle).T, (other - wanted).T
    size = (a * a).sum()
    cos, sin = (a * b).sum() / size, (a[0] * b[1] - a[1] * b[0]).sum() / size
    turn = np.array([[cos, -sin], [sin, cos]])
    shift = wanted - turn @ middle
    return np.concatenate([turn, shift[:, None]], axis=1).astype(np.float32)


def moved(
    points: Float32[np.ndarray, "68 2"], onto: Float32[np.ndarray, "2 3"]
) -> Float32[np.ndarray, "68 2"]:
    """Points after a similarity."""
    return points @ onto[:, :2].T + onto[:, 2]


def upward(points: Float32[np.ndarray, "68 2"]) -> Float32[np.ndarray, "68 2"]:
    """Pixels with y turned up."""
    return points * np.array([1, -1], np.float32)


def aligned_change(
    image: UInt8[np.ndarray, "height width 3"],
    rest: UInt8[np.ndarray, "rows columns 3"],
    onto: Float32[np.ndarray, "2 3"],
    points: Float32[np.ndarray, "68 2"],
) -> float | None:
    """Mean |ΔL*| within the outline of the landmarks at rest, None where that holds no pixel.

    The mean lightness of both is made equal first: between two pictures of a folder the light may
    have changed.
    """
    size = rest.shape[1], rest.shape[0]
    laid = cv2.warpAffine(image, onto.astype(np.float64), size, borderMode=cv2.BORDER_REPLICATE)
    outline = cv2.convexHull(np.rint(points).astype(np.int32))
    inside = cv2.fillConvexPoly(np.zeros(rest.shape[:2], np.uint8), outline, 1) > 0
    if not inside.any():
        return None
    one, other = lightness(np.asarray(laid))[inside], lightness(rest)[inside]
    return float(np.abs((one - one.mean()) - (other - other.mean())).mean())
