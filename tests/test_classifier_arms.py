"""What classifiers learn from: rows of each arm in a fold, and that nobody tested is in them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assets.folds import folds
from assets.unbc import SUBJECTS
from tests import cohort, painted
from tests.runs import make
from vitpain.classifier.arms import Planned, Task, plan
from vitpain.classifier.classes import THESIS
from vitpain.classifier.config import Compared, Synth
from vitpain.data import leaks
from vitpain.data.frames import Frames, open_frames

FOLD = folds("public5", SUBJECTS[: painted.PEOPLE], 0)[0]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted.photographs(tmp_path_factory.mktemp("real") / "data")


@pytest.fixture(scope="module")
def twod(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted.painted(tmp_path_factory.mktemp("twod") / "data")


@pytest.fixture(scope="module")
def threed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted.shifted(tmp_path_factory.mktemp("threed") / "data")


def planned(
    real: Path, synth: dict[str, Path], only: tuple[int, ...] = (1,), seed: int = 0
) -> tuple[Frames, Planned]:
    compared = Compared(real, tuple(Synth(*one) for one in synth.items()), "public5", only)
    frames = open_frames([real, *synth.values()])
    return frames, plan(frames, compared, THESIS, seed)


def task(found: Planned, name: str, fold: int = 1) -> Task:
    return next(one for one in found.tasks if (one.arm.name, one.fold) == (name, fold))


def test_arms_of_every_fold_come_in_order(real: Path, twod: Path, threed: Path) -> None:
    _, found = planned(real, {"gan": twod, "mesh": threed}, only=())
    arms = ["original", "gan-generated", "gan-both", "mesh-generated", "mesh-both"]
    assert [(one.fold, one.arm.name) for one in found.tasks] == [
        (fold, arm) for fold in range(1, 6) for arm in arms
    ]


def test_test_and_validation_frames_are_photographs_of_the_folds_people(
    real: Path, twod: Path
) -> None:
    frames, found = planned(real, {"gan": twod}, only=())
    identity, at = frames.column("identity"), frames.column("set")
    for one in found.tasks:
        fold = folds("public5", SUBJECTS[: painted.PEOPLE], 0)[one.fold - 1]
        assert set(identity[one.test]) == set(fold.test)
        assert set(identity[one.val]) == set(fold.val)
        assert set(identity[one.train]) == set(fold.train)
        assert not at[one.test].any()
        assert not at[one.val].any()
        # All of the frames that these people have.
        assert len(one.test) == np.isin(identity[at == 0], fold.test).sum()


def test_original_is_every_photograph_of_training_people(real: Path, twod: Path) -> None:
    frames, found = planned(real, {"gan": twod})
    rows = task(found, "original").train
    own = frames.column("set") == 0
    wanted = np.flatnonzero(own & np.isin(frames.column("identity"), FOLD.train))
    assert rows.tolist() == wanted.tolist()
    assert len(rows) == 6 * 9


def test_generated_is_the_folds_block_in_pain_and_photographs_for_class_0(
    real: Path, twod: Path
) -> None:
    frames, found = planned(real, {"gan": twod}, only=(1, 3))
    for number in (1, 3):
        rows = task(found, "gan-generated", number).train
        own = frames.column("set")[rows] == 1
        made, filled = rows[own], rows[~own]
        assert (frames.pspi[made] >= 1).all()
        assert set(frames.column("fold")[made]) == {number}
        assert len(made) == 6 * len(painted.LEVELS)
        # A picture a person and level: one photograph of PSPI 0 a person.
        assert (frames.pspi[filled] == 0).all()
        assert len(filled) == len(set(frames.column("identity")[filled])) == 6
    # Another seed takes others of a person's three.
    again = {
        tuple(task(planned(real, {"gan": twod}, seed=seed)[1], "gan-generated").train)
        for seed in range(4)
    }
    assert len(again) > 1


def test_both_is_the_sum_without_a_photograph_twice(real: Path, twod: Path) -> None:
    frames, found = planned(real, {"gan": twod})
    original, both = task(found, "original").train, task(found, "gan-both").train
    made = [row for row in task(found, "gan-generated").train if frames.column("set")[row] == 1]
    assert both.tolist() == sorted([*original, *made])
    assert len(set(both.tolist())) == len(both)


def test_a_3d_set_gives_its_split_train_and_class_0_is_shared_among_people(
    real: Path, threed: Path
) -> None:
    frames, found = planned(real, {"mesh": threed})
    rows = task(found, "mesh-generated").train
    own = frames.column("set")[rows] == 1
    made, filled = rows[own], rows[~own]
    assert set(frames.column("split")[made]) == {"train"}
    assert len(made) == 14 * 8
    levels = len(set(np.floor(frames.pspi[made]).tolist()))
    assert len(filled) == round(len(made) / levels) == 7
    _, counts = np.unique(frames.column("identity")[filled], return_counts=True)
    assert sorted(counts.tolist()) == [1, 1, 1, 1, 1, 2]
    assert not [note for note in found.notes if "fewer" in note]


def test_photographs_that_are_too_few_are_told(tmp_path: Path, twod: Path) -> None:
    """Of people with one photograph of PSPI 0, two are wanted: one network a level is doubled."""
    few = cohort.cohort(tmp_path / "few", pain_per_identity=1)
    frames = open_frames([few, twod])
    double = np.arange(len(frames)).repeat(1 + (frames.column("set") == 1))
    twice = frames.take(double)
    compared = Compared(few, (Synth("gan", twod),), "public5", (1,))
    found = plan(twice, compared, THESIS, 0)
    said = [note for note in found.notes if "fewer photographs of PSPI 0 than wanted" in note]
    assert said == [
        f"gan, fold 1: fewer photographs of PSPI 0 than wanted of {', '.join(FOLD.train)}."
    ]
    assert [note for note in found.notes if note.startswith("original, fold 1: nothing to learn")]


def test_a_set_without_blocks_serves_where_its_networks_saw_nobody_who_counts(
    tmp_path: Path, real: Path
) -> None:
    """Its networks were trained on people of whom some are tested in fold 2."""
    whole = painted.painted(tmp_path / "whole", folds=None)
    frames, found = planned(real, {"gan": whole})
    made = task(found, "gan-generated").train
    made = made[frames.column("set")[made] == 1]
    assert np.isnan(frames.column("fold")[made]).all()
    assert set(frames.column("identity")[made]) == set(FOLD.train)
    with pytest.raises(ValueError, match="no validation or test people of fold 2, got"):
        planned(real, {"gan": whole}, only=(2,))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted.painted(tmp_path_factory.mktemp("faulty") / "data", faulty=True)


@pytest.mark.parametrize("fault", painted.FAULTS)
def test_what_would_let_a_tested_person_be_known_is_refused(
    real: Path, twod: Path, faulty: Path, fault: str
) -> None:
    number = painted.FAULTS.index(fault) + 1
    fold = folds("public5", SUBJECTS[: painted.PEOPLE], 0)[number - 1]
    aside = f"networks trained by no validation or test people of fold {number}"
    texts = {
        "self": "networks that never saw the person whom they paint, got ",
        "val": f"{aside}, got {fold.val[1]}, who trained that of ",
        "test": f"{aside}, got {fold.test[0]}, who trained that of ",
        "stranger": f"must show training people of fold {number} alone, got {fold.val[0]} in "
        f"{fold.val[0]}_f{number}_l",
        "nobody": "translation must name the network that made it, got none",
    }
    with pytest.raises(ValueError, match=texts[fault]):
        planned(real, {"gan": faulty}, only=(number,))
    planned(real, {"gan": twod}, only=(number,))


def test_every_record_is_read_and_not_the_first_of_a_network(real: Path, twod: Path) -> None:
    frames, found = planned(real, {"gan": twod})
    rows = task(found, "gan-generated").train
    made = rows[frames.column("set")[rows] == 1]
    taught = leaks.read_taught(frames, made)
    assert taught.rows.tolist() == made.tolist()
    for at in (0, 20, 35):
        record = frames.record(int(made[at]))
        assert record.translation is not None
        assert taught.people[taught.group[at]] == set(record.translation.trained_on)
    # Who taught differs from person to person.
    assert len(taught.people) > 2
    broken = replace(taught, people=(frozenset({FOLD.test[1]}), *taught.people[1:]))
    with pytest.raises(ValueError, match=FOLD.test[1]):
        leaks.check_fold(frames, made, FOLD, broken, "gan")


def test_sets_that_cannot_be_compared_are_named(
    tmp_path: Path, real: Path, twod: Path, threed: Path
) -> None:
    with pytest.raises(ValueError, match=r"must hold photographs \(kind real\) alone, got neutral"):
        planned(threed, {"gan": twod})
    with pytest.raises(ValueError, match=r"synth x .* must hold made pictures, got photographs"):
        planned(real, {"x": cohort.cohort(tmp_path / "other")})
    alone = make(tmp_path / "alone", replace(cohort.CONFIG, pspi="0", identities=3))
    with pytest.raises(ValueError, match=r"PSPI 1 or more in split train, got none"):
        planned(real, {"x": alone})
    with pytest.raises(ValueError, match="data must be different folders"):
        planned(real, {"x": twod, "y": twod})
    with pytest.raises(ValueError, match="synth must name each set once, got GAN twice"):
        planned(real, {"GAN": twod, "gan": threed})
    with pytest.raises(ValueError, match="only must be numbers of folds, 1 to 5, got 6"):
        planned(real, {}, only=(6,))
    with pytest.raises(ValueError, match="only must name each fold once, got 2 twice"):
        planned(real, {}, only=(2, 2))
    few = painted.photographs(tmp_path / "few", identities=2)
    with pytest.raises(ValueError, match=f"{few}: fold 3 of public5 must have one or more of"):
        planned(few, {})


def test_a_set_without_a_block_for_the_fold_is_named(
    tmp_path: Path, real: Path, twod: Path
) -> None:
    frames = open_frames([real, twod])
    kept = np.flatnonzero(~np.isin(frames.column("fold"), [2.0]))
    compared = Compared(real, (Synth("gan", twod),), "public5", (2,))
    with pytest.raises(
        ValueError, match=r"synth gan .* in pain for fold 2, got those of fold 1, 3, 4, 5"
    ):
        plan(frames.take(kept), compared, THESIS, 0)


def test_faces_that_are_aligned_otherwise_are_told(tmp_path: Path, real: Path, twod: Path) -> None:
    aligned = painted.painted(tmp_path / "aligned", registered="3d")
    _, found = planned(real, {"gan": aligned})
    said = [note for note in found.notes if "registered" in note]
    assert said[0].startswith(
        "gan: photographs are not registered and made pictures registered (3d)"
    )
    _, found = planned(real, {"gan": twod})
    assert not [note for note in found.notes if "registered" in note]
