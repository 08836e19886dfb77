"""From pictures to rows: the face found and cropped as training crops it, and what is said of it.

Whatever cannot be read becomes a row with its reason, and the rest goes on.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from assets import face_crop, face_detector, picture_file
from assets.face_crop import Square
from vitpain.data.batch import Batch
from vitpain.predict import table
from vitpain.predict.overlay import Picture, Shown, smaller
from vitpain.predict.pictures import Still
from vitpain.predict.readers import Readers

BATCH = 16
"""Faces at once, where the caller asks for no other number."""

Crops = UInt8[np.ndarray, "faces size size 3"]


@dataclass(frozen=True)
class Box:
    """The face's square by hand, as `left`, `top` and `side` of a row say it; pixels.

    It reaches from the brows to the chin of a wide open mouth. Of sides that differ the larger
    counts, about the same middle.
    """

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        """Refuse a box that no face fits in."""
        if not min(self.width, self.height) >= face_crop.SMALLEST:
            rule = f"x,y,w,h with w and h of {face_crop.SMALLEST:g} pixels or more"
            raise ValueError(f"box must be {rule}, got {self}")

    def __str__(self) -> str:
        """As it is written on the command line."""
        return f"{self.left:g},{self.top:g},{self.width:g},{self.height:g}"

    @property
    def square(self) -> Square:
        """The square that is read."""
        middle = (self.left + self.width / 2, self.top + self.height / 2)
        return Square(*middle, max(self.width, self.height))


def parse_box(text: str) -> Box:
    """Read `x,y,w,h`. Raises ValueError for anything else."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not np.isfinite(numbers).all():
        raise ValueError(f"box must be x,y,w,h in pixels, got {text!r}")
    return Box(*numbers)


@dataclass(frozen=True)
class Given:
    """What is known of pictures: where the face is, and neutrals with where theirs is."""

    neutrals: tuple[Path, ...] = ()
    box: Box | None = None
    neutral_box: Box | None = None


@dataclass(frozen=True)
class Cut:
    """A face that was found: its square, and the crop that is read."""

    square: Square
    crop: UInt8[np.ndarray, "size size 3"]


@dataclass(frozen=True)
class _Waiting:
    """A face that is to be read, and the small picture that is to be drawn on, if any."""

    row: table.Row
    crop: UInt8[np.ndarray, "size size 3"]
    small: tuple[Picture, Square] | None


def cut(still: Still, box: Box | None, size: int) -> Cut:
    """Find and crop the face of a picture.

    Raises ValueError that names the picture where there is none, or it is not in the picture.
    """
    if still.image is None:
        raise ValueError(still.error)
    height, width = still.image.shape[:2]
    if box is None:
        square = face_detector.square(still.image, still.what)
    else:
        square = box.square
        if not (0 <= square.x <= width and 0 <= square.y <= height):
            rule = "have the middle of the box in it"
            raise ValueError(f"{still.what}, {width} x {height}, must {rule}, got {box}")
    crop = face_crop.cut(still.image, face_crop.matrix(square, size), size)
    return Cut(square, crop)


def neutrals(given: Given, size: int) -> Crops:
    """Crop the faces of the neutral pictures. Raises ValueError where one cannot be read."""
    stills = (Still(path, picture_file.read(path)) for path in given.neutrals)
    made = [cut(still, given.neutral_box, size).crop for still in stills]
    return np.array(made, np.uint8).reshape(-1, size, size, 3)


def read(
    stills: Iterable[Still],
    readers: Readers,
    given: Given,
    draw: Callable[[Shown], None] | None = None,
    batch: int = BATCH,
) -> Iterator[list[table.Row]]:
    """Give rows of pictures in their order, `batch` at a time, and what is to be drawn to `draw`.

    Every face is compared with all neutrals. Raises ValueError where a neutral cannot be read.
    """
    size = readers.config.size
    references = neutrals(given, size)
    if not readers.config.sees_neutral:
        references = references[:0]
    together: list[_Waiting | table.Row] = []
    for still in stills:
        together.append(_tried(still, given.box, size, draw is not None))
        if len(together) == batch:
            yield _answered(together, references, readers, given, draw)
            together = []
    if together:
        yield _answered(together, references, readers, given, draw)


def batch_of(crops: Sequence[UInt8[np.ndarray, "size size 3"]], references: Crops) -> Batch:
    """Crops with the same neutrals each, and nothing known of them."""
    count, size = len(crops), crops[0].shape[0]
    faces = torch.from_numpy(np.stack(crops).transpose(0, 3, 1, 2).copy())
    shown = torch.from_numpy(references.transpose(0, 3, 1, 2).copy())
    each = len(references)
    return Batch(
        faces,
        shown.expand(count, *shown.shape).contiguous(),
        torch.ones(count, each, dtype=torch.bool),
        torch.full((count,), float("nan")),
        torch.full((count, 6), float("nan")),
        torch.zeros(count, 0, size, size, dtype=torch.uint8),
        torch.full((count,), -1, dtype=torch.int64),
        torch.full((count, each), -1, dtype=torch.int64),
    )


def _tried(still: Still, box: Box | None, size: int, drawn: bool) -> _Waiting | table.Row:
    """The face of a picture, or the reason why there is none."""
    row = table.row(str(still.path), frame=still.frame, seconds=still.seconds)
    try:
        found = cut(still, box, size)
    except ValueError as error:
        return row | {"error": table.as_text(str(error))}
    assert still.image is not None
    square = found.square
    row |= {"left": square.x - square.side / 2, "top": square.y - square.side / 2}
    row["side"] = square.side
    return _Waiting(row, found.crop, smaller(still.image, square) if drawn else None)


def _answered(
    together: list[_Waiting | table.Row],
    references: Crops,
    readers: Readers,
    given: Given,
    draw: Callable[[Shown], None] | None,
) -> list[table.Row]:
    """Rows of faces that are read at once, and those that wait between them for nothing."""
    waiting = [one for one in together if isinstance(one, _Waiting)]
    if waiting:
        batch = batch_of([one.crop for one in waiting], references)
        said = readers.read(batch)
        named = [table.as_text(str(path)) for path in given.neutrals[: len(references)]]
        known = {"neutral": "given" if named else "none", "neutrals": named}
        known |= {"read_by": readers.name(0), "note": readers.note()}
        for at, one in enumerate(waiting):
            one.row.update(known, **{name: float(values[at]) for name, values in said.items()})
        if draw is not None:
            for one, saliency in zip(waiting, readers.saliency(batch), strict=True):
                assert one.small is not None
                draw(Shown(*one.small, one.crop, saliency, one.row))
    return [one.row if isinstance(one, _Waiting) else one for one in together]
