"""The whole comparison from nothing, as small as it can be: sets are made, every arm is trained."""

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from generator.shards.derived import read_derived, stands_in
from generator.shards.folder import CONFIG, open_folder
from scripts import ablation_inputs, cli
from scripts.ablation_inputs import TINY, make
from vitpain.ablation import gap
from vitpain.ablation.arms import arms
from vitpain.ablation.report.answer import BANNER
from vitpain.ablation.stored import stored
from vitpain.ablation.study import INPUTS
from vitpain.evaluate.build import FIGURES, FOLDER, PAGE

SHORT = (
    "--models plain --only 1 --side 32 --size 32 --epochs 1 --first-epochs 1 --batch 16"
    " --device cpu --workers 2"
).split()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "study"
    assert ablate(out) == 0
    return out


def ablate(out: Path, *more: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ablation_inputs, "make", partial(make, size=TINY))
        return cli.run(["ablate", "--surrogate", "--out", str(out), *SHORT, *more])


def written(study: Path) -> dict[Path, int]:
    """When shards, indices, weights and predictions were written."""
    ends = (".tar", ".parquet", ".safetensors")
    return {path: path.stat().st_mtime_ns for path in study.rglob("*") if path.suffix in ends}


@pytest.mark.timeout(600)
def test_what_is_made_can_be_compared(study: Path) -> None:
    folders = [study / INPUTS / name for name in ("unbc", "painted", "drawn")]
    real, painted, drawn = map(open_folder, folders)
    assert stands_in(real.config)
    assert stands_in(painted.config)
    assert not stands_in(drawn.config)
    derived = read_derived(painted.config, str(folders[1] / CONFIG))
    assert derived is not None
    assert (derived.registered, derived.size) == ("3d", TINY.aligned)
    # Every level that is matched, of both, in every fold.
    levels = Counter((row["fold"], row["pspi"]) for row in painted.index.to_pylist())
    assert set(levels) == {(fold, float(level)) for fold in range(1, 6) for level in range(16)}
    rows = drawn.index.to_pylist()
    pain = Counter(row["pspi"] for row in rows if row["kind"] == "pain")
    assert pain == {float(level): TINY.people for level in range(1, 17)}
    assert sum(row["kind"] == "confounder" for row in rows) == 2 * TINY.people


@pytest.mark.timeout(600)
def test_every_arm_is_trained_and_tested(study: Path) -> None:
    found = stored(study)
    assert found.unfinished == ()
    assert {cell.arm for cell in found.cells} == {arm.name for arm in arms(["painted"], ["drawn"])}
    assert len({cell.cost["steps"] for cell in found.cells if "_then_" not in cell.arm}) == 1
    matched = [
        sum(count for level, count in cell.learnt["by_level"].items() if level != "0")
        for cell in found.cells
        if cell.arm in ("painted_only", "drawn_only")
    ]
    assert len(set(matched)) == 1
    assert gap.read(study) is not None


@pytest.mark.timeout(600)
def test_the_report_says_whose_data_it_is(study: Path) -> None:
    assert cli.run(["ablation-report", str(study)]) == 0
    page = (study / FOLDER / PAGE).read_text()
    assert page.count(BANNER) >= 1
    figures: dict[str, Any] = json.loads((study / FOLDER / FIGURES).read_text())
    assert figures["banner"] == BANNER
    assert figures["powerless"] is not None


@pytest.mark.timeout(600)
def test_what_is_finished_is_not_made_again(study: Path, tmp_path: Path) -> None:
    before = written(study)
    said = tmp_path / "said.json"
    assert ablate(study, "--resume", "--json", str(said)) == 0
    stated = json.loads(said.read_text())
    assert (stated["done in this run"], stated["failed"]) == (0, 0)
    assert stated["done"] == stated["cells"]
    assert written(study) == before
