"""How a picture is varied in training: one affine map for its geometry, one 3x3 matrix for colour.

Everything is drawn from the random stream of a row and a draw, so no order of work changes it. The
geometric draw can be shared by a face and its neutral; where the crop falls is drawn for each
picture, because a detector errs for each anew.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

LUMA = np.array([0.299, 0.587, 0.114])
"""Grey of red, green and blue (BT.601), what contrast and saturation are measured against."""
_FARTHEST = 2.0
"""A crop's error in standard deviations, at most."""


@dataclass(frozen=True)
class Augment:
    """Ranges of what is drawn; zeros everywhere leave a picture as it is.

    A factor named `x` is drawn from 1 - x to 1 + x.
    """

    flip: float = 0.0
    """Share of pictures that are mirrored."""
    rotation_deg: float = 0.0
    """Turned either way by at most this."""
    translate: float = 0.0
    """Moved right and down by at most this share of the side, either way."""
    scale: float = 0.0
    place_error: float = 0.0
    """Standard deviation of the crop's centre, right and down, as a share of its side."""
    side_error: float = 0.0
    """Standard deviation of the logarithm of the crop's side."""
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    """Turned by at most this share of the colour circle, either way."""
    blur: float = 0.0
    """Share of pictures that a 3x3 Gaussian softens, with a deviation of 0.1 to 2 pixels."""

    def __post_init__(self) -> None:
        """Refuse what would turn a picture black or inside out."""
        for name, highest in (("flip", 1.0), ("blur", 1.0), ("hue", 0.5), ("rotation_deg", 180.0)):
            _within(name, getattr(self, name), highest)
        for name in ("scale", "brightness", "contrast", "saturation"):
            _within(name, getattr(self, name), 0.9)
        for name in ("translate", "place_error", "side_error"):
            _within(name, getattr(self, name), 0.5)


def _within(name: str, value: float, highest: float) -> None:
    if not 0.0 <= value <= highest:
        raise ValueError(f"{name} must be between 0 and {highest:g}, got {value}")


NONE = Augment()
SYNTHETIC = Augment(
    flip=0.3,
    rotation_deg=5.0,
    translate=0.1,
    scale=0.1,
    place_error=0.03,
    side_error=0.04,
    brightness=0.3,
    contrast=0.3,
    saturation=0.2,
    hue=0.1,
    blur=1.0,
)
"""As ViTPain was pre-trained on synthetic pictures, and the error of a crop."""
REAL = Augment(
    flip=0.3,
    rotation_deg=15.0,
    place_error=0.03,
    side_error=0.04,
    brightness=0.2,
    contrast=0.2,
)
"""As ViTPain was fine-tuned on UNBC-McMaster, and the error of a crop."""


@dataclass(frozen=True)
class Geometry:
    """One draw of how a crop is turned; moves are shares of its side, right and down."""

    mirrored: bool
    radians: float
    right: float
    down: float
    scale: float

    def matrix(self, size: int) -> Float64[np.ndarray, "3 3"]:
        """Map pixels of a crop of `size` to those of the varied one, about its middle."""
        cos, sin = self.scale * math.cos(self.radians), self.scale * math.sin(self.radians)
        mirror = -1.0 if self.mirrored else 1.0
        turn = np.array([[cos * mirror, -sin], [sin * mirror, cos]])
        middle = np.full(2, size / 2)
        made = np.eye(3)
        made[:2, :2] = turn
        made[:2, 2] = middle - turn @ middle + size * np.array([self.right, self.down])
        return made


@dataclass(frozen=True)
class Misplaced:
    """One draw of where a crop falls: its centre in shares of its side, its side as a factor."""

    right: float
    down: float
    side: float


@dataclass(frozen=True)
class Colour:
    """One draw of how colours change."""

    brightness: float
    contrast: float
    saturation: float
    hue: float
    sigma: float
    """Of the blur, pixels; 0: none."""

    def matrix(self, mean: float) -> Float64[np.ndarray, "3 4"]:
        """Change sRGB bytes whose mean grey is `mean`: brightness, contrast, saturation, hue."""
        # A turn about the axis of greys, red towards green: row by row, it moves round by one.
        angles = 2.0 * math.pi * (self.hue + np.array([0.0, 1.0, -1.0]) / 3.0)
        first, second, third = (1.0 + 2.0 * np.cos(angles)) / 3.0
        turn = np.array([[first, second, third], [third, first, second], [second, third, first]])
        grey = np.tile(LUMA, (3, 1))
        chroma = self.saturation * np.eye(3) + (1.0 - self.saturation) * grey
        made = np.empty((3, 4))
        made[:, :3] = self.brightness * self.contrast * (turn @ chroma)
        # Neither hue nor saturation moves a grey.
        made[:, 3] = self.brightness * (1.0 - self.contrast) * mean
        return made


def draw_geometry(augment: Augment, rng: np.random.Generator) -> Geometry:
    """Draw how a crop is turned."""
    mirrored = float(rng.random()) < augment.flip
    turned, right, down, scale = rng.uniform(-1.0, 1.0, 4).tolist()
    return Geometry(
        mirrored,
        math.radians(turned * augment.rotation_deg),
        right * augment.translate,
        down * augment.translate,
        1.0 + scale * augment.scale,
    )


def draw_misplaced(augment: Augment, rng: np.random.Generator) -> Misplaced:
    """Draw where a crop falls."""
    right, down, side = rng.standard_normal(3).clip(-_FARTHEST, _FARTHEST).tolist()
    return Misplaced(
        right * augment.place_error,
        down * augment.place_error,
        math.exp(side * augment.side_error),
    )


def draw_colour(augment: Augment, rng: np.random.Generator) -> Colour:
    """Draw how colours change."""
    brightness, contrast, saturation, hue = rng.uniform(-1.0, 1.0, 4).tolist()
    blurred = float(rng.random()) < augment.blur
    sigma = float(rng.uniform(0.1, 2.0))
    return Colour(
        1.0 + brightness * augment.brightness,
        1.0 + contrast * augment.contrast,
        1.0 + saturation * augment.saturation,
        hue * augment.hue,
        sigma if blurred else 0.0,
    )


def paint(
    picture: UInt8[np.ndarray, "height width 3"], colour: Colour | None
) -> UInt8[np.ndarray, "height width 3"]:
    """Change the colours of a picture in blue, green, red; what is given is red, green, blue."""
    if colour is None:
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    mean = float(np.dot(cv2.mean(picture)[2::-1], LUMA))
    # The columns in the order of what is read.
    matrix = colour.matrix(mean)[:, [2, 1, 0, 3]]
    changed = cv2.transform(picture, matrix)
    if colour.sigma > 0.0:
        changed = cv2.GaussianBlur(changed, (3, 3), colour.sigma)
    return changed
