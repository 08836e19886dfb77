"""What decides bytes: bad options are named; a user's files stand there by their content."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from generator.config import GenerateConfig, decisive
from generator.shards.folder import difference


def test_the_defaults_are_those_of_3dpain() -> None:
    config = GenerateConfig()
    pictures = config.identities * config.views * (1 + config.pain_per_identity)
    assert (config.identities, pictures, config.size) == (2500, 82_500, 512)
    assert config.members == ("jpg", "json", "seg.png", "depth.png", "normal.png", "heat.png")
    assert config.ages == "18-90"
    assert config.confounders == 0


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"identities": 0}, "identities must be at least 1, got 0"),
        ({"pain_per_identity": -1}, "pain_per_identity must be at least 0, got -1"),
        ({"confounders": -1}, "confounders must be at least 0"),
        ({"views": 0}, "views must be at least 1, got 0"),
        ({"size": 0}, "size must be from 32 to 4096, got 0"),
        ({"size": 5000}, "size must be from 32 to 4096, got 5000"),
        ({"seed": -1}, "seed must be from 0 to 18446744073709551615, got -1"),
        ({"ages": "90-18"}, "ages must be LOW-HIGH in completed years"),
        ({"ages": "18-120"}, "ages must be LOW-HIGH in completed years"),
        ({"ages": "old"}, "ages must be LOW-HIGH in completed years, such as 18-90, got 'old'"),
        ({"pspi": "17"}, "whole numbers from 0 to 16 with commas between, got '17'"),
        ({"pspi": "1,2.5"}, "got '2.5' in '1,2.5'"),
        ({"pspi": ""}, "pspi must be uniform, unbc or whole numbers"),
        ({"other_aus": 1.5}, "other_aus must be from 0 to 1, got 1.5"),
        ({"asymmetry": float("nan")}, "asymmetry must be from 0 to 1, got nan"),
        ({"vary": ("pose", "pose")}, "vary must name each thing once, got pose, pose"),
        ({"background": "folder"}, "background must be folder where background_folder is given"),
        ({"background_folder": Path("x")}, "got environment with x"),
        ({"environments": ("moon",)}, "environments must be among .*venice_sunset.*, got moon"),
        ({"people_per_shard": 0}, "people_per_shard must be at least 1, got 0"),
    ],
)
def test_a_bad_option_is_named(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        GenerateConfig(**options)


def test_files_stand_there_by_their_content(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "elsewhere.csv"
    first.write_text("AU4\n1\n")
    second.write_text("AU4\n1\n")
    one, other = (decisive(GenerateConfig(expressions=path)) for path in (first, second))
    assert one == other
    assert str(one["expressions"]).startswith("sha256:")
    second.write_text("AU4\n2\n")
    changed = decisive(GenerateConfig(expressions=second))
    assert difference(one, changed) is not None
    assert str(tmp_path) not in str(one)


def test_a_folder_of_backgrounds_stands_there_by_its_pictures(tmp_path: Path) -> None:
    def with_folder(path: Path) -> dict[str, object]:
        return decisive(GenerateConfig(background="folder", background_folder=path))

    with pytest.raises(ValueError, match="background_folder must hold pictures"):
        with_folder(tmp_path)
    with pytest.raises(ValueError, match=r"background_folder must be readable, got .*nowhere"):
        with_folder(tmp_path / "nowhere")
    picture = np.full((16, 16, 3), 99, np.uint8)
    assert cv2.imwrite(str(tmp_path / "a.png"), picture)
    (tmp_path / "notes.txt").write_text("x")
    before = with_folder(tmp_path)
    (tmp_path / "notes.txt").write_text("y")
    assert with_folder(tmp_path) == before
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"must hold pictures that can be read, got .*b\.jpg"):
        with_folder(tmp_path)


def test_the_first_difference_is_named() -> None:
    old = {"a": 1, "b": {"c": [1, 2], "d": None}}
    assert difference(old, old) is None
    assert (
        difference(old, {"a": 1, "b": {"c": [1, 3], "d": None}}) == "b.c was [1, 2] and is [1, 3]"
    )
    assert difference(old, {"a": 1, "b": {"c": [1, 2]}}) == "b.d was null and is nothing"
