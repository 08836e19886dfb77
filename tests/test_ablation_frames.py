"""Example frames in a comparison's report: chosen by level alone, with what was read in them."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.shards import codec, manifest
from generator.shards.folder import open_folder
from generator.shards.manifest import json_bytes, read_json
from tests import simulated_study as study
from tests.cohort import cohort
from vitpain.ablation.compare import compare
from vitpain.ablation.figures import Results
from vitpain.ablation.report import frames
from vitpain.ablation.report.readings import readings
from vitpain.ablation.stored import STUDY
from vitpain.evaluate import predictions


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose real frames are there."""
    better = {"real+drawn": study.Effect(shrink=0.95, noise=0.4)}
    out = study.write(tmp_path_factory.mktemp("frames") / "run", better, seeds=1)
    stated, data = read_json(out / STUDY), cohort(out.parent / "data")
    stated["real"] |= {
        "folder": str(data),
        "manifest": manifest.checksum(data / manifest.NAME).sha256,
    }
    (out / STUDY).write_bytes(json_bytes(stated))
    return out


@pytest.fixture(scope="module")
def results(run: Path) -> Results:
    return compare(run)


def test_frames_are_shown_where_their_folder_is_as_it_was(results: Results, tmp_path: Path) -> None:
    shown = frames.examples(results.study, {})
    # The others were never there.
    assert list(shown) == ["real"]
    strip = codec.decode("strip.png", shown["real"])
    levels = {0, 1, 2}
    assert strip.shape[0] == frames.TILE
    assert (strip.shape[1] + frames.GAP) % (frames.TILE + frames.GAP) == 0
    assert (strip.shape[1] + frames.GAP) // (frames.TILE + frames.GAP) >= len(levels)
    other = {**results.study.real, "manifest": "2" * 64}
    assert frames.examples(replace(results.study, real=other), {}) == {}
    # A set of which a shard is gone is not shown either.
    copy = shutil.copytree(results.study.real["folder"], tmp_path / "copy")
    moved = replace(results.study, real={**results.study.real, "folder": str(copy)})
    assert list(frames.examples(moved, {})) == ["real"]
    next(copy.glob("*.tar")).unlink()
    assert frames.examples(moved, {}) == {}


def test_what_was_read_stands_on_those_frames_alone(results: Results) -> None:
    rows = open_folder(Path(results.study.real["folder"])).index.to_pylist()
    row = next(one for one in rows if one["pspi"] == 2)
    (said,) = frames.examples(results.study, {row["key"]: (0.5, 2.0)}).values()
    strip = codec.decode("strip.png", said)
    assert strip.shape == (frames.TILE, frames.TILE, 3)
    (other,) = frames.examples(results.study, {row["key"]: (0.5, 1.0)}).values()
    differs = (strip != codec.decode("strip.png", other)).any(axis=(1, 2))
    assert differs.any()
    assert not differs[: -frames.LINE].any()


def test_readings_are_those_of_real_alone_and_of_the_best_arm(run: Path, results: Results) -> None:
    found = readings(run, results)
    assert found.arms == ("real", "real+drawn")
    wanted: list[dict[str, float]] = [{}, {}]
    for at, arm in enumerate(found.arms):
        for fold in range(1, 6):
            table = predictions.read(study.cell(run, arm, 0, fold) / predictions.NAME)
            wanted[at] |= {
                one["key"]: one["pspi_hat"] for one in table.to_pylist() if one["role"] == "test"
            }
    assert found.pspi == {key: (one, wanted[1][key]) for key, one in wanted[0].items()}


def test_frames_go_from_low_to_high_and_show_different_people() -> None:
    rows: list[Any] = [
        {"identity": name, "pspi": level}
        for level in (4.0, 0.0, None, 12.5, 2.0)
        for name in ("a", "b", "c")
    ]
    chosen = frames._chosen(rows)
    assert [rows[one]["pspi"] for one in chosen] == [0.0, 2.0, 4.0, 12.5]
    assert [rows[one]["identity"] for one in chosen] == ["a", "b", "c", "a"]
    many = [{"identity": "a", "pspi": float(level)} for level in range(17)]
    levels = [many[one]["pspi"] for one in frames._chosen(many)]
    assert len(levels) == frames.SHOWN
    assert (levels[0], levels[-1]) == (0.0, 16.0)
    assert levels == sorted(set(levels))
