"""How far apart real, painted and drawn faces look: what was found, and its files; no torch here.

`domains.measure` finds it once for a study; a report reads it.
"""

import io
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from assets import atomic
from generator.shards.manifest import json_bytes, read_json
from generator.shards.record_json import read_value

FOLDER, FIGURES, PLACES = "gap", "gap.json", "gap.npz"
FORMAT = "pain3d gap 1"


@dataclass(frozen=True)
class Shown:
    """What was drawn of a source: frames of PSPI 1 to 15, as many a level as of all others, frames
    of level 0, and how many people they show. Of a 2D source nothing of level 0 is drawn: those are
    inputs that nobody painted.
    """

    name: str
    kind: Literal["real", "2d", "3d"]
    frames: int
    zeros: int
    people: int


@dataclass(frozen=True)
class Apart:
    """How far two sources are apart in features; `level` is a PSPI level, None for 1 to 15.

    `mmd2` is the unbiased squared maximum mean discrepancy, about 0 (and as often below) where they
    are alike; `p` the share of exchanges of people that is as large; `fid` the Fréchet distance,
    which is too large for fewer frames than features. All are None for too few frames.
    """

    first: str
    second: str
    level: int | None
    frames: int
    """Of either."""
    mmd2: float | None
    p: float | None
    fid: float | None


@dataclass(frozen=True)
class Told:
    """How well a linear probe tells sources of frames of people whom it has not seen.

    `accuracy` is the mean over sources of the share that is told right, None for too few frames or
    people; a guess tells `chance` right.
    """

    sources: tuple[str, ...]
    frames: int
    """Of each."""
    accuracy: float | None
    chance: float


@dataclass(frozen=True)
class Figures:
    """All that is no place on a map. `frames` is how many were asked for, at most, of a source."""

    id: str
    features: str
    sha256: str | None
    dimensions: int
    frames: int
    seed: int
    sources: tuple[Shown, ...]
    apart: tuple[Apart, ...]
    told: tuple[Told, ...]
    maps: tuple[str, ...]
    """What each map is, in words."""


@dataclass(frozen=True)
class Places:
    """Every frame on maps of two dimensions; `source` numbers `Figures.sources`, `level` is PSPI's.

    `maps` are as many as `Figures.maps`: by PCA and by t-SNE, or none for too few frames.
    """

    source: Int[np.ndarray, " frames"]
    level: Int[np.ndarray, " frames"]
    maps: tuple[Float[np.ndarray, "frames 2"], ...]


@dataclass(frozen=True)
class Gap:
    """What was found of a study."""

    figures: Figures
    places: Places


def read(run: Path) -> Gap | None:
    """Read what was found of a study; None where nothing was as yet.

    Raises ValueError that names the file where it is another's or damaged.
    """
    path = run / FOLDER / FIGURES
    if not path.is_file():
        return None
    stated = read_json(path)
    if not isinstance(stated, dict) or stated.pop("format", None) != FORMAT:
        raise ValueError(f"{path} must be of a gap ({FORMAT}), got another")
    figures: Figures = read_value(stated, Figures, str(path))
    return Gap(figures, _places(path.with_name(PLACES), figures))


def write(found: Gap, run: Path) -> None:
    """Write what was found, the figures last; what was found before of other sets goes first."""
    folder = run / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / FIGURES).unlink(missing_ok=True)
    places = found.places
    maps: dict[str, Any] = {f"map{at}": one for at, one in enumerate(places.maps)}
    file = io.BytesIO()
    np.savez(file, source=places.source, level=places.level, **maps)
    atomic.write(folder / PLACES, file.getvalue())
    atomic.write(folder / FIGURES, json_bytes({"format": FORMAT, **asdict(found.figures)}))


def _places(path: Path, figures: Figures) -> Places:
    frames = sum(one.frames + one.zeros for one in figures.sources)
    shapes: dict[str, tuple[int, ...]] = {"source": (frames,), "level": (frames,)}
    shapes |= {f"map{at}": (frames, 2) for at in range(len(figures.maps))}
    arrays: dict[str, Any] = {}
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} must hold arrays alone and whole, got {error}") from error
    found = {name: one.shape for name, one in arrays.items()}
    if found != shapes:
        raise ValueError(f"{path} must hold {shapes} as {FIGURES} beside it, got {found}")
    maps = tuple(arrays[f"map{at}"] for at in range(len(figures.maps)))
    return Places(arrays["source"], arrays["level"], maps)
