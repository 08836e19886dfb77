"""CPBD: the public package's own figures, what blur does to it, and edges whose width is known."""

import cv2
import numpy as np
import pytest
from jaxtyping import UInt8
from sklearn.datasets import load_sample_image

from vitpain.image_quality.cpbd import JUST_NOTICEABLE, cpbd, edge_widths, edges_of

# What the public package gives: cpbd 1.0.7 (its sdist's SHA-256 is 365c7d14853779ebf0003063879e445a
# 1cfb90842ffae1ec97e53c9f3ef6701a), run once with scikit-image 0.26.0, SciPy 1.17.1 and NumPy 2.4.6
# after the name `scipy.ndimage.imread`, which SciPy dropped, was given to it. Pictures are grey as
# OpenCV makes them, and blurred by a Gaussian of 0, 1 and 2 pixels.
PACKAGE = {
    "china.jpg": (0.8215, 0.4013, 0.0263),
    "flower.jpg": (0.5272, 0.1756, 0.0114),
}
"""Pictures that ship with scikit-learn."""
SCIKIT_IMAGE = {
    "astronaut": (0.3836, 0.1260, 0.0059),
    "camera": (0.7482, 0.3444, 0.0185),
    "chelsea": (0.5264, 0.1876, 0.0068),
    "clock": (0.4002, 0.0284, 0.0000),
    "coffee": (0.6114, 0.2081, 0.0145),
    "coins": (0.7647, 0.3192, 0.0094),
    "moon": (1.0000, 0.3797, 0.1611),
    "page": (0.8921, 0.6018, 0.1433),
    "text": (0.8410, 0.1515, 0.0000),
}
TOLERANCE = 0.005
"""The package takes a block for one with edges by Canny's edges, and counts the flat spots among
the edges of text; the largest difference seen is 0.0045."""


def grey(picture: np.ndarray) -> UInt8[np.ndarray, "height width"]:
    return picture if picture.ndim == 2 else cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2GRAY)


def blurred(picture: np.ndarray, sigma: float) -> UInt8[np.ndarray, "height width"]:
    made = grey(picture)
    return np.asarray(cv2.GaussianBlur(made, (0, 0), sigma)) if sigma else made


@pytest.mark.parametrize("name", PACKAGE)
def test_figures_are_those_of_the_public_package(name: str) -> None:
    picture = load_sample_image(name)
    found = [cpbd(blurred(picture, sigma)) for sigma in (0, 1, 2)]
    assert found == pytest.approx(PACKAGE[name], abs=TOLERANCE)


@pytest.mark.parametrize("name", SCIKIT_IMAGE)
def test_figures_are_those_of_the_package_on_scikit_images_pictures(name: str) -> None:
    data = pytest.importorskip("skimage.data")
    found = [cpbd(blurred(getattr(data, name)(), sigma)) for sigma in (0, 1, 2)]
    assert found == pytest.approx(SCIKIT_IMAGE[name], abs=TOLERANCE)


@pytest.mark.parametrize("size", [48, 64, 96, 128, 256])
def test_blur_lowers_it_at_every_size(size: int) -> None:
    picture = cv2.resize(
        load_sample_image("flower.jpg"), (size, size), interpolation=cv2.INTER_AREA
    )
    found = [cpbd(blurred(picture, sigma)) or 0.0 for sigma in (0, 0.6, 1, 1.5, 3)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.4
    assert found[-1] < 0.1


def edge(soft: float, contrast: int) -> UInt8[np.ndarray, "64 64"]:
    """A vertical edge that is steepest at one place, the softer the wider."""
    across = (np.arange(64) - 31.7) / soft
    return np.tile(np.rint(60 + contrast / (1 + np.exp(-across))), (64, 1)).astype(np.uint8)


@pytest.mark.parametrize("soft", [0.2, 0.3, 0.5, 0.8])
def test_an_edge_is_as_wide_as_brightness_changes(soft: float) -> None:
    rising = edge(soft, 160)
    wide = np.count_nonzero(np.diff(rising[0].astype(int)))
    for shown in (rising, np.ascontiguousarray(rising[:, ::-1]), 255 - rising):
        found = edge_widths(shown)[edges_of(shown)]
        # The first and the last row are the picture's border.
        assert found.tolist().count(wide) == 62
        assert found.tolist().count(0) == 2


@pytest.mark.parametrize(
    ("contrast", "soft", "wide", "sharp"),
    [(160, 0.2, 3, 1.0), (160, 0.3, 5, 0.0), (40, 0.5, 5, 1.0), (40, 0.8, 8, 0.0)],
)
def test_wider_edges_pass_where_contrast_is_low(
    contrast: int, soft: float, wide: int, sharp: float
) -> None:
    picture = edge(soft, contrast)
    assert np.count_nonzero(np.diff(picture[0].astype(int))) == wide
    assert cpbd(picture) == sharp


def test_the_chance_to_notice_an_edge_needs_no_formula() -> None:
    for limit in JUST_NOTICEABLE:
        widths = np.arange(1, 64)
        chance = 1.0 - np.exp(-((widths / limit) ** 3.6))
        # In whole per cent, as the package bins it.
        assert np.array_equal(np.rint(100 * chance) <= 63, widths <= limit)


def test_a_flat_picture_has_none() -> None:
    assert cpbd(np.full((128, 128), 90, np.uint8)) is None
    assert cpbd(np.full((2, 2), 90, np.uint8)) is None


def test_a_few_edges_make_no_block() -> None:
    # More than 0.2 % of 4,096 pixels are 9.
    for rows, counted in ((2, False), (3, True)):
        picture = np.full((64, 64), 90, np.uint8)
        picture[10 : 10 + rows, 10] = 255
        assert (np.count_nonzero(edges_of(picture)) > 8) == counted
        assert (cpbd(picture) is not None) == counted
