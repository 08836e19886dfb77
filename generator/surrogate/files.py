"""The files of a sequence in UNBC-McMaster's raw layout and number format.

Numbers are as MATLAB saves them in text, `   4.0000000e+00`. A frame without coded action units
has an empty file. The 66 landmarks are the 68 of ibug without the inner corners of the mouth,
numbers 60 and 64 from 0: the mark-up that AAM trackers of the time used, whose mouth has three
points on the inner rim of each lip (OpenFace's models go from 68 to 66 by the same indices).
They are pixels with the middle of the first at (0.5, 0.5), as all of ours.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from assets import atomic
from assets.unbc import CODED, WITHOUT_INTENSITY
from generator.shards import codec
from generator.surrogate.coding import Codes, Scales, pspi
from generator.surrogate.names import SCALES, Place
from render.frame import Frame

NOT_IN_66 = (60, 64)
"""Inner corners of the mouth: landmarks of ibug (from 0) that AAM files do not have."""
IN_66 = tuple(number for number in range(68) if number not in NOT_IN_66)


def rows(values: Sequence[Sequence[float]]) -> bytes:
    """Rows of numbers as UNBC's files have them; none is an empty file."""
    return "".join("".join(f"{v:16.7e}" for v in row) + "\n" for row in values).encode()


def facs_rows(codes: Sequence[int]) -> list[tuple[float, ...]]:
    """Rows "AU intensity side1 side2" of the action units of a frame that are there.

    AU43 has no intensity: its row alone says that it is there, and the column holds 0.
    """
    present = [(au, code) for au, code in zip(CODED, codes, strict=True) if code > 0]
    return [
        (float(au), 0.0 if au == WITHOUT_INTENSITY else float(code), 0.0, 0.0)
        for au, code in present
    ]


def make_folders(out: Path, place: Place) -> None:
    """Make the folders that a sequence's files lie in."""
    for folder in (*place.folders, *(place.scale(name).parent for name in SCALES)):
        (out / folder).mkdir(parents=True, exist_ok=True)


def write_labels(out: Path, place: Place, codes: Codes, labels: Scales) -> None:
    """Write what was coded of every frame, and the labels of the sequence."""
    for number, (level, row) in enumerate(zip(pspi(codes), codes, strict=True), start=1):
        _write(out, place.pspi(number), rows([[float(level)]]))
        _write(out, place.facs(number), rows(facs_rows(row.tolist())))
    for name in SCALES:
        _write(out, place.scale(name), rows([[float(getattr(labels, name))]]))


def write_frame(out: Path, place: Place, number: int, frame: Frame) -> None:
    """Write the picture of a frame and its landmarks."""
    _write(out, place.landmarks(number), rows(frame.landmarks[list(IN_66)].tolist()))
    _write(out, place.image(number), codec.encode_image(frame.image, "png"))


def _write(out: Path, place: PurePosixPath, data: bytes) -> None:
    atomic.write(out / place, data)
