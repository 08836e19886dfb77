"""Plans of studies: what is matched, who is in which cell, what is refused, whose a folder is."""

import itertools
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assets.folds import folds
from assets.unbc import SUBJECTS
from tests import ablated, painted
from vitpain.ablation import matched, study
from vitpain.ablation.arms import Arm, arms
from vitpain.ablation.config import SMALL, StudyConfig
from vitpain.ablation.matched import Common, Draw
from vitpain.ablation.plan import Planned, plan
from vitpain.ablation.rows import Asked, Rows, rows, subjects
from vitpain.ablation.sources import Source, Sources, opened

ARMS = tuple(one for one in arms(["gan"], ["mesh"]) if not one.native)
BY_NAME = {one.name: one for one in ARMS}
FOLD = folds("public5", SUBJECTS[:10], 0)[0]
PAINTED = {1: 6, 2: 6, 4: 6, 7: 6, 10: 6, 14: 6}
"""Six people train in a fold, and each has one picture of these levels."""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return ablated.sources(tmp_path_factory.mktemp("sets"))


def test_levels_are_the_whole_numbers_below_and_sources_give_what_all_have() -> None:
    pspi = np.array([0.0, 0.5, 1.0, 1.5, 15.5, 16.0, np.nan], np.float32)
    assert matched.level(pspi).tolist() == [0, 0, 1, 1, 15, 16, matched.UNKNOWN]
    assert matched.counted(pspi) == {0: 2, 1: 2, 15: 1, 16: 1}
    has = {"gan": {1: 5, 2: 3, 9: 4, 15: 1}, "mesh": {1: 2, 2: 8, 9: 4, 16: 7}}
    common = matched.common(has, 1)
    assert common == {1: 2, 2: 3, 9: 4}
    assert matched.notes("mesh", has["mesh"], common) == [
        "mesh: 7 frames of PSPI 16 were dropped.",
        "mesh: 5 frames of PSPI 1 to 15 were left out to match.",
        "mesh: no frames of PSPI 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, which not all "
        "sources have.",
    ]
    with pytest.raises(
        ValueError,
        match=r"arms must have a PSPI level in common in fold 3, got a with 1 2, b with none$",
    ):
        matched.common({"a": {1: 1, 2: 5}, "b": {16: 9}}, 3)
    assert matched.common({}, 1) == {}


def test_draws_are_nested_and_know_no_numbering() -> None:
    rng = np.random.default_rng(1)
    pspi = rng.integers(0, 17, 900).astype(np.float32)
    rows, wanted = np.arange(900), {1: 20, 7: 11, 15: 3}
    whole = matched.drawn(rows, pspi, wanted, Draw(0, "mesh", 1))
    assert matched.counted(pspi[whole]) == wanted
    assert len(np.unique(whole)) == len(whole)
    for share in (0.1, 0.25, 0.5):
        some = matched.drawn(rows, pspi, wanted, Draw(0, "mesh", 1), share)
        assert {*some} < {*whole}
        kept = {one: n for one, count in wanted.items() if (n := round(count * share))}
        assert matched.counted(pspi[some]) == kept
    moved = matched.drawn(rows + 5000, pspi, wanted, Draw(0, "mesh", 1))
    assert (moved - 5000).tolist() == whole.tolist()
    others = [Draw(1, "mesh", 1), Draw(0, "gan", 1), Draw(0, "mesh", 2)]
    assert all(matched.drawn(rows, pspi, wanted, one).tolist() != whole.tolist() for one in others)


def test_fewer_subjects_are_among_more() -> None:
    fold = folds("public5", SUBJECTS, 0)[0]
    assert len(fold.train) == 15
    drawn = Counter[str]()
    for seed in range(300):
        nested = [subjects(fold, fraction, seed) for fraction in (0.01, 0.1, 0.25, 0.5, 1.0)]
        assert [len(one) for one in nested] == [1, 2, 4, 8, 15]
        for fewer, more in itertools.pairwise(nested):
            assert {*fewer} <= {*more}
        assert nested[-1] == tuple(sorted(fold.train))
        drawn.update(nested[2])
    # 300 x 4 / 15 times each: a binomial's five deviations.
    assert all(abs(drawn[one] - 80) < 5 * np.sqrt(300 * 4 / 15 * 11 / 15) for one in fold.train)


def made(there: Sources, arm: Arm, common: Common, seed: int = 0, fraction: float = 1.0) -> Rows:
    return rows(opened(there.every), there.every, Asked(arm, FOLD, seed, fraction), common)


def test_an_arm_learns_what_it_is_for(there: Sources) -> None:
    """Levels, sources, splits, blocks and people of every arm, and the same tests for all."""
    frames = opened(there.every)
    number, split = frames.column("set"), frames.column("split")
    identity, kind = frames.column("identity"), frames.column("kind")
    planned = plan(ablated.CONFIG, ARMS, there)
    assert {1: PAINTED} == {fold: dict(one.levels) for fold, one in planned.common.items()}
    common = planned.common[1]
    levels: dict[str, Mapping[int, int]] = {}
    for arm in ARMS:
        found = made(there, arm, common)
        assert {*identity[found.fit.val]} == {*FOLD.val}
        assert {*identity[found.fit.test]} == {*FOLD.test}
        learnt = found.learnt
        assert not {*FOLD.val, *FOLD.test} & {*identity[learnt]}
        assert {*split[learnt[number[learnt] == 2]]} <= {"train"}
        assert {*frames.column("fold")[learnt[number[learnt] == 1]]} <= {1.0}
        real = learnt[number[learnt] == 0]
        assert len(real) == (54 if arm.real else 0)
        assert found.subjects == (6 if arm.real else 0)
        made_here = [learnt[number[learnt] == at] for at in (1, 2)]
        for name, of in zip(("gan", "mesh"), made_here, strict=True):
            assert (len(of) > 0) == (name in arm.synthetic)
            levels[f"{arm.name}: {name}"] = matched.counted(frames.pspi[of])
        zeros = learnt[(number[learnt] == 2) & (frames.pspi[learnt] < 1)]
        assert {*kind[zeros]} == ({"neutral", "confounder"} if "mesh" in alone(arm) else set())
    for arm in ("real+gan", "real+gan+mesh"):
        assert levels[f"{arm}: gan"] == PAINTED
    for arm in ("real+mesh", "real+gan+mesh"):
        assert levels[f"{arm}: mesh"] == PAINTED
    zeros = {0: 6} | PAINTED
    for arm in ("{}_only: {}", "{}_then_real: {}"):
        assert levels[arm.format("gan", "gan")] == levels[arm.format("mesh", "mesh")] == zeros
    assert {*levels["real+mesh_unmatched: mesh"]} == {*range(1, 17)}
    then = made(there, BY_NAME["mesh_then_real"], common)
    only = made(there, BY_NAME["mesh_only"], common)
    assert then.first is not None
    assert then.first.train.tolist() == only.fit.train.tolist()
    assert (number[then.fit.train] == 0).all()


def alone(arm: Arm) -> tuple[str | None, ...]:
    return (arm.first,) if arm.real else arm.beside


def test_a_share_of_synthetic_frames_lies_within_the_matched_ones(there: Sources) -> None:
    common = plan(ablated.CONFIG, ARMS, there).common[1]
    half = next(one for one in arms(["gan"], ["mesh"], (0.5,)) if one.name == "real+mesh_0.5")
    whole, part = (made(there, one, common).fit.beside for one in (BY_NAME["real+mesh"], half))
    assert (len(whole), len(part)) == (36, 18)
    assert {*part} < {*whole}


def test_every_cell_is_named_by_all_that_decides_it(there: Sources) -> None:
    config = replace(ablated.CONFIG, models=("plain", "reference"), seeds=2, fractions=(0.5, 1.0))
    cells = plan(config, ARMS, there).cells
    real = sum(arm.real for arm in ARMS)
    assert len(cells) == 2 * 2 * (2 * real + len(ARMS) - real)
    assert len({one.id for one in cells}) == len(cells)
    assert {one.fraction for one in cells if not one.arm.real} == {1.0}

    def named(changed: StudyConfig, some: tuple[Arm, ...] = ARMS) -> dict[str, str]:
        return {str(one): one.id for one in plan(changed, some, there).cells}

    ids = named(config)
    # Neither what else is compared nor what needs no fit before decides a cell.
    fewer = named(replace(config, seeds=1, fractions=(1.0,)), (BY_NAME["real"],))
    assert fewer.items() <= ids.items()
    after = named(replace(config, first_epochs=2))
    assert {name.split(",")[0] for name in ids if ids[name] != after[name]} == {
        "mesh_then_real",
        "gan_then_real",
    }
    changes: list[dict[str, Any]] = [{"epochs": 2}, {"learning_rate": 2e-3}, {"batch": 8}]
    changes += [{"threads": 2}, {"sampling": "flat"}]
    for change in changes:
        assert not {*named(replace(config, **change)).values()} & {*ids.values()}, change


def test_a_cell_follows_from_its_sources_alone(there: Sources, tmp_path: Path) -> None:
    other = ablated.made(tmp_path / "mesh", replace(ablated.DRAWN, data="sha256:" + "1" * 64))
    changed = Sources(there.real, (there.synthetic[0], Source("mesh", "3d", other)))
    ids = [
        {one.arm.name: one.id for one in plan(ablated.CONFIG, ARMS, sets).cells}
        for sets in (there, changed)
    ]
    same = {name for name in ids[0] if ids[0][name] == ids[1][name]}
    gan = {"real+gan", "real+gan_unmatched", "gan_then_real", "gan_only"}
    assert same == {"real", "real_classical"} | gan


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"models": ()}, "models must be one or more, got none"),
        ({"models": ("plain", "plain")}, "models must name each once, got plain twice"),
        ({"seeds": 0}, "seeds must be at least 1, got 0"),
        ({"first_epochs": 0}, "first_epochs must be at least 1, got 0"),
        ({"fractions": (0.5,)}, "fractions must have 1 among them, got 0.5"),
        ({"fractions": (1.0, 1.5)}, "fractions must be above 0 and at most 1, got 1.5"),
        ({"shares": (1.0,)}, "shares must be above 0 and below 1, got 1.0"),
        ({"side": 16}, "side must be from 32 to 4096, got 16"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
    ],
)
def test_what_is_no_study_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(SMALL, **change)


def refused(there: Sources, config: StudyConfig = ablated.CONFIG, some: Any = ARMS) -> str:
    try:
        plan(config, some, there)
    except ValueError as error:
        return str(error)
    pytest.fail("nothing was refused")


def test_sources_of_another_kind_or_alignment_are_named(there: Sources, tmp_path: Path) -> None:
    gan, mesh = (one.folder for one in there.synthetic)

    def sets(twod: Path, threed: Path, real: Path = there.real.folder) -> Sources:
        both = (Source("gan", "2d", twod), Source("mesh", "3d", threed))
        return Sources(Source("real", "real", real), both)

    small = replace(ablated.DRAWN, identities=2, people_per_shard=2)
    asis = ablated.made(tmp_path / "asis", small, ablated.NATIVE)
    large = ablated.made(tmp_path / "large", replace(small, side=64))
    rule = "must be registered as all others are, 2d at 32 pixels"
    assert refused(sets(gan, asis)) == f"synth3d mesh ({asis}) {rule}, got faces as they were"
    assert refused(sets(gan, large)) == f"synth3d mesh ({large}) {rule}, got 2d at 64"
    assert "got 2d at 32" in refused(sets(gan, mesh), replace(ablated.CONFIG, mode="3d"))
    said = refused(sets(large, mesh))
    assert said.startswith(f"synth2d gan ({large}) must hold pictures that a network painted")
    real = shutil.copytree(mesh, tmp_path / "real")
    assert "must hold photographs (kind real) alone, got source 3d" in refused(
        sets(gan, asis, real)
    )
    with pytest.raises(ValueError, match="sources must be named once, and none real, got real twi"):
        Sources(there.real, (Source("Real", "2d", gan),))
    assert "arm x must be of sources that are there, got y" in refused(
        there, some=(Arm("x", beside=("y",)),)
    )
    twice = (*ARMS, Arm("real+gan"))
    assert refused(there, some=twice).startswith("arms must be named once, got real+gan twice")
    native = refused(there, some=(Arm("real"), Arm("real_native", native=True)))
    assert native.endswith(f"sources that are not registered yet, got {there.real}, which is")


def test_painted_sets_that_leak_are_named_by_their_record(there: Sources, tmp_path: Path) -> None:
    loose = painted.painted(tmp_path / "loose", registered="2d", folds=None)
    faulty = painted.painted(tmp_path / "faulty", registered="2d", faulty=True)
    for folder, only, said in (
        (loose, 1, "must have a fold in every record (--folds), got none in 047-jl047_f0_l00"),
        (faulty, 1, "must be of networks that never saw the person whom they paint, got"),
        (faulty, 2, "must be of networks trained by no validation or test people of fold 2, got"),
        (faulty, 4, "must show training people of fold 4 alone, got"),
    ):
        sets = Sources(there.real, (Source("gan", "2d", folder), there.synthetic[1]))
        config = replace(ablated.CONFIG, only=(only,))
        found = refused(sets, config)
        assert found.startswith(f"synth2d gan ({folder})"), found
        assert said in found


def test_what_leaves_nothing_to_learn_or_to_compare_is_named(
    tmp_path: Path, there: Sources
) -> None:
    assert refused(there, replace(ablated.CONFIG, batch=50)) == (
        "mesh_then_real, fold 1, fraction 1: "
        "batch must be at most the 42 frames to learn from, got 50"
    )
    still = ablated.made(tmp_path / "still", replace(ablated.REAL, pspi="0"))
    sets = Sources(Source("real", "real", still), there.synthetic)
    assert refused(sets) == (
        "validation subjects of fold 1 must have a frame of PSPI 1 or more, got none"
    )
    config = replace(ablated.DRAWN, identities=20, pspi="3,5")
    apart = Source("mesh", "3d", ablated.made(tmp_path / "apart", config))
    said = refused(Sources(there.real, (there.synthetic[0], apart)))
    assert "must have a PSPI level in common in fold 1, got gan with 1 2 4 7 10 14, mesh" in said


def test_a_share_that_is_no_frame_is_named(there: Sources) -> None:
    few = Arm("real+mesh_0.05", beside=("mesh",), share=0.05)
    assert refused(there, some=(Arm("real"), BY_NAME["real+gan"], few)) == (
        "arm real+mesh_0.05 must learn from mesh, whose share of 0.05 is no frame in fold 1"
    )


def test_a_fraction_without_pain_is_named(tmp_path: Path, there: Sources) -> None:
    """One person of six is left, whom the seed draws: people with pain are made the others."""
    only = subjects(FOLD, 0.1, 0)[0]

    def person(config: Any, index: int) -> list[Any]:
        made = ablated._person(config, index)
        return made[:1] if SUBJECTS[index] == only else made

    producer = replace(ablated.ALIGNED, make_person=person)
    real = ablated.made(tmp_path / "real", ablated.REAL, producer)
    sets = Sources(Source("real", "real", real), there.synthetic)
    config = replace(ablated.CONFIG, fractions=(0.1, 1.0))
    assert refused(sets, config) == (
        "training subjects of fold 1 (0.1 of them, seed 0) must have a frame of PSPI 1 or more, "
        "got none"
    )


def test_a_study_is_held_to_what_it_was_begun_with(there: Sources, tmp_path: Path) -> None:
    some, out = ARMS[:4], tmp_path / "run"
    planned = plan(ablated.CONFIG, some, there)
    with study.claimed(out, False):
        study.begun(out, ablated.CONFIG, some, there, planned)
        with pytest.raises(ValueError, match="must have one writer, got a second"):
            with study.claimed(out, True):
                pass
    stated = json.loads((out / "study.json").read_text())
    assert stated["matched"] == {"1": {str(one): count for one, count in PAINTED.items()}}
    assert stated["level16"]["gan"] == 0
    assert stated["level16"]["mesh"] > 0
    assert stated["real"] | {"folder": 0, "manifest": 0} == {
        "name": "real", "folder": 0, "manifest": 0, "frames": 90, "subjects": 10, "source": "unbc",
    }  # fmt: skip
    with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"):
        with study.claimed(out, False):
            pass
    with study.claimed(out, True):
        study.begun(out, ablated.CONFIG, some, there, planned)
        other = replace(ablated.CONFIG, epochs=9)
        for config, arms_, said in (
            (other, some, "must be of this study, got another: config.epochs was 1 and is 9"),
            (ablated.CONFIG, some[:3], "must be of this study, got another: arms was"),
        ):
            with pytest.raises(ValueError, match=said):
                study.begun(out, config, arms_, there, planned)
        facts = json.loads(json.dumps(planned.facts))
        facts["sources"][1]["manifest"] = "f" * 64
        changed = Planned(planned.cells, planned.common, planned.level16, facts, False)
        with pytest.raises(
            ValueError, match=r"mesh must be as when .*run was begun, manifest .*fff"
        ):
            study.begun(out, ablated.CONFIG, some, there, changed)
        # Where a set lies is nothing that is held, and the folder says where it lies now.
        facts["sources"][1] = {**planned.facts["sources"][1], "folder": "/elsewhere"}
        stated["commit"] = "0" * 40
        (out / "study.json").write_text(json.dumps(stated))
        study.begun(out, ablated.CONFIG, some, there, changed)
        now = json.loads((out / "study.json").read_text())
        assert now["sources"][1]["folder"] == "/elsewhere"
        assert now["commit"] == "0" * 40
        with pytest.raises(ValueError, match=r"got another: config\.epochs was 1 and is 9"):
            study.hold_config(out, other)
        study.hold_config(out, ablated.CONFIG)


def test_what_is_made_for_a_study_may_lie_there_before_it(tmp_path: Path) -> None:
    (tmp_path / "sets").mkdir()
    with study.claimed(tmp_path, True):
        pass
    (tmp_path / "letters").mkdir()
    with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume, got"):
        with study.claimed(tmp_path, True):
            pass
