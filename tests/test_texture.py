"""What is painted on people."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from assets import atlas, head, skin
from assets.classes import CLASSES
from assets.eyeball import LIMBUS_UV
from generator.hair.card_texture import LOCKS, SHORT, Dye, Strands, card
from generator.identity import Identity, make_identity
from generator.looks import EYES
from generator.texture import skin_layers, skin_noise
from generator.texture.eye import TILE, EyeLook, eye
from generator.texture.skin import Texture
from generator.texture.skin import skin as paint
from generator.texture.skin_layers import Mix


@cache
def person(index: int, ages: str = "18-90") -> Identity:
    return make_identity(index, 24, 3, ages)


def toned(identity: Identity, tone: int) -> Identity:
    looks = replace(identity.looks, lightness=skin.TONE_LIGHTNESS[tone - 1])
    return replace(identity, person=replace(identity.person, skin_tone=tone), looks=looks)


@cache
def painted(index: int, ages: str, tone: int) -> Texture:
    return paint(toned(person(index, ages), tone), 1024)


def linear(texture: Texture, where: np.ndarray) -> np.ndarray:
    value = texture.albedo[where][:, :3] / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


@cache
def classed(*names: str) -> np.ndarray:
    return np.isin(head.load().topology.mask, [CLASSES[name] for name in names])


def face() -> np.ndarray:
    """From the hairline to the chin and to the ears, all that is painted on it included."""
    front = skin.load().regions["face"] > 128
    return front & classed("skin", "upper_lid", "lower_lid", "brow", "lips", "nose")


# Women and men, newborns and the old; every tone on several of them.
PEOPLE = [(0, "0-1"), (1, "0-1"), *((index, "18-90") for index in (0, 1, 3, 6, 7))]


def test_the_people_tested_are_of_all_kinds():
    people = [person(*key).person for key in PEOPLE]
    assert {one.sex for one in people} == {"female", "male"}
    assert any(one.newborn for one in people)
    assert any(one.age_years > 70 for one in people)
    assert any(18 < one.age_years < 40 for one in people)


@pytest.mark.parametrize("tone", range(1, 11))
def test_the_face_has_its_tone_on_the_locus_of_skin(tone: int):
    for index, ages in PEOPLE:
        texture = painted(index, ages, tone)
        looks = toned(person(index, ages), tone).looks
        values = linear(texture, face())[::5]
        lab = np.median(skin.lab_from_linear(values), axis=0)
        wanted = skin.lab_from_linear(skin.locus(looks.lightness, looks.red, looks.yellow))
        assert lab[0] == pytest.approx(skin.TONE_LIGHTNESS[tone - 1], abs=2.0)
        np.testing.assert_allclose(lab[1:], wanted[1:], atol=2.0)
        # No texel but a few is blue-black or chalk: red leads, blue is least.
        assert np.mean(values[:, 0] < values[:, 2]) < 0.02


@pytest.mark.parametrize("tone", range(1, 11))
def test_lips_stay_lips(tone: int):
    inner = skin.load().regions["lips"] > 200
    for index, ages in PEOPLE:
        texture = painted(index, ages, tone)
        lips = np.median(skin.lab_from_linear(linear(texture, inner)), axis=0)
        around = np.median(skin.lab_from_linear(linear(texture, face())[::5]), axis=0)
        # Never grey or blue; redder than yellow as compared with the skin round them.
        assert lips[1] > 5
        assert lips[2] > 2
        hue, hue_around = (np.rad2deg(np.arctan2(x[2], x[1])) for x in (lips, around))
        assert hue < hue_around + 1
        assert lips[0] < around[0] + 3


def test_a_person_has_the_same_bytes_and_another_has_others():
    first = paint(person(2), 1024)
    again = paint(person(2), 1024)
    other = paint(toned(person(3), person(2).person.skin_tone), 1024)
    for name in ("albedo", "normal", "roughness", "scatter"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        assert (getattr(first, name) != getattr(other, name)).any(), name
    apart = first.albedo[face()][:, :3].astype(int) - other.albedo[face()][:, :3]
    assert np.abs(apart).mean() > 3


def test_alpha_is_full_but_on_cards():
    texture = painted(0, "18-90", 5)
    cards = np.zeros((1024, 1024), bool)
    for name in ("hair", "locks", "brow", "lash"):
        rows, columns = atlas.pixel_rect(name, 1024)
        # The gap round a tile lets through, too: no card shows skin at its edge.
        cards[rows.start - 4 : rows.stop + 4, columns.start - 4 : columns.stop + 4] = True
        rim = texture.albedo[rows.start - 4 : rows.stop + 4, [columns.start - 3, columns.stop + 2]]
        assert (rim[..., 3] == 0).all()
        alpha = texture.albedo[atlas.pixel_rect(name, 1024)][..., 3]
        # Strands and gaps, and roots no thinner than tips.
        assert 0.1 < (alpha >= 128).mean() < 0.95
        third = len(alpha) // 3
        assert alpha[-third:].mean() > alpha[:third].mean()
    assert (texture.albedo[~cards][:, 3] == 255).all()


def test_mirrored_donors_give_the_mirror_image():
    model = skin.load()
    count = len(model.donors)
    weights = np.zeros(count, np.float32)
    weights[[0, 5, 14]] = 0.5, 0.3, 0.2
    none, every = np.zeros(count, bool), np.ones(count, bool)
    life = np.zeros_like(model.donors[0].smooth)
    straight = skin_layers.mixed(model, Mix(weights, none, 0.8, 1.0, 1.0), life)
    mirrored = skin_layers.mixed(model, Mix(weights, every, 0.8, 1.0, 1.0), life)
    np.testing.assert_allclose(mirrored, straight[:, ::-1], atol=2e-5)
    # And that is another skin: donors are not symmetric.
    assert np.abs(mirrored - straight).mean() > 0.005


def test_a_single_donor_with_all_its_detail_is_the_donor():
    model = skin.load()
    weights = np.zeros(len(model.donors), np.float32)
    weights[11] = 1
    life = np.zeros_like(model.donors[0].smooth)
    mix = Mix(weights, np.zeros(len(weights), bool), 1.0, 1.0, 1.0)
    found = skin_layers.mixed(model, mix, life)
    np.testing.assert_allclose(found, skin.decode_density(model.donors[11].density), atol=1e-5)


def test_donors_of_a_tone_are_of_its_side():
    model = skin.load()
    dark = np.array([donor.dark for donor in model.donors])
    for tone, share in ((2, 0.0), (10, 1.0)):
        weights = skin_layers.donor_weights(
            model, toned(person(0), tone).looks, np.random.default_rng(4)
        )
        assert weights[dark].sum() == pytest.approx(share, abs=1e-6)
        assert weights.sum() == pytest.approx(1, abs=1e-6)


def test_infants_are_smooth_and_the_old_are_not():
    infant, old = person(0, "0-1"), max((person(i) for i in range(6)), key=lambda i: i.looks.lines)
    relief = []
    for one in (infant, old):
        slope = paint(one, 1024).normal[face()][:, :2].astype(float)
        np.testing.assert_allclose(slope.mean(0), 127.5, atol=1.5)
        relief.append(slope.std())
    assert relief[1] > 2 * relief[0]


def test_pits_tilt_normals_away_from_their_middle():
    # A bowl: to the left of its middle the surface falls to the right, so x leans right there.
    y, x = np.mgrid[-20:21, -20:21].astype(np.float32)
    across, down = skin_noise.slopes(0.01 * (x * x + y * y), 0.5)
    np.testing.assert_allclose(across[1:-1, 1:-1], 0.04 * x[1:-1, 1:-1], atol=1e-5)
    np.testing.assert_allclose(down[1:-1, 1:-1], 0.04 * y[1:-1, 1:-1], atol=1e-5)


@pytest.mark.parametrize("colour", list(EYES))
def test_an_eye_has_pupil_iris_limbus_and_a_white_that_is_not_white(colour: str):
    look = EyeLook(colour=colour, pupil=0.4, age_years=30.0, veins=0.4, pale=1.0)
    picture = eye(look, np.random.default_rng(3)).astype(float)
    middle = (np.arange(TILE) + 0.5) / TILE - 0.5
    radius = np.hypot(*np.meshgrid(middle, middle)) / LIMBUS_UV

    def mean(low: float, high: float) -> np.ndarray:
        return picture[(radius >= low) & (radius < high)].mean(0)

    assert mean(0, 0.3).max() < 12
    assert mean(0.5, 0.7).max() > 25
    assert mean(0.9, 0.96).max() < mean(0.5, 0.7).max()
    white = ((mean(1.15, 1.4) / 255 + 0.055) / 1.055) ** 2.4
    assert (white < 0.75).all()
    assert (white > 0.3).all()
    inner = mean(0.5, 0.85)
    if colour in ("blue", "grey"):
        assert inner[2] > inner[0] - 6
    else:
        assert inner[0] > inner[2]


@pytest.mark.parametrize("variant", range(len(LOCKS)))
def test_strands_taper_from_root_to_tip(variant: int):
    dye = Dye((90, 60, 40), 0.0)
    picture = card(LOCKS[variant], dye, (300, 90), np.random.default_rng(0))
    cover = (picture[..., 3] > 128).mean(1)
    # Row 0 is the tip.
    assert cover[200:270].mean() > cover[60:120].mean() > cover[:30].mean()
    # Roots lie in the shade of what lies over them, and colour goes on where nothing is drawn.
    light = picture[..., :3].mean(axis=(1, 2))
    assert light[-10:].mean() < 0.85 * light[60:120].mean()
    assert (picture[..., 0] > picture[..., 2]).all()


def test_a_lock_does_not_reach_into_its_neighbours():
    dye = Dye((90, 60, 40), 0.5)
    rng = np.random.default_rng(1)
    # Few strands of a lock would stray, to one side or the other: several locks of each kind.
    for variant in 6 * (*LOCKS, *SHORT):
        alpha = card(variant, dye, (100, 100), rng)[..., 3]
        assert alpha.any()
        assert not alpha[:, [0, -1]].any()


def test_strands_do_not_wave_as_one():
    wavy, dye = Strands(8, 0.03, 0.4, 0.0, 1.0, coil=0.2), Dye((90, 60, 40), 0.0)
    rng = np.random.default_rng(1)
    alpha = sum(card(wavy, dye, (40, 60), rng)[..., 3].astype(float) for _ in range(200))
    # At every height, all strands together stand in the middle: their waves begin anywhere.
    middle = alpha @ (np.arange(60) + 0.5) / 60 / alpha.sum(1).clip(1)
    np.testing.assert_allclose(middle[3:-3], 0.5, atol=0.02)


def test_grey_hair_has_white_strands_among_its_own():
    def spread(grey: float) -> float:
        tile = card(SHORT[1], Dye((40, 30, 24), grey), (200, 100), np.random.default_rng(2))
        return float(tile[tile[..., 3] > 200][:, :3].astype(float).std())

    assert spread(0.4) > 2 * spread(0.0)


def test_sizes_show_the_same_person():
    small, large = paint(person(1), 1024), paint(person(1), 2048)
    shrunk = large.albedo.reshape(1024, 2, 1024, 2, 4).astype(float).mean((1, 3))
    for where in (face(), classed("neck"), classed("clothes"), classed("iris")):
        difference = shrunk[where][:, :3].mean(0) - small.albedo[where][:, :3].mean(0)
        assert np.abs(difference).max() < 2.0


def test_an_odd_size_is_an_error():
    with pytest.raises(ValueError, match=r"texture size must be one of .*, got 1000"):
        paint(person(0), 1000)
