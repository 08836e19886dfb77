"""Studies that are not as they were left: named, and never read past."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import simulated_study as simulated
from tests.simulated_study import cell, change
from vitpain.ablation.compare import compare
from vitpain.ablation.stored import CELL, CELLS, COST, STUDY
from vitpain.evaluate import predictions


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated.write(tmp_path_factory.mktemp("study"), {}, each=6, seeds=1)


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "study"))


def edit(path: Path, **changed: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def _twice(study: Path) -> None:
    cells = json.loads((study / STUDY).read_text())["cells"]
    edit(study / STUDY, cells=cells | {"again": cells[cell(study).name]})


def _unknown_arm(study: Path) -> None:
    cells = json.loads((study / STUDY).read_text())["cells"]
    cells[cell(study).name]["arm"] = "x"
    edit(study / STUDY, cells=cells)


def _cut(study: Path) -> None:
    path = cell(study) / predictions.NAME
    path.write_bytes(path.read_bytes()[:-20])


def _wrong_fold(study: Path) -> None:
    shutil.copy(cell(study, fold=2) / predictions.NAME, cell(study))


def _twice_tested(study: Path) -> None:
    def both(columns: dict[str, list[Any]]) -> None:
        columns["role"] = ["test"] * len(columns["role"])

    change(cell(study), both)


def _untested(study: Path) -> None:
    def none(columns: dict[str, list[Any]]) -> None:
        columns["role"] = ["val"] * len(columns["role"])

    change(cell(study), none)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no study": (
        lambda s: (s / STUDY).unlink(),
        "must be the folder of a study, got none of study",
    ),
    "other format": (lambda s: edit(s / STUDY, format="x"), "must be a study .*, got another"),
    "no config": (
        lambda s: edit(s / STUDY, config=None),
        "config must be of kind dict, got NoneType",
    ),
    "no arms": (
        lambda s: edit(s / STUDY, arms=[{"name": "real"}]),
        "arms must have the fields of Arm, got 'beside'",
    ),
    "no cell": (lambda s: shutil.rmtree(s / CELLS), "must have a finished cell, got none"),
    "unknown arm": (_unknown_arm, f"{STUDY}: arm must be one of the study, got x"),
    "another cell": (
        lambda s: edit(cell(s) / CELL, arm="x"),
        f"{CELL}: arm must be real, as {STUDY} says, got x",
    ),
    "no fold": (
        lambda s: edit(s / STUDY, cells={"a": {"arm": "real", "model": "plain"}}),
        f"{STUDY}: fold must be of kind int, got NoneType",
    ),
    "no learnt": (
        lambda s: edit(cell(s) / CELL, learnt=3),
        f"{CELL}: learnt must be of kind dict, got int",
    ),
    "no seconds": (
        lambda s: edit(cell(s) / COST, seconds="x"),
        f"{COST}: seconds must be a number, got str",
    ),
    "twice": (_twice, f"{STUDY}: a cell must be the only one of its kind, got again and real-"),
    "cut": (_cut, f"{predictions.NAME} must be predictions in Parquet, got"),
    "wrong fold": (_wrong_fold, f"{predictions.NAME} must be of fold 1, got 2"),
    "untested": (_untested, f"{predictions.NAME} must hold test subjects, got none"),
    "twice tested": (
        _twice_tested,
        "a subject must be tested in one fold, got 0.* in folds 1 and 2",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_damage_is_named(study: Path, name: str) -> None:
    damage, error = REFUSED[name]
    damage(study)
    with pytest.raises(ValueError, match=error):
        compare(study)


def test_other_code_is_said(study: Path) -> None:
    assert not any("another commit" in note for note in compare(study).notes)
    edit(cell(study) / COST, commit="f" * 40)
    edit(cell(study, fold=2) / COST, versions={"numpy": "0"})
    said = [note for note in compare(study).notes if "another commit" in note]
    assert len(said) == 1
    assert said[0].startswith(
        "2 of 20 cells were trained by another commit, or with other versions"
    )


def test_what_is_not_said_in_every_fold_is_said_with_its_folds(study: Path) -> None:
    for fold in range(1, 6):
        notes = ["everywhere", *(["here"] if fold in (2, 4) else [])]
        edit(cell(study, fold=fold) / CELL, notes=notes)
    notes = compare(study).notes
    assert "everywhere" in notes
    assert "Fold 2, 4: here" in notes


def test_what_a_kill_left_has_not_ended(study: Path) -> None:
    names = [cell(study, fold=fold).name for fold in (1, 2)]
    (cell(study) / CELL).unlink()
    shutil.rmtree(cell(study, fold=2))
    found = compare(study)
    assert found.finished == 18
    assert [(one.id, one.error) for one in found.unfinished] == [(name, None) for name in names]
