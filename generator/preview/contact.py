"""The contact sheet: a row a person, the neutral beside the pains by PSPI, with their labels."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Shaped, UInt8

from assets.facs import AUS
from generator.preview.lettering import Ink, wrap, write
from generator.preview.people import Person
from generator.shards import codec
from generator.shards.folder import DataSet
from generator.shards.index import Row

Picture = UInt8[np.ndarray, "_ _ 3"]

TILE = 192
GAP = 10
HEAD = 208
LABEL = 94
TOP = 64
MOST_COLUMNS = 14
PAPER = (246, 246, 244)
INK = (32, 33, 36)
FAINT = (120, 122, 126)
EDGE = (64, 110, 180)
# Monk tones 1-10 as sRGB, to mark the row of a person.
MONK = "f6ede4 f3e7db f7ead0 eadaba d7bd96 a07e56 825c43 604134 3a312a 292420".split()


def contact_sheet(data: DataSet, shown: Sequence[Person], everybody: int) -> Picture:
    """Draw the sheet of some people of a data set, in their first view; `everybody` counts all."""
    rows = [person.view(person.first_view)[:MOST_COLUMNS] for person in shown]
    columns = max(len(row) for row in rows)
    height = TOP + len(rows) * (TILE + LABEL + GAP) + GAP
    width = max(HEAD + columns * (TILE + GAP) + GAP, 900)
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    _title(sheet, data, len(shown), everybody)
    for number, (person, pictures) in enumerate(zip(shown, rows, strict=True)):
        top = TOP + number * (TILE + LABEL + GAP)
        _person(sheet, person, top)
        for column, row in enumerate(pictures):
            _picture(sheet, data, row, (top, HEAD + column * (TILE + GAP)))
    return sheet


def _title(sheet: Picture, data: DataSet, shown: int, everybody: int) -> None:
    people = f"{shown} of {everybody} people" if shown < everybody else f"{everybody} people"
    write(sheet, data.folder.resolve().name, (16, 30), Ink(20, INK))
    line = f"{people}, {data.index.num_rows} pictures; first view; neutral, then pain by PSPI"
    line += "; 4:3 is AU4 at 3"
    write(sheet, line, (16, 51), Ink(13, FAINT))


def _person(sheet: Picture, person: Person, top: int) -> None:
    facts = person.facts
    lines = [
        (person.identity, 15, INK),
        (_years(facts["age_years"]), 13, INK),
        (f"{facts['ethnicity'] or ''} {facts['sex'] or ''}".replace("_", " "), 13, INK),
        (f"split {facts['split']}", 13, FAINT),
        (str(facts["environment"] or ""), 11, FAINT),
    ]
    for number, (text, size, ink) in enumerate(lines):
        for fits in wrap(text, size, HEAD - 24, 1):
            write(sheet, fits, (16, top + 22 + 21 * number), Ink(size, ink))
    tone = facts["skin_tone"]
    if tone is not None:
        code = MONK[tone - 1]
        colour = tuple(int(code[at : at + 2], 16) for at in (0, 2, 4))
        corner = (16, top + 128)
        cv2.rectangle(sheet, corner, (44, top + 146), colour, cv2.FILLED)
        cv2.rectangle(sheet, corner, (44, top + 146), FAINT, 1)
        write(sheet, f"Monk tone {tone}", (54, top + 142), Ink(13, INK))


def _picture(sheet: Picture, data: DataSet, row: Row, corner: tuple[int, int]) -> None:
    top, left = corner
    suffix = data.config["members"][0]
    image = codec.decode(f"{row['key']}.{suffix}", data.sample(row).members[suffix])
    sheet[top : top + TILE, left : left + TILE] = fitted(image, TILE)
    if row["kind"] == "neutral":
        cv2.rectangle(sheet, (left, top), (left + TILE - 1, top + TILE - 1), EDGE, 2)
    pspi = "no PSPI" if row["pspi"] is None else f"PSPI {row['pspi']:g}"
    # A confounder's PSPI is 0 and says nothing.
    pspi = "confounder" if row["kind"] == "confounder" else pspi
    kind = "  neutral" if row["kind"] == "neutral" else ""
    below = top + TILE
    write(sheet, pspi + kind, (left, below + 17), Ink(14, INK))
    for number, line in enumerate(wrap(action_units(row) or "no action units", 12, TILE, 3)):
        write(sheet, line, (left, below + 36 + 16 * number), Ink(12, INK))
    for fits in wrap(row["key"], 11, TILE, 1):
        write(sheet, fits, (left, below + 85), Ink(11, FAINT))


def action_units(row: Row) -> str:
    """The action units above 0 with their intensities, such as "4:3 6:2 43:1"."""
    coded = [(au, row[f"au{au}"]) for au in AUS]
    return " ".join(f"{au}:{value:g}" for au, value in coded if value)


def fitted(
    image: Shaped[np.ndarray, "_ _ *channels"], side: int, edge: int = 38
) -> Shaped[np.ndarray, "_ _ *channels"]:
    """The picture or map on a square of `side`, whole, with `edge` beside what is not square."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    square = np.full((side, side, *image.shape[2:]), edge, image.dtype)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square


def _years(age: float | None) -> str:
    if age is None:
        return "age not known"
    return f"{int(age)} years" if age >= 2 else f"{age * 12:.1f} months"
