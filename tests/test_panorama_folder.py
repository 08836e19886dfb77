"""A user's panoramas: measured as those that ship, named by content, and refused with a reason."""

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets.environments import Environment
from generator import panorama_folder
from generator.config import GenerateConfig, decisive
from generator.panorama_folder import files, folder_hash, load, read
from generator.shards.drawn_rules import drawn_faults
from generator.shards.stated import read_options
from generator.synth3d import make_person
from generator.view import make_view
from render import light, panorama
from render.panorama import directions
from render.surroundings import reflected
from tests.test_environments import lit, normals

SUN = np.array([0.48, 0.6, 0.64])


def save(path: Path, picture: np.ndarray) -> Path:
    """Write linear RGB."""
    os.environ["OPENCV_IO_ENABLE_OPENEXR"] = "1"
    assert cv2.imwrite(str(path), picture[..., ::-1].astype(np.float32))
    return path


def sunny(rows: int = 128) -> np.ndarray:
    """A sun of 3 degrees radius in an even blue sky over a brown ground."""
    towards = directions(rows, 2 * rows)
    sky = np.where(towards[..., 1:2] > 0, [0.3, 0.4, 0.6], [0.2, 0.15, 0.1])
    return np.where(
        (towards @ SUN > np.cos(np.radians(3.0)))[..., None], [900.0, 800.0, 600.0], sky
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("panoramas")
    save(made / "b_sun.hdr", sunny())
    save(made / "a_grey.exr", np.full((64, 128, 3), [0.2, 0.5, 0.9]))
    (made / "notes.txt").write_text("not a panorama")
    return made


def named(folder: Path, file: str) -> Environment:
    name = next(name for name, path in files(folder).items() if path.name == file)
    return load(folder, name)


@pytest.mark.parametrize("suffix", ["hdr", "exr"])
def test_a_sun_is_the_key_light_where_it_stands(tmp_path: Path, suffix: str) -> None:
    save(tmp_path / f"sun.{suffix}", sunny(256))
    made = named(tmp_path, f"sun.{suffix}")
    assert np.degrees(np.arccos(made.key_direction @ SUN)) < 0.3  # a pixel has 0.7
    assert np.degrees(made.key_size) == pytest.approx(3.0, rel=0.1)
    excess = (np.array([900.0, 800.0, 600.0]) - [0.3, 0.4, 0.6]) * made.scale
    expected = np.pi * np.sin(np.radians(3.0)) ** 2 * excess
    np.testing.assert_allclose(made.key_irradiance, expected, rtol=0.04)
    assert made.panorama.shape == (256, 512, 3)


def test_even_light_is_pi_everywhere(folder: Path) -> None:
    made = named(folder, "a_grey.exr")
    assert not made.key_irradiance.any()
    expected = np.pi * np.array([0.2, 0.5, 0.9]) * made.scale
    np.testing.assert_allclose(lit(made, normals(50)), np.tile(expected, (50, 1)), rtol=2e-3)


def test_exposure_is_that_of_a_white_face(tmp_path: Path) -> None:
    """The same place under ten times the light is the same environment."""
    save(tmp_path / "day.exr", sunny())
    save(tmp_path / "noon.exr", 10 * sunny())
    day, noon = named(tmp_path, "day.exr"), named(tmp_path, "noon.exr")
    np.testing.assert_allclose(noon.sh, day.sh, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(noon.key_irradiance, day.key_irradiance, rtol=1e-4)
    np.testing.assert_allclose(noon.scale * 10, day.scale, rtol=1e-4)


def test_large_panoramas_are_kept_small_and_keep_their_light(tmp_path: Path) -> None:
    save(tmp_path / "large.hdr", sunny(600))
    made = named(tmp_path, "large.hdr")
    assert made.panorama.shape == (256, 512, 3)
    towards = normals(60)
    slow = panorama.irradiance(made.panorama, towards)
    error = (lit(made, towards) - slow) / slow.mean()
    assert np.sqrt(np.mean(error**2)) < 0.04
    whole = np.einsum("hwc,hw->c", made.panorama, panorama.solid_angles(256, 512))
    np.testing.assert_allclose(made.sh[0] / light.BASIS[0] + made.key_irradiance, whole, rtol=0.02)


def test_names_are_the_content_in_the_order_of_the_files(folder: Path, tmp_path: Path) -> None:
    assert [path.name for path in files(folder).values()] == ["a_grey.exr", "b_sun.hdr"]
    for number, path in enumerate(
        (folder / "a_grey.exr", folder / "b_sun.hdr", folder / "b_sun.hdr")
    ):
        (tmp_path / f"{9 - number}.{path.suffix[1:]}").write_bytes(path.read_bytes())
    # Renamed and turned round, one of them twice: the same two names.
    assert list(files(tmp_path)) == list(files(folder))[::-1]
    assert folder_hash(tmp_path) != folder_hash(folder)
    with pytest.raises(ValueError, match=r"environment must be a panorama of .*, got 'lebombo'"):
        load(folder, "lebombo")


def test_people_are_lit_by_them_and_records_say_so(folder: Path) -> None:
    config = GenerateConfig(
        identities=6, pain_per_identity=0, views=2, size=64, seed=1, environment_folder=folder
    )
    names = set(files(folder))
    views = [make_view(config, index, 0) for index in range(40)]
    assert {view.lighting.environment for view in views} == names
    stated = decisive(config)
    assert stated["environment_folder"] == folder_hash(folder)
    options = read_options({"options": stated}, "config.json")
    first, again = make_person(config, 0), make_person(config, 0)
    assert [sample.members for sample in first] == [sample.members for sample in again]
    sample = first[0]
    for sample in first:
        assert sample.record.light.environment in names
        assert sample.record.background.name in names
        assert list(drawn_faults(sample.record, options)) == []
    shipped = replace(sample.record, light=replace(sample.record.light, environment="lebombo"))
    said = [rule for rule, _ in drawn_faults(shipped, options)]
    assert said == ["environment must be sha256: and the hash of a panorama"]
    elsewhere = read_options({"options": decisive(replace(config, environment_folder=None))}, "c")
    said = [rule for rule, _ in drawn_faults(sample.record, elsewhere)]
    assert said == ["environment must be one of assets.environments"]


def test_what_a_process_keeps_is_bounded(folder: Path) -> None:
    assert load.cache_parameters()["maxsize"] == panorama_folder.KEPT < 64
    assert reflected.cache_parameters()["maxsize"] == 16
    assert named(folder, "b_sun.hdr") is named(folder, "b_sun.hdr")
    assert named(folder, "b_sun.hdr").panorama.nbytes < 1.6e6


def given(path: Path) -> np.ndarray:
    return read(path, path.read_bytes())


def test_pictures_that_are_no_panorama_are_refused(tmp_path: Path) -> None:
    square = save(tmp_path / "square.hdr", np.ones((64, 64, 3)))
    with pytest.raises(ValueError, match=r"twice as wide as high .*, got 64 x 64 in .*square\.hdr"):
        given(square)
    square = save(tmp_path / "square.exr", np.ones((64, 64, 3)))
    with pytest.raises(ValueError, match=r"twice as wide as high .*, got 64 x 64 in .*square\.exr"):
        given(square)
    small = save(tmp_path / "small.hdr", np.ones((8, 16, 3)))
    with pytest.raises(ValueError, match="32 to 8192 pixels wide, got 16 x 8"):
        given(small)
    huge = tmp_path / "huge.hdr"
    huge.write_bytes(b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 50000 +X 100000\n")
    with pytest.raises(ValueError, match="32 to 8192 pixels wide, got 100000 x 50000"):
        given(huge)
    cut = tmp_path / "cut.hdr"
    cut.write_bytes((tmp_path / "square.hdr").read_bytes()[:60].replace(b"-Y 64", b"-Y 32"))
    with pytest.raises(ValueError, match=r"files that can be read, got .*cut\.hdr"):
        given(cut)
    other = tmp_path / "other.hdr"
    other.write_bytes(b"P6 2 1 255 abcdef")
    with pytest.raises(ValueError, match=r"must hold Radiance or OpenEXR files, got .*other\.hdr"):
        given(other)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_radiance_that_cannot_be_is_refused(tmp_path: Path, value: float) -> None:
    picture = np.ones((32, 64, 3))
    picture[3, 4, 1] = value
    path = save(tmp_path / "bad.exr", picture)
    with pytest.raises(ValueError, match=r"finite, at least 0 and not all 0, got .*bad\.exr"):
        given(path)


def test_black_and_grey_files_are_refused(tmp_path: Path) -> None:
    black = save(tmp_path / "black.hdr", np.zeros((32, 64, 3)))
    with pytest.raises(ValueError, match="not all 0, got"):
        given(black)
    assert cv2.imwrite(str(tmp_path / "grey.exr"), np.ones((32, 64), np.float32))
    with pytest.raises(ValueError, match=r"panoramas in colour, got .*grey\.exr"):
        given(tmp_path / "grey.exr")


def test_folders_that_cannot_be_used_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"environment_folder must hold panoramas \(\.hdr, \.exr\)"
    ):
        folder_hash(tmp_path)
    with pytest.raises(ValueError, match=r"environment_folder must be readable, got .*: No such"):
        folder_hash(tmp_path / "none")
    with pytest.raises(ValueError, match="environment_folder must be a folder, got the file"):
        folder_hash(folder / "b_sun.hdr")
    with pytest.raises(ValueError, match="environments must be left out where environment_folder"):
        GenerateConfig(environment_folder=folder, environments=("lebombo",))


def test_a_file_that_changes_while_it_is_used_is_noticed(tmp_path: Path) -> None:
    save(tmp_path / "sky.hdr", np.full((32, 64, 3), 0.3))
    (name,) = files(tmp_path)
    save(tmp_path / "sky.hdr", np.full((32, 64, 3), 0.4))
    with pytest.raises(ValueError, match=r"must not change while it is used, got a new .*sky\.hdr"):
        load(tmp_path, name)
