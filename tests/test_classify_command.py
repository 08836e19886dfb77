"""`pain3d classify` from the command line, and what a user is told who asks for what cannot be."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests import painted
from tests.classified import MODEL
from tests.test_commands import plain, run

FAST = (
    f"--model {MODEL} --weights none --size 32 --epochs 1 --batch 32 --threads 1 --workers 0 "
    "--device cpu"
).split()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted.photographs(tmp_path_factory.mktemp("real") / "data")


@pytest.fixture(scope="module")
def twod(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted.painted(tmp_path_factory.mktemp("twod") / "data")


def test_the_whole_way(
    tmp_path: Path, real: Path, twod: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, figures = tmp_path / "run", tmp_path / "figures.json"
    given = ["--real", str(real), "--synth", f"gan={twod}", "--folds", "public5", "--only", "2,5"]
    given = ["classify", *given, "--out", str(out), *FAST, "--json", str(figures)]
    code, said, errors = run(capsys, *given)
    assert code == 0, errors
    assert "weights are random" in errors
    # Two folds of three classifiers; 54, 42 and 90 pictures, 32 a step.
    assert re.search(r"14/14.*steps", errors)
    assert re.search(r"108/108.*frames", errors)
    assert said.startswith("Classes of pain from faces: run\n")
    for title in ("Comparison", "The result of original", "The result of generated: gan"):
        assert f"\n{title}\n{'-' * len(title)}\n" in said
    assert said.endswith(f"report  {out}/report/report.html\n")
    made = json.loads(figures.read_text())
    assert made == json.loads((out / "report" / "report.json").read_text())
    # Folds are pooled frame by frame.
    for side in made["sides"].values():
        assert list(side["folds"]) == ["2", "5"]
        together = np.sum([one["confusion"] for one in side["folds"].values()], axis=0)
        assert together.tolist() == side["pooled"]["confusion"]
        assert side["pooled"]["frames"] == together.sum() == 4 * 9
    assert made["banner"] is None
    # Once more: nothing is trained, and the report is made of what is stored.
    (out / "report" / "report.html").unlink()
    code, again, errors = run(capsys, *given, "--resume")
    assert (code, again) == (0, said)
    assert "had ended already; only the report was made anew" in errors
    assert (out / "report" / "report.html").is_file()
    # A comparison is no estimator's run.
    code, _, errors = run(capsys, "evaluate", str(out))
    assert code == 1
    assert "must have the columns of predictions" in errors


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("--size 16", "size must be from 32 to 1024, got 16"),
        ("--epochs 0", "epochs must be at least 1, got 0"),
        ("--batch 0", "batch must be at least 1, got 0"),
        ("--learning-rate 0", "learning_rate must be above 0 and finite, got 0.0"),
        ("--seed -1", "seed must be from 0 to"),
        ("--workers -1", "workers must be at least 0, got -1"),
        ("--checkpoint-every 0", "checkpoint_every must be at least 1, got 0"),
        ("--folds loso", "loso"),
        ("--classes seven", "seven"),
        ("--synth {real}", "synth must be NAME=DIR, a name of letters, digits and _, got '{real}'"),
        ("--synth a/b=x", "synth must be NAME=DIR"),
        ("--synth a=x A=y", "synth must name each set once, got a twice"),
    ],
)
def test_options_that_are_not_understood_exit_with_2(
    tmp_path: Path, real: Path, capsys: pytest.CaptureFixture[str], arguments: str, text: str
) -> None:
    given = f"classify --real {real} --out {tmp_path / 'out'} {arguments}".format(real=real)
    code, said, errors = run(capsys, *given.split())
    assert (code, said) == (2, "")
    assert text.format(real=real) in plain(errors)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("--real {none}", "{none}"),
        ("--real {twod}", "{twod} must hold photographs (kind real) alone, got neutral, pain"),
        ("--real {real} --synth a={none}", "{none}"),
        ("--real {real} --synth a={twod},b={twod}", "data must be different folders, got {twod}"),
        ("--real {real} --synth a={real}", "data must be different folders, got {real} twice"),
        ("--real {real} --only 6", "only must be numbers of folds, 1 to 5, got 6"),
        ("--real {real} --folds thesis5", "{real}: fold 5 of thesis5 must have one or more of"),
        ("--real {real} --model nope", "model must be a network of timm, such as convnext_small"),
        ("--real {real} --weights {none}", "weights must be imagenet, none or a file .safetensors"),
        ("--real {real} --json {real}", "json must be a file, got the folder {real}"),
        ("--real {real} --out {real}", "out must be an empty folder, or one to --resume"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    tmp_path: Path,
    real: Path,
    twod: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: str,
    text: str,
) -> None:
    out = tmp_path / "out"
    places = {"real": real, "twod": twod, "none": tmp_path / "none"}
    # The last of two counts.
    given = ["--out", str(out), "--folds", "public5", *FAST, *arguments.format(**places).split()]
    code, said, errors = run(capsys, "classify", *given)
    assert (code, said) == (1, "")
    line = errors.strip().splitlines()[-1]
    assert line.startswith("pain3d classify: ")
    assert text.format(**places) in line
    assert not out.exists()


def test_help_says_what_the_defaults_are(capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = run(capsys, "classify", "--help")
    assert code == 0
    told = plain(said)
    for text in (
        "(default: convnext_small)",
        "(default: 12)",
        "(default: 128)",
        "(default: 0.0001)",
    ):
        assert text in told
    assert "--folds {thesis5,public5}" in told
