"""What decides the bytes of a generated data set, in one place: options, defaults, rules.

Workers, folders and times are not here, because they change nothing. Where an option is a user's
file or folder, `decisive` puts the hash of what it holds in the place of its path.
"""

import hashlib
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from assets.environments import NAMES
from assets.facs import HIGHEST_PSPI
from assets.population import parse_ages
from generator.occluders import kinds
from generator.pain import EIGHTHS, WHOLE
from generator.portrait.settings import Settings
from generator.shards.codec import HIGHEST_SIDE, MAPS

Annotation = Literal["seg", "depth", "normal", "heat", "uv"]
Varied = Literal["pose", "light", "background"]
Occluder = Literal[
    "none", "some", "glasses", "cap", "nasal_cannula", "oxygen_mask", "surgical_mask",
    "breathing_tube", "pacifier", "blanket",
]  # fmt: skip
SensorKind = Literal["photo", "clean", "degraded", "ward_video", "near_infrared"]
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
HIGHEST_SEED = 2**63 - 1
"""Readers of the shards hold a record's whole numbers in 64 bits with a sign."""
REPLACED = ("pain_per_identity", "pspi", "other_aus")
"""Options that decide nothing where `expressions` is given."""
OF_DIFFUSION = ("steps", "dtype")
"""Options that decide nothing where no diffusion paints."""
UNSTATED = ("offload",)
"""Options that decide no byte."""


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
    """Seed of the data set, 0 to 2**63 - 1."""
    ages: str = "18-90"
    """Completed years, LOW-HIGH; 0-1 are infants, half of them newborn."""
    pspi: str = "uniform"
    """PSPI of the pain expressions: uniform (over 1-16), unbc (its distribution), or a list such
    as 0,2,4, with continuous also 2.5 (multiples of 1/8)."""
    expressions: Path | None = None
    """CSV with a column an AU: every person gets exactly these, in place of what
    pain_per_identity, pspi and other_aus would draw."""
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
    background: Literal["environment", "plain", "gradient", "folder", "inpaint"] = "environment"
    """What stands behind the head; folder needs background_folder, inpaint (a place such as a ward
    or a garden, painted round the head) what was added by pain3d assets add kandinsky PATH."""
    background_folder: Path | None = None
    """Folder of pictures to stand behind the head."""
    environments: tuple[str, ...] = ()
    """Names of the environments that light the scene; all of them if none is named."""
    environment_folder: Path | None = None
    """Folder of equirectangular panoramas (.hdr, .exr, twice as wide as high, up to 8192 pixels)
    to use in place of the shipped environments."""
    sensor: SensorKind = "photo"
    """What takes the picture: a photographer's camera, a perfect one, a poor one, low-resolution
    ward video, or a near-infrared camera."""
    depth_of_field: bool = False
    """Let the lens blur the parts of the head that lie out of focus."""
    occluders: tuple[Occluder, ...] = ("none",)
    """What people wear in front of their faces: none, some (drawn for every person and view, as
    often as on a ward), or these on everybody. Pacifiers are for children under 4 alone."""
    hair: Literal["cards", "makehuman"] = "cards"
    """Hair, brows and lashes of our own, or those of the MakeHuman pack that was added (by pain3d
    assets add makehuman PATH), for whom it has some that fit."""
    clothes: Literal["some", "none"] = "some"
    """Gowns, collars and necklines, or bare shoulders."""
    creases: Literal["on", "off"] = "on"
    """Folds and bulges where muscles push the skin together; lines of age at rest stay with off."""
    flush: bool = False
    """Let the face flush, and blanch where it is pressed, as pain grows."""
    head: Literal["anny", "flame"] = "anny"
    """Head model: our own, or the FLAME file that was added (by pain3d assets add flame PATH)."""
    texture: Literal["skin", "kandinsky", "hunyuan3d"] = "skin"
    """Where skin comes from: our own, or portraits that diffusion paints on each head's depth
    (pain3d assets add kandinsky PATH), laid on the head by us or by Hunyuan3D (assets add hunyuan3d
    PATH too)."""
    steps: int = 50
    """Denoising steps of a picture that diffusion paints, 1 to 200."""
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    """Numbers that diffusion computes in; auto is float16 on cuda and float32 on a cpu."""
    offload: bool = False
    """Keep only the network of diffusion that runs now on the GPU: slower, less memory."""
    rig: Literal["neural", "blendshapes"] = "neural"
    """What turns action units into motion: the network, or the rig of our own head that taught
    it."""
    raster: Literal["warp", "pyrender", "pytorch3d"] = "warp"
    """What finds the triangle that each sample sees: our own kernel, OpenGL through pyrender, or
    PyTorch3D (minutes a picture on a CPU), where they are installed; maps come out alike."""
    shading: Literal["deferred", "mitsuba"] = "deferred"
    """What shades: our own, or the same scene path-traced by Mitsuba 3 where it is installed, for
    stills (some half a minute a picture of 512 pixels on two cores)."""
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
        _whole("seed", self.seed, 0, HIGHEST_SEED)
        _whole("people_per_shard", self.people_per_shard, 1)
        _share("other_aus", self.other_aus)
        _share("asymmetry", self.asymmetry)
        unknown = sorted(set(self.environments) - set(NAMES))
        if unknown:
            raise ValueError(f"environments must be among {', '.join(NAMES)}, got {unknown[0]}")
        kinds.check(self.occluders, parse_ages(self.ages).low)
        pspi_levels(self.pspi, self.continuous)
        for name in ("vary", "annotations", "environments", "occluders"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise ValueError(f"{name} must name each thing once, got {', '.join(values)}")
        if (self.background == "folder") != (self.background_folder is not None):
            rule = "folder where background_folder is given, and nowhere else"
            got = f"{self.background} and background_folder {self.background_folder}"
            raise ValueError(f"background must be {rule}, got {got}")
        if self.environment_folder is not None and self.environments:
            got = f"{', '.join(self.environments)} with {self.environment_folder}"
            rule = "left out where environment_folder is given"
            raise ValueError(f"environments must be {rule}, got {got}")
        if self.expressions is not None:
            self._left_out(REPLACED, "expressions is given", str(self.expressions))
        if self.paints:
            self._check_painting()
        else:
            by = f"texture {self.texture} and background {self.background}"
            self._left_out((*OF_DIFFUSION, *UNSTATED), "no diffusion paints", by)

    def _check_painting(self) -> None:
        """Refuse what diffusion cannot do."""
        Settings(self.steps, self.dtype, self.device, self.offload)
        if self.texture == "hunyuan3d" and self.device == "cpu":
            raise ValueError("device must be cuda for texture hunyuan3d, got cpu")

    def _left_out(self, names: tuple[str, ...], where: str, given: str) -> None:
        """Refuse options that would decide nothing."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in names and value != field.default:
                rule = f"left out where {where}"
                raise ValueError(f"{field.name} must be {rule}, got {value} with {given}")

    @property
    def paints(self) -> bool:
        """Whether diffusion paints anything: skin, or what stands behind the head."""
        return self.texture != "skin" or self.background == "inpaint"

    @property
    def settings(self) -> Settings:
        """How diffusion runs."""
        return Settings(self.steps, self.dtype, self.device, self.offload)

    @property
    def members(self) -> tuple[str, ...]:
        """Suffixes of the members that every sample has, in the order in which they lie."""
        maps = (f"{name}.png" for name in MAPS if name in self.annotations)
        return (self.image, "json", *maps)


def pspi_levels(text: str, continuous: bool = False) -> tuple[float, ...]:
    """Read the levels out of a `pspi` option; none for `uniform` and `unbc`.

    Raises ValueError for anything but whole numbers, or with `continuous` multiples of 1/8, from
    0 to 16 with commas between.
    """
    if text in ("uniform", "unbc"):
        return ()
    steps = EIGHTHS if continuous else WHOLE
    grid = f"multiples of 1/{EIGHTHS}" if continuous else "whole numbers"
    rule = f"uniform, unbc or {grid} from 0 to {HIGHEST_PSPI} with commas between"
    if not continuous:
        rule += f" (multiples of 1/{EIGHTHS} with continuous)"
    for item in text.split(","):
        known = re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", item) is not None
        if not (known and float(item) <= HIGHEST_PSPI and float(item) * steps % 1 == 0):
            raise ValueError(f"pspi must be {rule}, got {item!r} in {text!r}")
    return tuple(float(item) for item in text.split(","))


def decisive(config: GenerateConfig) -> dict[str, object]:
    """The options as `config.json` states them: a user's files by the hash of their content.

    What `expressions` replaces is null, and so is what is for diffusion where none paints. Raises
    ValueError where a file or folder is not one or cannot be read.
    """
    stated: dict[str, object] = {}
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name not in UNSTATED:
            stated[field.name] = list(value) if isinstance(value, tuple) else value
    if not config.paints:
        stated |= dict.fromkeys(OF_DIFFUSION)
    if config.expressions is not None:
        stated |= dict.fromkeys(REPLACED)
        stated["expressions"] = file_hash(config.expressions, "expressions")
    if config.background_folder is not None:
        stated["background_folder"] = folder_hash(config.background_folder, "background_folder")
    if config.environment_folder is not None:
        # Imported here, as the renderer is: few data sets have a folder.
        from generator import panorama_folder

        stated["environment_folder"] = panorama_folder.folder_hash(config.environment_folder)
    return stated


def file_hash(path: Path, what: str) -> str:
    """SHA-256 of a user's file; `what` heads the error where it is none or cannot be read."""
    if path.is_dir():
        raise ValueError(f"{what} must be a file, got the folder {path}")
    return f"sha256:{hashlib.sha256(_bytes(path, what)).hexdigest()}"


def folder_hash(path: Path, what: str) -> str:
    """SHA-256 of the pictures in a user's folder by name order; `what` heads the error.

    Raises ValueError where it is no folder, holds no picture, or holds one that cannot be used.
    """
    if path.exists() and not path.is_dir():
        raise ValueError(f"{what} must be a folder, got the file {path}")
    digest = hashlib.sha256()
    for picture in pictures(path, what):
        data = _bytes(picture, what)
        _check_picture(picture, data, what)
        digest.update(hashlib.sha256(data).digest())
    return f"sha256:{digest.hexdigest()}"


def pictures(folder: Path, what: str) -> list[Path]:
    """Pictures of a user's folder in name order. Raises ValueError where there are none."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    except OSError as error:
        raise ValueError(f"{what} must be readable, got {folder}: {error.strerror}") from error
    if not found:
        raise ValueError(f"{what} must hold pictures ({', '.join(PICTURES)}), got {folder}")
    return found


def _check_picture(path: Path, data: bytes, what: str) -> None:
    """Refuse now what the renderer would refuse, decoding an eighth of the picture if it can."""
    # Imported here: few data sets have a folder, and the renderer is slow to import.
    from render.background import LARGEST, read

    try:
        small = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
    except cv2.error:  # empty, or more pixels than OpenCV will decode
        small = None
    if small is None or 64 * small.size > LARGEST:
        try:
            read(path)
        except ValueError as error:
            raise ValueError(f"{what} must hold pictures that can be read: {error}") from error


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
