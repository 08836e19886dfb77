"""Pictures, folders of them and videos as one stream of frames; what cannot be read says why.

A video is known by its first bytes and opened by its absolute path and by one decoder, so that no
name is taken for an address or a pattern and no list of other files is followed; its frames are
held to the size of pictures before any is decoded.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from assets import picture_file

VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm")
BEGINNINGS = (
    (0, b"RIFF"),
    (0, b"\x1a\x45\xdf\xa3"),
    (0, b"\x00\x00\x01\xba"),
    (0, b"\x00\x00\x01\xb3"),
    *((4, name) for name in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")),
)
"""From which byte on, and with what, those files begin: AVI, Matroska, MPEG, MP4 and QuickTime."""
WHOLE = 0.95
"""Share of the frames that a video states which must be there; of some kinds it is an estimate."""


@dataclass(frozen=True)
class Still:
    """A picture, or a frame of a video with its number (from 0) and its time.

    Either `image` or `error` is there.
    """

    path: Path
    image: UInt8[np.ndarray, "height width 3"] | None
    error: str | None = None
    frame: int | None = None
    seconds: float | None = None

    @property
    def what(self) -> str:
        """Name in errors."""
        return str(self.path) if self.frame is None else f"{self.path}, frame {self.frame}"


def listed(path: Path) -> list[Path]:
    """The pictures and videos of a folder and of those in it, by name; a file is itself.

    Raises ValueError where there is no such file, or a folder has none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ValueError(f"input must be a picture, a video or a folder that is there, got {path}")
    known = (*picture_file.SUFFIXES, *VIDEOS)
    found = sorted(one for one in path.rglob("*") if one.suffix.lower() in known and one.is_file())
    if not found:
        raise ValueError(f"{path} must hold pictures or videos, got none ({', '.join(known)})")
    return found


def is_video(path: Path) -> bool:
    """Whether a file is read as a video, by its name."""
    return path.suffix.lower() in VIDEOS


def stills(paths: Iterable[Path], every: int = 1) -> Iterator[Still]:
    """Read pictures and, of videos, every Nth frame from the first (`every`)."""
    for path in paths:
        if is_video(path):
            yield from _video(path, every)
            continue
        try:
            yield Still(path, picture_file.read(path))
        except ValueError as error:
            yield Still(path, None, str(error))


def count(path: Path, every: int = 1) -> int:
    """How many stills there will be, as far as a video knows: for a progress bar."""
    if not is_video(path) or not _begins_as_video(path):
        return 1
    video = _open(path)
    stated = _stated(video)
    video.release()
    return max(1, -(-stated // every))


def _open(path: Path) -> cv2.VideoCapture:
    return cv2.VideoCapture(os.path.abspath(path), cv2.CAP_FFMPEG)


def _stated(video: cv2.VideoCapture) -> int:
    """Frames that a video says it has; 0 where it does not say."""
    return max(0, int(video.get(cv2.CAP_PROP_FRAME_COUNT))) if video.isOpened() else 0


def _begins_as_video(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            first = file.read(8)
    except OSError:
        return False
    return any(first[at : at + len(bytes_)] == bytes_ for at, bytes_ in BEGINNINGS)


def _video(path: Path, every: int) -> Iterator[Still]:
    if not _begins_as_video(path):
        yield Still(path, None, f"{path} must be a video ({', '.join(VIDEOS)}), got another file")
        return
    video = _open(path)
    try:
        error = _unreadable(path, video)
        if error is not None:
            yield Still(path, None, error)
            return
        number = 0
        while video.grab():
            if number % every == 0:
                seconds = video.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
                yield _still(path, video, number, seconds)
            number += 1
        if number == 0 or number < WHOLE * _stated(video):
            rule = f"{_stated(video) or 'one or more'} frames that decode"
            yield Still(path, None, f"{path} must have {rule}, got {number}")
    finally:
        video.release()


def _unreadable(path: Path, video: cv2.VideoCapture) -> str | None:
    if not video.isOpened():
        return f"{path} must be a whole video that OpenCV reads, got one that does not open"
    sides = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    width, height = (int(video.get(side)) for side in sides)
    smallest, highest = picture_file.SMALLEST_SIDE, picture_file.HIGHEST_PIXELS
    if min(width, height) < smallest or width * height > highest:
        rule = f"frames of at least {smallest} pixels a side and at most {highest} in all"
        return f"{path} must have {rule}, got {width} x {height}"
    return None


def _still(path: Path, video: cv2.VideoCapture, number: int, seconds: float) -> Still:
    done, image = video.retrieve()
    if not done:
        error = f"{path}, frame {number} must decode, got nothing"
        return Still(path, None, error, number, seconds)
    return Still(path, cv2.cvtColor(image, cv2.COLOR_BGR2RGB), None, number, seconds)
