"""What cells train, against what was planned: beginning, variation, people, model, seed, native."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from generator.shards.manifest import read_json
from tests import ablated
from tests.runs import hashes
from vitpain.ablation import cell as cells
from vitpain.ablation import local, sources
from vitpain.ablation.arms import Arm
from vitpain.ablation.cell import attempt
from vitpain.ablation.local import Room
from vitpain.ablation.plan import Cell, plan
from vitpain.ablation.rows import subjects
from vitpain.ablation.sources import Source, Sources
from vitpain.ablation.status import Progress
from vitpain.ablation.stored import stored
from vitpain.ablation.study import Study
from vitpain.evaluate import predictions
from vitpain.model import files
from vitpain.train import stage

REAL, CLASSICAL = Arm("real"), Arm("real_classical", classical=True)
FIRST = Arm("mesh_then_real", first="mesh")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return ablated.sources(tmp_path_factory.mktemp("sets"))


@pytest.fixture(scope="module")
def trained(there: Sources, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of finished cells, one an arm, that train with the same seed on the same people."""
    folder = tmp_path_factory.mktemp("trained")
    study, made = ablated.study(folder / "run", there, (REAL, CLASSICAL, FIRST))
    assert [attempt(study, one, 0) for one in made] == [None] * 3
    return {one.arm.name: study.folder(one) for one in made}


def run(cell: Path, fit: str = "fit") -> dict[str, Any]:
    """What a fit began with."""
    return read_json(cell / fit / "run.json")


def said(cell: Path) -> list[float]:
    return predictions.read(cell / predictions.NAME)["pspi_hat"].to_pylist()


def test_real_frames_go_on_with_what_was_learnt_first(trained: dict[str, Path]) -> None:
    cell, alone = trained["mesh_then_real"], trained["real"]
    assert run(cell)["init"] == hashes(cell / "first" / "model")
    assert run(cell)["before"] == run(cell, "first")["data"]
    assert run(alone)["init"] is run(cell, "first")["init"] is None
    assert not (alone / "first").exists()
    # Both end with the same frames in the same order.
    assert run(cell)["train"]["seed"] == run(alone)["train"]["seed"] == 0
    assert said(cell) != said(alone)


def test_classical_variation_is_all_that_differs_from_real(trained: dict[str, Path]) -> None:
    varied, plain = run(trained["real_classical"]), run(trained["real"])
    assert (varied["train"]["augment"], plain["train"]["augment"]) == ("real", "none")
    assert varied | {"train": varied["train"] | {"augment": "none"}} == plain
    assert said(trained["real_classical"]) != said(trained["real"])


def test_a_cell_trains_the_model_the_seed_and_the_people_that_it_is_of(
    there: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(ablated.CONFIG, models=("plain", "reference"), seeds=2, fractions=(0.5, 1.0))
    study, made = ablated.study(tmp_path / "run", there, (REAL,), config)
    (one,) = (it for it in made if (it.model, it.seed, it.fraction) == ("reference", 1, 0.5))
    taught, learn = [], stage.learn

    def heard(at: Any, parts: Any, *rest: Any) -> Any:
        taught.append(sorted({*at.frames.column("identity")[parts.train].tolist()}))
        return learn(at, parts, *rest)

    monkeypatch.setattr(cells.stage, "learn", heard)
    assert attempt(study, one, 0) is None
    others, mine = (subjects(one.fold, 0.5, seed) for seed in (0, 1))
    assert others != mine
    assert taught == [[*mine]]
    folder = study.folder(one)
    stated, fit = read_json(folder / "cell.json"), run(folder)
    what = {"arm": "real", "model": "reference", "fold": 1, "seed": 1, "fraction": 0.5}
    assert stated.items() >= what.items()
    # Nine frames a person, three of six people.
    assert (stated["learnt"]["subjects"], stated["learnt"]["real"]) == (3, 27)
    assert (fit["train"]["seed"], fit["train"]["epoch_frames"]) == (1, 54)
    kept, model = files.facts(folder / "fit" / "model")
    assert kept["facts"]["fold"] == 1
    assert model.variant == fit["model"]["variant"] == "reference"


def test_native_arms_are_named_by_the_sets_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registered sets say what they were made of; names of cells do not rest on that alone."""
    there, known = ablated.natively(tmp_path), sources.manifests
    native = Arm("real_native", native=True)
    arms = (REAL, Arm("real+mesh", beside=("mesh",)), native)
    arms += (replace(native, name="real+mesh_native", beside=("mesh",)),)

    def planned(changed: str | None) -> dict[str, Cell]:
        def found(some: Sequence[Source], native: bool = False) -> dict[str, str]:
            hashed = known(some, native)
            return hashed | ({changed: "0" * 64} if native and changed in hashed else {})

        monkeypatch.setattr(sources, "manifests", found)
        return {one.arm.name: one for one in plan(ablated.CONFIG, arms, there).cells}

    before = planned(None)
    for changed, wanted in (
        ("real", {"real_native", "real+mesh_native"}),
        ("mesh", {"real+mesh_native"}),
    ):
        after = planned(changed)
        assert {name for name, one in after.items() if one.id != before[name].id} == wanted
    hashed = known(there.every, native=True)
    assert len({*hashed.values(), *known(there.every).values()}) == 4
    assert before["real+mesh_native"].native == hashed
    assert before["real_native"].native == {"real": hashed["real"]}
    assert before["real+mesh"].native == {}


@dataclass(frozen=True)
class Deadly(Study):
    """A study that ends every process to which it is sent."""

    def __reduce__(self) -> Any:
        return os._exit, (7,)


def test_cells_have_failed_whose_process_died_before_it_read_them(
    there: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first dies with its cell unread, the second has died when it is sent one."""
    study, made = ablated.study(tmp_path / "run", there, (REAL, CLASSICAL))
    start, started = local._started, []

    def dies(*given: Any) -> Any:
        worker = start(*given)
        started.append(worker.process.pid)
        if len(started) == 2:
            worker.process.join(60)
            assert worker.process.exitcode == 7
        return worker

    monkeypatch.setattr(local, "_started", dies)
    progress = Progress(0, [*made], lambda _: None)
    local.run(Deadly(**vars(study)), made, Room(1, 0, 0), progress)
    errors = {one.id: error for one, error in progress.failures.values()}
    assert errors == {one.id: "its process died with code 7" for one in made}
    assert {one.id: one.error for one in stored(study.out).unfinished} == errors
    assert (progress.status.failed, progress.status.running, progress.status.left) == (2, 0, 0)
