"""What decides bytes: bad options are named; a user's files stand there by their content."""

import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import cv2
import numpy as np
import pyarrow as pa
import pytest

from generator.config import GenerateConfig, decisive, pspi_levels
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
        ({"seed": -1}, "seed must be from 0 to 9223372036854775807, got -1"),
        ({"seed": 2**63}, "seed must be from 0 to 9223372036854775807, got 9223372036854775808"),
        ({"ages": "90-18"}, "ages must be LOW-HIGH in completed years"),
        ({"ages": "18-120"}, "ages must be LOW-HIGH in completed years"),
        ({"ages": "old"}, "ages must be LOW-HIGH in completed years, such as 18-90, got 'old'"),
        (
            {"pspi": "17"},
            r"whole numbers from 0 to 16 with commas .*\(multiples of 1/8 .*, got '17'",
        ),
        ({"pspi": "2.5"}, "pspi must be uniform, unbc or whole numbers .* got '2.5' in '2.5'"),
        ({"pspi": "1,2.55", "continuous": True}, "multiples of 1/8 from 0 .*, got '2.55' in"),
        ({"pspi": "16.125", "continuous": True}, "multiples of 1/8 from 0 to 16 .*'16.125'"),
        ({"pspi": "1e0", "continuous": True}, "multiples of 1/8 from 0 to 16 .*, got '1e0'"),
        (
            {"expressions": Path("x.csv"), "pspi": "1,2"},
            r"pspi must be left out where expressions is given, got 1,2 with x\.csv",
        ),
        (
            {"expressions": Path("x.csv"), "pain_per_identity": 3},
            r"pain_per_identity must be left out where expressions is given, got 3 with x\.csv",
        ),
        (
            {"expressions": Path("x.csv"), "other_aus": 0.0},
            r"other_aus must be left out where expressions is given, got 0\.0 with x\.csv",
        ),
        ({"pspi": "1,2.5"}, "got '2.5' in '1,2.5'"),
        ({"pspi": ""}, "pspi must be uniform, unbc or whole numbers"),
        ({"other_aus": 1.5}, "other_aus must be from 0 to 1, got 1.5"),
        ({"asymmetry": float("nan")}, "asymmetry must be from 0 to 1, got nan"),
        ({"vary": ("pose", "pose")}, "vary must name each thing once, got pose, pose"),
        ({"background": "folder"}, "background must be folder where background_folder is given"),
        ({"background_folder": Path("x")}, "got environment and background_folder x"),
        ({"environments": ("moon",)}, "environments must be among .*venice_sunset.*, got moon"),
        ({"people_per_shard": 0}, "people_per_shard must be at least 1, got 0"),
        ({"steps": 7}, "steps must be left out where no diffusion paints, got 7 with texture skin"),
        ({"offload": True}, "offload must be left out where no diffusion paints"),
        ({"background": "inpaint", "steps": 201}, "steps must be between 1 and 200, got 201"),
        ({"texture": "kandinsky", "dtype": "float16"}, "dtype must be auto, .* got float16"),
        ({"texture": "kandinsky", "offload": True}, "offload must be left out on a cpu"),
        ({"texture": "hunyuan3d"}, "device must be cuda for texture hunyuan3d, got cpu"),
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


def test_what_a_file_replaces_is_not_stated(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("AU4\n1\n")
    drawn, listed = decisive(GenerateConfig()), decisive(GenerateConfig(expressions=path))
    differing = {name: listed[name] for name in drawn if listed[name] != drawn[name]}
    assert differing.pop("expressions") is not None
    assert differing == {"pain_per_identity": None, "pspi": None, "other_aus": None}


def test_what_is_for_diffusion_is_stated_where_it_paints() -> None:
    plain = decisive(GenerateConfig())
    assert (plain["steps"], plain["dtype"]) == (None, None)
    painted = GenerateConfig(background="inpaint", steps=9, device="cuda", offload=True)
    stated = decisive(painted)
    assert (stated["steps"], stated["dtype"]) == (9, "auto")
    assert stated == decisive(replace(painted, offload=False))
    assert "offload" not in stated


def test_levels_have_fractions_where_intensities_have() -> None:
    assert pspi_levels("0,2,16") == (0.0, 2.0, 16.0)
    assert pspi_levels("2.5,0.125,16", continuous=True) == (2.5, 0.125, 16.0)
    assert pspi_levels("uniform") == pspi_levels("unbc", continuous=True) == ()
    assert GenerateConfig(pspi="2.5", continuous=True).pspi == "2.5"


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_readers_can_hold_every_seed(seed: int) -> None:
    assert pa.array([GenerateConfig(seed=seed).seed], pa.int64())[0].as_py() == seed


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("AU4\n1\n")
    with pytest.raises(
        ValueError, match=rf"^expressions must be a file, got the folder {tmp_path}"
    ):
        decisive(GenerateConfig(expressions=tmp_path))
    with pytest.raises(
        ValueError, match=rf"^background_folder must be a folder, got the file {file}"
    ):
        decisive(GenerateConfig(background="folder", background_folder=file))


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
    with pytest.raises(ValueError, match=r"must hold pictures that can be read: .*b\.jpg"):
        with_folder(tmp_path)
    (tmp_path / "b.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"must hold pictures that can be read: .*b\.jpg"):
        with_folder(tmp_path)


def png(width: int, height: int) -> bytes:
    """A grey PNG as large as its header says, of one level, so that its file is small."""
    rows = zlib.compressobj(1)
    data = b"".join(rows.compress(bytes(1 + width)) for _ in range(min(height, 10_000)))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", data + rows.flush()),
        (b"IEND", b""),
    )
    body = (
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc32(kind + content))
        for kind, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (8_000, 7_000)])
def test_a_background_too_large_to_draw_is_named(tmp_path: Path, width: int, height: int) -> None:
    config = GenerateConfig(background="folder", background_folder=tmp_path)
    (tmp_path / "wall.png").write_bytes(png(6_000, 7_000))
    decisive(config)
    (tmp_path / "wall.png").write_bytes(png(width, height))
    with pytest.raises(ValueError, match=r"^background_folder must .* 50000000 pixels.*wall\.png"):
        decisive(config)


def test_the_first_difference_is_named() -> None:
    old = {"a": 1, "b": {"c": [1, 2], "d": None}}
    assert difference(old, old) is None
    assert (
        difference(old, {"a": 1, "b": {"c": [1, 3], "d": None}}) == "b.c was [1, 2] and is [1, 3]"
    )
    assert difference(old, {"a": 1, "b": {"c": [1, 2]}}) == "b.d was null and is nothing"
