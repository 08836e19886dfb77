"""Maps against exact heat: closed forms of energy, pointing and area; means over people."""

import numpy as np
import pytest
import torch

from vitpain.evaluate.value import ONE_SUBJECT
from vitpain.explain import figure, score
from vitpain.metrics import bootstrap
from vitpain.metrics.agreement import concordance, mae, pearson

SIDE, PATCH = 4, 8
SIZE = SIDE * PATCH
ANY = score.REGIONS.index("any")


def heat(**places: tuple[slice, slice, int]) -> torch.Tensor:
    """One frame in which AUs move places so many steps."""
    made = torch.zeros(1, 6, SIZE, SIZE, dtype=torch.uint8)
    for name, (rows, columns, steps) in places.items():
        made[0, score.REGIONS.index(name), rows, columns] = steps
    return made


def patches(rows: slice, columns: slice) -> tuple[slice, slice]:
    def pixels(one: slice) -> slice:
        return slice(PATCH * one.start, PATCH * one.stop)

    return pixels(rows), pixels(columns)


BROW = (*patches(slice(0, 1), slice(1, 3)), 60)
NOSE = (*patches(slice(2, 4), slice(1, 2)), 30)


def test_inside_is_half_of_the_farthest_and_any_is_all_of_them() -> None:
    given = heat(au4=BROW, au9=NOSE)
    given[0, 0, :PATCH, :PATCH] = 29
    given[0, 3, :PATCH, 3 * PATCH :] = 15
    found = score.inside(given)[0]
    assert found.shape == (7, SIZE, SIZE)
    brow = torch.zeros(SIZE, SIZE, dtype=torch.bool)
    brow[BROW[:2]] = True
    nose = torch.zeros(SIZE, SIZE, dtype=torch.bool)
    nose[NOSE[:2]] = True
    nose[:PATCH, 3 * PATCH :] = True
    assert torch.equal(found[0], brow)
    assert torch.equal(found[3], nose)
    assert torch.equal(found[ANY], brow | nose)
    assert not found[[1, 2, 4, 5]].any()


def test_an_action_unit_that_hardly_moves_has_no_inside() -> None:
    assert not score.inside(heat(au7=(*BROW[:2], score.LEAST - 1))).any()
    assert score.inside(heat(au7=(*BROW[:2], score.LEAST)))[0, 2].any()


def test_inside_is_the_same_at_every_intensity() -> None:
    rng = np.random.default_rng(0)
    made = torch.from_numpy(rng.integers(0, 60, (2, 6, SIZE, SIZE)).astype(np.uint8))
    assert torch.equal(score.inside(2 * made), score.inside(4 * made))


def test_a_map_equal_to_its_own_region_lies_inside() -> None:
    parts = score.shares(score.inside(heat(au4=BROW, au9=NOSE)), SIDE)
    for region, area in ((0, 2 / 16), (3, 2 / 16), (ANY, 4 / 16)):
        found = score.scores(parts[:, region], parts)
        assert found.energy[0, region] == 1.0
        assert found.pointing[0, region] == 1.0
        assert found.area[0, region] == area
    brow = score.scores(parts[:, 0], parts)
    assert brow.energy[0, 3] == 0.0
    assert brow.pointing[0, 3] == 0.0


def test_a_map_that_knows_nothing_gets_the_area() -> None:
    rng = torch.Generator().manual_seed(0)
    found = torch.rand(5, 7, SIZE, SIZE, generator=rng) > 0.7
    scored = score.scores(torch.full((5, SIDE, SIDE), 0.3), score.shares(found, SIDE))
    area = found.double().mean((2, 3)).numpy()
    for one in scored:
        np.testing.assert_allclose(one, area, rtol=1e-6)


def test_energy_is_that_of_the_map_drawn_in_pixels() -> None:
    """The slow twin: patches drawn as large as they are, pixels counted."""
    rng = torch.Generator().manual_seed(1)
    found = torch.rand(3, 7, SIZE, SIZE, generator=rng) > 0.6
    maps = torch.rand(3, SIDE, SIDE, generator=rng)
    scored = score.scores(maps, score.shares(found, SIDE))
    for frame in range(3):
        whole = np.kron(maps[frame].numpy(), np.ones((PATCH, PATCH)))
        for region in range(7):
            inside = found[frame, region].numpy()
            energy = whole[inside].sum() / whole.sum()
            assert scored.energy[frame, region] == pytest.approx(energy, rel=1e-5)
            highest = inside[whole == whole.max()].mean()
            assert scored.pointing[frame, region] == pytest.approx(highest, rel=1e-5)


def test_pointing_by_hand() -> None:
    parts = torch.zeros(1, 1, 2, 2)
    parts[0, 0] = torch.tensor([[1.0, 0.25], [0.0, 0.0]])
    cases = {
        1.0: [[0.9, 0.1], [0.2, 0.3]],
        0.25: [[0.1, 0.9], [0.2, 0.3]],
        0.0: [[0.1, 0.2], [0.2, 0.3]],
        # Two that are highest together: the mean.
        0.625: [[0.9, 0.9], [0.2, 0.3]],
        0.5: [[0.9, 0.0], [0.9, 0.0]],
    }
    for expected, given in cases.items():
        assert score.scores(torch.tensor([given]), parts).pointing.item() == expected


def test_what_is_undefined_is_left_out() -> None:
    parts = score.shares(score.inside(heat(au4=BROW)), SIDE)
    empty = score.scores(torch.zeros(1, SIDE, SIDE), parts)
    assert np.isnan(empty.energy).all()
    assert np.isnan(empty.pointing).all()
    # What an empty map lacks is not what the frame lacks.
    assert empty.area[0, 0] == 2 / 16
    assert np.isnan(empty.area[0, 1])
    found = score.scores(torch.ones(1, SIDE, SIDE), parts)
    assert np.isnan(found.energy[0]).tolist() == [False, *[True] * 5, False]


def test_a_mean_over_frames_is_drawn_by_people() -> None:
    rng = np.random.default_rng(0)
    people = rng.integers(0, 9, 200) * 7
    values = rng.random(200) + people / 20
    values[rng.random(200) < 0.2] = np.nan
    found = figure.mean(values, people, 5)
    known = ~np.isnan(values)
    assert found.value == pytest.approx(values[known].mean())
    assert found.people == 9
    names = np.unique(people)
    for weights, drawn in zip(bootstrap.draws(9, 5)[:20], found.drawn[:20], strict=True):
        rows = [np.flatnonzero(known & (people == name)) for name in names]
        again = np.concatenate(
            [np.repeat(one, int(times)) for one, times in zip(rows, weights, strict=True)]
        )
        assert drawn == pytest.approx(values[again].mean())
    low, high = found.told["low"], found.told["high"]
    assert low < found.value < high


def test_figures_are_compared_over_the_same_people() -> None:
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(12), 10)
    label = rng.random(120).astype(np.float32) * 10
    said = label + rng.normal(0, 1 + people / 6)
    found = figure.agreement(label, said, people, 0)
    for name, function in (("pearson", pearson), ("mae", mae), ("ccc", concordance)):
        assert found[name].value == pytest.approx(function(label, said), abs=1e-9)
    worse = figure.agreement(label, said + 1.0, people, 0)
    same = found["pearson"].minus(worse["pearson"]).told
    assert same["value"] == pytest.approx(0, abs=1e-9)
    assert same["high"] == pytest.approx(0, abs=1e-9)
    more = figure.mean(3 * np.abs(said), people, 0).over(figure.mean(np.abs(said), people, 0))
    assert [more.told[name] for name in ("value", "low", "high")] == pytest.approx([3.0] * 3)


def test_what_has_no_figure_says_why() -> None:
    people = np.arange(6)
    nothing = figure.mean(np.full(6, np.nan), people, 0, "because").told
    assert nothing == {"value": None, "low": None, "high": None, "why": "because"}
    assert figure.mean(np.ones(3), np.zeros(3, np.int64), 0).told["why"] == ONE_SUBJECT
    flat = figure.agreement(np.full(6, 2.0), np.arange(6.0), people, 0)
    assert flat["pearson"].told["value"] is None
    assert flat["pearson"].told["why"] == "every label is 2"
    assert flat["mae"].told["value"] == pytest.approx(1.5)
    same = figure.agreement(np.arange(6.0), np.full(6, 2.0), people, 0)
    assert same["pearson"].told["why"] == "every answer is the same"
    assert same["ccc"].told["value"] == 0.0
    unknown = figure.agreement(np.full(6, np.nan), np.arange(6.0), people, 0)
    assert unknown["mae"].told["why"] == figure.NOTHING
