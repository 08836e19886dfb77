"""Where our crop lies in the detector's boxes: `python -m scripts.measure_detector DATA`.

The constants of `assets.face_detector` are the medians that this prints, measured on `pain3d
generate --identities 96 --pain-per-identity 2 --views 3 --size 320 --seed 11 --ages 2-90`. Training
moves and scales its crops by no less than the spread. Distances are in sides of the box.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Bool, Float64

from assets import face_crop, face_detector
from generator.shards import codec
from generator.shards.folder import DataSet, open_folder
from generator.shards.index import Row
from scripts.figures import check_json, table, write_json
from scripts.options import parse

AGES = {"all ages": (0.0, 200.0), "infants, 0-1": (0.0, 2.0), "2 years and older": (2.0, 200.0)}
FRONTAL, HALF, TURNED = "up to 10", "10-25", "over 25"
SPREAD = (5.0, 50.0, 95.0)
MEASURED = ("right", "down", "side")
WRONG = 0.15
"""A crop that is this far off, in its sides, or off by the factor 1.35, saw a part of a face."""
FACTOR = 1.35


@dataclass(frozen=True)
class Options:
    """Measure how our crop lies in the boxes of the face detector."""

    data: tyro.conf.Positional[Path]
    """A finished data set with landmarks."""
    json: Path | None = None
    """Write the figures here too."""


@dataclass(frozen=True)
class Seen:
    """One picture: years, degrees the head is turned, faces found, place of our crop in the one."""

    age: float
    yaw: float
    faces: int
    place: tuple[float, float, float] | None


def look(data: DataSet, row: Row) -> Seen:
    """Run the detector on one picture."""
    sample = data.sample(row)
    record = sample.record
    image = codec.decode(record.image, sample.members[record.image])
    found = face_detector.boxes(image)
    place = None
    if len(found) == 1 and record.landmarks is not None:
        left, top, side = found[0].tolist()
        ours = face_crop.around(np.array(record.landmarks.points), record.key)
        across, down = (ours.x - left) / side - 0.5, (ours.y - top) / side - 0.5
        place = (across, down, ours.side / side)
    return Seen(row["age_years"], abs(row["yaw_deg"]), len(found), place)


def wrong(places: Float64[np.ndarray, "faces 3"]) -> Bool[np.ndarray, " faces"]:
    """Whether a crop by the constants of `assets.face_detector` misses ours."""
    middle = [face_detector.RIGHT, face_detector.DOWN]
    away = np.abs(places[:, :2] - middle).max(1) / places[:, 2]
    factor = np.abs(np.log(places[:, 2] / face_detector.SIDE))
    return (away > WRONG) | (factor > np.log(FACTOR))


def figures(seen: list[Seen]) -> dict[str, float | int]:
    """Counts, and the spread of our crop's place where one face was found."""
    places = np.array([one.place for one in seen if one.place is not None]).reshape(-1, 3)
    counts = Counter(min(one.faces, 2) for one in seen)
    told: dict[str, float | int] = {"pictures": len(seen)}
    for name, number in (("no face", 0), ("one face", 1), ("several", 2)):
        told[f"{name}, per cent"] = 100 * counts[number] / len(seen)
    if len(places):
        told["of one face, part of a face, per cent"] = 100 * float(wrong(places).mean())
        low, middle, high = np.percentile(places, SPREAD, axis=0)
        for axis, name in enumerate(MEASURED):
            told[f"{name}, 5 %"] = round(float(low[axis]), 3)
            told[f"{name}, median"] = round(float(middle[axis]), 3)
            told[f"{name}, 95 %"] = round(float(high[axis]), 3)
    return told


def groups(seen: list[Seen]) -> dict[str, list[Seen]]:
    """By age, and by how far the head is turned; those that have anybody."""
    made = {
        name: [one for one in seen if low <= one.age < high] for name, (low, high) in AGES.items()
    }
    for one in seen:
        name = FRONTAL if one.yaw <= 10 else HALF if one.yaw <= 25 else TURNED
        made.setdefault(f"yaw {name} degrees", []).append(one)
    return {name: part for name, part in made.items() if part}


def text(name: str, told: Mapping[str, float | int]) -> str:
    """The figures of a group for the terminal, thousandths where they are places."""
    shown = {key: f"{value:.3f}" if "," in key else value for key, value in told.items()}
    return f"{name}\n{table(shown)}\n"


def main(arguments: list[str]) -> int:
    """Print the figures of every group."""
    options = parse(Options, "measure-detector", arguments)
    check_json(options.json)
    data = open_folder(options.data)
    seen = [look(data, row) for row in data.index.to_pylist()]
    told = {name: figures(part) for name, part in groups(seen).items()}
    for name, part in told.items():
        print(text(name, part))
    write_json(options.json, told)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
