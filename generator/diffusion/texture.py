"""From a person's neutral head to their painted skin: a portrait on its depth, then from the sides.

What the front has shown is drawn from each side, and painted on where the side sees it better.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, UInt8

from assets import hunyuan3d, kandinsky, skin
from assets.streams import stream
from generator.body import Body
from generator.config import GenerateConfig
from generator.diffusion.painter import Painter
from generator.identity import Identity
from generator.portrait import cameras, fill, own, prompts
from generator.portrait.chart import chart, normals
from generator.portrait.combine import Seen, combine
from generator.portrait.finish import Paint, finished
from generator.portrait.hint import hint
from generator.portrait.hunyuan import Hunyuan
from generator.portrait.painted import SIZE, Painted
from generator.synth3d import own_skin, painted
from generator.texture.skin import Texture
from render.background import decode_srgb
from render.camera import Camera
from render.maps import maps
from render.material import Material, encode_table
from render.mesh import Mesh
from render.sight import Sight, look
from render.unlit import unlit
from render.unwrap import Chart, unwrap

BEHIND = 128
"""Grey (of 255) behind a head that is seen from the side, as the prompts ask for."""


@dataclass(frozen=True, eq=False)
class Sitter:
    """A person at rest, with skin of our own, on the device that draws."""

    config: GenerateConfig
    identity: Identity
    body: Body
    mesh: Mesh
    texture: Texture
    skin: Material
    chart: Chart

    @property
    def seed(self) -> int:
        """Seed of all that is painted of the person."""
        return int(stream(self.identity.seed, self.identity.index, "portrait").integers(2**31))

    @property
    def bearded(self) -> bool:
        """Whether a beard of cards grows."""
        return self.identity.grooming.beard != "none"

    @property
    def chart_albedo(self) -> UInt8[np.ndarray, "rows columns 3"]:
        """Our own sRGB of the head's chart."""
        return np.ascontiguousarray(self.texture.albedo[self.chart.rows, self.chart.columns, :3])

    def painted_with(self, albedo: UInt8[np.ndarray, "rows columns 3"]) -> Material:
        """The atlas with another head's chart."""
        whole = self.texture.albedo.copy()
        whole[self.chart.rows, self.chart.columns, :3] = albedo
        return painted(replace(self.texture, albedo=whole), self.body.head, self.config)


def sit(config: GenerateConfig, identity: Identity, body: Body) -> Sitter:
    """Bring a person to rest, with skin of our own at the size that portraits are laid on."""
    texture, texels = own_skin(config, identity, SIZE), chart(body.head.topology, SIZE)
    surface = painted(texture, body.head, config)
    return Sitter(config, identity, body, body.at_rest(), texture, surface, texels)


def paint(sitter: Sitter, painter: Painter, second: Hunyuan | None) -> Painted:
    """Paint a person's skin; with `second` that lays the portrait on the head, else we do.

    Raises ValueError as `Painter` and `Hunyuan` do, and where the portrait shows no face.
    """
    config, identity, body = sitter.config, sitter.identity, sitter.body
    front = cameras.camera(body.head)
    sight = look(sitter.mesh, front, sitter.skin, config.device)
    depth, _, _ = _maps(sitter, sight, front)
    prompt = prompts.portrait(identity)
    portrait = painter.portrait(prompt.positive, prompt.negative, hint(depth), sitter.seed)
    if second is not None:
        light = second.texture(sitter.mesh, sitter.chart, portrait, depth > 0)
        weight = (sitter.chart.triangle >= 0).astype(np.float32)
        views = [Seen.of(light, weight, config.device)]
    else:
        views = [_seen(sitter, sight, portrait)]
        for side in cameras.TURNED:
            views.append(_from_side(sitter, painter, side, views))
    asked = Paint(sitter.chart_albedo, identity.looks.lightness, sitter.bearded)
    low = normals(chart(body.head.topology, skin.SMOOTH_SIZE), sitter.mesh)
    done = finished(views, asked, low)
    facts = {
        "texture": config.texture,
        "prompt": prompt.positive,
        "negative": prompt.negative,
        "seed": sitter.seed,
        "steps": config.steps,
        "networks": kandinsky.version(kandinsky.TEXTURE),
        "lightness": identity.looks.lightness,
    }
    if second is not None:
        facts |= {"licence": hunyuan3d.LICENCE}
    light = done.light.astype(np.float64)
    below = done.below.astype(np.float64)
    return Painted(done.albedo, done.confidence, portrait, front, light, below, facts)


def _seen(sitter: Sitter, sight: Sight, picture: UInt8[np.ndarray, "height width 3"]) -> Seen:
    light, weight = unwrap(decode_srgb(picture), sight, sitter.chart)
    return Seen.of(light, weight, sitter.config.device)


def _maps(
    sitter: Sitter, sight: Sight, camera: Camera
) -> tuple[
    Float32[np.ndarray, "height width"],
    Float32[np.ndarray, "height width"],
    Float32[np.ndarray, "height width 2"],
]:
    """Depth (m), how squarely the surface is seen (a cosine), and texture coordinates."""
    read = maps(sight.posed, sitter.mesh, sitter.skin, sight.keys)
    grid = (camera.height, camera.width)
    facing = read.normal.numpy()[:, 2].reshape(grid)
    return read.depth.numpy().reshape(grid), facing, read.uv.numpy().reshape(*grid, 2)


def _from_side(sitter: Sitter, painter: Painter, side: cameras.Side, before: list[Seen]) -> Seen:
    """Paint the head turned to a side, but for what was seen better before."""
    camera = cameras.camera(sitter.body.head, cameras.TURNED[side])
    known = combine(before)
    base = fill.known(known, sitter.chart_albedo, own.kept(SIZE, sitter.bearded))
    fill.fill(base, np.ones_like(base.seen))
    draft, _ = fill.written(base, 1.0)
    drawn = sitter.painted_with(draft)
    sight = look(sitter.mesh, camera, drawn, sitter.config.device)
    light, cover = unlit(sight, drawn)
    depth, facing, uv = _maps(sitter, sight, camera)
    shown = encode_table()[(np.clip(light, 0, 1) * 4095 + 0.5).astype(np.int32)]
    share = cover[..., None]
    picture = np.rint(share * shown + (1 - share) * BEHIND).astype(np.uint8)
    keep = _better(known, uv, facing, cover, sitter.chart)
    prompt = prompts.turned(sitter.identity, side)
    asked = prompt.positive, prompt.negative, hint(depth)
    return _seen(sitter, sight, painter.turned(*asked, picture, keep, sitter.seed))


def _better(
    known: Seen,
    uv: Float32[np.ndarray, "height width 2"],
    facing: Float32[np.ndarray, "height width"],
    cover: Float32[np.ndarray, "height width"],
    of: Chart,
) -> Float32[np.ndarray, "height width"]:
    """1 where a pixel's place on the head was seen at a better angle before, else 0."""
    _, weight = known.numpy()
    column = (uv[..., 0] * of.size).astype(np.int32) - of.columns.start
    row = ((1 - uv[..., 1]) * of.size).astype(np.int32) - of.rows.start
    rows, columns = weight.shape
    inside = (cover == 1) & (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    best = weight[np.where(inside, row, 0), np.where(inside, column, 0)]
    return (inside & (best > fill.LOW) & (best >= facing)).astype(np.float32)
