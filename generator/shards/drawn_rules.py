"""What the record of a picture that was drawn in 3D must say, and how it fits the configuration.

The head stands upright at the origin and the camera moves, so the extrinsics alone give the
head's angles. Ranges are those that `generator.view` draws from, which a test compares.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64

from assets.classes import OCCLUDERS
from assets.crease_curves import NAME
from generator.shards.camera_rules import camera_faults
from generator.shards.record import DRAWN, Angles, CameraFacts, Record
from generator.shards.rules import Wrong
from generator.shards.stated import Options

FRONTAL_DEG = 5.0
TURNED_DEG = (15.0, 45.0)
SLACK_DEG = 1e-6
PACIFIER_BEFORE = 4.0
ADDED = "makehuman:"
"""Begins the names of hair styles that are not our own."""
ANGLE_SUM = 1e-6
"""Radians by which stated angles may differ from those of the extrinsics: rounding."""
ORTHONORMAL = 1e-6
VIEWER = np.diag([1.0, -1.0, -1.0])
"""OpenCV camera axes to x right, y up, z to the viewer: the axes of head angles."""


def drawn_faults(record: Record, options: Options | None) -> Iterator[Wrong]:
    """Yield what is wrong with the record of a picture drawn here; nothing for other sources."""
    if record.source != DRAWN:
        return
    for name in ("landmarks", "camera", "head_pose", "gaze", "view", "seed"):
        if getattr(record, name) is None:
            yield f"{name} must be known of a picture drawn here", None
    yield from camera_faults(record, options)
    if record.camera is not None:
        yield from _camera_faults(record.camera, record.head_pose)
    yield from _view_faults(record)
    yield from _landmark_faults(record)
    if options is not None:
        yield from _option_faults(record, options)


def head_angles(rotation: Float64[np.ndarray, "3 3"]) -> tuple[float, float, float]:
    """Give yaw, pitch and roll (radians) of an upright head for a world-to-camera rotation.

    Yaw > 0 turns the nose to the picture's right, pitch > 0 up, roll > 0 clockwise; roll is
    applied first, then pitch, then yaw.
    """
    turned = VIEWER @ rotation
    yaw = np.arctan2(turned[0, 2], turned[2, 2])
    pitch = np.arcsin(np.clip(turned[1, 2], -1.0, 1.0))
    roll = np.arctan2(-turned[1, 0], turned[1, 1])
    return float(yaw), float(pitch), float(roll)


def _camera_faults(camera: CameraFacts, pose: Angles | None) -> Iterator[Wrong]:
    (across, skew, _), (other_skew, down, _), _ = camera.intrinsics
    if not (across > 0.0 and down > 0.0 and skew == other_skew == 0.0):
        yield "intrinsics must have focal lengths above 0 and no skew", camera.intrinsics
    rotation = np.array(camera.extrinsics, np.float64)[:, :3]
    off = np.abs(rotation @ rotation.T - np.eye(3)).max()
    if off > ORTHONORMAL or np.linalg.det(rotation) <= 0.0:
        yield "extrinsics must hold a rotation", camera.extrinsics
        return
    if pose is None:
        return
    stated, true = (pose.yaw, pose.pitch, pose.roll), head_angles(rotation)
    if np.abs(np.subtract(stated, true)).max() > ANGLE_SUM:
        rounded = tuple(round(angle, 6) for angle in true)
        yield f"head_pose must be that of the extrinsics, {rounded}", stated


def _view_faults(record: Record) -> Iterator[Wrong]:
    if record.view is None or record.head_pose is None:
        return
    turn = float(np.degrees(abs(record.head_pose.yaw)))
    low, high = (0.0, FRONTAL_DEG) if record.view == 0 else TURNED_DEG
    if not low - SLACK_DEG <= turn <= high + SLACK_DEG:
        yield f"yaw of view {record.view} must be {low:g} to {high:g} degrees to a side", turn


def _landmark_faults(record: Record) -> Iterator[Wrong]:
    if record.landmarks is None:
        return
    marks = zip(record.landmarks.points, record.landmarks.visible, strict=False)
    astray = [
        (number, point)
        for number, (point, visible) in enumerate(marks)
        if visible and not (0.0 <= point[0] < record.width and 0.0 <= point[1] < record.height)
    ]
    if astray:
        number, point = astray[0]
        rule = "visible landmarks must lie in the picture"
        yield rule, f"{len(astray)} that do not, such as {number} at {point}"


def _option_faults(record: Record, options: Options) -> Iterator[Wrong]:
    stated = {
        "seed": (record.seed, options.seed),
        "width": (record.width, options.size),
        "height": (record.height, options.size),
        "image": (record.image, options.image),
        "camera.name": (record.camera and record.camera.name, options.camera),
        "background.kind": (record.background.kind, options.background),
        "made_by.head.name": (record.made_by.head.name, options.head),
        "made_by.rig.name": (record.made_by.rig.name, options.rig),
        "made_by.renderer.name": (record.made_by.renderer.name, options.renderer),
        "made_by.creases": (record.made_by.creases, NAME if options.creases == "on" else None),
    }
    for name, (got, expected) in stated.items():
        if got != expected:
            yield f"{name} must be {expected}, as in config.json", got
    if record.view is not None and not 0 <= record.view < options.views:
        yield f"view must be 0 to {options.views - 1}, as in config.json", record.view
    yield from _occluder_faults(record, options.occluders)
    if options.hair == "cards" and (record.person.hair or "").startswith(ADDED):
        yield "person.hair must be one of our own styles, as in config.json", record.person.hair
    allowed = options.environments
    if allowed and record.light.environment not in allowed:
        rule = f"environment must be one of {', '.join(allowed)}, as in config.json"
        yield rule, record.light.environment


def _occluder_faults(record: Record, options: tuple[str, ...]) -> Iterator[Wrong]:
    """Yield names that the options do not allow; hair is never asked for and always may be."""
    allowed = {*(() if options == ("none",) else options), "hair"}
    known = OCCLUDERS if "some" in options else [name for name in OCCLUDERS if name in allowed]
    strange = [name for name in record.occluders if name not in known]
    if strange:
        yield f"occluders must be among {', '.join(known)}, as in config.json", strange[0]
    age = record.person.age_years
    if "pacifier" in record.occluders and age is not None and age >= PACIFIER_BEFORE:
        yield f"a pacifier must be a child's under {PACIFIER_BEFORE:g} years", age
