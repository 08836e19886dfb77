"""All benchmarks in one table: ratios, what is not installed, what fails, and the list itself."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scripts import bench_all
from scripts.bench_all import Row, rows, table
from scripts.bench_list import BENCHES, GAN, LEFT_OUT, Bench, Line
from tests.runs import ROOT
from vitpain.evaluate.table import text

TINY = tuple("--size 32 --width 4 --batch 2 --steps 1 --warm-up 1 --device cpu".split())


def bench(arguments: tuple[str, ...] = TINY) -> Bench:
    return replace(GAN, arguments=arguments)


def test_a_benchmark_runs_and_stands_beside_its_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = Bench("bench_none", (), ("no_such_package",), (Line("drawing", "s", "seconds"),))
    monkeypatch.setattr(bench_all, "BENCHES", (bench(), absent))
    monkeypatch.setattr(sys, "argv", ["bench_all", "--json", str(tmp_path / "all.json")])
    monkeypatch.chdir(ROOT)
    assert bench_all.main() == 0
    shown = capsys.readouterr().out
    assert "a plain loop" in shown
    assert "bench_none, drawing: no_such_package not installed" in shown
    trained, painted, drawn = json.loads((tmp_path / "all.json").read_text())["rows"]
    assert trained["ratio"] == trained["figure"] / trained["of_peer"]
    assert trained["figure"] > 0
    assert painted["figure"] > 0
    assert painted["peer"] is None
    assert drawn["figure"] is None
    assert not drawn["failed"]


def test_what_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = list(rows(bench(("--sise", "8")), tmp_path))
    assert [one.failed for one in found] == [True, True]
    assert "ended with code 2" in (found[0].why or "")


def test_less_is_better_where_time_is_measured() -> None:
    line = Line("draw", "s", "ours", "theirs", "peer", less=True)
    figures = {"ours": 2.0, "peer": 8.0}
    made = bench_all._row(bench(), line, figures, "", False)
    assert made == Row("bench_gan", "draw", "s", 2.0, "theirs", 8.0, 4.0)
    # A peer that was left out says why, and our own figure stays.
    alone = bench_all._row(bench(), line, {"ours": 2.0, LEFT_OUT: "no EGL"}, "", False)
    assert (alone.figure, alone.ratio, alone.why) == (2.0, None, "no EGL")
    assert "bench_gan, draw: no EGL" in text(table([made, alone]))


def test_every_benchmark_is_listed() -> None:
    parts = {"bench_all", "bench_list", "bench_pyrender", "bench_texture_networks"}
    there = {path.stem for path in (ROOT / "scripts").glob("bench_*.py")} - parts
    assert there <= {one.script for one in BENCHES}
    for one in BENCHES:
        assert "json: Path | None" in (ROOT / "scripts" / f"{one.script}.py").read_text()
