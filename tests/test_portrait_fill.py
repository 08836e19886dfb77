"""Views of a portrait become one whole skin: combined, filled, our own kept, of the tone asked."""

from functools import cache

import cv2
import numpy as np
import pytest

from assets import atlas, head, skin
from generator.portrait import combine, delight, fill, finish, own, strands, tone
from generator.portrait.combine import Seen
from generator.texture import skin_noise
from render.panorama import LUMINANCE
from tests import portraits
from tests.portraits import PEOPLE, SIZE, enlarged, lamp, linear, person, seen_from, shade

ROWS, COLUMNS = skin.head_box(SIZE)
SHAPE = (ROWS.stop - ROWS.start, COLUMNS.stop)
EVERY = np.arange(SHAPE[0] * SHAPE[1], dtype=np.int32)
ANYWHERE = np.full(SHAPE, 255, np.uint8)
OWN, OTHER = PEOPLE[1], PEOPLE[0]


def view(yaw_deg: float, light: np.ndarray) -> Seen:
    weight = enlarged(seen_from(yaw_deg)).astype(np.float32)
    weight[weight < 0.2] = 0
    return Seen.of(np.where(weight[..., None] > 0, light, 0).astype(np.float32), weight)


def even(colour: tuple[float, float, float]) -> np.ndarray:
    return np.broadcast_to(np.array(colour, np.float32), (*SHAPE, 3))


def filled(seen: Seen, kept: np.ndarray = ANYWHERE) -> tuple[np.ndarray, fill.Known]:
    base = fill.known(seen, portraits.own(OWN), kept)
    fill.fill(base, np.ones_like(base.seen))
    return fill.texels(base, EVERY).reshape(*SHAPE, 3), base


def test_one_view_is_itself():
    light = linear(portraits.own(OTHER))
    one = view(20, light)
    for before, after in zip(one.numpy(), combine.combine([one]).numpy(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_each_texel_comes_from_where_it_was_seen_best():
    colours = (0.6, 0.1, 0.1), (0.1, 0.6, 0.1), (0.1, 0.1, 0.6)
    views = [view(yaw, even(colour)) for yaw, colour in zip((0, 45, -45), colours, strict=True)]
    light, weight = combine.combine(views).numpy()
    weights = np.stack([one.numpy()[1] for one in views])
    np.testing.assert_array_equal(weight, weights.max(axis=0))
    ordered = np.sort(weights, axis=0)
    clear = (ordered[1] < 0.75 * ordered[2]) & (ordered[2] > 0.5)
    # Nor at an edge of what the best one saw, which is soft.
    clear &= cv2.erode(clear.astype(np.uint8), np.ones((7, 7))) > 0
    best = weights.argmax(axis=0)
    assert clear.mean() > 0.2
    for number in range(3):
        here = clear & (best == number)
        assert here.sum() > 400
        assert (light[here][:, number] > 0.55).all()
    # Whole: the shares sum to 1.
    np.testing.assert_allclose(light[weight > 0].sum(axis=1), 0.8, atol=1e-5)


def test_views_that_differ_leave_no_edge():
    """One of them is cut off in the middle of what it saw, as by a nose before a cheek."""
    first, second = view(0, even((0.4, 0.3, 0.2))), view(45, even((0.6, 0.45, 0.3)))
    light, weight = second.numpy()
    weight = weight.copy()
    weight[:, 256:290] = 0
    cut = Seen.of(np.where(weight[..., None] > 0, light, 0), weight)
    light, _ = combine.combine([first, cut]).numpy()
    # Where the first one is there to take over.
    there = cv2.erode((first.numpy()[1] > 0.5).astype(np.uint8), np.ones((9, 9))) > 0
    cutting = there & (second.numpy()[1] > 0.7)
    assert (light[..., 0][cutting & (weight == 0)] == np.float32(0.4)).all()
    assert light[..., 0][cutting].max() > 0.59
    # At 2048 texels a step is a quarter of this.
    assert np.abs(np.diff(light[..., 0], axis=1))[cutting[:, 1:]].max() < 0.12


def test_views_must_be_of_one_chart():
    some = view(0, even((0.5, 0.5, 0.5)))
    light, weight = some.numpy()
    with pytest.raises(ValueError, match=r"views must be at least one, all of one shape, got \[\]"):
        combine.combine([])
    with pytest.raises(ValueError, match="views must be at least one, all of one shape, got"):
        combine.combine([some, Seen.of(light[:-2], weight[:-2])])
    with pytest.raises(ValueError, match="a view must have the head chart's shape, got 356 x 512"):
        combine.combine([Seen.of(light[:-2], weight[:-2])])
    with pytest.raises(ValueError, match=r"our own texture must be .* got"):
        fill.known(some, portraits.own(OWN)[:-2], ANYWHERE)


def test_the_mirror_stands_where_the_mesh_has_it():
    topology = head.load().topology
    up = topology.uv[:, 1] > atlas.RECTS["head"][1]
    place = {
        int(vertex): topology.uv[corner, 0]
        for vertex, corner in zip(topology.quads.flat, topology.uv_quads.flat, strict=True)
        if up[corner]
    }
    sums = [place[v] + place[int(topology.mirror[v])] for v in place]
    assert np.median(sums) == pytest.approx(combine.MIRROR, abs=2e-5)
    # The smooth twin moves a ramp as the texels are moved.
    ramp = np.broadcast_to(np.arange(256, dtype=np.float32), (4, 256))
    inside = combine.MIRROR * 256 - 1 - ramp[:, 1:-1]
    np.testing.assert_allclose(combine.mirrored(ramp)[:, 1:-1], inside, atol=0.05)


def test_what_was_seen_well_stays_bit_for_bit():
    light = linear(portraits.own(OTHER))
    seen = view(0, light)
    out, base = filled(seen)
    _, confidence = fill.written(base, 1.0)
    # A block farther inside of where the cosine is 0.5 and more than the edge is wide.
    well = (seen.numpy()[1] >= fill.HIGH).astype(np.uint8)
    side = 2 * (fill.EDGE + 1) * SIZE // skin.SMOOTH_SIZE + 1
    well = cv2.erode(well, np.ones((side, side)), borderValue=0) > 0
    assert well.mean() > 0.12
    assert (confidence[well] == 255).all()
    np.testing.assert_array_equal(out[well], light[well])
    assert (confidence[seen.numpy()[1] <= fill.LOW] == 0).all()


def test_a_skin_that_is_ours_but_for_its_tint_is_ours_all_over():
    """Of stripes that lie level, so that the mirrored side fits as well."""
    stripes = np.random.default_rng(3).integers(60, 200, (SHAPE[0], 1, 3)).astype(np.uint8)
    mine = np.ascontiguousarray(np.broadcast_to(stripes, (*SHAPE, 3)))
    tint = np.array([1.3, 0.8, 0.6], np.float32)
    # Two sides seen to different degrees are compared by not quite the same texels.
    for yaw, close in ((0, 1e-3), (30, 1e-2)):
        seen = view(yaw, linear(mine) * tint)
        assert (seen.numpy()[1] == 0).mean() > 0.5
        base = fill.known(seen, mine, own.kept(SIZE, True))
        gain = fill.fill(base, np.ones_like(base.seen))
        np.testing.assert_allclose(gain, np.broadcast_to(tint, gain.shape), rtol=close)
        out = fill.texels(base, EVERY).reshape(*SHAPE, 3)
        np.testing.assert_allclose(out, linear(mine) * tint, rtol=close)


@pytest.mark.parametrize("key", [PEOPLE[0], PEOPLE[2]])
def test_no_seam_runs_along_the_border_of_what_was_seen(key: tuple[int, str]):
    """Its skin is no less even there than the two that meet are by themselves."""
    light, mine = linear(portraits.own(key)) * np.float32(0.4), linear(portraits.own(OWN))
    out, base = filled(view(0, light))
    _, confidence = fill.written(base, 1.0)
    border = (confidence > 0) & (confidence < 255) & (skin_noise.region("bare", SIZE) > 0.99)
    assert border.sum() > 2000
    laid = np.where((confidence > 127)[..., None], light, mine)
    energy = [unevenness(one)[border].mean() for one in (out, laid, light, mine)]
    assert energy[0] < 1.1 * max(energy[2:])
    # Laid side by side as they are, the two do not fit.
    assert energy[1] > 1.5 * max(energy[2:])


def unevenness(light: np.ndarray) -> np.ndarray:
    """Squared slope of the logarithm of luminance, over 5 texels (4 mm)."""
    smooth = np.log(cv2.blur(light @ LUMINANCE.astype(np.float32), (5, 5)))
    return cv2.Sobel(smooth, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(smooth, cv2.CV_32F, 0, 1) ** 2


def test_a_mark_is_mirrored_to_where_nothing_was_seen():
    """The left half is seen, the right one, which is darker, in its upper half only."""
    light = even((0.5, 0.4, 0.3)).copy()
    light[:, :256] *= np.float32(0.8)
    weight = np.zeros(SHAPE, np.float32)
    weight[60:300, 256:400] = 1
    weight[60:180, 100:256] = 1
    marks = [(100, 320), (250, 320)]
    for row, column in marks:
        light[row : row + 4, column : column + 4] = 0.05
    out, base = filled(Seen.of(light, weight))
    mine = linear(portraits.own(OWN))
    for (row, column), appears in zip(marks, (False, True), strict=True):
        assert (out[row : row + 4, column : column + 4] < 0.06).all()
        other = round(combine.MIRROR * SIZE) - 1 - column
        there = out[row : row + 4, other - 3 : other + 1]
        assert (there < 0.06).all() == appears
        assert (there > 0.2).all() != appears
    # The rest of the mirrored side is the portrait's, as dark as its side of it.
    np.testing.assert_allclose(out[190:240, 120:180, 0], 0.4, atol=0.025)
    # Beyond it is ours, tinted smoothly.
    ratio = np.log(out / mine)[320:, 200:300]
    assert np.ptp(ratio) > 0.1
    assert np.abs(cv2.Laplacian(ratio, cv2.CV_32F)).max() < 0.02
    # What is written is what single texels are.
    albedo, _ = fill.written(base, 0.4)
    inside = 0.4 * out.max(axis=2) < 1
    assert inside.mean() > 0.99
    assert np.abs(linear(albedo) - 0.4 * out)[inside].max() < 0.006


def test_the_mirrored_side_loses_the_shade_it_was_seen_in():
    colour = even((0.5, 0.4, 0.3))
    slope = np.linspace(0.5, 1.5, 256, dtype=np.float32)
    shade = np.broadcast_to(slope[None, :, None], (SHAPE[0] // 2, 256, 3)).copy()
    weight = np.zeros(SHAPE, np.float32)
    weight[60:300, 256:400] = 1
    base = fill.known(Seen.of(colour * enlarged(shade), weight), portraits.own(OWN), ANYWHERE)
    fill.fill(base, shade)
    out = fill.texels(base, EVERY).reshape(*SHAPE, 3)
    np.testing.assert_allclose(out[80:280, 125:240], colour[80:280, 125:240], rtol=0.01)


def test_neither_lids_nor_lips_nor_brows_nor_scalp_are_painted_over():
    """The portrait is pure green: it may tint what is ours, but show nowhere."""
    mine = linear(portraits.own(OWN))
    weight = np.ones(SHAPE, np.float32)
    green = even((0.0, 1.0, 0.0))
    spots = np.zeros((*SHAPE, 1), np.float32)
    spots[::3, ::3] = 1
    for bearded in (False, True):
        kept = own.kept(SIZE, bearded)
        base = fill.known(Seen.of(green * spots, weight), portraits.own(OWN), kept)
        fill.fill(base, np.ones_like(base.seen))
        _, confidence = fill.written(base, 1.0)
        out = fill.texels(base, EVERY).reshape(*SHAPE, 3)
        ours = {name: skin_noise.region(name, SIZE) > 0.5 for name in ("brow", "scalp")}
        ours |= {name: skin_noise.region(name, SIZE) > 0.02 for name in ("margin", "lash_line")}
        ours["lid"] = skin_noise.region("lid", SIZE) > 0.6
        ours["lips"] = seam()
        if bearded:
            ours["beard"] = skin_noise.region("beard", SIZE) > 0.6
        for name, there in ours.items():
            assert there.sum() > 20, name
            assert (confidence[there] == 0).all(), name
            # Dots are nowhere: what is ours is tinted smoothly.
            assert_smooth(out, mine, there, name)
    bare = (skin_noise.region("bare", SIZE) > 0.99) & (skin_noise.region("beard", SIZE) < 0.1)
    assert (confidence[bare] == 255).mean() > 0.8


def assert_smooth(out: np.ndarray, mine: np.ndarray, there: np.ndarray, name: str) -> None:
    gain = np.log(np.maximum(out, 1e-6) / mine)[..., 1]
    flat = np.abs(gain - cv2.blur(gain, (3, 3)))
    inner = cv2.erode(there.astype(np.uint8), np.ones((3, 3))) > 0
    if inner.any():
        assert flat[inner].max() < 0.5, name


@cache
def seam() -> np.ndarray:
    """The hole of the chart between the lips and a millimetre round it, by hand."""
    topology = head.load().topology
    low = atlas.RECTS["head"][1]
    out = np.zeros(SHAPE, np.uint8)
    for name in ("upper_lip", "lower_lip"):
        for vertex in topology.loops[name]:
            corners = topology.uv_quads[topology.quads == vertex]
            u, v = next(uv for uv in topology.uv[corners] if uv[1] > low)
            cv2.circle(out, (int(u * SIZE), int((1 - v) * SIZE) - ROWS.start), 1, 1, -1)
    return out > 0


def test_a_portraits_hair_over_the_forehead_is_left_out():
    key = PEOPLE[0]
    light = linear(portraits.own(key)) * enlarged(shade(lamp()))
    paint = finish.Paint(portraits.own(key), person(key).looks.lightness, False)
    clean = finish.finished([view(0, light)], paint, portraits.normals())
    hairy = light.copy()
    # A lock down to the brow, and a brow that ends too far outside.
    lock, brow = np.s_[80:110, 225:250], np.s_[125:131, 335:350]
    hairy[lock] = hairy[brow] = 0.03
    done = finish.finished([view(0, hairy)], paint, portraits.normals())
    for there in (lock, brow):
        assert (clean.confidence[there] > 0).mean() > 0.5
        assert (done.confidence[there] == 0).all()
    # It is seen nowhere: neither by itself nor in what is ours beside it.
    apart = np.abs(np.log(linear(done.albedo) / linear(clean.albedo)))
    assert apart[60:150, 150:370].max() < 0.2


@pytest.mark.parametrize("key", PEOPLE)
def test_skin_in_shade_is_no_hair(key: tuple[int, str]):
    lightness = person(key).looks.lightness
    light = linear(portraits.own(key)) * enlarged(shade(lamp()))
    base = fill.known(view(0, light), portraits.own(OWN), own.kept(SIZE, False))
    before = base.share.copy(), base.layers.sure.numpy().copy()
    found = delight.fitted(base.seen, base.share, portraits.normals(), lightness)
    strands.hide(base, delight.shading(found, portraits.normals()), lightness)
    # But for a little at the edge of what is seen, where it could be that of hair.
    side = 2 * round(strands.REACH) + 1
    inner = cv2.erode((before[0] > 0.05).astype(np.uint8), np.ones((side, side)), borderValue=0) > 0
    assert inner.mean() > 0.05
    np.testing.assert_array_equal(base.share[inner], before[0][inner])
    np.testing.assert_array_equal(base.layers.sure.numpy()[inner], before[1][inner])
    assert base.share.sum() > 0.95 * before[0].sum()


def test_skin_in_the_shadow_of_hair_beside_it_is_not_taken():
    """A curtain of hair hides half of a cheek, and darkens the skin for a centimetre beside it."""
    key = PEOPLE[1]
    light, seen = linear(portraits.own(key)).copy(), view(0, linear(portraits.own(key)))
    weight = seen.numpy()[1].copy()
    curtain = 340
    weight[:, curtain:] = 0
    light[:, curtain - 10 : curtain] *= np.float32(0.62)
    base = fill.known(Seen.of(light, weight), portraits.own(OWN), own.kept(SIZE, False))
    rows = slice(100, 117)
    beside = slice(curtain // 2 - 4, curtain // 2 - 1)
    assert base.share[rows, beside].mean() > 0.3
    strands.hide(base, np.ones_like(base.seen), person(key).looks.lightness)
    assert base.share[rows, beside].mean() < 0.05
    assert base.share[rows, curtain // 2 - 25 : curtain // 2 - 15].mean() > 0.9


@pytest.mark.parametrize("asked", [28.0, 50.0, 74.0])
def test_the_face_is_as_light_as_was_asked_whatever_the_exposure(asked: float):
    key = PEOPLE[2]
    light = linear(portraits.own(key)) * enlarged(shade(lamp())) * np.float32(3.0)
    views = [view(yaw, light) for yaw in (0, 45, -45)]
    paint = finish.Paint(portraits.own(OWN), asked, False)
    done = finish.finished(views, paint, portraits.normals())
    face = skin_noise.region("face", SIZE) > 0.5
    lab = skin.lab_from_linear(linear(done.albedo)[face].astype(np.float64))
    assert np.median(lab[:, 0]) == pytest.approx(asked, abs=0.1)
    # The portrait's hue: that of the skin in the lamp's light, on the whole.
    assert done.confidence.mean() / 255 > 0.2


def test_what_is_too_light_keeps_its_hue():
    light = even((0.5, 0.4, 0.2)).copy()
    light[150:170, 240:260] *= 8
    base = filled(Seen.of(light, np.ones(SHAPE, np.float32)))[1]
    albedo, _ = fill.written(base, 1.0)
    shiny = linear(albedo)[160, 250]
    np.testing.assert_allclose(shiny / shiny[0], [1, 0.8, 0.4], atol=0.01)
    assert shiny[0] == 1


def test_a_black_face_is_an_error():
    with pytest.raises(ValueError, match="the face's median light must be above 0, got 0"):
        tone.factor(np.zeros((9, 3), np.float32), 60.0)


def test_the_portrait_is_drawn_again_by_its_albedo_and_light():
    key = PEOPLE[2]
    light = linear(portraits.own(key)) * enlarged(shade(lamp()))
    paint = finish.Paint(portraits.own(OWN), 40.0, False)
    done = finish.finished([view(0, light)], paint, portraits.normals())
    sure = (done.confidence == 255) & (skin_noise.region("bare", SIZE) > 0.99)
    again = linear(done.albedo) * enlarged(shade(done.light.astype(np.float64)))
    assert sure.mean() > 0.05
    np.testing.assert_allclose(again[sure], light[sure], atol=0.02)
    assert np.sqrt(np.mean((again[sure] - light[sure]) ** 2)) < 0.003


def test_the_chest_goes_on_where_the_chart_ends():
    tint = np.array([1.2, 0.9, 0.7], np.float32)
    mine = linear(portraits.own(OWN))
    paint = finish.Paint(portraits.own(OWN), person(OWN).looks.lightness, False)
    views = [view(yaw, mine * tint * np.float32(0.5)) for yaw in (0, 45, -45)]
    done = finish.finished(views, paint, portraits.normals())
    # Up to what is taken for light, which is a few per cent; luminance is that asked.
    assert done.below[0] / done.below[2] == pytest.approx(1.2 / 0.7, rel=0.06)
    assert done.below @ LUMINANCE == pytest.approx(1.0, abs=0.1)
    with pytest.raises(ValueError, match=r"normals must be .* got"):
        finish.finished(views, paint, portraits.normals()[1:])


def test_the_bytes_do_not_depend_on_threads():
    light = linear(portraits.own(OTHER)) * enlarged(shade(lamp()))
    paint = finish.Paint(portraits.own(OWN), 60.0, True)
    before, made = cv2.getNumThreads(), []
    try:
        for threads in (1, 2, 5):
            cv2.setNumThreads(threads)
            own.kept.cache_clear()
            views = [view(yaw, light) for yaw in (0, 45, -45)]
            made.append(finish.finished(views, paint, portraits.normals()))
    finally:
        cv2.setNumThreads(before)
    for one in made[1:]:
        for name in ("albedo", "confidence", "light", "below"):
            np.testing.assert_array_equal(getattr(made[0], name), getattr(one, name))
