"""The whole 3D path for one person: head, texture and rig to frames, frames to samples.

This is the one place where head, rig and renderer are put together. A person is made alone, from
the configuration and an index, so who makes it and when changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Float32

from assets import head as head_models
from assets.allocation import allocate
from assets.facs import PAIN_AUS
from assets.head import Head, Topology
from assets.population import Split, parse_ages
from generator import anchors, heads, near_infrared
from generator.backdrop import behind, light_of
from generator.body import NOTHING, Body, make_body, scale_of
from generator.config import GenerateConfig
from generator.expression import Expression, make_expressions
from generator.framing import Lens, Pose, frame, head_points
from generator.identity import Identity, make_identity
from generator.makehuman import closet
from generator.occluders.dressing import lay_out, outfits
from generator.portrait import painted as paintings
from generator.portrait import plate
from generator.portrait.keys import background_key, texture_key
from generator.producer import Producer
from generator.provenance import DECIDING, added, libraries, shipped, source, vectors
from generator.shards import codec
from generator.shards.record import BackgroundFacts, Sample
from generator.synth_record import Shot, record
from generator.texture.creases import Folding, depths, folded, folding, relief
from generator.texture.flush import flushed
from generator.texture.skin import SIZES, Texture, skin
from generator.view import Backdrop, Lighting, View, make_view
from render import device
from render.backend import Backend
from render.camera import Camera, project
from render.frame import Frame
from render.image import draw
from render.installed import versions
from render.light import Light
from render.material import Material, material
from render.mesh import Mesh, Points
from render.scene import Scene
from rigging.strain import metric
from rigging.swell import swell


def texture_size(size: int) -> int:
    """Side of the atlas for pictures of `size` pixels: some two texels a pixel of a full face."""
    return next((side for side in SIZES if side >= 2 * size), SIZES[-1])


def pain_heat(
    rig: heads.Rig, head: Head, expression: Expression
) -> Float32[np.ndarray, "vertices 6"]:
    """How far (mm) each of AU4, 6, 7, 9, 10 and 43 alone moves every vertex of the control mesh."""
    heat = np.zeros((len(head.vertices), len(PAIN_AUS)), np.float32)
    for column, au in enumerate(PAIN_AUS):
        if expression.label[au] > 0:
            left, right = expression.left[au], expression.right[au]
            heat[:, column] = heads.moved_mm(rig, head, au, left, right)
    return heat


@cache
def landmarks(topology: Topology) -> Points:
    """The 68 landmarks on the refined triangles of a head model."""
    return anchors.refinement(topology).carry(
        topology.triangles[topology.landmark_triangles], topology.landmark_barycentric
    )


def painted(texture: Texture, head: Head, config: GenerateConfig) -> Material:
    """A texture on the device that draws."""
    return material(
        texture.albedo,
        texture.normal,
        texture.roughness,
        texture.scatter,
        head.topology.mask,
        config.device,
    )


@dataclass(frozen=True, eq=False)
class Posed:
    """One expression: the mesh, and the height (mm) of its creases over the head chart, if any."""

    mesh: Mesh
    height_mm: Float32[np.ndarray, "height width"] | None


def posed(rig: heads.Rig, body: Body, expression: Expression, folds: Folding | None) -> Posed:
    """A person's body with one expression; without `folds` the skin neither swells nor creases."""
    head, gaze = body.head, expression.gaze.array
    vertices = heads.pose(rig, head, expression.left, expression.right, gaze)
    height = None
    if folds is not None:
        change = metric(head, vertices)
        vertices = swell(head, vertices, change)
        height = relief(folds, depths(folds, head, change))
    return Posed(body.mesh(vertices, gaze, pain_heat(rig, head, expression)), height)


@dataclass(frozen=True, eq=False)
class Set:
    """Camera, light and background of a view: what expressions share unless `vary` says not.

    `focus` is the depth (m) that the lens is focused at.
    """

    drawn: tuple[Pose, Lens, Lighting, Backdrop]
    camera: Camera
    light: Light
    background: Float32[np.ndarray, "height width 3"]
    facts: BackgroundFacts
    focus: float


def eye_depth(head: Head, camera: Camera) -> float:
    """Depth (m) of the front of the nearer eye, which a photographer focuses on."""
    _, depth = project(camera, head.eyes.centre)
    return float((depth - head.eyes.radius).min())


def stage(config: GenerateConfig, person: "Likeness", view: View, before: Set | None) -> Set:
    """Set up a view of a person; `before` is given back where it was drawn from the same.

    Raises ValueError where the background was to be painted and is not there.
    """
    drawn = (view.pose, view.lens, view.lighting, view.backdrop)
    if before is not None and before.drawn == drawn:
        return before
    head = person.body.head
    camera = frame(head_points(head), view.pose, view.lens, config.size)
    light = light_of(view.lighting, config.environment_folder)
    painted = None
    if view.backdrop.kind == "inpaint":
        key = background_key(config, person.key, view.lens, view.backdrop)
        painted = plate.load(key, person.identity.name)
    background, facts = behind(view.backdrop, config, camera, light.exposure, painted)
    focus = eye_depth(head, camera)
    if view.lamp is not None:
        by_day = view.backdrop.kind != "environment"
        share = light.exposure * (1.0 if by_day else view.lamp.around)
        background = near_infrared.grey(background) * np.float32(share)
        light = near_infrared.lamplight(light, camera, view.lamp, focus)
    return Set(drawn, camera, light, background, facts, focus)


def members(config: GenerateConfig, drawn: Frame) -> dict[str, bytes]:
    """The picture and its maps as a sample holds them."""
    made = {config.image: codec.encode_image(drawn.image, config.image)}
    for name in config.annotations:
        match name:
            case "seg":
                made["seg.png"] = codec.encode_seg(drawn.classes)
            case "depth":
                made["depth.png"] = codec.encode_depth(drawn.depth)
            case "normal":
                made["normal.png"] = codec.encode_normal(drawn.normal)
            case "heat":
                made["heat.png"] = codec.encode_heat(drawn.heat)
            case "uv":
                made["uv.png"] = codec.encode_uv(np.ascontiguousarray(drawn.uv.transpose(2, 0, 1)))
    return {suffix: made[suffix] for suffix in config.members if suffix != "json"}


def dressed(config: GenerateConfig, index: int) -> tuple[Identity, Body]:
    """Person `index`, and their head with hair, brows, lashes and clothes."""
    identity = make_identity(index, config.identities, config.seed, config.ages)
    if config.clothes == "none":
        identity = replace(identity, grooming=replace(identity.grooming, clothes="none"))
    model, head = head_models.load(), heads.make_head(config, identity)
    worn = NOTHING
    if config.hair == "makehuman":
        worn = closet.worn(model, head, identity, closet.outfit(config, identity), scale_of(head))
    body = make_body(model, head, identity.grooming, (config.seed, index), worn)
    return identity, body


@dataclass(frozen=True, eq=False)
class Likeness:
    """One person with their skin: all that no expression changes.

    `smooth` is the skin on the device without creases, `folds` what creases it, if anything does.
    `key` is what the store knows them by, empty where no diffusion paints.
    """

    identity: Identity
    body: Body
    texture: Texture
    smooth: Material
    folds: Folding | None
    key: str = ""


def own_skin(config: GenerateConfig, identity: Identity, size: int) -> Texture:
    """A person's own paint, with hair of the pack where they wear some."""
    texture = skin(identity, size)
    if config.hair == "makehuman":
        closet.dress(texture, identity, closet.outfit(config, identity))
    return texture


def likeness(config: GenerateConfig, index: int) -> Likeness:
    """Make person `index`, dressed and painted.

    Raises ValueError where diffusion was to paint their skin and has not.
    """
    identity, body = dressed(config, index)
    key = texture_key(config, identity, body) if config.paints else ""
    texture = own_skin(config, identity, texture_size(config.size))
    if config.texture != "skin":
        texture = paintings.laid(texture, paintings.load(key, identity.name))
    if config.occluders != ("none",):
        lay_out(texture, identity)
    if config.sensor == "near_infrared":
        texture = near_infrared.at_850(texture, body.head.topology.mask)
    smooth = painted(texture, body.head, config)
    folds = folding(identity, body.head) if config.creases == "on" else None
    return Likeness(identity, body, texture, smooth, folds, key)


def expressed(
    config: GenerateConfig, person: Likeness, expression: Expression
) -> tuple[Mesh, Material]:
    """A person's surface in one expression, and its colours with creases and blood."""
    now = posed(config.rig, person.body, expression, person.folds)
    coloured = person.texture
    if person.folds is not None and now.height_mm is not None:
        coloured = folded(coloured, now.height_mm, person.folds.shade)
    if config.flush:
        coloured = flushed(coloured, person.identity, expression.pspi, now.height_mm)
    if coloured is person.texture:
        return now.mesh, person.smooth
    return now.mesh, painted(coloured, person.body.head, config)


def scenes(config: GenerateConfig, index: int) -> Iterator[tuple[Identity, Shot, Scene]]:
    """What every picture of person `index` shows, in the order of `frames`."""
    person = likeness(config, index)
    identity = person.identity
    sets: dict[int, Set] = {}
    outfit = outfits(config, identity, person.body)
    for number, expression in enumerate(make_expressions(config, index)):
        mesh, surface = expressed(config, person, expression)
        for place in range(config.views):
            view = make_view(config, index, place, number)
            on = sets[place] = stage(config, person, view, sets.get(place))
            points = landmarks(person.body.head.topology)
            focus = on.focus if config.depth_of_field else None
            worn = outfit[place]
            shown, veil = (mesh, None) if worn is None else worn.over(mesh)
            scene = Scene(
                shown, surface, on.camera, on.light, on.background, points, view.sensor,
                aperture=view.backdrop.aperture if config.depth_of_field else 0.0,
                focus=on.focus, veil=veil,
            )  # fmt: skip
            names = () if worn is None else worn.names
            shot = Shot(number, expression, view, on.light, on.facts, focus, names)
            yield identity, shot, scene


def frames(config: GenerateConfig, index: int) -> Iterator[tuple[Identity, Shot, Frame]]:
    """Every picture of person `index`: expression by expression, each in every view."""
    backend = Backend(config.raster, config.shading)
    for identity, shot, scene in scenes(config, index):
        yield identity, shot, draw(scene, config.device, backend)


def make_person(config: GenerateConfig, index: int) -> list[Sample]:
    """Every sample of one person, those of a view together, the neutral first."""
    samples = [
        Sample(record(config, identity, shot, drawn), members(config, drawn))
        for identity, shot, drawn in frames(config, index)
    ]
    return sorted(samples, key=lambda sample: sample.record.key)


def splits(config: GenerateConfig) -> Sequence[Split]:
    """The split of every person, by index."""
    slots = allocate(config.identities, config.seed, parse_ages(config.ages))
    return [slot.split for slot in slots]


def pictures(config: GenerateConfig, people: Sequence[int] = (0,)) -> int:
    """How many pictures some people have; everybody has as many."""
    return len(people) * config.views * len(make_expressions(config, 0))


def made_with(config: GenerateConfig) -> dict[str, str]:
    """What decides bytes beside what every data set states: code, files and processor."""
    stated = {
        "source": f"sha256:{source(*DECIDING)}",
        "vectors": vectors(),
        **versions(Backend(config.raster, config.shading), config.device),
        **shipped(),
        **added(config),
        **libraries(config),
    }
    if config.device == "cuda":
        stated["gpu"] = device.named(config.device)
    return stated


def prepare(config: GenerateConfig) -> None:
    """Compile the kernels once, so that no worker of a fresh machine has to."""
    device.prepare(config.device, () if config.raster == "warp" else ("raster_given",))


PRODUCER = Producer(make_person, splits, pictures, made_with, prepare)
