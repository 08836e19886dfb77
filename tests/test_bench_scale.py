"""The benchmark of scale: its stand-ins are whole data sets and studies, its fits are right."""

from pathlib import Path

import numpy as np
import pytest

from generator.shards.codec import decode
from generator.shards.folder import open_folder, read_config
from scripts import bench_scale
from scripts.bench_scale import Options, Took, fitted
from scripts.scale import making, reading
from scripts.scale.making import EACH, SET
from scripts.scale.stand_in import marked
from tests.runs import here
from vitpain.ablation.compare import compare


def test_pictures_of_one_person_make_a_whole_set(tmp_path: Path) -> None:
    people = 12
    with here():
        assert making.produce(tmp_path, people * EACH) == people * EACH
        assert making.join(tmp_path, people * EACH) == people * EACH
        # Faults of any kind would end it: pairs, balance, duplicates, maps against labels.
        assert making.read_back(tmp_path, people * EACH) == people * EACH
    data = open_folder(tmp_path / SET)
    assert len(data.index.column("identity").unique()) == people
    assert read_config(tmp_path / SET)["made_with"]["drawn"] == "one person"
    for read in (False, True):
        assert reading.opened(tmp_path, people * EACH, read) == people * EACH
    rows = data.index.to_pylist()
    first, other = (data.sample(row).members for row in (rows[0], rows[EACH]))
    assert first["jpg"] != other["jpg"]
    np.testing.assert_array_equal(
        decode("depth.png", first["depth.png"]), decode("depth.png", other["depth.png"])
    )


def test_numbers_in_pictures_are_told_apart() -> None:
    blank = np.full((32, 32, 3), 127, np.uint8)
    made = {marked(blank, number).tobytes() for number in (*range(64), 2**24 - 1)}
    assert len(made) == 65
    with pytest.raises(ValueError, match="number must be 0 to 16777215, got 16777216"):
        marked(blank, 2**24)


def test_a_study_that_nobody_trained_is_reported(tmp_path: Path) -> None:
    assert reading.predicted(tmp_path, 500) == 500
    found = compare(tmp_path / reading.STUDY)
    assert (found.finished, found.unfinished) == (20, ())
    frames = {one.frames for one in found.estimates if one.metric == "ccc"}
    assert frames == {500}


def test_slopes_are_those_that_were_put_in() -> None:
    sizes = (100, 1_000, 10_000)
    took = [
        Took("merge", size, size, 0.0, 0.002 * size, 50.0 + 0.001 * size, 40.0) for size in sizes
    ]
    took += [Took("verify", 100, 99, 1.0, 1.0, 1.0, None)]
    (fit,) = fitted(took)
    assert fit.stage == "merge"
    assert fit.time_exponent == pytest.approx(1)
    assert 0 < fit.memory_exponent < 0.1
    assert fit.worker_exponent == pytest.approx(0)
    assert fit.cpu_ms_a_picture == pytest.approx(2)
    assert fit.bytes_a_picture == pytest.approx(1_000)
    figures = bench_scale.figures(took, [fit])
    assert figures["merge, 100, CPU ms a picture"] == pytest.approx(2)
    assert figures["merge, bytes_a_picture"] == pytest.approx(1_000)
    titles = [one.title for one in bench_scale.tables(took, [fit])]
    assert titles == ["What each stage took", "How it grows"]


@pytest.mark.parametrize("sizes", [(), (10,), (1_000, 100), (100, 100)])
def test_sizes_that_fit_nothing_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="sizes must be rising and 100 or more"):
        Options(sizes=sizes).check()
