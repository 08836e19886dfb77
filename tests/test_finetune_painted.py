"""Fine-tuning beside painted pictures: a fold has its own block, and learns from nobody tested."""

from pathlib import Path

import pytest

from tests import painted
from vitpain.data.frames import open_frames
from vitpain.train import begin, finetune, run_folder
from vitpain.train.finetune import Division, divided


def test_painted_pictures_beside_are_those_of_the_folds_own_block(tmp_path: Path) -> None:
    real = painted.photographs(tmp_path / "real")
    twod = painted.painted(tmp_path / "twod")
    frames = open_frames([real, twod])
    number, identity = frames.column("fold"), frames.column("identity")
    for one in divided(frames, Division(real, extra=(twod,)), seed=0):
        assert set(number[one.beside]) == {one.fold}
        tested = {*identity[one.val], *identity[one.test]}
        assert len(one.beside) > 0
        assert not tested & {*identity[one.beside]}
    for fault, said in (("test", "networks trained by no validation or test"), ("self", "never")):
        faulty = painted.painted(tmp_path / fault, faulty=True)
        division = Division(real, "public5", (faulty,), (painted.FAULTS.index(fault) + 1,))
        with pytest.raises(ValueError, match=said):
            divided(open_frames([real, faulty]), division, 0)
    with pytest.raises(ValueError, match="data must be frames that nobody painted; painted ones"):
        divided(open_frames([twod]), Division(twod), 0)


def test_painted_pictures_that_are_aligned_otherwise_are_told_of(tmp_path: Path) -> None:
    real = painted.photographs(tmp_path / "real")
    alike = painted.painted(tmp_path / "alike")
    other = painted.painted(tmp_path / "other", registered="3d")
    assert finetune._told_of_alignment(open_frames([real, alike])) == []
    (told,) = finetune._told_of_alignment(open_frames([real, alike, other]))
    assert told.startswith(f"{other} has faces registered (3d), which those of data are not")


def test_a_run_that_learnt_from_painted_people_is_not_tested_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, twod = painted.photographs(tmp_path / "real"), painted.painted(tmp_path / "twod")
    tested, learnt_on = run_folder.data_facts([real, twod])
    monkeypatch.setattr(begin, "learnt_from", lambda init: [learnt_on])
    with pytest.raises(ValueError, match="which learnt from unbc"):
        begin.check_apart(tmp_path / "run", tested)
    begin.check_apart(tmp_path / "run", {**tested, "sources": ["elsewhere"]})
