"""What the members of a sample must show: that they read, fit the picture, and agree.

Depth, normals and classes name the same pixels as covered; heat lies on covered pixels, and only
where the label says that its action unit acts. Landmarks and camera of a picture drawn here are
held to the maps: unprojected with its depth, every visible landmark lies on a head.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Float64

from assets.classes import CLASSES, NAMES, OCCLUDERS
from assets.facs import PAIN_AUS
from generator.shards.codec import decode
from generator.shards.record import DRAWN, CameraFacts, Record, Sample
from generator.shards.rules import Wrong

UNIT = 0.02
"""A stored normal's length may differ from 1 by its rounding, at most 0.007, and by little else."""

REACH = 3
"""Pixels from a visible landmark within which something must be covered."""
HEAD = 0.25
"""Metres from between the eyes, the world's origin, that no landmark of a head is away from."""
MANY = 12
RELIEF = 0.005
"""Metres by which the depths of at least `MANY` visible landmarks differ: a face is not flat."""


def member_faults(sample: Sample, expected: tuple[str, ...]) -> Iterator[Wrong]:
    """Yield what is wrong with a sample's members; `expected` are the suffixes of every sample."""
    record = sample.record
    got = tuple(suffix for suffix in expected if suffix == "json" or suffix in sample.members)
    if got != expected or len(sample.members) + 1 != len(expected):
        yield f"members must be {', '.join(expected)}", ", ".join(sample.members)
    maps: dict[str, np.ndarray] = {}
    for suffix, data in sample.members.items():
        try:
            maps[suffix] = decode(suffix, data)
        except ValueError as error:
            yield "member must read", str(error)
    for suffix, array in maps.items():
        stacked = suffix in ("heat.png", "uv.png")
        size = array.shape[1:3] if stacked else array.shape[:2]
        if size != (record.height, record.width):
            yield f"{suffix} must be {record.height} x {record.width}", size
            return
    yield from _map_faults(record, maps)


def _map_faults(record: Record, maps: dict[str, np.ndarray]) -> Iterator[Wrong]:
    seg = maps.get("seg.png")
    covered = None if seg is None else seg > 0
    if seg is not None:
        unknown = [int(number) for number in np.unique(seg) if int(number) not in NAMES]
        if unknown:
            yield "seg must hold known classes", unknown
        yield from _shown_faults(record, seg)
    for suffix, array in maps.items():
        match suffix:
            case "depth.png":
                shown = array > 0
            case "normal.png":
                shown = np.asarray(array.any(axis=2))
                yield from _unit_faults(array, shown)
            case "heat.png":
                yield from _heat_faults(record, array, covered)
                continue
            case "uv.png":
                if covered is not None and (array.any(axis=0) & ~covered).any():
                    pixels = int((array.any(axis=0) & ~covered).sum())
                    yield "uv must be 0 where seg is 0", f"{pixels} pixels"
                continue
            case _:
                continue
        if covered is not None and not np.array_equal(shown, covered):
            pixels = int(np.count_nonzero(shown != covered))
            yield f"{suffix} must cover the pixels of seg", f"{pixels} pixels that differ"
    if record.source == DRAWN:
        yield from _landmark_faults(record, maps, covered)


def _shown_faults(record: Record, seg: np.ndarray) -> Iterator[Wrong]:
    """Yield what a record of ours lists in front of a face and the picture does not show."""
    for name in record.occluders if record.source == DRAWN else ():
        if name in OCCLUDERS and not (seg == CLASSES[OCCLUDERS[name]]).any():
            yield "seg must show what occluders lists", name


def _landmark_faults(
    record: Record, maps: dict[str, np.ndarray], covered: Bool[np.ndarray, "height width"] | None
) -> Iterator[Wrong]:
    marks = record.landmarks
    if marks is None:
        return
    pairs = enumerate(zip(marks.points, marks.visible, strict=False))
    seen = {number: point for number, (point, visible) in pairs if visible}
    points = np.array(list(seen.values()), np.float64).reshape(-1, 2)
    if covered is not None:
        off = ~around(points, covered.astype(np.float32)).any(axis=1)
        astray = np.array(list(seen))[off].tolist()
        if astray:
            rule = f"visible landmarks must lie on the head to {REACH} pixels"
            yield rule, f"{len(astray)} that do not, such as {astray[0]} at {seen[astray[0]]}"
    depth = maps.get("depth.png")
    if depth is not None and record.camera is not None:
        yield from _relief_faults(record.camera, points, depth)


def around(
    points: Float64[np.ndarray, "points 2"], values: Float[np.ndarray, "height width"]
) -> Float[np.ndarray, "points near"]:
    """Give what stands at each point's pixel and within `REACH` of it, the nearest first."""
    offsets = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1].reshape(2, -1)
    offsets = offsets[:, np.argsort((offsets**2).sum(axis=0), kind="stable")]
    pixels = np.floor(points).astype(np.int64)
    rows = np.clip(pixels[:, 1:] + offsets[0], 0, values.shape[0] - 1)
    columns = np.clip(pixels[:, :1] + offsets[1], 0, values.shape[1] - 1)
    return values[rows, columns]


def _relief_faults(
    camera: CameraFacts, points: Float64[np.ndarray, "points 2"], depth: np.ndarray
) -> Iterator[Wrong]:
    near = around(points, depth).astype(np.float64)
    seen = (near > 0).any(axis=1)
    points, near = points[seen], near[seen]
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.linalg.norm(_unprojected(camera, points[:, None], near), axis=2)
    # At an outline the pixel itself may show what lies behind: a neighbour is as good.
    away = np.where(near > 0, away, np.inf).min(axis=1)
    if not (away <= HEAD).all():
        rule = f"visible landmarks must lie within {HEAD} m of the middle between the eyes"
        yield f"{rule}, by depth and camera", f"{away.max():.3f} m"
    depths = near[np.arange(len(near)), (near > 0).argmax(axis=1)]
    if len(depths) >= MANY and np.ptp(depths) < RELIEF:
        rule = f"depth must differ by at least {RELIEF} m over the landmarks"
        yield rule, f"{np.ptp(depths):.4f} m over {len(depths)}"


def _unprojected(
    camera: CameraFacts,
    points: Float64[np.ndarray, "points 1 2"],
    depths: Float64[np.ndarray, "points near"],
) -> Float64[np.ndarray, "points near 3"]:
    intrinsics, extrinsics = np.array(camera.intrinsics), np.array(camera.extrinsics)
    sideways = (points - intrinsics[:2, 2]) / intrinsics[[0, 1], [0, 1]] * depths[..., None]
    in_camera = np.concatenate([sideways, depths[..., None]], axis=2)
    return (in_camera - extrinsics[:, 3]) @ extrinsics[:, :3]


def _unit_faults(normal: np.ndarray, shown: np.ndarray) -> Iterator[Wrong]:
    lengths = np.sqrt((normal[shown] ** 2).sum(axis=1))
    off = np.abs(lengths - 1.0) > UNIT
    if off.any():
        yield "normals must be unit vectors", f"{int(off.sum())} pixels, such as {lengths[off][0]}"


def _heat_faults(record: Record, heat: np.ndarray, covered: np.ndarray | None) -> Iterator[Wrong]:
    labels = record.labels
    for au, shown in zip(PAIN_AUS, heat > 0, strict=True):
        acts = labels is not None and bool(labels.label[au])
        if not acts and shown.any():
            yield f"heat must be zero where AU{au} is 0", f"{int(shown.sum())} pixels"
        if covered is not None and (shown & ~covered).any():
            yield "heat must lie on covered pixels", f"AU{au}, {int((shown & ~covered).sum())}"
