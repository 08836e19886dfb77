"""Seams of the atlas: every one is found, and told from skin that goes on."""

from functools import cache

import cv2
import numpy as np
import pytest
from jaxtyping import Float32

from assets import atlas, skin_regions
from assets.skin import linear_from_lab
from generator import synth3d
from generator.anchors import refinement
from generator.audit.seams import INSET_MM, PLACES, beside_border, border, seam
from generator.body import Body
from generator.config import GenerateConfig
from render.material import encode_table


@cache
def someone() -> Body:
    _, body = synth3d.dressed(GenerateConfig(identities=2), 0)
    return body


def test_the_border_is_every_edge_where_coordinates_jump() -> None:
    """Against a walk over all triangles."""
    topology = someone().head.topology
    refined = refinement(topology)
    sides: dict[frozenset[int], list[dict[int, tuple[float, float]]]] = {}
    charts: dict[frozenset[int], list[str]] = {}
    for corners, flat in zip(refined.triangles.tolist(), refined.uv_triangles, strict=True):
        u0, v0, u1, v1 = atlas.RECTS["head"]
        places = [tuple(refined.uv[corner].tolist()) for corner in flat]
        middle = np.mean(places, axis=0)
        name = "head" if v0 < middle[1] < v1 and u0 < middle[0] < u1 else None
        u0, v0, u1, v1 = atlas.RECTS["chest"]
        name = "chest" if v0 < middle[1] < v1 and u0 < middle[0] < u1 else name
        if name is not None:
            for k in range(3):
                ends = {corners[k]: places[k], corners[(k + 1) % 3]: places[(k + 1) % 3]}
                sides.setdefault(frozenset(ends), []).append(ends)
                charts.setdefault(frozenset(ends), []).append(name)
    wanted = {
        edge
        for edge, two in sides.items()
        if len(two) == 2 and two[0] != two[1] and "head" in charts[edge]
    }
    on = border(topology)
    found = [frozenset(ends) for ends in on.ends.tolist()]
    assert len(found) == len(set(found))
    assert set(found) == wanted
    assert on.between.sum() == 96
    for ends, uv in zip(on.ends.tolist(), on.end_uv.tolist(), strict=True):
        both = [[list(side[end]) for end in ends] for side in sides[frozenset(ends)]]
        assert uv in (both, both[::-1])
    # What is not between head and chest runs down the middle of the back of the head.
    vertices = refined.apply(someone().head.vertices)
    assert np.abs(vertices[on.ends[~on.between]][..., 0]).max() < 1e-3


@cache
def places(size: int) -> Float32[np.ndarray, "size size 3"]:
    """Where on the head (m) each texel lies, those outside of the charts as the nearest inside."""
    own = someone().head
    refined = refinement(own.topology)
    where, inside = skin_regions.rasterise(
        refined.uv[refined.uv_triangles], refined.apply(own.vertices)[refined.triangles], size
    )
    _, label = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros((int(label.max()) + 1, 3), np.float32)
    nearest[label[inside]] = where[inside]
    return nearest[np.asarray(label)]


def test_colours_are_looked_up_at_a_distance_from_the_border() -> None:
    """Down the back of the head: by where on the head those texels lie."""
    size, head = 1024, someone().head
    where = places(size)
    on = border(head.topology)
    length, uv = beside_border(on, head)
    vertices = refinement(head.topology).apply(head.vertices)
    start, end = (vertices[on.ends[:, k]] for k in (0, 1))
    assert length == pytest.approx(np.linalg.norm(end - start, axis=1), rel=1e-5)
    # Where the triangles are regular.
    height = vertices[on.ends][..., 1]
    back = ~on.between & (height.max(axis=1) < 0.04) & (height.min(axis=1) > -0.085)
    assert back.sum() > 15
    at = np.floor(np.stack([1 - uv[..., 1], uv[..., 0]], axis=-1) * size).astype(int)
    found = where[at[..., 0], at[..., 1]][back]
    way = (end - start)[back] / length[back, None]
    away = found - start[back][:, None, None, None]
    along = (away * way[:, None, None, None]).sum(axis=-1)
    beside = np.linalg.norm(away - along[..., None] * way[:, None, None, None], axis=-1)
    share = along / length[back, None, None, None]
    assert share == pytest.approx(np.broadcast_to(np.array(PLACES)[:, None, None], share.shape),
                                  abs=0.2)  # fmt: skip
    scale = someone().scale
    for depth, times in enumerate((1, 3)):
        assert 1000 * beside[..., depth].mean() == pytest.approx(times * INSET_MM * scale, rel=0.1)
    # The person's right lies on one side and the left on the other.
    assert (np.sign(found[..., 0, :, 0]) == -np.sign(found[..., 1, :, 0])).all()


def test_seams_are_seen_and_a_colour_that_goes_on_is_none() -> None:
    """Colour by place on the head knows nothing of charts; then one of them is painted lighter."""
    size = 1024
    where = places(size)
    wave = np.sin(where @ np.array([90.0, 150.0, 120.0]))
    lab = np.stack([60 + wave, np.full_like(wave, 12), np.full_like(wave, 16)], axis=-1)
    head = someone().head

    def painted_as(colours: np.ndarray) -> float:
        albedo = np.full((size, size, 4), 255, np.uint8)
        light = np.clip(linear_from_lab(colours), 0, 1)
        albedo[..., :3] = encode_table()[(light * 4095 + 0.5).astype(np.int32)]
        ratio = seam(albedo, head)
        assert ratio is not None
        return ratio

    smooth = painted_as(lab)
    assert 0.8 < smooth < 1.25
    for rows, columns in (
        atlas.pixel_rect("chest", size),
        (slice(0, round(0.5 * size)), slice(0, size // 2)),
    ):
        slightly, plainly = lab.copy(), lab.copy()
        slightly[rows, columns, 0] += 4
        # Of another hue and as light as before.
        plainly[rows, columns, 1:] += (9.0, -6.0)
        assert painted_as(slightly) > 3 * smooth
        assert painted_as(plainly) > 6 * smooth
