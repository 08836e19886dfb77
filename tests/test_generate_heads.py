"""Data sets by either rig and of FLAME heads: what is drawn, stated, checked and refused."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest

from assets import added, flame, makehuman, manifest
from assets.classes import CLASSES
from assets.head import Head
from generator import heads, jobs, synth3d
from generator.audit import source
from generator.config import GenerateConfig
from generator.expression import make_expressions
from generator.identity import make_identity
from generator.merge import merge
from generator.provenance import source as code
from generator.shards import codec
from generator.shards.card import SYNTHETIC
from generator.shards.folder import open_folder
from generator.shards.manifest import json_bytes
from generator.shards.record import Sample
from rigging import blendshapes, rig
from scripts import cli
from tests.packs import added_to, write_pack
from tests.runs import here, ignore

RIGS = get_args(heads.Rig)
SMALL = GenerateConfig(identities=2, pain_per_identity=1, views=1, size=96, seed=6, ages="18-90")
FLAME = replace(SMALL, head="flame")


@pytest.fixture(scope="module")
def place(flame_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user's folder with a FLAME file added."""
    root = copytree(flame_root, tmp_path_factory.mktemp("added") / "assets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(added.VARIABLE, str(root))
        flame.load.cache_clear()
        yield root
    flame.load.cache_clear()


@pytest.fixture(scope="module")
def data(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of FLAME heads."""
    out = tmp_path_factory.mktemp("flame") / "data"
    with here():
        jobs.generate(FLAME, synth3d.PRODUCER, jobs.Run(out), ignore)
    return out


@pytest.fixture(scope="module")
def person() -> Head:
    return heads.make_head(SMALL, make_identity(0, SMALL.identities, SMALL.seed))


def marks(sample: Sample) -> np.ndarray:
    assert sample.record.landmarks is not None
    return np.array(sample.record.landmarks.points)


def test_both_rigs_draw_the_same_person() -> None:
    # Whole intensities of AU6 and 43 too, so that all six maps are looked at.
    config = replace(SMALL, identities=1, size=128, pspi="16")
    by = {name: synth3d.make_person(replace(config, rig=name), 0) for name in RIGS}
    (still, network), (same, taught) = (by[name] for name in RIGS)
    assert still.members == same.members
    assert network.members != taught.members
    assert network.record.aus == taught.record.aus
    # Of some 60 pixels from the brows to the chin.
    assert np.linalg.norm(marks(network) - marks(taught), axis=1).max() < 2.0
    assert np.linalg.norm(marks(taught) - marks(same), axis=1).max() > 3.0
    names = [[sample.record.made_by.rig.name for sample in by[name]] for name in RIGS]
    assert names == [[name, name] for name in RIGS]
    shas = [by[name][0].record.made_by.rig.sha256 for name in RIGS]
    assert shas == [heads.rig_maker(replace(config, rig=name)).sha256 for name in RIGS]
    assert shas[1] == code("rigging")


def test_weights_and_source_both_decide_the_neural_rig(monkeypatch: pytest.MonkeyPatch) -> None:
    config, files = replace(SMALL, rig="neural"), manifest.entries()
    weights = files["rig.safetensors"].sha256
    own = hashlib.sha256(f"{weights}\n{code('rigging')}\n".encode()).hexdigest()
    assert heads.rig_maker(config).sha256 == own
    with monkeypatch.context() as patch:
        patch.setattr(heads, "source", lambda package: f"other {package}")
        assert heads.rig_maker(config).sha256 != own
    trained = files | {"rig.safetensors": replace(files["rig.safetensors"], sha256="0")}
    monkeypatch.setattr(manifest, "entries", lambda: trained)
    assert heads.rig_maker(config).sha256 != own


@pytest.mark.parametrize("name", RIGS)
def test_heat_is_how_far_each_au_moves_alone(name: heads.Rig, person: Head) -> None:
    config = replace(SMALL, asymmetry=1.0, continuous=True, pspi="9.5", pain_per_identity=3)
    for expression in make_expressions(config, 0):
        heat = synth3d.pain_heat(name, person, expression)
        for column, au in enumerate((4, 6, 7, 9, 10, 43)):
            sides = ({au: side[au]} for side in (expression.left, expression.right))
            moved = heads.pose(name, person, *sides) - person.vertices
            assert heat[:, column] == pytest.approx(1000 * np.linalg.norm(moved, axis=1), abs=1e-5)
            assert heat[:, column].any() == (expression.label[au] > 0)


def test_a_head_moves_as_its_rig_says(person: Head) -> None:
    aus, look = {4: 3.0, 12: 2.0, 26: 4.0}, np.array([[0.2, 0.1], [0.1, 0.1]])
    for name, one in (("neural", rig), ("blendshapes", blendshapes)):
        expected = one.pose(person, aus, aus, look)
        assert np.array_equal(heads.pose(name, person, aus, aus, look), expected)


def test_what_is_kept_of_one_rig_is_not_the_others(person: Head) -> None:
    one, other = (heads.moved_mm(name, person, 10, 4.0, 4.0) for name in RIGS)
    assert not np.array_equal(one, other)
    assert heads.moved_mm(RIGS[0], person, 10, 4.0, 4.0) is one
    with pytest.raises(ValueError, match="read-only"):
        one[0] = 1.0


def test_a_flame_person_is_drawn_from_streams_of_their_own(place: Path) -> None:
    identity = make_identity(1, FLAME.identities, FLAME.seed)
    head = heads.make_head(FLAME, identity)
    assert np.array_equal(heads.make_head(FLAME, identity).vertices, head.vertices)
    other = replace(identity, shape=make_identity(0, FLAME.identities, FLAME.seed).shape)
    assert np.array_equal(heads.make_head(FLAME, other).vertices, head.vertices)
    elsewhere = heads.make_head(FLAME, replace(identity, seed=FLAME.seed + 1))
    assert np.abs(elsewhere.vertices - head.vertices).max() > 0.001
    assert np.abs(heads.make_head(SMALL, identity).vertices - head.vertices).max() > 0.001
    assert head.age_years == identity.person.age_years


def test_a_data_set_of_flame_heads_holds(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.run(["verify", str(data)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["faults", "0"]
    opened = open_folder(data)
    digest = flame.load().sha256
    assert opened.config["made_with"]["flame"] == f"sha256:{digest}"
    assert opened.config["made_with"]["flame_licence"].startswith("FLAME 2023 Open, CC BY 4.0")
    rows = opened.index.to_pylist()
    assert {(row["head"], row["rig"]) for row in rows} == {("flame", FLAME.rig)}
    for row in rows:
        sample = opened.sample(row)
        assert sample.record.made_by.head.sha256 == digest
        classes = codec.decode("seg.png", sample.members["seg.png"])
        for name in ("skin", "nose", "lips", "brow", "hair", "neck", "clothes"):
            assert (classes == CLASSES[name]).any(), (row["key"], name)
    card = (data / "README.md").read_text()
    assert "\nlicense: cc-by-4.0\n" in card
    assert "CC-BY-4.0.html" in (data / "croissant.json").read_text()
    preview, exported = tmp_path / "preview", tmp_path / "export"
    assert cli.run(["preview", str(data), "--out", str(preview)]) == 0
    assert cli.run(["export", str(data), "--out", str(exported)]) == 0


def test_people_of_flame_are_made_again_where_the_file_is(
    data: Path, place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened = open_folder(data)
    assert source.origin(opened, "").config == FLAME
    stated = opened.config["made_with"]["flame"]
    opened.config["made_with"]["flame"] = "sha256:0"
    again = source.origin(opened, "")
    assert again.config is None
    assert again.reason.endswith(f"its people again: flame was sha256:0 and is {stated}")
    monkeypatch.setenv(added.VARIABLE, str(tmp_path))
    flame.load.cache_clear()
    again = source.origin(opened, "")
    flame.load.cache_clear()
    assert "pain3d assets add flame PATH puts it there" in again.reason


def test_another_flame_file_is_another_data_set(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stated = open_folder(data).config["made_with"]["flame"]
    parts = [copytree(data, tmp_path / name) for name in ("one", "two")]
    monkeypatch.setattr(flame, "load", lambda: SimpleNamespace(sha256="0"))
    changed = f"made_with.flame was {json.dumps(stated)} and is {json.dumps('sha256:0')}"
    with pytest.raises(ValueError, match=re.escape(changed)):
        jobs.generate(FLAME, synth3d.PRODUCER, jobs.Run(parts[0], resume=True), ignore)
    config = json.loads((parts[1] / "config.json").read_text())
    config["made_with"]["flame"] = "sha256:0"
    (parts[1] / "config.json").write_bytes(json_bytes(config))
    for number, part in enumerate(parts):
        (part / "part.json").write_bytes(json_bytes({"part": 1 + number, "of": 2}))
    with pytest.raises(ValueError, match=re.escape(changed)):
        merge(parts, tmp_path / "out", SYNTHETIC, ignore)


def test_without_a_file_the_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(added.VARIABLE, str(tmp_path / "none"))
    flame.load.cache_clear()
    out = tmp_path / "out"
    assert cli.run(["generate", "--out", str(out), "--head", "flame"]) == 1
    said = capsys.readouterr().err
    assert said == (
        f"pain3d generate: head flame needs what is not in {tmp_path}/none/flame: "
        "pain3d assets add flame PATH puts it there\n"
    )
    assert not out.exists()


def test_flame_heads_wear_everything(place: Path, tmp_path: Path) -> None:
    config = replace(
        FLAME, occluders=("glasses", "surgical_mask", "cap"), sensor="near_infrared", flush=True,
        depth_of_field=True, rig=RIGS[0],
    )  # fmt: skip
    neutral, pain = synth3d.make_person(config, 0)
    assert {"glasses", "surgical_mask", "cap"} <= set(neutral.record.occluders)
    assert neutral.members != pain.members
    table = write_pack(tmp_path / "pack")
    with added_to(place, tmp_path / "pack", table):
        assert makehuman.pieces("hair") == ("short01",)
        flame.load.cache_clear()
        worn = [synth3d.make_person(replace(FLAME, hair="makehuman"), index)[0] for index in (0, 1)]
    assert any(sample.record.person.hair == "makehuman:short01" for sample in worn)
