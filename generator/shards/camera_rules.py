"""What the record of a drawn picture must say of its light, its lens and the camera's sensor.

Ranges are those of `assets.sensors`, from which they were drawn.
"""

import math
import re
from collections.abc import Iterator

from assets.environments import NAMES
from assets.sensors import APERTURES, SENSORS, Range
from generator.shards.record import Record, SensorFacts
from generator.shards.rules import Wrong
from generator.shards.stated import Options

OWN = re.compile(r"sha256:[0-9a-f]{64}")
"""How a panorama of a user's folder is named."""
SLACK = 1e-9
PLAIN = ("noise", "grain", "contrast", "saturation", "vignette", "blur", "gain")


def camera_faults(record: Record, options: Options | None) -> Iterator[Wrong]:
    """Yield what is wrong with light, lens and sensor; `options` are those of the data set."""
    name = record.light.environment
    folder = options is not None and options.environment_folder is not None
    if folder and not (name is not None and OWN.fullmatch(name)):
        yield "environment must be sha256: and the hash of a panorama", name
    if not folder and name not in NAMES:
        yield "environment must be one of assets.environments", name
    yield from _sensor_faults(record)
    if options is None:
        return
    if record.sensor.kind != options.sensor:
        yield f"sensor.kind must be {options.sensor}, as in config.json", record.sensor.kind
    lamp = record.light.key_distance
    if (lamp is not None) != (options.sensor == "near_infrared"):
        yield "key_distance must be known where a lamp beside the lens is, and only there", lamp
    if record.camera is None:
        return
    for what in ("aperture", "focus"):
        got = getattr(record.camera, what)
        if (got is not None) != options.depth_of_field:
            yield f"camera.{what} must be known with depth_of_field, and only with it", got
    aperture = record.camera.aperture
    if aperture is not None and not _within(aperture, APERTURES):
        yield f"camera.aperture must be {APERTURES[0]} to {APERTURES[1]} m", aperture


def _sensor_faults(record: Record) -> Iterator[Wrong]:
    sensor = record.sensor
    if sensor.kind not in SENSORS:
        yield f"sensor.kind must be one of {', '.join(SENSORS)}", sensor.kind
        return
    ranges = SENSORS[sensor.kind]
    for what, value, allowed in _drawn(sensor, record.width):
        low, high = allowed
        if value is None or not _within(value, allowed):
            yield f"sensor.{what} of {sensor.kind} must be {low:g} to {high:g}", value
    if sensor.columns != ranges.columns:
        yield f"sensor.columns of {sensor.kind} must be {ranges.columns}", sensor.columns


def _drawn(
    sensor: SensorFacts, width: int
) -> Iterator[tuple[str, int | float | None, Range | tuple[int, int]]]:
    """Yield name, value and range of every number that is drawn."""
    assert sensor.kind is not None
    ranges = SENSORS[sensor.kind]
    for what in PLAIN:
        yield what, getattr(sensor, what), getattr(ranges, what)
    for value in sensor.balance or (None,):
        yield "balance", value, ranges.balance
    yield "defocus", sensor.defocus, _scaled(ranges.defocus, width)
    length = None if sensor.motion is None else math.hypot(*sensor.motion)
    yield "motion", length, _scaled(ranges.motion, width)
    yield "quality", sensor.quality, ranges.quality


def _scaled(bounds: Range, width: int) -> Range:
    return bounds[0] * width, bounds[1] * width


def _within(value: int | float, bounds: Range | tuple[int, int]) -> bool:
    return bounds[0] - SLACK <= value <= bounds[1] + SLACK
