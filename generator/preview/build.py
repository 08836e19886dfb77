"""From the folder of a data set to the two files that a person looks at."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from assets import atomic
from generator.preview.contact import contact_sheet
from generator.preview.gallery import gallery
from generator.preview.people import people, spread
from generator.shards.folder import open_folder

SHEET = "contact.png"
PAGE = "gallery.html"

Progress = Callable[[int, int], None]
"""Called with pictures done since the last call, and pictures to do in all."""


@dataclass(frozen=True)
class PreviewConfig:
    """How much to show."""

    sheet_people: int = 24
    """People on the contact sheet, 1 to 200, spread over the data set."""
    page_people: int = 24
    """People in the gallery at most; fewer where the page would pass 38 MB."""

    def __post_init__(self) -> None:
        """Refuse a preview of nobody, and a sheet that no viewer opens."""
        for name in ("sheet_people", "page_people"):
            if not 1 <= getattr(self, name) <= 200:
                raise ValueError(f"{name} must be from 1 to 200, got {getattr(self, name)}")


@dataclass(frozen=True)
class Preview:
    """What was written, and how many of the data set's people are on the page."""

    sheet: Path
    page: Path
    shown: int
    everybody: int


def preview(folder: Path, out: Path, config: PreviewConfig, progress: Progress) -> Preview:
    """Write the contact sheet and the gallery of a finished data set into `out`.

    Raises ValueError that names the file where the data set is unfinished, empty or damaged.
    """
    data = open_folder(folder)
    everybody = people(data.index)
    if not everybody:
        raise ValueError(f"{folder} must have people to be looked at, got an empty index")
    order = spread(everybody)
    on_page = order[: config.page_people]
    total = sum(len(person.rows) for person in on_page)
    on_sheet = sorted(order[: config.sheet_people], key=lambda person: person.identity)
    sheet = contact_sheet(data, on_sheet, len(everybody))
    page, shown = gallery(data, on_page, len(everybody), lambda done: progress(done, total))
    out.mkdir(parents=True, exist_ok=True)
    atomic.write(out / SHEET, _png(sheet))
    atomic.write(out / PAGE, page.encode())
    return Preview(out / SHEET, out / PAGE, shown, len(everybody))


def _png(sheet: np.ndarray) -> bytes:
    done, data = cv2.imencode(".png", sheet[..., ::-1])
    assert done, "OpenCV encodes into memory"
    return data.tobytes()
