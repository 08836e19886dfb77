"""What is measured of the texture that a person wears, whoever painted it."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float

from assets import au_regions, head, skin
from assets.classes import CLASSES
from assets.skin import lab_from_linear
from generator.audit.baked import balance
from generator.audit.redrawn import psnr
from generator.audit.seams import seam
from generator.config import GenerateConfig
from generator.portrait import painted
from generator.portrait.chart import chart, normals
from generator.synth3d import Likeness
from generator.texture import skin_noise
from render.material import decode_table

# In face coordinates (half the distance between the eyes as unit): above the brows, and not so far
# to the side that hair begins; below the bags of the eyes.
FOREHEAD_FROM, FOREHEAD_SIDE = 0.9, 1.6
CHEEKS_TO = -0.5
SHAVED = 0.05
"""Where so little of a beard's shadow lies, it darkens nothing."""


@dataclass(frozen=True)
class Complexion:
    """What was measured of a person's texture.

    `forehead` and `cheeks` are the median L* there less the L* asked for; `chroma` (C*) and
    `hue_deg` (h_ab) those of the median colour of both. `seam` as `seams.seam`, `uneven` and
    `side_light` as `baked.Balance`; `psnr_db` as `redrawn.psnr`, None where nothing was painted.
    """

    identity: str
    forehead: float
    cheeks: float
    chroma: float
    hue_deg: float
    seam: float | None
    uneven: float
    side_light: float
    psnr_db: float | None


def complexion(config: GenerateConfig, person: Likeness) -> Complexion:
    """Measure a person's texture.

    Raises ValueError where it was painted and the store has it no longer.
    """
    texture, body = person.texture, person.body
    mesh = body.at_rest()
    albedo = texture.albedo[skin.head_box(len(texture.scatter))][..., :3]
    step = albedo.shape[1] // au_regions.SIZE
    some = decode_table()[albedo[step // 2 :: step, step // 2 :: step]].astype(np.float64)
    forehead, cheeks = (some[place] for place in _places())
    asked = person.identity.looks.lightness
    _, red, yellow = _median(np.concatenate([forehead, cheeks]))
    facing = normals(chart(body.head.topology, skin.SMOOTH_SIZE), mesh)
    halves = balance(np.ascontiguousarray(albedo), facing)
    again = None
    if config.texture != "skin":
        kept = painted.load(person.key, person.identity.name)
        again = psnr(kept, mesh, person.smooth, config.device)
    return Complexion(
        identity=person.identity.name,
        forehead=_median(forehead)[0] - asked,
        cheeks=_median(cheeks)[0] - asked,
        chroma=float(np.hypot(red, yellow)),
        hue_deg=float(np.degrees(np.arctan2(yellow, red))),
        seam=seam(texture.albedo, body.head),
        uneven=halves.uneven,
        side_light=halves.side_light,
        psnr_db=again,
    )


@cache
def _places() -> tuple[Bool[np.ndarray, "rows columns"], Bool[np.ndarray, "rows columns"]]:
    """Forehead and cheeks on the head's chart of an atlas of `au_regions.SIZE`.

    Bare skin without lids, brows, lips, nose or the shadow of a beard.
    """
    size = au_regions.SIZE
    box = skin.head_box(size)
    x, y = np.moveaxis(au_regions.chart().position[box][..., :2], -1, 0)
    mask = head.load().topology.mask
    step = len(mask) // size
    plain = mask[step // 2 :: step, step // 2 :: step][box] == CLASSES["skin"]
    plain &= skin_noise.region("bare", size) > 0.99
    forehead = plain & (y > FOREHEAD_FROM) & (np.abs(x) < FOREHEAD_SIDE)
    return forehead, plain & (y < CHEEKS_TO) & (skin_noise.region("beard", size) < SHAVED)


def _median(light: Float[np.ndarray, "texels 3"]) -> tuple[float, float, float]:
    """L*, a* and b*, the median of each."""
    lightness, red, yellow = np.median(lab_from_linear(light), axis=0).tolist()
    return lightness, red, yellow
