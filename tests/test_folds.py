"""Folds by subject: nobody trains, validates and is tested in one fold; the published divisions."""

import pytest

from assets.folds import PUBLIC, THESIS, Fold, How, folds
from assets.unbc import SUBJECTS
from generator.surrogate import names

MANY = tuple(f"p{number:03d}" for number in range(30))


@pytest.mark.parametrize("how", ["public5", "thesis5", "loso"])
def test_nobody_is_in_two_parts_and_everybody_is_tested_once(how: How) -> None:
    made = folds(how, SUBJECTS[::-1], seed=3)
    assert [fold.number for fold in made] == list(range(1, (25 if how == "loso" else 5) + 1))
    tested = [subject for fold in made for subject in fold.test]
    assert sorted(tested) == sorted(SUBJECTS)
    for fold in made:
        parts = [set(fold.train), set(fold.val), set(fold.test)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 25
        assert all(parts)


def test_the_public_folds_are_those_that_were_published() -> None:
    made = folds("public5", SUBJECTS, seed=0)
    for fold, numbers in zip(made, PUBLIC, strict=True):
        assert tuple(name[:3] for name in fold.test) == numbers
    # Validation is the next fold, and the first after the last.
    assert [fold.val for fold in made] == [made[at].test for at in (1, 2, 3, 4, 0)]


def test_the_thesis_counts_subjects_in_the_order_of_their_names() -> None:
    assert list(SUBJECTS) == sorted(SUBJECTS)
    made = folds("thesis5", SUBJECTS, seed=0)
    assert made[0].test == ("043-jh043", "048-aa048", "095-tv095", "103-jk103", "123-jh123")
    assert sorted(number for numbers in THESIS for number in numbers) == list(range(1, 26))
    assert [fold.val for fold in made] == [made[at].test for at in (1, 2, 3, 4, 0)]


def test_leave_one_out_takes_any_names_and_draws_by_its_seed() -> None:
    made = folds("loso", MANY, seed=1)
    assert [fold.test for fold in made] == [(name,) for name in MANY]
    assert {len(fold.val) for fold in made} == {4}
    assert made == folds("loso", MANY[::-1], seed=1)
    assert made != folds("loso", MANY, seed=2)
    # Validation is no fixed four: over 30 folds most people serve.
    assert len({name for fold in made for name in fold.val}) > 20


def test_the_stand_in_has_the_names_that_are_divided() -> None:
    assert names.SUBJECTS == SUBJECTS


def test_a_subject_in_no_fold_and_an_empty_fold_are_named() -> None:
    with pytest.raises(ValueError, match="subject must be in a fold of public5, got 999-xx999"):
        folds("public5", [*SUBJECTS, "999-xx999"], seed=0)
    few = [name for name in SUBJECTS if name[:3] not in PUBLIC[2]]
    with pytest.raises(ValueError, match=r"fold 3 of public5 must have one or more of 047-jl047"):
        folds("public5", few, seed=0)
    with pytest.raises(ValueError, match="at least 6 subjects, got 5"):
        folds("loso", MANY[:5], seed=0)


def test_a_fold_holds_itself_to_the_rule() -> None:
    with pytest.raises(ValueError, match="fold 2 must have a subject once, got b twice"):
        Fold(2, ("a", "b"), ("b",), ("c",))
    with pytest.raises(ValueError, match="fold 1 must have val subjects, got none"):
        Fold(1, ("a",), (), ("c",))
