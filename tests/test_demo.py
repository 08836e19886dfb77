"""`make demo`: three commands in a row, and a way out where one of them fails."""

import pytest

from scripts import demo
from scripts.generate import Options
from scripts.options import parse


def test_it_makes_verifies_and_shows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands: list[list[str]] = []

    def done(command: list[str]) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr(demo, "run", done)
    assert demo.main() == 0
    assert [command[0] for command in commands] == ["generate", "verify", "preview"]
    assert "--resume" in commands[0]
    options = parse(Options, "generate", commands[0][1:])
    assert options.config.checked().identities == demo.PEOPLE
    assert (options.config.ages, options.config.confounders) == ("0-90", 1)
    assert "The data set lies in " in capsys.readouterr().out


def test_a_demo_of_other_code_says_how_to_begin_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "run", lambda command: 1)
    assert demo.main() == 1
    errors = capsys.readouterr().err
    assert "stopped and deleted nothing" in errors
    assert "Where the code has changed since demo was made: rm -r demo && make demo" in errors
