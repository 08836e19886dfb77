"""Action units: the table, PSPI against every combination, and the rules of what we make."""

import re

import numpy as np
import pytest

from assets import facs

# Combinations a PSPI level, 0 to 16: table 6 of the thesis behind 3D-Pain.
PUBLISHED = (1, 8, 33, 96, 225, 456, 806, 1240, 1686, 2056, 2246, 2136, 1785, 1344, 873, 440, 121)
REST = facs.complete({})


def test_combinations_are_the_published_table() -> None:
    counts = [len(facs.combinations(level)) for level in range(17)]
    assert tuple(counts) == PUBLISHED
    assert sum(counts) == 15552
    rows = np.concatenate([facs.combinations(level) for level in range(17)])
    assert len(np.unique(rows, axis=0)) == 15552
    assert rows.min(axis=0).tolist() == [0] * 6
    assert rows.max(axis=0).tolist() == [5, 5, 5, 5, 5, 1]


def test_pspi_of_arrays_is_pspi_of_each_row() -> None:
    for level in range(17):
        rows = facs.combinations(level)
        slow = [facs.pspi(dict(zip(facs.PAIN_AUS, row.tolist(), strict=True))) for row in rows]
        assert slow == [level] * len(rows)
        assert (facs.pspi_array(rows.astype(np.float32)) == level).all()


@pytest.mark.parametrize("level", [-1, 17])
def test_a_level_outside_the_scale_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match=f"PSPI level must be .* got {level}"):
        facs.combinations(level)


def test_every_au_has_a_name_and_a_range() -> None:
    assert set(facs.NAMES) == set(facs.HIGHEST) == set(facs.AUS)
    assert len(set(facs.AUS)) == len(facs.AUS) == 19
    assert set(facs.BILATERAL) | facs.CENTRAL == set(facs.AUS)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({4: 5.5}, "frame 7: AU4 must be between 0 and 5, got 5.5"),
        ({4: float("nan")}, "frame 7: AU4 must be between 0 and 5, got nan"),
        ({43: 2.0}, "frame 7: AU43 must be between 0 and 1, got 2.0"),
        ({43: 0.5}, "frame 7: AU43 must be 0 or 1, got 0.5"),
        ({43: 1.0}, "frame 7: AU43 must be 1 exactly when AU45 is 5, got AU43 1.0 with AU45 0.0"),
        ({45: 5.0}, "frame 7: AU43 must be 1 exactly when AU45 is 5, got AU43 0.0 with AU45 5.0"),
        ({5: 1.0, 45: 2.0}, "frame 7: AU5 and AU45 must not both be above 0, got 1.0 and 2.0"),
        ({5: 1.0, 43: 1.0, 45: 5.0}, "frame 7: AU5 and AU45 must not both"),
        ({26: 1.0, 27: 2.0}, "frame 7: AU26 and AU27 must not both be above 0, got 1.0 and 2.0"),
        ({3: 1.0}, "frame 7: AUs must be exactly"),
    ],
)
def test_check_names_the_key_the_rule_and_the_value(change: dict[int, float], text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        facs.check(REST | change, "frame 7")


def test_check_wants_every_au() -> None:
    with pytest.raises(ValueError, match=r"got a difference in \[26\]"):
        facs.check({au: 0.0 for au in facs.AUS if au != 26}, "row")


@pytest.mark.parametrize(
    "aus", [{}, {43: 1, 45: 5}, {45: 2, 4: 5}, {5: 3, 27: 5}, {26: 0.125}, {6: 5, 12: 5, 25: 2}]
)
def test_check_passes_what_keeps_the_rules(aus: dict[int, float]) -> None:
    facs.check(facs.complete(aus), "row")


def test_a_label_is_the_larger_side() -> None:
    vector = facs.AUVector(facs.complete({4: 2, 12: 1}), facs.complete({4: 3, 6: 1.5}))
    assert vector.label == facs.complete({4: 3, 6: 1.5, 12: 1})
    assert vector.pspi == 4.5


def test_a_vector_holds_its_sides_to_the_rules() -> None:
    with pytest.raises(ValueError, match=r"AU26 must be equal left and right, got 1.0 and 2.0"):
        facs.AUVector(facs.complete({26: 1}), facs.complete({26: 2}))
    with pytest.raises(ValueError, match="right side: AU43 must be 1 exactly when AU45 is 5"):
        facs.AUVector(REST, facs.complete({43: 1}))
    with pytest.raises(ValueError, match="label: AU5 and AU45 must not both be above 0"):
        facs.AUVector(facs.complete({5: 1}), facs.complete({45: 1}))
    with pytest.raises(ValueError, match=r"AU must be one of .* got 8"):
        facs.AUVector.both({8: 1.0})


def test_nfcs_items_follow_their_mapping() -> None:
    def items(aus: dict[int, float]) -> list[int | None]:
        return list(facs.nfcs(facs.complete(aus)).values())

    assert items({}) == [0, 0, 0, 0]
    assert items({4: 1, 9: 1, 26: 1}) == [1, 0, 1, 1]
    assert items({4: 0.5, 10: 5, 27: 3}) == [0, 0, 1, 1]
    assert items({43: 1, 45: 5}) == [0, 0, 0, 0]
    assert items({43: 1, 45: 5, 7: 1}) == [0, 1, 0, 0]
    unknown: dict[int, float | None] = {**REST, 6: None, 26: None}
    assert list(facs.nfcs(unknown).values()) == [0, None, 0, None]
