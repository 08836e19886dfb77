"""Cloth: prints leave the ground alone, hems lie in their strip, garments are cut flat."""

import numpy as np
import pytest

from assets import atlas
from assets import head as head_models
from generator import clothes
from generator.grooming import ClothesKind
from generator.occluders.skin import mean_skin
from generator.texture import cloth

GROUND = np.full((143, 205, 3), (120, 150, 170), np.uint8)


def test_most_gowns_have_a_print_and_every_print_keeps_the_ground() -> None:
    plain = 0
    for seed in range(60):
        out = cloth.printed(GROUND, np.random.default_rng(seed))
        same = (out == GROUND).all(axis=2).mean()
        plain += same == 1.0
        assert same == 1.0 or 0.25 < same < 0.97
    assert abs(plain / 60 - cloth.PLAIN) < 0.2


def test_a_hem_is_painted_in_its_strip_alone() -> None:
    out = cloth.hemmed(GROUND)
    changed = (out != GROUND).any(axis=(1, 2))
    rows = np.flatnonzero(changed)
    assert rows[0] == 0
    assert len(rows) == rows[-1] + 1 == round(clothes.HEM_STRIP * len(GROUND))


@pytest.mark.parametrize("kind", ["gown", "crew", "collar"])
def test_cloth_is_as_long_on_the_chart_as_on_the_chest(kind: ClothesKind) -> None:
    model = head_models.load()
    garment = clothes.garment(model, kind)
    place = mean_skin(model).place(garment.points) - garment.hang[:, None] * (0, 1, 0)
    u0, v0, u1, v1 = atlas.RECTS["gown"]
    unit = (garment.uv - (u0, v0)) / (u1 - u0, v1 - v0)
    row = np.arange(len(unit)) // clothes.SECTORS
    # In front, below the hem and above the fold of the chart.
    chest = (row > clothes.HEM + 1) & (np.abs(place[:, 0]) < 0.1) & (place[:, 2] > -0.06)
    chest &= place[:, 1] > -0.3
    pair = np.flatnonzero(chest[:-1] & chest[1:] & (row[:-1] == row[1:]))
    across = np.abs(np.diff(unit[:, 0]))[pair] * clothes.CLOTH_WIDE / 0.96
    world = np.abs(np.diff(place[:, 0]))[pair]
    one_side = place[pair, 0] * place[pair + 1, 0] > 0
    assert one_side.sum() > 30
    # The chart was cut by the control mesh, which subdivision rounds by up to 2 mm.
    assert np.abs(across - world)[one_side].max() < 0.003
    assert np.abs(across - world)[one_side].mean() < 0.0006
    assert unit.min() >= 0
    assert unit.max() <= 1
    hem = row < clothes.HEM
    assert (unit[hem, 1] > 1 - clothes.HEM_STRIP).all()
    assert (unit[~hem, 1] < 1 - clothes.HEM_STRIP).all()


def test_bare_shoulders_lie_on_the_skin_and_have_its_chart() -> None:
    garment = clothes.garment(head_models.load(), "none")
    u0, v0, u1, v1 = atlas.RECTS["chest"]
    assert (garment.uv >= (u0, v0)).all()
    assert (garment.uv <= (u1, v1)).all()
    assert np.abs(garment.lift).max() < 0.001
    assert garment.hang.max() > 0.1
