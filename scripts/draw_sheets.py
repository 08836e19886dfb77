"""Draw the documentation's sheets: 24 neutral people, one person over PSPI 0-16, each AU at 0-5.

`python -m scripts.draw_sheets [DIR]` writes neutrals.jpg, pspi.jpg and aus.jpg into DIR (docs).
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from assets.facs import AUS, HIGHEST, HIGHEST_PSPI
from generator import synth3d
from generator.config import GenerateConfig
from generator.identity import Identity, make_identity
from generator.preview.lettering import Ink, write

PEOPLE = 24
SEED = 5
INK = Ink(9, (255, 255, 255))
# Age, darkest and lightest skin tone of the people whose AUs are shown.
SHOWN = ((0.05, (1, 10)), (25.0, (1, 5)), (78.0, (1, 10)), (35.0, (8, 10)))
TIGHT = 0.85
"""Half side of a close crop, in heights from the eyes to the chin."""

Shown = tuple[str, np.ndarray]


def config(**options: object) -> GenerateConfig:
    """Options of a sheet: ages 0-90, frontal."""
    every = {"identities": PEOPLE, "ages": "0-90", "views": 1, "seed": SEED, "confounders": 0}
    return GenerateConfig(**(every | options))  # pyright: ignore[reportArgumentType]


def pictures(chosen: GenerateConfig, index: int, tight: bool) -> Iterator[tuple[Identity, Shown]]:
    """Every picture of a person with what it shows; `tight` crops to the face of the first."""
    window = None
    for identity, shot, frame in synth3d.frames(chosen, index):
        if window is None:
            x, y = frame.landmarks[27:31].mean(axis=0)
            half = TIGHT * (frame.landmarks[8, 1] - frame.landmarks[27, 1])
            low, high = int(max(y - 0.9 * half, 0)), int(y + 1.1 * half)
            window = (slice(low, high), slice(int(max(x - half, 0)), int(x + half)))
        label = shot.expression.label
        text = " ".join(f"{au}:{value:g}" for au, value in label.items() if value)
        yield identity, (text, frame.image[window] if tight else frame.image)


def tile(shown: Shown, side: int) -> np.ndarray:
    """A picture of `side` pixels with its words in a corner."""
    text, picture = shown
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    write(small, text, (5, side - 6), INK)
    return small


def grid(tiles: list[np.ndarray], columns: int) -> np.ndarray:
    """Tiles in rows."""
    rows = [np.hstack(tiles[k : k + columns]) for k in range(0, len(tiles), columns)]
    return np.vstack(rows)


def neutrals() -> np.ndarray:
    """The neutral of every person of a small data set."""
    tiles = []
    for index in range(PEOPLE):
        identity, (_, picture) = next(pictures(config(size=512), index, False))
        person = identity.person
        text = f"{person.sex} {person.age_years:.0f}, {person.ethnicity}"
        tiles.append(tile((text, picture), 256))
    return grid(tiles, 6)


def levels() -> np.ndarray:
    """One person at every PSPI from 0 to 16."""
    every = range(1, int(HIGHEST_PSPI) + 1)
    index = nearest(50.0, (3, 6))
    chosen = config(
        size=512, pspi=",".join(map(str, every)), pain_per_identity=len(every), other_aus=0.0
    )
    drawn = {}
    for number, (_, shot, frame) in enumerate(synth3d.frames(chosen, index)):
        drawn[shot.expression.pspi if number else -1.0] = frame.image
    ordered = sorted(drawn)
    tiles = [tile((f"PSPI {max(level, 0):g}", drawn[level]), 256) for level in ordered]
    tiles.append(np.zeros_like(tiles[0]))
    return grid(tiles, 6)


def nearest(age_years: float, tones: tuple[int, int]) -> int:
    """The person of the data set nearest in age whose skin tone is within `tones`."""
    people = [make_identity(index, PEOPLE, SEED, "0-90").person for index in range(PEOPLE)]
    fitting = [person for person in people if tones[0] <= person.skin_tone <= tones[1]]
    return min(fitting, key=lambda person: abs(person.age_years - age_years)).index


def action_units() -> np.ndarray:
    """Each AU alone at 0-5 for four people side by side."""
    aus = [au for au in AUS if au != 43]
    header = ",".join(f"AU{au}" for au in AUS)
    rows = []
    for au in aus:
        for step in range(1, 6):
            shut = {43: 1} if au == 45 and step == HIGHEST[45] else {}
            values = {au: step} | shut
            rows.append(",".join(str(values.get(other, 0)) for other in AUS))
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("\n".join([header, *rows]) + "\n")
        file.flush()
        chosen = config(size=384, expressions=Path(file.name), background="gradient")
        blocks = []
        for age, tones in SHOWN:
            drawn = [shown for _, shown in pictures(chosen, nearest(age, tones), True)]
            neutral, posed = drawn[0], drawn[1:]
            lines = [[neutral, *posed[5 * k : 5 * k + 5]] for k in range(len(aus))]
            blocks.append(grid([tile(one, 120) for line in lines for one in line], 6))
    return np.hstack(blocks)


def main(arguments: list[str]) -> int:
    """Draw the three sheets."""
    folder = Path(arguments[0]) if arguments else Path("docs")
    folder.mkdir(exist_ok=True)
    for name, draw in (("neutrals", neutrals), ("pspi", levels), ("aus", action_units)):
        path = folder / f"{name}.jpg"
        quality = [cv2.IMWRITE_JPEG_QUALITY, 86]
        cv2.imwrite(str(path), np.ascontiguousarray(draw()[..., ::-1]), quality)
        print(path, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
