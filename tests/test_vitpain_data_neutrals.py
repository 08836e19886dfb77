"""Which neutral a frame gets: its own person's, seen from where it is asked for, never itself."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from assets.facs import AUS, PAIN_AUS, pspi
from vitpain.data.frames import Frames
from vitpain.data.neutrals import choose, find

Fact = tuple[str, str, int | None, dict[int, float] | None]


def frames(facts: list[Fact], sets: list[int] | None = None) -> Frames:
    """Frames by (person, kind, view, coded AUs or None); an AU that is not named is 0 if coded."""
    columns: dict[str, object] = {
        "set": np.array(sets if sets is not None else [0] * len(facts), np.int32),
        "kind": [kind for _, kind, _, _ in facts],
        "view": pa.array([view for _, _, view, _ in facts], pa.int32()),
    }
    for au in AUS:
        coded = au in (*PAIN_AUS, 12, 25)
        values = [None if aus is None or not coded else aus.get(au, 0.0) for *_, aus in facts]
        columns[f"au{au}"] = pa.array(values, pa.float64())
    pain = [[np.nan if a is None else a.get(au, 0.0) for au in PAIN_AUS] for *_, a in facts]
    levels = [
        np.nan if a is None else pspi({au: a.get(au, 0.0) for au in PAIN_AUS}) for *_, a in facts
    ]
    return Frames(
        (),
        pa.table(columns),
        np.array([person for person, *_ in facts]),
        np.array(levels, np.float32),
        np.array(pain, np.float32),
    )


def made(people: int = 4, views: int = 3) -> Frames:
    """People as we make them: in each view a neutral and two frames of pain."""
    return frames(
        [
            (f"p{person}", kind, view, aus)
            for person in range(people)
            for view in range(views)
            for kind, aus in (("neutral", {}), ("pain", {4: 3.0}), ("confounder", {12: 2.0}))
        ]
    )


def many(
    these: Frames, how: tuple, count: int = 1, epochs: int = 60
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and what is chosen for them over some epochs."""
    known, rows = find(these), np.arange(len(these))
    drawn = [
        choose(known, rows, np.full(len(rows), epoch), count, how, 7) for epoch in range(epochs)
    ]
    return np.tile(rows, epochs), np.concatenate(drawn)


def test_the_same_view_gives_the_neutral_of_person_and_view() -> None:
    these = made()
    rows, chosen = many(these, ("right", "same"))
    kind, view = these.column("kind"), these.column("view")
    assert (kind[chosen] == "neutral").all()
    assert (these.subject[chosen[:, 0]] == these.subject[rows]).all()
    itself = kind[rows] == "neutral"
    assert (view[chosen[:, 0]] == view[rows])[~itself].all()
    # A neutral would be its own: it gets another view's.
    assert (chosen[:, 0] != rows).all()
    assert (view[chosen[:, 0]] != view[rows])[itself].all()


def test_any_view_gives_each_of_them_as_often() -> None:
    these = made(people=2, views=3)
    rows, chosen = many(these, ("right", "any"), epochs=600)
    for row in range(len(these)):
        counts = Counter(chosen[rows == row, 0].tolist())
        is_neutral = these.column("kind")[row] == "neutral"
        assert len(counts) == (2 if is_neutral else 3)
        assert row not in counts
        expected = 600 / len(counts)
        # Chi-square of 1 or 2 degrees of freedom, at one in 100,000 for each of 18 rows.
        assert sum((seen - expected) ** 2 / expected for seen in counts.values()) < 23.1


def test_a_person_with_one_neutral_has_it_for_itself_too() -> None:
    these = frames([("a", "neutral", 0, {}), ("a", "pain", 0, {4: 1.0}), ("b", "pain", 0, None)])
    _, chosen = many(these, ("right", "same"), epochs=3)
    assert chosen[:, 0].tolist() == [0, 0, -1] * 3


def test_real_faces_are_neutral_by_their_action_units_failing_that_by_pspi() -> None:
    these = frames(
        [
            ("still", "real", None, {}),
            ("still", "real", None, {12: 1.0}),
            ("still", "real", None, {}),
            ("still", "real", None, {4: 2.0}),
            ("smiles", "real", None, {12: 3.0}),
            ("smiles", "real", None, {6: 1.0}),
            ("hurts", "real", None, {4: 1.0}),
            ("hurts", "real", None, None),
        ]
    )
    known = find(these)
    assert known.chosen.tolist() == [True, False, True, False, True, False, False, False]
    assert known.people == {"neutral": 0, "aus_zero": 1, "pspi_zero": 1, "none": 1}
    rows, chosen = many(these, ("right", "same"))
    given = {row: set(chosen[rows == row, 0].tolist()) for row in range(len(these))}
    assert given == {
        0: {2},
        1: {0, 2},
        2: {0},
        3: {0, 2},
        4: {4},
        5: {4},
        6: {-1},
        7: {-1},
    }


def test_a_face_that_nobody_coded_is_no_neutral() -> None:
    known = find(frames([("a", "real", None, None), ("a", "real", None, None)]))
    assert not known.chosen.any()
    assert known.people["none"] == 1


def test_several_neutrals_differ_and_what_is_missing_is_none() -> None:
    these = frames([("a", "real", None, {}) for _ in range(5)] + [("b", "real", None, {})])
    rows, chosen = many(these, ("right", "same"), count=5, epochs=500)
    for row, some in zip(rows, chosen, strict=True):
        if row < 5:
            assert sorted(some) == [-1, *(other for other in range(5) if other != row)]
            assert some[-1] == -1
        else:
            assert some.tolist() == [5, -1, -1, -1, -1]
    # Every order of four rows comes up: 24 of them.
    assert len({tuple(some) for row, some in zip(rows, chosen, strict=True) if row == 0}) == 24


def test_another_persons_neutral_is_of_the_same_side_and_set() -> None:
    two = [
        (f"p{person}", kind, view, {4: 0.0 if kind == "neutral" else 1.0})
        for person in range(6)
        for view in range(2)
        for kind in ("neutral", "pain")
    ]
    these = frames(two, [0] * 12 + [1] * 12)
    rows, chosen = many(these, ("other", "same"), epochs=100)
    some = chosen[:, 0]
    assert (these.column("kind")[some] == "neutral").all()
    assert (these.subject[some] != these.subject[rows]).all()
    assert (these.column("view")[some] == these.column("view")[rows]).all()
    assert (these.column("set")[some] == these.column("set")[rows]).all()
    # Both of the other people come up.
    assert len(set(some[rows == 0].tolist())) == 2


def test_alone_in_a_view_or_in_a_set_one_gets_whoever_there_is() -> None:
    facts: list[Fact] = [
        ("a", "neutral", 0, {}),
        ("a", "neutral", 1, {}),
        ("b", "neutral", 0, {}),
        ("c", "neutral", 0, {}),
    ]
    _, chosen = many(frames(facts, [0, 0, 0, 1]), ("other", "same"), epochs=20)
    by_row = chosen[:, 0].reshape(20, 4)
    assert set(by_row[:, 0]) == set(by_row[:, 1]) == {2}
    assert set(by_row[:, 2]) == {0}
    assert set(by_row[:, 3]) == {0, 1, 2}
    _, alone = many(frames(facts[:2]), ("other", "same"), epochs=2)
    assert (alone == -1).all()


@pytest.mark.parametrize("how", [("right", "any"), ("other", "same")])
def test_what_a_row_gets_depends_on_seed_row_and_draw_alone(how: tuple) -> None:
    these = made(people=9)
    known = find(these)
    rows = np.arange(len(these))
    draw = np.arange(len(these)) % 3
    once = choose(known, rows, draw, 2, how, 7)
    part = np.array([50, 3, 71, 3])
    assert (choose(known, part, draw[part], 2, how, 7) == once[part]).all()
    assert (choose(known, rows, draw + 1, 2, how, 7) != once).any()
    assert (choose(known, rows, draw, 2, how, 8) != once).any()


def test_no_neutral_is_none() -> None:
    _, chosen = many(made(), ("none", "any"), count=2, epochs=1)
    assert (chosen == -1).all()
    assert chosen.shape[1] == 2
