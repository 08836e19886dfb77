"""`pain3d pretrain`, `finetune` and `evaluate` as a user meets them."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests import learning
from tests.cohort import cohort
from tests.runs import make
from tests.test_commands import plain, run
from vitpain.evaluate import predictions

MODEL = "--backbone vit_mini_patch16_dinov3 --size 32".split()
FAST = "--epochs 1 --batch 6 --threads 1 --workers 0 --device cpu --learning-rate 0.001".split()
RANDOM = "--weights none".split()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made") / "data", replace(learning.DATA, identities=10))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("people") / "data"
    return cohort(out, source="unbc-surrogate")


def test_the_whole_way(
    tmp_path: Path, made: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, figures = tmp_path / "first", tmp_path / "second", tmp_path / "figures.json"
    code, said, errors = run(
        capsys, "pretrain", "--data", str(made), "--out", str(first), *MODEL, *RANDOM, *FAST,
        "--hidden", "16", "--json", str(figures),
    )  # fmt: skip
    assert code == 0, errors
    assert "weights are random: the whole backbone is trained" in errors
    assert re.search(r"model +\S+first/model\n", said)
    assert json.loads(figures.read_text())["epoch"] == 1
    # However often a quick machine drew the bar.
    assert re.search(r"\d+/\d+ \[[^\]]*steps/s\]", errors)
    begun = json.loads((first / "run.json").read_text())
    assert (begun["weights"], begun["model"]["hidden"]) == ("none", 16)
    code, said, errors = run(
        capsys, "finetune", "--data", str(people), "--extra", str(made), "--init", str(first),
        "--folds", "public5", "--only", "2,4", "--out", str(second), *FAST, "--json", str(figures),
    )  # fmt: skip
    assert code == 0, errors
    assert re.search(r"fold 2 +epoch 1, concordance", said)
    assert list(json.loads(figures.read_text())) == ["fold 2", "fold 4"]
    # Finetuning has presets of its own, and the model is that of the run begun with.
    begun = json.loads((second / "run.json").read_text())
    assert (begun["train"]["augment"], begun["train"]["au_weight"]) == ("real", 0.1)
    assert begun["model"]["hidden"] == 16
    assert set(predictions.read(second / predictions.NAME)["fold"].to_pylist()) == {2, 4}
    code, said, errors = run(
        capsys, "finetune", "--data", str(people), "--extra", str(made), "--init", str(first),
        "--folds", "public5", "--only", "2", "4", "--out", str(second), *FAST, "--resume",
    )  # fmt: skip
    assert code == 0, errors
    assert "had ended already; nothing was done" in errors
    code, said, errors = run(capsys, "evaluate", str(second), "--json", str(figures))
    assert code == 0, errors
    assert said.startswith("STAND-IN DATA")
    assert "on 12 frames of 4 test subjects in 2 folds; source unbc-surrogate" in said
    assert "Which neutral\n" in said
    assert f"{second}/report/report.html" in said
    assert json.loads(figures.read_text()) == json.loads(
        (second / "report" / "report.json").read_text()
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("pretrain --data {made} --out {out} --batch 0", "batch must be at least 1, got 0"),
        ("pretrain --data {made} --out {out} --workers -1", "workers must be at least 0, got -1"),
        ("pretrain --data {made} --out {out} --size 3", "size must be at least 16, got 3"),
        ("finetune --data {made} --out {out} --epochs 0", "epochs must be at least 1, got 0"),
        ("finetune --data {made} --out {out} --variant cubist", "cubist"),
        ("finetune --data {made} --out {out} --folds three", "three"),
        ("evaluate {out} --seed -1", "seed must be from 0 to 2**64 - 1, got -1"),
        ("evaluate", "run"),
    ],
)
def test_options_that_are_not_understood_exit_with_2(
    tmp_path: Path, made: Path, capsys: pytest.CaptureFixture[str], arguments: str, text: str
) -> None:
    given = arguments.format(made=made, out=tmp_path / "out").split()
    code, said, errors = run(capsys, *given)
    assert (code, said) == (2, "")
    assert text in plain(errors)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("pretrain --data {none} --out {out}", "{none}"),
        ("pretrain --data {made} --out {made}", "out must be an empty folder"),
        ("pretrain --data {made},{made} --out {out}", "data must be different folders"),
        ("pretrain --data {made} --out {out} --batch 999", "batch must be at most the 21 frames"),
        (
            "pretrain --data {made} --out {out} --weights {none}",
            "weights must be hub, none or a file that is there, got {none}",
        ),
        ("pretrain --data {made} --out {out} --json {made}", "json must be a file, got the folder"),
        ("finetune --data {made} --out {out}", "{made}: subject must be in a fold of public5, got"),
        ("finetune --data {people} --out {out} --only 9", "only must be numbers of folds, 1 to 5"),
        ("finetune --data {people} --out {out} --batch 19", "batch must be at most the 18 frames"),
        (
            "finetune --data {people} --out {out} --folds thesis5",
            "{people}: fold 5 of thesis5 must have one or more of",
        ),
        ("finetune --data {people} --out {out} --extra {people}", "data must be different folders"),
        ("finetune --data {people} --out {out} --init {none}", "init must be a run that has ended"),
        ("evaluate {none}", "{none} must be the folder of a finished run"),
        ("evaluate {made} --json {none}/x.json", "json must be in a folder that is there"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    tmp_path: Path,
    made: Path,
    people: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: str,
    text: str,
) -> None:
    places = {"made": made, "people": people, "none": tmp_path / "none", "out": tmp_path / "out"}
    given = arguments.format(**places).split()
    if given[0] != "evaluate":
        small = [*MODEL, *FAST] if given[0] == "pretrain" or "--init" not in given else FAST
        small = small if "--weights" in given or "--init" in given else [*small, *RANDOM]
        # The last of two counts.
        given = [given[0], *small, *given[1:]]
    code, said, errors = run(capsys, *given)
    assert (code, said) == (1, "")
    line = errors.strip().splitlines()[-1]
    assert line.startswith(f"pain3d {given[0]}: ")
    assert text.format(**places) in line
    assert not (tmp_path / "out" / "run.json").exists()


def test_help_says_what_the_defaults_are(capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = run(capsys, "finetune", "--help")
    assert code == 0
    told = plain(said)
    assert "--folds {public5,loso,thesis5}" in told
    assert "the thesis's five folds. (default: public5)" in told
    code, said, _ = run(capsys, "pretrain", "--help")
    assert "(default: 150)" in plain(said)
    assert "(default: vit_large_patch16_dinov3)" in plain(said)
