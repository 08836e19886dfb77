"""Fit the skin model to the CC0 photographic skins of MakeHuman and its community.

Run by hand: `python -m scripts.fit_skin --makehuman DIR`, where DIR holds `skins` and
`skins-community`. Writes `assets/data/skin.npz` and its entry in the manifest. Needs the baked
head, whose atlas the skins are resampled into.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tyro

from assets import atlas, manifest, skin, skin_fit, skin_regions
from assets.classes import CLASSES
from assets.head import HeadModel
from assets.head import load as load_head
from assets.push_pull import fill
from assets.skin_fit import DonorFacts
from assets.streams import stream

SKINS, COMMUNITY = "skins", "skins-community"
DONORS = (
    DonorFacts(f"{SKINS}/young_lightskinned_female_diffuse2.png", 22.0, "female", False),
    DonorFacts(f"{SKINS}/young_lightskinned_female_diffuse3.png", 24.0, "female", False),
    DonorFacts(f"{SKINS}/young_lightskinned_male_diffuse.png", 22.0, "male", False),
    DonorFacts(f"{SKINS}/young_lightskinned_male_diffuse2.png", 26.0, "male", False),
    DonorFacts(f"{SKINS}/young_lightskinned_male_diffuse3.png", 28.0, "male", False),
    DonorFacts(f"{SKINS}/middleage_lightskinned_female_diffuse2.png", 48.0, "female", False),
    DonorFacts(f"{SKINS}/middleage_lightskinned_male_diffuse.png", 48.0, "male", False),
    DonorFacts(f"{SKINS}/middleage_lightskinned_male_diffuse2.png", 46.0, "male", False),
    DonorFacts(f"{SKINS}/old_lightskinned_male_diffuse2.png", 74.0, "male", False),
    DonorFacts(f"{COMMUNITY}/onlytheghosts_young_eurasian_female.png", 22.0, "female", False),
    DonorFacts(f"{COMMUNITY}/onlytheghosts_middle_aged_eurasian_female.png", 48.0, "female", False),
    DonorFacts(f"{COMMUNITY}/onlytheghosts_old_eurasian_female.png", 74.0, "female", False),
    DonorFacts(f"{COMMUNITY}/onlytheghosts_old_eurasian_male.png", 72.0, "male", False),
    DonorFacts(f"{SKINS}/young_darkskinned_male_diffuse.png", 24.0, "male", True),
    DonorFacts(f"{SKINS}/middleage_darkskinned_female_diffuse.png", 46.0, "female", True),
    DonorFacts(f"{SKINS}/middleage_darkskinned_male_diffuse.png", 46.0, "male", True),
    DonorFacts(f"{SKINS}/old_darkskinned_female_diffuse.png", 72.0, "female", True),
    DonorFacts(f"{SKINS}/old_darkskinned_male_diffuse.png", 72.0, "male", True),
    DonorFacts(f"{COMMUNITY}/mindfront_skin_male_african_middleage.png", 46.0, "male", True),
)
# Share of a donor's low-frequency grey that stays: what remains is the hollow of the eyes.
SHADE_KEPT = 0.45
QUALITY = 90
# Widths of the crowns from the middle backward, upper (1) and lower (2) row.
TOOTH_WIDTH_MM = {1: (8.5, 6.5, 7.5, 7.0, 7.0, 10.0), 2: (5.5, 6.0, 7.0, 7.0, 7.0, 11.0)}


@dataclass(frozen=True)
class Options:
    """Where the donors lie."""

    makehuman: Path


def head_chart(model: HeadModel, size: int) -> skin_regions.Chart:
    """Face coordinates over the head chart of the atlas, from a young adult of no ancestry."""
    topology = model.topology
    vertices = model.bare_vertices(model.mean_phenotypes(), {})
    corners = topology.uv[topology.uv_triangles]
    u0, v0, u1, v1 = atlas.RECTS["head"]
    centre = corners.mean(1)
    inside = ((centre > [u0, v0]) & (centre < [u1, v1])).all(1)
    unit = np.float32(vertices[-2, 0])
    position, covered = skin_regions.rasterise(
        corners[inside], vertices[topology.triangles[inside]] / unit, size
    )
    return skin_regions.Chart(position, covered)


def resample(path: Path, size: int) -> np.ndarray:
    """A donor's picture, RGB, on our atlas (the head chart of it is of use)."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise ValueError(f"donor must be a readable picture, got {path}")
    row, column = np.mgrid[0:size, 0:size]
    source = atlas.head_to_source(np.stack([(column + 0.5) / size, 1 - (row + 0.5) / size], -1))
    height, width = picture.shape[:2]
    across = (source[..., 0] * width - 0.5).astype(np.float32)
    down = ((1 - source[..., 1]) * height - 0.5).astype(np.float32)
    return cv2.remap(picture, across, down, cv2.INTER_CUBIC)


def regions(model: HeadModel, chart: skin_regions.Chart) -> dict[str, np.ndarray]:
    """Soft regions of the whole atlas; lips, brows and scalp follow the head's own mask."""
    mask = model.topology.mask
    soft = skin_regions.regions(chart)
    within = cv2.dilate(chart.inside.astype(np.uint8), np.ones((13, 13), np.uint8))

    def blurred(name: str, width: int) -> np.ndarray:
        part = (mask == CLASSES[name]).astype(np.float32)
        # Filled across the chart's border, so that a region does not fade out along a seam.
        part = fill(part[..., None], chart.inside.astype(np.float32))[..., 0]
        return cv2.blur(cv2.blur(part, (width, width)), (width, width)) * within

    soft["lips"], soft["brow"] = blurred("lips", 5), blurred("brow", 9)
    soft["scalp"], soft["ear"] = blurred("scalp", 21), blurred("ear", 9)
    marked = soft["lid"] + soft["lips"] + soft["brow"]
    soft["bare"] = np.where((soft["face"] > 0.9) & (marked < 0.05), 1.0, 0.0)
    soft["margin"], soft["lash_line"] = skin_fit.lid_edges(chart)
    soft["veins"] = skin_regions.veins(chart, stream(0, -1, "veins"))
    soft["gum"], soft["tooth_gap"] = teeth(model, chart.size)
    return soft


def teeth(model: HeadModel, size: int) -> tuple[np.ndarray, np.ndarray]:
    """1 at the gums and 0 at the crowns; 1 in the gaps between neighbours, which are dark."""
    topology = model.topology
    vertices = model.bare_vertices(model.mean_phenotypes(), {})
    gum, gap = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    for part, upward in ((1, 1.0), (2, -1.0)):
        chosen = (topology.part[topology.triangles] == part).all(1)
        corners = topology.uv[topology.uv_triangles[chosen]]
        position, inside = skin_regions.rasterise(
            corners, vertices[topology.triangles[chosen]], size
        )
        height = upward * position[..., 1][inside]
        low, high = np.percentile(height, [2, 98])
        gum[inside] = skin_regions.smooth_step(0.55, 0.85, (height - low) / (high - low))
        place = _along_arch(position[inside]) * 1000
        away = np.abs(place[:, None] - np.cumsum(TOOTH_WIDTH_MM[part])).min(1)
        away = np.minimum(away, place)
        gap[inside] = np.exp(-0.5 * (away / 0.32) ** 2)
    return gum, gap


def _along_arch(position: np.ndarray) -> np.ndarray:
    """Metres along the row of teeth from the middle, for points on it."""
    x, z = np.abs(position[:, 0]), position[:, 2]
    bins = np.linspace(0, x.max(), 24)
    index = np.clip(np.digitize(x, bins) - 1, 0, 22)
    front = np.array([z[index == i].max() if (index == i).any() else np.nan for i in range(23)])
    middle = (bins[1:] + bins[:-1]) / 2
    known = np.isfinite(front)
    middle, front = middle[known], np.minimum.accumulate(front[known])
    steps = np.hypot(np.diff(middle), np.diff(front))
    length = np.concatenate([[middle[0]], middle[0] + np.cumsum(steps)])
    # Toward the back the arch turns along z, where depth tells more than x does.
    by_x = np.interp(x, middle, length)
    by_z = np.interp(-z, -front, length)
    share = skin_regions.smooth_step(0.5, 0.9, x / x.max())
    return by_x + share * (np.maximum(by_z, by_x) - by_x)


def encoded(picture: np.ndarray, extension: str, *options: int) -> np.ndarray:
    """The bytes of a picture file."""
    done, data = cv2.imencode(extension, picture, list(options))
    if not done:
        raise ValueError(f"picture must be encodable as {extension}, got {picture.shape}")
    return data


def fit(directory: Path) -> dict[str, np.ndarray]:
    """Everything that `assets.skin.from_arrays` decodes."""
    model = load_head()
    size = skin.FIT_SIZE
    chart = head_chart(model, size)
    soft = regions(model, chart)
    bare = soft["bare"] > 0.5
    densities = [skin_fit.density(resample(directory / facts.path, size)) for facts in DONORS]
    medians = np.stack([np.median(values[bare], 0) for values in densities])
    relative = [values - median for values, median in zip(densities, medians, strict=True)]
    light = [values for values, facts in zip(relative, DONORS, strict=True) if not facts.dark]
    melanin = skin_fit.melanin_axis(medians)
    within = np.concatenate([values[soft["face"] > 0.9][::50] for values in light])
    arrays: dict[str, np.ndarray] = {
        "melanin": melanin,
        "haemoglobin": skin_fit.haemoglobin_axis(within, melanin),
        "donor_names": np.array([Path(facts.path).stem for facts in DONORS]),
        "donor_ages": np.array([facts.age_years for facts in DONORS], np.float32),
        "donor_female": np.array([facts.sex == "female" for facts in DONORS]),
        "donor_dark": np.array([facts.dark for facts in DONORS]),
        "donor_median": medians.astype(np.float32),
    }
    how = skin_fit.Cleaning(
        chart, soft, skin_fit.known(chart, soft), skin_fit.lip_rim(chart), SHADE_KEPT
    )
    box = skin.head_box(size)
    sampling = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422)
    for index, values in enumerate(relative):
        stored = skin.encode_density(skin_fit.clean(values, how))[box]
        arrays[f"donor_{index:02d}"] = encoded(
            stored, ".jpg", cv2.IMWRITE_JPEG_QUALITY, QUALITY, *sampling
        )
    for name, values in soft.items():
        arrays[f"region_{name}"] = encoded(np.rint(255 * values).astype(np.uint8), ".png")
    for name, values in skin_regions.lines(chart, stream(0, -1, "lines of age")).items():
        arrays[f"line_{name}"] = encoded(values[box], ".png")
    return arrays


def main() -> None:
    """Fit, write, register, and say what it weighs."""
    options = tyro.cli(Options, description=__doc__)
    arrays = fit(options.makehuman)
    target = manifest.DATA / skin.FILE
    np.savez(target, allow_pickle=False, **arrays)
    manifest.register(
        manifest.Entry(
            name=skin.FILE,
            licence="CC0-1.0",
            source="19 photographic skins of the MakeHuman system assets and of the community's "
            "packs skins01 and skins02 (OnlyTheGhosts, Mindfront), all CC0",
            script="scripts/fit_skin.py",
        )
    )
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB, {len(DONORS)} donors")
    print("melanin", arrays["melanin"].round(3), "haemoglobin", arrays["haemoglobin"].round(3))


if __name__ == "__main__":
    main()
