"""FLAME's people: laid out as the head model's, of the age, sex and ethnicity that is asked for."""

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from assets import added, flame
from assets import head as head_models
from assets.head import SKIN, Head
from assets.lips import gaps
from assets.streams import stream
from generator import flame_add
from generator.identity import make_identity
from rigging.registration.fit import regions
from scripts import cli
from tests import flame_files

PEOPLE, SEED = 150, 5
# Outer skin of the face, as registration weighs it.
FACE = regions().weight >= 1


def error_mm(head: Head, other: Head) -> np.ndarray:
    """Distances of vertices of the face, both about the eyes."""
    places = [one.vertices - one.vertices[-2:].mean(axis=0) for one in (head, other)]
    return 1000 * np.linalg.norm(places[0] - places[1], axis=1)[FACE]


def coefficients_of(one: Head) -> np.ndarray:
    """The file's own coefficients of a head: its components stand at right angles."""
    content = flame_files.contents()
    basis = content["shapedirs"][..., :300].reshape(-1, 300)
    moved = (flame_files.on_flame(one) - content["v_template"]).ravel()
    return moved @ basis / (basis * basis).sum(axis=0)


def test_coefficients_give_the_heads_that_they_were_made_of(added_flame: Path) -> None:
    model = flame.load()
    for index in (0, 7, 100, 200):
        true = flame_files.person(index, flame_files.PEOPLE, flame_files.SEED)
        size = float(np.linalg.norm(np.subtract(*true.vertices[-2:])))
        size /= float(np.linalg.norm(np.subtract(*model.mean[-2:])))
        bare = model.shape(coefficients_of(true), size, 30.0)
        error = error_mm(replace(true, vertices=bare), true)
        assert np.median(error) < 0.4
        assert np.percentile(error, 95) < 1.5


def test_the_mean_is_that_of_the_file_and_so_are_its_lids_and_lips(added_flame: Path) -> None:
    model = flame.load()
    true = flame_files.contents()["v_template"] + flame_files.ORIGIN
    seen = flame_files.skin_map() @ model.mean
    on_face = flame_files.skin_map() @ FACE > 0.99
    off = 1000 * np.linalg.norm(seen - true[: flame_files.SKIN], axis=1)[on_face]
    assert on_face.sum() > 1500
    assert np.percentile(off, 95) < 0.4
    wrapped, most = flame.facts()["wrapped_mm"]
    assert wrapped < 0.1
    assert most < 0.3
    topology = model.heads.topology
    opened = gaps(model.mean[topology.lips.rows].astype(np.float64), topology.lips)
    assert np.abs(opened).max() < 0.003
    assert topology is head_models.load().topology
    # Teeth and tongue, of which the file knows nothing, lie behind the lips.
    front = model.mean[topology.lips.rows[3], 2].max()
    for part in (1, 2, 3):
        assert model.mean[topology.part == part, 2].max() < front


def crowd(seed: int, flames: bool) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks of one model's heads of people of all ages, and what was asked of them."""
    model, anny = flame.load(), head_models.load()
    found, asked = [], []
    for index in range(PEOPLE):
        one = make_identity(index, PEOPLE, seed, "0-90")
        who, shape = one.person, one.shape
        if flames:
            head = model.person(who, stream(seed, index, "flame"))
        else:
            head = anny.person(shape.phenotypes, shape.changes, who.age_years)
        apart = np.linalg.norm(np.subtract(*head.eyes.centre))
        found.append(head.landmarks(head.vertices).ravel() / apart)
        sex = 1.0 if who.sex == "female" else -1.0
        asked.append([np.log1p(who.age_years), sex, who.african, who.asian, who.caucasian])
    return np.array(found), np.array(asked)


def test_age_sex_and_ethnicity_read_from_anny_are_read_from_flame_too(added_flame: Path) -> None:
    known, said = crowd(SEED, flames=False)
    flames, asked = crowd(SEED + 1, flames=True)
    middle, spread = known.mean(axis=0), known.std(axis=0)
    rows = np.column_stack([np.ones(PEOPLE), (known - middle) / spread])
    learned = np.linalg.solve(rows.T @ rows + 3 * np.eye(rows.shape[1]), rows.T @ said)
    read = np.column_stack([np.ones(PEOPLE), (flames - middle) / spread]) @ learned
    agree = [np.corrcoef(read[:, k], asked[:, k])[0, 1] for k in range(5)]
    assert agree[0] > 0.95
    assert min(agree[1:]) > 0.55
    slope = [np.polyfit(asked[:, k], read[:, k], 1)[0] for k in range(5)]
    assert all(0.45 < value < 1.2 for value in slope)
    assert np.abs((read - asked).mean(axis=0)).max() < 0.25


def test_eyes_are_as_far_apart_as_those_of_annys_people_and_size_is_apart_from_shape(
    added_flame: Path,
) -> None:
    model, anny = flame.load(), head_models.load()
    for age in (0, 8, 40):
        apart: tuple[list[float], list[float]] = ([], [])
        for index in range(30):
            one = make_identity(index, 30, 3, f"{age}-{age}")
            who, shape = one.person, one.shape
            heads = (
                anny.person(shape.phenotypes, shape.changes, who.age_years),
                model.person(who, stream(3, index, "flame")),
            )
            for head, lengths in zip(heads, apart, strict=True):
                lengths.append(float(np.linalg.norm(np.subtract(*head.eyes.centre))))
        assert np.mean(apart[1]) == pytest.approx(np.mean(apart[0]), rel=0.08), age
        assert 0.5 < np.std(apart[1]) / np.std(apart[0]) < 2
    once, twice = (model.shape(np.ones(300), size, 30.0) for size in (0.5, 1.0))
    assert np.abs(2 * once - twice).max() < 1e-6


def test_the_same_generator_gives_the_same_head_and_another_another(added_flame: Path) -> None:
    model, who = flame.load(), make_identity(3, 6, 1, "18-90").person
    once, again, other = (model.person(who, stream(1, n, "flame")) for n in (0, 0, 1))
    assert np.array_equal(once.vertices, again.vertices)
    assert np.percentile(error_mm(once, other), 50) > 0.5
    assert (once.eyes.radius > 0.01).all()
    topology = model.heads.topology
    closed = gaps(once.vertices[topology.lips.rows].astype(np.float64), topology.lips)
    assert closed.max() < 1e-4


def test_heads_differ_as_much_as_people_and_none_is_torn(added_flame: Path) -> None:
    model, topology = flame.load(), head_models.load().topology
    skin = (topology.part[topology.triangles] == SKIN).all(axis=1)
    faces = topology.triangles[skin & FACE[topology.triangles].all(axis=1)]

    def normals(vertices: np.ndarray) -> np.ndarray:
        a, b, c = (vertices[faces[:, k]] for k in range(3))
        across = np.cross(b - a, c - a)
        return across / np.linalg.norm(across, axis=1, keepdims=True)

    flat = normals(model.mean)
    differ, anny = [], []
    for index in range(40):
        one = make_identity(index, 40, 9, "0-90")
        head = model.person(one.person, stream(9, index, "flame"))
        assert ((normals(head.vertices) * flat).sum(axis=1) < -0.2).mean() < 0.01
        if one.person.age_years >= 18:
            true = head_models.load().person(
                one.shape.phenotypes, one.shape.changes, one.person.age_years
            )
            for of, made in ((head, differ), (true, anny)):
                made.append(of.vertices[FACE] / np.abs(of.vertices[-2:, 0]).mean())
    widths = [np.linalg.norm(np.std(made, axis=0), axis=1).mean() for made in (differ, anny)]
    assert 0.6 < widths[0] / widths[1] < 1.4


def test_what_was_added_is_held_to_its_hash_and_to_the_head_model(
    added_flame: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = copytree(added_flame, tmp_path / "flame")
    monkeypatch.setenv(added.VARIABLE, str(tmp_path))
    known = json.loads((place / flame.FACTS).read_text())
    assert flame.load().sha256 == known["sha256"]
    content = (place / flame.WEIGHTS).read_bytes()
    (place / flame.WEIGHTS).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    flame.load.cache_clear()
    with pytest.raises(ValueError, match=r"flame.safetensors must have sha256 \w{64}, got \w{64}$"):
        flame.load()
    for what, other in (("head_model", "0" * 64), ("format", 0)):
        (place / flame.FACTS).write_text(json.dumps(known | {what: other}))
        text = rf"flame must be made with {what} \w+; add the file again, got {other}$"
        with pytest.raises(ValueError, match=text):
            flame.load()
    monkeypatch.setenv(added.VARIABLE, str(tmp_path / "none"))
    text = r"^head flame needs what is not in \S+none/flame: pain3d assets add flame PATH puts"
    with pytest.raises(ValueError, match=text):
        flame.load()


def test_the_command_says_what_was_measured_and_what_the_file_allows(
    added_flame: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert cli.run(["assets", "list"]) == 0
    said = capsys.readouterr().out
    assert "flame         flame2023_Open.pkl" in said
    assert "FLAME 2023 Open, CC BY 4.0: name FLAME (Li, Bolkart" in said
    monkeypatch.setenv(added.VARIABLE, str(tmp_path / "other"))
    assert cli.run(["assets", "list"]) == 0
    assert "not added: pain3d assets add flame PATH" in capsys.readouterr().out
    (tmp_path / "flame.pkl").write_bytes(b"cposix\nsystem\n(Vtouch ran\ntR.")
    assert cli.run(["assets", "add", "flame", str(tmp_path / "flame.pkl")]) == 1
    text = f"pain3d assets: {tmp_path}/flame.pkl must hold arrays alone, got posix.system\n"
    assert capsys.readouterr().err == text
    assert not (tmp_path / "other").exists()
    small = json.loads((added_flame / flame.FACTS).read_text())
    monkeypatch.setattr(flame_add, "add", lambda path: small)
    monkeypatch.setenv(added.VARIABLE, str(added_flame.parent))
    assert cli.run(["assets", "add", "flame", "generic_model.pkl"]) == 0
    said = capsys.readouterr().out
    assert "mm off FLAME's mean, 95 % " in said
    assert "ages 65-90    reached to 0." in said
    assert " mm without growth" in said


def test_older_files_allow_research_alone() -> None:
    assert flame_add.licence("flame2023_Open.pkl").startswith("FLAME 2023 Open, CC BY 4.0")
    for name in ("generic_model.pkl", "FLAME2020_opencv.pkl", "my flame2023_Open.pkl", "open.npz"):
        assert flame_add.licence(name).startswith("an older FLAME: research alone")
    assert flame_add.licence("FLAME2023_OPEN.npz") == flame_add.OPEN
