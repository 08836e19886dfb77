"""The command line as a user meets it: exit codes, errors in one line, figures as JSON."""

import json
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from scripts import cli, generate
from tests.fake_producer import PRODUCER
from tests.runs import ARGUMENTS, ROOT, hashes, here, make


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run `pain3d`; the fake producer stands in for the renderer."""

    def command() -> int:
        with nullcontext() if "--workers" in arguments else here():
            if arguments[0] == "generate":
                return generate.main(list(arguments[1:]), PRODUCER)
            return cli.run(list(arguments))

    code: object
    try:
        code = cli.reported(arguments[0], command)
    except SystemExit as stop:
        code = stop.code
    said = capsys.readouterr()
    assert isinstance(code, int)
    return code, said.out, said.err


def plain(text: str) -> str:
    """Text without the frame and the line breaks that options' errors are printed in."""
    return " ".join(text.translate(str.maketrans("│╭╮╰╯─", "      ")).split())


def test_the_whole_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, figures = tmp_path / "out", tmp_path / "figures.json"
    code, said, errors = run(
        capsys, "generate", "--out", str(out), *ARGUMENTS, "--json", str(figures), "--workers", "2"
    )
    assert code == 0, errors
    assert "train              9 people, 72 pictures" in said
    assert json.loads(figures.read_text())["pictures"] == 96
    assert "96/96" in errors
    assert "pictures/s" in errors
    code, said, _ = run(capsys, "verify", str(out), "--json", str(figures))
    assert code == 0
    assert "faults              0" in said
    assert run(capsys, "verify", str(out), "--workers", "2")[:2] == (0, said)
    assert json.loads(figures.read_text())["found"] == []
    parts = [str(tmp_path / f"part{k}") for k in (1, 2)]
    for k, part in enumerate(parts):
        code, _, errors = run(capsys, "generate", "--out", part, *ARGUMENTS, "--part", f"{k + 1}/2")
        assert code == 0, errors
    joined = tmp_path / "joined"
    code, said, errors = run(capsys, "merge", *parts, "--out", str(joined))
    assert code == 0, errors
    assert hashes(joined) == hashes(out)
    code, said, _ = run(capsys, "export", str(out), "--out", str(tmp_path / "e"))
    assert code == 0
    assert "72 pictures, 24 annotations" in said
    assert "24 confounders left out" in said


def test_a_split_without_people_is_said_to_be_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    code, said, _ = run(capsys, "generate", "--out", out, "--identities", "2", "--size", "32")
    assert code == 0
    assert "val                empty" in said or "test               empty" in said
    assert run(capsys, "verify", out)[0] == 0


def test_lists_take_commas_or_blanks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for number, given in enumerate((["seg,uv"], ["seg", "uv"])):
        out = tmp_path / str(number)
        arguments = ["--identities", "1", "--size", "32", "--annotations", *given]
        assert run(capsys, "generate", "--out", str(out), *arguments, "--vary=pose,light")[0] == 0
        found.append(hashes(out))
        config = json.loads((out / "config.json").read_text())
        assert config["members"] == ["jpg", "json", "seg.png", "uv.png"]
        assert config["options"]["vary"] == ["pose", "light"]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--pspi", "17"], "pspi must be uniform, unbc or whole numbers from 0 to 16"),
        (["--size", "0"], "size must be from 32 to 4096, got 0"),
        (["--ages", "90-18"], "ages must be LOW-HIGH in completed years"),
        (["--ages", "100-120"], "got 100-120"),
        (["--colour", "red"], "Unrecognized options: --colour"),
        (["--annotations", "seg,smell"], "smell"),
        (["--background", "folder"], "background must be folder where background_folder is given"),
    ],
)
def test_options_that_cannot_be_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    out = tmp_path / "out"
    code, _, errors = run(capsys, "generate", "--out", str(out), *arguments)
    assert code == 2
    assert text in plain(errors)
    assert not out.exists()


def test_what_options_break_together_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "out")]
    code, _, errors = run(capsys, "generate", *out, "--views", "0")
    assert (code, errors) == (2, "pain3d generate: views must be at least 1, got 0\n")
    code, _, errors = run(capsys, "generate", *out, "--expressions", "x.csv", "--pspi", "3")
    text = "pspi must be left out where expressions is given, got 3 with x.csv"
    assert (code, errors) == (2, f"pain3d generate: {text}\n")


def test_folders_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    code, _, errors = run(capsys, "generate", "--out", str(tmp_path / "file" / "out"), *ARGUMENTS)
    assert (code, errors.count("\n")) == (1, 1)
    assert errors.startswith("pain3d generate: ")
    assert "Not a directory" in errors
    code, _, errors = run(capsys, "generate", "--out", str(tmp_path), *ARGUMENTS)
    assert (code, errors.count("\n")) == (1, 1)
    assert f"out must be an empty folder, or one to --resume, got {tmp_path}" in errors


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--part", "4/3"], "part must be K/N with 1 <= K <= N, got 4/3"),
        (["--workers", "0"], "workers must be at least 1, got 0"),
        (["--expressions", "tests"], "expressions must be a file, got the folder tests"),
        (
            ["--background", "folder", "--background-folder", "Makefile"],
            "background_folder must be a folder, got the file Makefile",
        ),
        (
            ["--background", "folder", "--background-folder", "nowhere"],
            "background_folder must be readable, got nowhere",
        ),
    ],
)
def test_what_cannot_be_made_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], text: str
) -> None:
    out = tmp_path / "out"
    arguments = ["--identities", "1", "--size", "32", *more]
    code, _, errors = run(capsys, "generate", "--out", str(out), *arguments)
    assert (code, errors.count("\n")) == (1, 1)
    assert text in errors
    assert not out.exists()


def test_verify_fails_on_a_truncated_shard_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, figures = make(tmp_path / "out"), tmp_path / "figures.json"
    shard = out / "train-000000.tar"
    shard.write_bytes(shard.read_bytes()[:-700])
    code, said, _ = run(capsys, "verify", str(out), "--json", str(figures))
    assert code == 1
    assert "FAULT train-000000.tar: must have" in said
    found = json.loads(figures.read_text())
    assert found["faults"] == len(found["found"]) >= 2
    assert {"file", "key", "rule", "value"} == set(found["found"][0])
    code, _, errors = run(capsys, "verify", str(tmp_path / "nowhere"))
    assert (code, errors.count("\n")) == (1, 1)
    assert "nowhere must be a finished data set, got no such folder" in errors


def test_figures_that_cannot_be_written_are_refused_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, nowhere = tmp_path / "out", tmp_path / "nowhere" / "figures.json"
    rule = f"json must be in a folder that is there, got {nowhere}\n"
    for json_path, text in (
        (nowhere, rule),
        (tmp_path, f"json must be a file, got the folder {tmp_path}\n"),
    ):
        more = ("--json", str(json_path))
        code, _, errors = run(capsys, "generate", "--out", str(out), *ARGUMENTS, *more)
        assert (code, errors) == (1, f"pain3d generate: {text}")
        assert not out.exists()
    make(out)
    code, said, errors = run(capsys, "verify", str(out), "--json", str(nowhere))
    assert (code, said, errors) == (1, "", f"pain3d verify: {rule}")


def test_preview_shows_a_bar_and_fails_without_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, errors = run(capsys, "preview", str(make(tmp_path / "out")), "--page-people", "1")
    assert code == 0
    assert "pictures/s" in errors
    code, _, errors = run(capsys, "preview", str(tmp_path / "nowhere"))
    assert (code, errors.count("\n")) == (1, 1)
    assert errors.startswith("pain3d preview: ")


def test_a_missing_part_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = tmp_path / "part"
    assert run(capsys, "generate", "--out", str(part), *ARGUMENTS, "--part", "1/2")[0] == 0
    out = tmp_path / "out"
    code, _, errors = run(capsys, "merge", str(part), "--out", str(out))
    assert code == 1
    assert "pain3d merge: parts must be all of 2, got none for 2/2" in errors
    assert not out.exists()


def test_help_is_quick_and_lists_the_commands() -> None:
    begin = time.monotonic()
    program = [sys.executable, "-X", "importtime", "-m", "scripts.cli", "--help"]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, check=True)
    seconds = time.monotonic() - begin
    assert all(f"  {name}" in done.stdout for name in cli.COMMANDS)
    # What is slow to import is not imported; the clock alone would depend on the machine.
    assert not {"numpy", "cv2", "warp", "pyarrow"} & {
        line.rpartition("|")[2].strip() for line in done.stderr.splitlines()
    }
    assert seconds < 5


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["paint"]) == 2
    known = ", ".join(cli.COMMANDS)
    assert known.startswith("generate, merge, preview, ")
    assert f"command must be one of {known}, got paint" in capsys.readouterr().err
    assert cli.run([]) == 2


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for name in cli.COMMANDS:
        with pytest.raises(SystemExit) as stop:
            cli.run([name, "--help"])
        assert stop.value.code == 0
        assert f"usage: pain3d {name}" in capsys.readouterr().out
