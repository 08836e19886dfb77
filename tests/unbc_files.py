"""UNBC-McMaster's raw layout in miniature, written by hand file by file.

Red of a picture is two levels a pixel from the left, green from the top, so that any pixel says
where in the original it lies.
"""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

WIDTH, HEIGHT = 96, 80


def picture(blue: int = 40, width: int = WIDTH, height: int = HEIGHT) -> UInt8[np.ndarray, "h w 3"]:
    """sRGB, height by width."""
    y, x = np.mgrid[:height, :width]
    return np.stack([2 * x, 2 * y, np.full_like(x, blue)], axis=2).astype(np.uint8)


def points(x: float = 48.0, y: float = 36.0, count: int = 66) -> Float64[np.ndarray, "points 2"]:
    """Landmarks of a face: outer corners of the eyes 20 pixels apart at (x, y), nose 11 below."""
    marks = np.random.default_rng(0).uniform(-12.0, 12.0, (count, 2)) + np.array([0.0, 8.0])
    marks[[36, 39, 42, 45]] = [[-10.0, 0.0], [-4.0, 0.0], [4.0, 0.0], [10.0, 0.0]]
    marks[33] = [0.0, 11.0]
    return marks + np.array([x, y])


def lines(rows: list[tuple[float, ...]]) -> str:
    """Rows of numbers as MATLAB saves them."""
    return "".join("".join(f"{value:16.7e}" for value in row) + "\n" for row in rows)


class Tree:
    """A folder in UNBC's layout; `nested` puts some folders in ones of their own name."""

    def __init__(self, root: Path, nested: bool = False) -> None:
        self.root = root
        self.images = root / "Images" / "Images" if nested else root / "Images"
        frames = "Frame_Labels"
        self.frame_labels = root / frames / frames if nested else root / frames

    def label(self, kind: str, sequence: str, stem: str) -> Path:
        """Where a file of a frame lies; `sequence` is SUBJECT/SEQUENCE."""
        room = self.root / "AAM_landmarks" if kind == "AAM" else self.frame_labels / kind
        return room / sequence / f"{stem}_{'aam' if kind == 'AAM' else 'facs'}.txt"

    def image(self, sequence: str, stem: str) -> Path:
        return self.images / sequence / f"{stem}.png"

    def frame(
        self,
        sequence: str,
        number: int,
        aus: list[tuple[float, ...]] | str | None = None,
        pspi: float | str | None = None,
        marks: Float64[np.ndarray, "points 2"] | str | None = "usual",
    ) -> Path:
        """Write a frame; what is None is missing, what is a text stands in its file as it is."""
        stem = f"{sequence.partition('/')[2]}{number:03d}"
        image = self.image(sequence, stem)
        write(image, cv2.imencode(".png", picture(number)[..., ::-1])[1].tobytes())
        facs = lines(aus) if isinstance(aus, list) else aus
        stated = lines([(pspi,)]) if isinstance(pspi, float) else pspi
        if isinstance(marks, str) and marks == "usual":
            marks = points(48.0 + number)
        aam = lines([(x, y) for x, y in marks]) if isinstance(marks, np.ndarray) else marks
        for kind, text in (("FACS", facs), ("PSPI", stated), ("AAM", aam)):
            if text is not None:
                write(self.label(kind, sequence, stem), text.encode())
        return image

    def scale(self, name: str, sequence: str, text: str) -> None:
        write(self.root / "Sequence_Labels" / name / f"{sequence}.txt", text.encode())


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def bomb(side: int = 60_000) -> bytes:
    """A small PNG whose header promises a very large picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def png(image: UInt8[np.ndarray, "h w 3"]) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


FIRST, SECOND, ODD, THIRD = (
    "042-ll042/ll042t1aaaff",
    "042-ll042/ll042t1aaunaff",
    "043-jh043/jh043t1aeaff",
    "047-jl047/jl047t2afaff",
)


def small(root: Path, nested: bool = False) -> Tree:
    """Three people: whole and missing labels, every oddity once."""
    tree = Tree(root, nested)
    tree.frame(FIRST, 1, [], 0.0)
    rows = [(1, 2, 0, 0), (4, 2, 0, 0), (6, 1, 0, 0), (7, 3, 0, 0), (10, 1, 0, 0), (12, 2, 0, 0)]
    tree.frame(FIRST, 2, [*rows, (25, 1, 0, 0), (43, 0, 0, 0), (50, 1, 0, 0)], 7.0)
    tree.frame(FIRST, 3, [(4, 1, 0, 0)], 3.0)
    tree.frame(FIRST, 4, None, 2.0)
    for name, value in (("VAS", 6.5), ("OPR", 3.0), ("AFF", 11.0), ("SEN", 12.0)):
        tree.scale(name, FIRST, lines([(value,)]))
    tree.frame(SECOND, 1)
    tree.frame(SECOND, 2, [], 0.0, None)
    tree.scale("OPR", SECOND, lines([(9.0,)]))
    _odd(tree)
    tree.frame(THIRD, 1, [(43,)], 1.0)
    tree.frame(THIRD, 2, [(12, 4, 1, 0)], 0.0)
    tree.frame(THIRD, 3, [], 0.0)
    write(tree.images / THIRD / "Thumbs.db", b"x")
    write(tree.label("PSPI", THIRD, "jl047t2afaff009"), b"0")
    write(tree.label("FACS", "124-dn124/dn124t1aaaff", "dn124t1aaaff001"), b"")
    return tree


def _odd(tree: Tree) -> None:
    pictures = {
        1: png(np.full((HEIGHT, WIDTH, 3), 8, np.uint8)),
        2: png(picture())[:-200],
        3: png(np.full((1, 1, 3), 200, np.uint8)),
        4: bomb(),
    }
    for number, data in pictures.items():
        tree.frame(ODD, number, [], 0.0).write_bytes(data)
    tree.frame(ODD, 5, [(4, 7, 0, 0)], 5.0)
    tree.frame(ODD, 6, "no pain\n", 0.0)
    tree.frame(ODD, 7, [(9, 2, 0, 0)], "none\n")
    tree.frame(ODD, 8, [], 0.0, "nowhere\n")
    tree.frame(ODD, 9, [], 0.0, points(5000.0))
    tree.frame(ODD, 10, [(6, 5, 0, 0)], 5.0)
