"""`config.json` is read strictly: whatever is wrong in it is named, and nothing else is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from generator.shards import folder, manifest
from scripts import cli
from tests.damage import CONFIG
from tests.runs import make


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("stated") / "data", CONFIG)


def set_at(config: dict[str, Any], name: str, value: Any) -> None:
    *path, last = name.split(".")
    for key in path:
        config = config[key]
    if value is ...:
        del config[last]
    else:
        config[last] = value


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("options.vary", "pose", "options.vary must be a list, got 'pose'"),
        ("options.vary", [3], "options.vary must be one of ('pose', 'light', 'background'), got 3"),
        ("options.vary", 7, "options.vary must be a list, got 7"),
        ("options.identities", "5", "options.identities must be a int, got '5'"),
        ("options.identities", ..., "options.identities must be there, got no such key"),
        ("options.identities", 0, "options.identities must be at least 1, got 0"),
        ("options.ages", None, "options.ages must not be null"),
        ("options.ages", "old", "options.ages must be LOW-HIGH"),
        ("options.views", 2.5, "options.views must be a int, got 2.5"),
        ("options.pain_per_identity", None, "options.pain_per_identity must be a number where"),
        ("options.environments", ["mars"], "options.environments must be among"),
        ("options.hair", "wig", "options.hair must be one of ('cards', 'makehuman'), got 'wig'"),
        ("options.head", "body", "options.head must be one of ('anny', 'flame'), got 'body'"),
        ("options.rig", ..., "options.rig must be there, got no such key"),
        ("options", [], "options must be an object, got []"),
        ("options", None, "options must be an object, got None"),
        ("members", "jpg", "must name the members of a sample as a list, got 'jpg'"),
        ("members", ["jpg", {}], "members must be among jpg, png, json"),
        ("members", ["jpg", "smell.png", "json"], "members must be among jpg, png, json"),
        ("members", ["jpg", "json"], "members must be those of its options"),
    ],
)
def test_what_is_wrong_is_named(
    data: Path, capsys: pytest.CaptureFixture[str], name: str, value: Any, text: str
) -> None:
    whole = (data / "config.json").read_bytes()
    config = json.loads(whole)
    set_at(config, name, value)
    (data / "config.json").write_bytes(manifest.json_bytes(config))
    try:
        with pytest.raises(ValueError, match=r"config\.json") as error:
            folder.read_config(data)
        assert cli.run(["verify", str(data), "--workers", "2"]) == 1
    finally:
        (data / "config.json").write_bytes(whole)
    said = capsys.readouterr()
    assert text in str(error.value)
    faults = [line for line in said.out.splitlines() if line.startswith("FAULT")]
    assert len(faults) == 2
    assert "must have" in faults[0]
    assert faults[1].startswith("FAULT config.json: config must be readable, got ")
    assert text in faults[1]
    assert said.err == ""


def test_a_configuration_that_is_no_object_is_named(data: Path, tmp_path: Path) -> None:
    for content, text in (("[]", "must be an object"), ("{", "must be JSON")):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(ValueError, match=text):
            folder.read_config(tmp_path)


def test_real_data_needs_no_options(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"members": ["jpg", "json"]}')
    assert folder.read_config(tmp_path) == {"members": ["jpg", "json"]}
