"""One picture of a data set to its registered one, or why it cannot be registered."""

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from assets import face_crop
from assets.face_crop import EYES, NOSE_BASE
from generator.producer import Note
from generator.registration import frontal, place
from generator.registration.config import RegisterConfig
from generator.registration.face_model import FaceModel, load
from generator.registration.fit import Fitted, fit, which
from generator.registration.notes import note, refused
from generator.shards.codec import decode, encode_image
from generator.shards.record import Angles, LandmarkFacts, Record, Registration, Sample

Points = Float64[np.ndarray, "points 2"]
STABLE = (*EYES, NOSE_BASE)
"""Landmarks that expression spares, which lie in the picture and by which faces are aligned."""
FARTHEST = 60.0
"""Degrees by which a face may be turned to the side, up or down. On heads of our own, whose pose is
known, yaw is off by less than a degree on average up to 45; from 60 on landmarks of the far side
are guesses, and half of the face is another's mirror image."""
WORST = 0.08
"""Misfit of landmarks in distances of the eyes: faces of our own fit to 0.01, with landmarks that
are off by a hundredth to 0.02, and what is no face to 0.2 and more."""


def registered(sample: Sample, config: RegisterConfig) -> Sample | Note:
    """Register a picture; a note says why it cannot be."""
    record, key = sample.record, sample.record.key
    try:
        image = decode(f"{key}.{record.image}", sample.members[record.image])
        points = _points(record)
    except ValueError as error:
        return refused("unreadable", key, error)
    if points is None:
        return note("landmarks", key, "must have landmarks", "none")
    size = record.width, record.height
    at = points[list(STABLE)]
    if not ((at >= 0) & (at <= size)).all():
        rule = f"the eyes' and the nose's landmarks must lie in {size[0]} x {size[1]} pixels"
        return note("landmarks", key, rule, f"{at.min():.0f} to {at.max():.0f}")
    model = load(config.head)
    fitted = fit(model, points, size)
    if not fitted.error <= WORST:
        rule = f"landmarks must be those of a face to {WORST:g} of the eyes' distance"
        return note("misfit", key, rule, f"{fitted.error:.2f}")
    yaw, pitch, roll = fitted.angles
    turned = np.degrees([yaw, pitch])
    if not (np.abs(turned) <= FARTHEST).all():
        rule = f"a face must be turned by {FARTHEST:g} degrees at most"
        return note("turned", key, rule, f"yaw {turned[0]:.0f}, pitch {turned[1]:.0f}")
    facts = Registration(config.mode, Angles(yaw, pitch, roll), fitted.error, 0.0, 0.0)
    record = replace(record, registration=facts, camera=None, gaze=None, image="jpg")
    record = replace(record, width=config.size, height=config.size)
    match config.mode:
        case "2d":
            return _in_plane(image, record, points, model, config.size)
        case "3d":
            try:
                return _from_front(image, record, fitted, model, config.size)
            except ValueError as error:
                return refused("misfit", key, error)


def _points(record: Record) -> Points | None:
    """Landmarks as an array; raises ValueError where they are not those of their scheme."""
    if record.landmarks is None:
        return None
    points = np.array(record.landmarks.points, np.float64)
    expected = {"ibug68": 68, "aam66": 66}[record.landmarks.scheme]
    if points.shape != (expected, 2) or not np.isfinite(points).all():
        raise ValueError(f"landmarks must be {expected} places, got {len(points)} or not numbers")
    return points


def _from_front(
    image: UInt8[np.ndarray, "height width 3"],
    record: Record,
    fitted: Fitted,
    model: FaceModel,
    size: int,
) -> Sample:
    on = place.front(model.neutral(fitted.coefficients), size)
    drawn = frontal.draw(image, model, fitted, on, size)
    assert record.registration is not None
    assert record.landmarks is not None
    marks = on.drawn(model.marks(fitted.coefficients))[which(len(record.landmarks.points))]
    record = replace(
        record,
        registration=replace(record.registration, mirrored=drawn.mirrored, filled=drawn.filled),
        head_pose=Angles(0.0, 0.0, 0.0),
        landmarks=_landmarks(record, marks, (True,) * len(marks)),
        crop=None,
    )
    return Sample(record, {"jpg": encode_image(drawn.image)})


def _in_plane(
    image: UInt8[np.ndarray, "height width 3"],
    record: Record,
    points: Points,
    model: FaceModel,
    size: int,
) -> Sample:
    wanted = place.front(model.mark_mean, size).drawn(model.mark_mean)[list(STABLE)]
    affine = similarity(points[list(STABLE)], wanted)
    assert record.registration is not None
    assert record.landmarks is not None
    pose = record.registration.pose
    moved = cv2.transform(points[None], affine)[0]
    record = replace(
        record,
        # Turned in the plane until the eyes are level.
        head_pose=Angles(pose.yaw, pose.pitch, 0.0),
        landmarks=_landmarks(record, moved, record.landmarks.visible),
        crop=_after(affine, record),
    )
    return Sample(record, {"jpg": encode_image(face_crop.cut(image, affine, size))})


def _landmarks(record: Record, points: Points, visible: tuple[bool, ...]) -> LandmarkFacts:
    """Landmarks of the new picture, of `record`'s size; what is beyond its border is not seen."""
    assert record.landmarks is not None
    size = np.array((record.width, record.height))
    inside = [bool((0 <= point).all() and (point < size).all()) for point in points]
    return LandmarkFacts(
        record.landmarks.scheme,
        tuple((float(x), float(y)) for x, y in points),
        tuple(shown and here for shown, here in zip(visible, inside, strict=True)),
    )


def similarity(
    points: Float64[np.ndarray, "points 2"], wanted: Float64[np.ndarray, "points 2"]
) -> Float64[np.ndarray, "2 3"]:
    """The turn, scale and shift that bring points nearest to where they are wanted."""
    middle, target = points.mean(axis=0), wanted.mean(axis=0)
    here, there = points - middle, wanted - target
    square = float((here**2).sum())
    along = float((here * there).sum()) / square
    across = float((here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]).sum()) / square
    turn = np.array([[along, -across], [across, along]])
    return np.concatenate([turn, (target - turn @ middle)[:, None]], axis=1)


def _after(
    affine: Float64[np.ndarray, "2 3"], record: Record
) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    """The map from the original picture's pixels: first the record's crop, then this one."""
    if record.crop is None:
        return None
    first = np.concatenate([np.array(record.crop), [[0.0, 0.0, 1.0]]])
    (a, b, c), (d, e, f) = (affine @ first).tolist()
    return (a, b, c), (d, e, f)
