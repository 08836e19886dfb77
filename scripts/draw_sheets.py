"""Draw the documentation's sheets: neutral people, PSPI 0-16, AUs at 0-5, portraits, FLAME heads.

`python -m scripts.draw_sheets [DIR [NAME ...]]` writes neutrals.jpg, pspi.jpg, aus.jpg,
portrait.jpg and flame.jpg, or those that are named, into DIR (docs); flame.jpg needs a FLAME file
that was added.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from assets.facs import AUS, HIGHEST_PSPI
from generator import synth3d
from generator.audit.sitting import Sitter, seat
from generator.config import GenerateConfig
from generator.identity import make_identity
from generator.portrait.painted import Painted, laid
from generator.preview.lettering import Ink, write
from generator.synth3d import Likeness
from generator.texture.creases import folding
from render.frame import Frame
from scripts import bench_texture

PEOPLE = 24
SEED = 5
INK = Ink(9, (255, 255, 255))
# Age, darkest and lightest skin tone of the people whose AUs are shown.
SHOWN = ((0.05, (1, 10)), (25.0, (1, 5)), (78.0, (1, 10)), (35.0, (8, 10)))
TIGHT = 0.85
"""Half side of a close crop, in heights from the eyes to the chin."""

WORN = {
    "neutral, other light": {},
    "PSPI 11": {4: 4, 6: 4, 7: 3, 10: 2, 43: 1},
    "PSPI 9": {4: 3, 6: 3, 9: 3, 12: 2, 25: 3, 26: 2},
}
"""What a painted texture is shown in."""

Shown = tuple[str, np.ndarray]


def config(**options: object) -> GenerateConfig:
    """Options of a sheet: ages 0-90, frontal."""
    every = {"identities": PEOPLE, "ages": "0-90", "views": 1, "seed": SEED, "confounders": 0}
    return GenerateConfig(**(every | options))  # pyright: ignore[reportArgumentType]


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
        identity, _, frame = next(synth3d.frames(config(size=512), index))
        person = identity.person
        text = f"{person.sex} {person.age_years:.0f}, {person.ethnicity}"
        tiles.append(tile((text, frame.image), 256))
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


def flame_heads() -> np.ndarray:
    """Adults of the FLAME file that was added, each neutral and at PSPI 12."""
    chosen = config(
        size=512, ages="18-90", head="flame", rig="neural", pspi="12", pain_per_identity=1
    )
    tiles = []
    for index in range(PEOPLE // 2):
        for identity, shot, frame in synth3d.frames(chosen, index):
            person = identity.person
            text = f"{person.sex} {person.age_years:.0f}, {person.ethnicity}"
            pain = f"PSPI {shot.expression.pspi:g}"
            tiles.append(tile((pain if shot.number else text, frame.image), 256))
    return grid(tiles, 6)


def nearest(age_years: float, tones: tuple[int, int]) -> int:
    """The person of the data set nearest in age whose skin tone is within `tones`."""
    people = [make_identity(index, PEOPLE, SEED, "0-90").person for index in range(PEOPLE)]
    fitting = [person for person in people if tones[0] <= person.skin_tone <= tones[1]]
    return min(fitting, key=lambda person: abs(person.age_years - age_years)).index


def action_units() -> np.ndarray:
    """Each AU alone at 0-5 for four people side by side, looking straight ahead."""
    aus = [au for au in AUS if au != 43]
    blocks = []
    for age, tones in SHOWN:
        sitter = seat(config(size=384), nearest(age, tones))
        neutral = sitter.take({}).frame
        window = close(neutral)
        tiles = []
        for au in aus:
            for step in range(6):
                drawn = sitter.take({au: step}).frame if step else neutral
                tiles.append(tile((f"{au}:{step}", drawn.image[window]), 120))
        blocks.append(grid(tiles, 6))
    return np.hstack(blocks)


def portraits() -> np.ndarray:
    """Three pictures of a head, the albedo made of them, and the person in other light."""
    tiles = []
    for name in bench_texture.PEOPLE:
        sitting = bench_texture.sit(bench_texture.found(name), "cpu")
        tiles += [tile((word, picture), 256) for word, picture in zip(
            ("portrait, drawn in another's skin", "from the right", "from the left"),
            (picture for _, picture in sitting.views), strict=True,
        )]  # fmt: skip
        made, _ = bench_texture.laid(sitting)
        tiles.append(tile(("its albedo", _square(made.albedo)), 256))
        painted = Painted(
            made.albedo, made.confidence, sitting.views[0][1], sitting.views[0][0], made.light,
            made.below, {},
        )  # fmt: skip
        texture = laid(sitting.texture, painted)
        head = sitting.body.head
        surface = synth3d.painted(texture, head, sitting.config)
        folds = folding(sitting.identity, head)
        person = Likeness(sitting.identity, sitting.body, texture, surface, folds)
        sitter = Sitter(sitting.config, person)
        for word, aus in WORN.items():
            tiles.append(tile((word, sitter.take(aus).frame.image), 256))
    return grid(tiles, 4 + len(WORN))


def _square(albedo: np.ndarray) -> np.ndarray:
    """The middle of a chart: the face and half of the way to the ears."""
    rows, columns = albedo.shape[:2]
    return albedo[rows // 8 : rows // 8 + rows * 3 // 4, (columns - rows * 3 // 4) // 2 :][
        :, : rows * 3 // 4
    ]


def close(frame: Frame) -> tuple[slice, slice]:
    """Rows and columns of a close crop about the face of a picture."""
    x, y = frame.landmarks[27:31].mean(axis=0)
    half = TIGHT * (frame.landmarks[8, 1] - frame.landmarks[27, 1])
    rows = slice(int(max(y - 0.9 * half, 0)), int(y + 1.1 * half))
    return rows, slice(int(max(x - half, 0)), int(x + half))


SHEETS = {
    "neutrals": neutrals, "pspi": levels, "aus": action_units, "portrait": portraits,
    "flame": flame_heads,
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Draw the sheets that are named, or all. Raises ValueError for a name that is none."""
    folder = Path(arguments[0]) if arguments else Path("docs")
    unknown = sorted(set(arguments[1:]) - set(SHEETS))
    if unknown:
        raise ValueError(f"a sheet must be one of {', '.join(SHEETS)}, got {unknown[0]}")
    folder.mkdir(exist_ok=True)
    for name in arguments[1:] or SHEETS:
        path = folder / f"{name}.jpg"
        quality = [cv2.IMWRITE_JPEG_QUALITY, 86]
        cv2.imwrite(str(path), np.ascontiguousarray(SHEETS[name]()[..., ::-1]), quality)
        print(path, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
