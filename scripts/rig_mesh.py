"""`pain3d rig-mesh`: put an expression on any head mesh, and draw every AU on it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tyro
from jaxtyping import Float32, Float64

from assets import atomic
from generator.preview import au_sheet
from rigging import gaze as gazes
from rigging import motion, rig
from rigging.registration import mesh as meshes
from rigging.registration.standard import stand
from scripts.options import checked, parse
from scripts.progress import Bar

ITEM = re.compile(r"(?P<side>[LR]?)(?:AU)?(?P<au>\d+)=(?P<value>\d+(?:\.\d+)?)", re.IGNORECASE)
GAZE = re.compile(r"(?P<yaw>-?\d+(?:\.\d+)?),(?P<pitch>-?\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Options:
    """Put an expression on a head mesh of any topology, unit and position."""

    head: tyro.conf.Positional[Path]
    """The neutral head: OBJ, PLY, STL, OFF or GLB."""
    aus: str = ""
    """Intensities, as "4=3,6=4,43=1"; "L12=2" is the person's left side alone, "R12=2" the right.
    0 to 5, AU43 0 or 1; what is not named is 0."""
    out: Path | None = None
    """File to write the posed head to; an OBJ made from an OBJ keeps all its other lines."""
    gaze: str = "0,0"
    """Where both eyes look, degrees: yaw toward the person's left, pitch up, 51 at most. Needs
    eyeballs."""
    sheet: Path | None = None
    """Picture (PNG) to draw of every AU at its strongest on this head."""

    def checked(self) -> "Expression":
        """Hold the options to their rules."""
        if self.out is None and self.sheet is None:
            raise ValueError("one of --out and --sheet must be given, got neither")
        if self.sheet is not None and self.sheet.suffix.lower() != ".png":
            raise ValueError(f"--sheet must end in .png, got {self.sheet}")
        if self.out is not None and self.out.suffix.lower() not in meshes.SUFFIXES:
            raise ValueError(f"--out must end in one of {meshes.SUFFIXES}, got {self.out}")
        for name, path in (("--out", self.out), ("--sheet", self.sheet)):
            if path is not None and not path.parent.is_dir():
                raise ValueError(f"{name} must lie in a folder that is there, got {path}")
        if self.out is not None and self.out.exists() and self.out.samefile(self.head):
            raise ValueError(f"--out must be another file than the neutral head, got {self.out}")
        left, right = intensities(self.aus)
        motion.checked(left, right)
        return Expression(left, right, angles(self.gaze))


@dataclass(frozen=True, eq=False)
class Expression:
    """AUs of the person's left and right side, and gaze of both eyes in radians."""

    left: dict[int, float]
    right: dict[int, float]
    gaze: Float32[np.ndarray, "eyes=2 angles=2"]


def intensities(text: str) -> tuple[dict[int, float], dict[int, float]]:
    """AUs of the person's left and right side from "4=3,L12=2"; see `Options.aus`."""
    sides: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for item in filter(None, re.split(r"[\s,]+", text)):
        found = ITEM.fullmatch(item)
        if found is None:
            rule = 'items like "4=3", "L12=2" or "R12=2" with commas between'
            raise ValueError(f"--aus must be {rule}, got {item!r}")
        au, value = int(found["au"]), float(found["value"])
        for side, aus in zip("LR", sides, strict=True):
            if found["side"].upper() not in ("", side):
                continue
            if au in aus:
                raise ValueError(f"--aus must name an AU once a side, got AU{au} twice")
            aus[au] = value
        if au == 43 and value not in (0.0, 1.0):
            raise ValueError(f"--aus must have AU43 at 0 or 1, got {item!r}")
    return sides


def angles(text: str) -> Float32[np.ndarray, "eyes=2 angles=2"]:
    """Yaw and pitch of both eyes in radians from degrees with a comma between."""
    found = GAZE.fullmatch(text.replace(" ", ""))
    if found is None:
        raise ValueError(f"--gaze must be two numbers of degrees as 10,-5, got {text!r}")
    both = np.radians([float(found["yaw"]), float(found["pitch"])])
    if np.abs(both).max() > gazes.WIDEST:
        most = int(np.degrees(gazes.WIDEST))
        raise ValueError(f"--gaze must be angles of at most {most} degrees, got {text!r}")
    return np.tile(both, (2, 1)).astype(np.float32)


def main(arguments: list[str]) -> int:
    """Read the mesh, pose it and say where what was made lies."""
    options = parse(Options, "rig-mesh", arguments)
    asked = checked("rig-mesh", options.checked)
    mesh = meshes.read(options.head)
    rigged = rig.prepare(mesh)
    if options.out is not None:
        posed = rigged.pose(asked.left, asked.right, asked.gaze)
        atomic.write(options.out, meshes.with_vertices(options.head, posed, options.out.suffix))
        print(f"{options.out}: {len(posed)} vertices")
    if options.sheet is not None:
        laid = stand(mesh)

        def standing(aus: Mapping[int, float]) -> Float64[np.ndarray, "vertices 3"]:
            return laid.frame.standard(rigged.pose(aus, aus))

        with Bar(" pictures") as bar:
            picture = au_sheet.sheet(standing, laid.triangles, bar.advance)
        _, encoded = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))
        atomic.write(options.sheet, encoded.tobytes())
        print(f"{options.sheet}: every AU at its strongest")
    return 0
