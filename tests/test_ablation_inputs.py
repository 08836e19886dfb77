"""The inputs of a study without data: every command in order, each going on where it stopped."""

from pathlib import Path

import pytest

from scripts import ablation_inputs
from scripts.ablation_inputs import TINY, make
from vitpain.ablation.study import INPUTS

MADE = ["drawn", "unbc-raw", "unbc", "registered", "gan0", "gan", "painted"]


class Commands:
    """Stands for the commands: keeps what was asked, and ends the last with a code."""

    def __init__(self, last: str, code: int) -> None:
        self.last, self.code = last, code
        self.asked: list[list[str]] = []

    def __call__(self, arguments: list[str]) -> int:
        self.asked.append(arguments)
        return self.code if arguments[0] == self.last else 0

    @property
    def folders(self) -> list[str]:
        return [Path(one[one.index("--out") + 1]).name for one in self.asked]


def test_every_set_is_made_once_and_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = Commands("", 0)
    monkeypatch.setattr(ablation_inputs, "run", commands)
    made = make(tmp_path, 2, TINY)
    assert commands.folders == MADE
    assert all("--resume" in one for one in commands.asked)
    place = tmp_path / INPUTS
    assert (made.real, made.synth2d, made.synth3d) == (
        place / "unbc",
        place / "painted",
        place / "drawn",
    )
    assert list(made.seconds) == MADE


def test_the_first_command_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = Commands("register", 1)
    monkeypatch.setattr(ablation_inputs, "run", commands)
    said = rf"{INPUTS}/registered must be made, got exit code 1 of register$"
    with pytest.raises(ValueError, match=said):
        make(tmp_path, 1, TINY)
    assert commands.folders == MADE[:4]


def test_who_stops_a_command_stops_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Commands("import", 130)
    monkeypatch.setattr(ablation_inputs, "run", commands)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, 1, TINY)
    assert commands.folders == MADE[:3]
