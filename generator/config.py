"""What decides the bytes of a generated data set, in one place: options, defaults, rules.

Workers, folders and times are not here, because they change nothing. Where an option is a user's
file or folder, `decisive` puts the hash of what it holds in the place of its path.
"""

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from assets.environments import NAMES
from assets.facs import HIGHEST_PSPI
from assets.population import parse_ages
from assets.streams import SEED_BITS
from generator.shards.codec import HIGHEST_SIDE, MAPS

Annotation = Literal["seg", "depth", "normal", "heat", "uv"]
Varied = Literal["pose", "light", "background"]
PICTURES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class GenerateConfig:
    """What to make. The defaults are those of 3D-Pain: 2,500 people, 82,500 pictures."""

    identities: int = 2500
    """People, 1 or more; balanced by age band, sex and ethnicity at any count."""
    pain_per_identity: int = 10
    """Expressions of pain a person; each is drawn in every view."""
    confounders: int = 0
    """Expressions a person that are neither pain nor neutral, such as a smile."""
    views: int = 3
    """Views a person; the first is frontal, the others are turned left and right."""
    size: int = 512
    """Side of the square picture, pixels, 32 to 4096."""
    seed: int = 0
    """Seed of the data set, 0 to 2**64 - 1."""
    ages: str = "18-90"
    """Completed years, LOW-HIGH; 0-1 are infants, half of them newborn."""
    pspi: str = "uniform"
    """PSPI of the pain expressions: uniform (over 1-16), unbc (its distribution), or a list such
    as 0,2,4."""
    expressions: Path | None = None
    """CSV with a column an AU: every person gets exactly these, in place of pain_per_identity."""
    continuous: bool = False
    """Draw intensities with fractions, not whole numbers."""
    other_aus: float = 0.3
    """Share of expressions that get AUs beside those of PSPI, 0 to 1."""
    asymmetry: float = 0.0
    """Share of expressions that differ left and right, 0 to 1."""
    vary: tuple[Varied, ...] = ()
    """What to draw anew for every picture, not once a person and view."""
    annotations: tuple[Annotation, ...] = ("seg", "depth", "normal", "heat")
    """Maps to write beside each picture."""
    image: Literal["jpg", "png"] = "jpg"
    """How pictures are encoded; png has no loss and is larger."""
    camera: Literal["portrait", "ward"] = "portrait"
    """Distance and focal length: of a portrait, or of a camera on a ward."""
    background: Literal["environment", "plain", "gradient", "folder"] = "environment"
    """What stands behind the head; folder needs background_folder."""
    background_folder: Path | None = None
    """Folder of pictures to stand behind the head."""
    environments: tuple[str, ...] = ()
    """Names of the environments that light the scene; all of them if none is named."""
    head: Literal["anny"] = "anny"
    """Head model."""
    texture: Literal["skin"] = "skin"
    """Where skin comes from."""
    rig: Literal["blendshapes"] = "blendshapes"
    """What turns action units into motion."""
    raster: Literal["warp"] = "warp"
    """What rasterises."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where pictures are drawn; bytes are promised on one make of it."""
    people_per_shard: int = 8
    """People a tar file, 1 or more."""

    def __post_init__(self) -> None:
        """Refuse what cannot be made, naming option, rule and value."""
        _whole("identities", self.identities, 1)
        _whole("pain_per_identity", self.pain_per_identity, 0)
        _whole("confounders", self.confounders, 0)
        _whole("views", self.views, 1)
        _whole("size", self.size, 32, HIGHEST_SIDE)
        _whole("seed", self.seed, 0, 2**SEED_BITS - 1)
        _whole("people_per_shard", self.people_per_shard, 1)
        _share("other_aus", self.other_aus)
        _share("asymmetry", self.asymmetry)
        unknown = sorted(set(self.environments) - set(NAMES))
        if unknown:
            raise ValueError(f"environments must be among {', '.join(NAMES)}, got {unknown[0]}")
        parse_ages(self.ages)
        pspi_levels(self.pspi)
        for name in ("vary", "annotations", "environments"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise ValueError(f"{name} must name each thing once, got {', '.join(values)}")
        if (self.background == "folder") != (self.background_folder is not None):
            rule = "folder where background_folder is given, and nowhere else"
            got = f"{self.background} with {self.background_folder}"
            raise ValueError(f"background must be {rule}, got {got}")

    @property
    def members(self) -> tuple[str, ...]:
        """Suffixes of the members that every sample has, in the order in which they lie."""
        maps = (f"{name}.png" for name in MAPS if name in self.annotations)
        return (self.image, "json", *maps)


def pspi_levels(text: str) -> tuple[int, ...]:
    """Read the levels out of a `pspi` option; none for `uniform` and `unbc`.

    Raises ValueError for anything but whole numbers from 0 to 16 with commas between.
    """
    if text in ("uniform", "unbc"):
        return ()
    rule = f"uniform, unbc or whole numbers from 0 to {HIGHEST_PSPI} with commas between"
    for item in text.split(","):
        if not (item.isascii() and item.isdigit() and int(item) <= HIGHEST_PSPI):
            raise ValueError(f"pspi must be {rule}, got {item!r} in {text!r}")
    return tuple(int(item) for item in text.split(","))


def decisive(config: GenerateConfig) -> dict[str, object]:
    """The options as `config.json` states them: paths stand there by the hash of their content.

    Raises ValueError where a file or folder cannot be read.
    """
    stated: dict[str, object] = {}
    for field in fields(config):
        value = getattr(config, field.name)
        if isinstance(value, Path):
            value = content_hash(value, field.name)
        stated[field.name] = list(value) if isinstance(value, tuple) else value
    return stated


def content_hash(path: Path, what: str) -> str:
    """SHA-256 of a file, or of the pictures in a folder by name order; `what` heads the error."""
    if path.is_dir():
        digest = hashlib.sha256()
        for picture in pictures(path, what):
            data = _bytes(picture, what)
            if cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8) is None:
                raise ValueError(f"{what} must hold pictures that can be read, got {picture}")
            digest.update(hashlib.sha256(data).digest())
        return f"sha256:{digest.hexdigest()}"
    return f"sha256:{hashlib.sha256(_bytes(path, what)).hexdigest()}"


def pictures(folder: Path, what: str) -> list[Path]:
    """Pictures of a user's folder in name order. Raises ValueError where there are none."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    if not found:
        raise ValueError(f"{what} must hold pictures ({', '.join(PICTURES)}), got {folder}")
    return found


def _bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{what} must be readable, got {path}: {error.strerror}") from error


def _whole(name: str, value: int, low: int, high: int | None = None) -> None:
    if value < low or (high is not None and value > high):
        rule = f"at least {low}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} must be {rule}, got {value}")


def _share(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must be from 0 to 1, got {value}")
