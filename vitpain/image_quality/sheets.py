"""Sheets to look at: real beside generated at every PSPI level, and what became of an input.

Nothing is chosen by how it looks: people in the order of their names, of each level the first row.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from jaxtyping import Int64, UInt8

from generator.shards import codec
from vitpain.image_quality.painted import Painted
from vitpain.image_quality.sets import Compared, Named

PEOPLE = 6
"""People of a sheet."""
TILE, GAP, LINE = 104, 3, 20
SIDE = 132
"""Width of the names at the left."""
INK, PAPER, BLANK = (30, 30, 30), (250, 250, 248), (226, 226, 222)
FONT = cv2.FONT_HERSHEY_SIMPLEX

Picture = UInt8[np.ndarray, "height width 3"]
Cell = Picture | None


def beside(compared: Compared) -> bytes:
    """Two lines a person, real and generated, a column a PSPI level, as a PNG."""
    made, real = compared.made, compared.real
    levels = levels_of(made)
    lines: list[tuple[str, list[Cell]]] = []
    for person in people_of(made)[:PEOPLE]:
        for one, role in ((real, "real"), (made, "generated")):
            rows = one.hurting[one.identity[one.hurting] == person]
            at = np.rint(one.frames.pspi[rows])
            lines.append(
                (f"{person}\n{role}", [_first(one, rows[at == level]) for level in levels])
            )
    return _sheet([f"PSPI {level}" for level in levels], lines)


def outputs(compared: Compared, said: Painted) -> bytes:
    """A line a person: one input, unchanged, and what became of it at each PSPI level, as a PNG.

    Where a level has nothing of that input, it shows another input of the person.
    """
    made, real = compared.made, compared.real
    levels = levels_of(made)
    lines: list[tuple[str, list[Cell]]] = []
    for person in people_of(made)[:PEOPLE]:
        mine = np.flatnonzero(made.identity[said.rows] == person)
        source = int(said.inputs[mine].min())
        # Those of the first input come first.
        mine = mine[np.argsort(said.inputs[mine] != source, kind="stable")]
        at = np.rint(made.frames.pspi[said.rows[mine]])
        cells = [_first(made, said.rows[mine[at == level]]) for level in levels]
        lines.append((person, [real.frames.picture(source), *cells]))
    return _sheet(["input", *(f"PSPI {level}" for level in levels)], lines)


def people_of(made: Named) -> list[str]:
    """Whose faces were generated, by name."""
    return np.unique(made.identity[made.hurting]).tolist()


def levels_of(made: Named) -> list[int]:
    """PSPI levels of generated pictures."""
    return np.unique(np.rint(made.frames.pspi[made.hurting])).astype(int).tolist()


def _first(one: Named, rows: Int64[np.ndarray, " rows"]) -> Cell:
    return one.frames.picture(int(rows[0])) if len(rows) else None


def _sheet(headings: Sequence[str], lines: Sequence[tuple[str, list[Cell]]]) -> bytes:
    tall, wide = TILE + GAP, TILE + GAP
    sheet = np.full((LINE + tall * len(lines), SIDE + wide * len(headings), 3), PAPER, np.uint8)
    for column, heading in enumerate(headings):
        _write(sheet, heading, (SIDE + column * wide + 4, LINE - 6))
    for number, (name, cells) in enumerate(lines):
        top = LINE + number * tall
        for at, words in enumerate(name.split("\n")):
            _write(sheet, words, (4, top + 20 + 18 * at))
        for column, cell in enumerate(cells):
            left = SIDE + column * wide
            tile = sheet[top : top + TILE, left : left + TILE]
            tile[:] = BLANK if cell is None else _fitted(cell)
    return codec.encode_image(sheet, "png")


def _fitted(picture: Picture) -> UInt8[np.ndarray, "rows columns 3"]:
    how = cv2.INTER_AREA if picture.shape[0] > TILE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (TILE, TILE), interpolation=how))


def _write(sheet: Picture, words: str, place: tuple[int, int]) -> None:
    cv2.putText(sheet, words, place, FONT, 0.42, INK, 1, cv2.LINE_AA)


Draw = Callable[[Compared, Painted], bytes]
SHEETS: dict[str, tuple[Draw, str]] = {
    "levels": (
        lambda compared, said: beside(compared),
        "{made}: real frames ({real}) beside generated ones, by PSPI level; grey: there is none",
    ),
    "outputs": (outputs, "{made}: an input frame and what became of it at each PSPI level"),
}
"""Sheets of every generated set by name, and what stands below."""
