"""`export-model`: an ONNX file that answers as the model does, a card of what is known."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor

from generator.shards.manifest import checksum
from scripts import cli
from tests import learning
from tests.learning import MODEL, SMALL, told
from tests.runs import make
from vitpain.evaluate.build import evaluate
from vitpain.export import onnx_file
from vitpain.export.card import BANNER, card
from vitpain.export.onnx_file import RANGES, TOLERANCE, Answering
from vitpain.export.source import open_source
from vitpain.model import backbone, build, files
from vitpain.model.output import Output
from vitpain.train.begin import fresh
from vitpain.train.config import Run
from vitpain.train.finetune import Division, finetune
from vitpain.train.pretrain import pretrain

TINY = "vit_one_patch16_dinov3"
"""The class of DINOv3 with one block: exporting costs by the block."""
ONE = replace(MODEL, backbone=TINY)
QUICK = replace(SMALL, epochs=1)


@pytest.fixture(scope="module", autouse=True)
def tiny() -> Iterator[None]:
    shape = {"patch_size": 16, "embed_dim": 24, "depth": 1, "num_heads": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backbone, "SMALL", {**backbone.SMALL, TINY: shape})
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("data") / "data", learning.DATA)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    out = tmp_path_factory.mktemp("run") / "pain run"
    pretrain([data], fresh(ONE, "none"), QUICK, Run(out, **learning.EVERY), told())
    return out


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    out = tmp_path_factory.mktemp("folds") / "RUN"
    first = fresh(replace(ONE, variant="plain"), "none")
    division = Division(data, "loso", only=(2, 5))
    finetune(division, first, QUICK, Run(out, **learning.EVERY), told())
    return out


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, run: Path) -> Path:
    """What the command made: the file, its card and its figures."""
    folder = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stderr", heard := StringIO())
        said = cli.run(
            ["export-model", str(run), "--out", str(folder / "M.onnx"),
             "--json", str(folder / "figures.json")]
        )  # fmt: skip
    assert said == 0
    (folder / "stderr").write_text(heard.getvalue())
    return folder / "M.onnx"


def asked(path: Path, given: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    said = session.run(None, {name: one.numpy() for name, one in given.items()})
    return dict(zip([one.name for one in session.get_outputs()], said, strict=True))


@pytest.mark.parametrize(
    ("faces", "references", "has"),
    [(1, 1, True), (3, 2, True), (3, 1, False), (1, 0, False), (7, 4, True)],
)
def test_the_file_answers_as_the_model(
    exported: Path, run: Path, faces: int, references: int, has: bool
) -> None:
    model = files.load(run / "model")
    given = Answering(files.load(run / "model")).example(faces, references, has, seed=50)
    with torch.no_grad():
        said = model(*given.values())
    known = (said.pspi, torch.sigmoid(said.logits), said.aus, said.pspi_of_aus)
    found = asked(exported, given)
    assert list(found) == list(RANGES)
    for (name, one), other in zip(found.items(), known, strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=1e-5, err_msg=name)
    assert found["pspi"].shape == (faces,)
    assert found["probabilities"].shape == (faces, 3)
    assert found["aus"].shape == (faces, 6)


def test_inputs_and_facts_are_in_the_file(exported: Path, run: Path) -> None:
    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    shapes = {one.name: (one.type, one.shape) for one in session.get_inputs()}
    assert shapes == {
        "face": ("tensor(float)", ["batch", 3, 32, 32]),
        "neutrals": ("tensor(float)", ["batch", "references", 3, 32, 32]),
        "has_neutral": ("tensor(bool)", ["batch", "references"]),
    }
    facts = session.get_modelmeta().custom_metadata_map
    assert facts["format"] == onnx_file.FORMAT
    assert (facts["size"], facts["name"], facts["sees_neutral"]) == ("32", "pain run", "true")
    assert json.loads(facts["thresholds"]) == [1.0, 2.0, 3.0]
    aus = json.loads(facts["aus"])
    assert [one["au"] for one in aus] == [4, 6, 7, 9, 10, 43]
    assert aus[-1] == {"au": 43, "name": "eyes closed", "range": [0.0, 1.0]}
    assert "banner" not in facts
    onnx.checker.check_model(str(exported), full_check=True)
    # Neither this machine nor this code's places are told of.
    content = exported.read_bytes()
    for word in (str(Path.cwd()), "site-packages", "vitpain.py", str(run)):
        assert word.encode() not in content


def test_nothing_else_is_left_or_said(exported: Path) -> None:
    names = {path.name for path in exported.parent.iterdir()}
    assert names == {"M.onnx", "M.md", "figures.json", "stderr"}
    assert (exported.parent / "stderr").read_text() == ""
    figures = json.loads((exported.parent / "figures.json").read_text())
    assert figures["surrogate"] is False
    assert list(figures["differences"]) == list(RANGES)
    assert all(0.0 <= value < 1e-5 for value in figures["differences"].values())


def test_differences_are_found(exported: Path, run: Path) -> None:
    other = Answering(files.load(run / "model"))
    with torch.no_grad():
        other.model.heads.pspi[3].bias.add_(0.1)
    found = onnx_file.differences(other, exported)
    assert found["pspi"] > TOLERANCE * RANGES["pspi"]
    assert found["aus"] < 1e-5
    with torch.no_grad():
        other.model.fusion.missing.fill_(math.nan)
    # Batches with neutrals are well: those without are asked too, and NaN is no small difference.
    assert set(onnx_file.differences(other, exported).values()) == {math.inf}


def test_a_file_that_differs_gets_no_name(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Program:
        def save(self, path: Path, external_data: bool) -> None:
            path.write_bytes(b"onnx")

    monkeypatch.setattr(onnx_file, "_program", lambda asked: Program())
    monkeypatch.setattr(onnx_file, "_clean", lambda program, facts: None)
    wrong = dict.fromkeys(RANGES, 0.0) | {"aus": 0.02}
    monkeypatch.setattr(onnx_file, "differences", lambda asked, path: wrong)
    model, out = files.load(run / "model"), tmp_path / "M.onnx"
    with pytest.raises(
        ValueError,
        match=r"M.onnx must answer within 0.0005 of torch's aus, got a difference of 0.02$",
    ):
        onnx_file.write(model, out, {})
    assert list(tmp_path.iterdir()) == []
    wrong["aus"] = TOLERANCE
    assert onnx_file.write(model, out, {}) == wrong
    assert [path.name for path in tmp_path.iterdir()] == ["M.onnx"]


def distilled() -> tuple[build.Model, Tensor, Output]:
    """A model in which everything matters, faces, and what its student says of them."""
    model = build.build(replace(ONE, variant="distilled", adapters="two"), "none", 0).eval()
    drawn = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for one in model.parameters():
            one.add_(0.1 * torch.randn(one.shape, generator=drawn))
        face = torch.rand(5, 3, 32, 32, generator=drawn)
        none = torch.zeros(5, 1, 3, 32, 32), torch.zeros(5, 1, dtype=torch.bool)
        return model, face, model(face, *none)


def test_of_distilled_the_student_answers_merged() -> None:
    model, face, known = distilled()
    answering = Answering(model)
    with torch.no_grad():
        said = answering(face)
    for one, other in zip(said, (known.pspi, torch.sigmoid(known.logits), known.aus), strict=False):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)
    assert list(answering.example(2, 3, True)) == ["face"]
    # No product is left of the adapters' own.
    assert not any("lora" in name for name, _ in answering.named_parameters())


@pytest.mark.slow
def test_a_model_too_large_for_one_file_has_its_weights_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, face, known = distilled()
    monkeypatch.setattr(onnx_file, "LARGEST", 10)
    onnx_file.write(model, tmp_path / "M.onnx", {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["M.onnx", "M.onnx.data"]
    content = onnx.load(tmp_path / "M.onnx", load_external_data=False)
    assert [one.name for one in content.graph.input] == ["face"]
    said = asked(tmp_path / "M.onnx", {"face": face})
    np.testing.assert_allclose(said["pspi"], known.pspi.numpy(), atol=1e-5)
    np.testing.assert_allclose(said["aus"], known.aus.numpy(), atol=1e-5)


def test_the_card_says_what_files_say(exported: Path, run: Path, data: Path) -> None:
    text = (exported.parent / "M.md").read_text()
    words = " ".join(text.split())
    stated = json.loads((run / "run.json").read_text())
    result = json.loads((run / "result.json").read_text())
    manifest = checksum(data / "manifest.json").sha256
    for phrase in (
        "# pain run: pain and action units from a face", "`M.onnx` reads from a picture",
        "variant `reference`", f"`{TINY}`", "| `face` | [batch, 3, 32, 32] float32 |",
        "| `has_neutral` | [batch, references] bool |", "AU43 eyes closed 0-1",
        "the side is 1.9 times the larger of w and d / 0.55, and its middle lies 0.62 d",
        f"Frames of these sources: `3d`. The data sets by the SHA-256 of their manifests: "
        f"`{manifest}`",
        "learnt from the split `train` and was selected by `val`, other people",
        "began with random weights. In training all of it was trained",
        f"{stated['rule']}. Epoch {result['epoch']} of 1, concordance {result['score']:.3f}",
        "validated on adults", "nobody may be refused care", "No weights of others are in it",
        "| `learning_rate` | `0.001` |", f"torch {stated['versions']['torch']}",
    ):  # fmt: skip
        assert phrase in words, phrase
    assert "Not known: the run has not been evaluated." in text
    assert "STAND-IN" not in text
    assert "fold" not in words.partition("## How it was made")[0].replace("folds or", "")
    assert str(run) not in text
    assert str(data) not in text


def test_a_fold_is_a_model_of_its_own(folds: Path, run: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"run must name a fold of .*RUN, one of fold-2, fold-5:"):
        open_source(folds)
    for place in (tmp_path, run / "model", folds / "fold-2" / "model"):
        with pytest.raises(ValueError, match=r"run must be the folder of a run, or a fold of one"):
            open_source(place)
    found = open_source(folds / "fold-5")
    assert (found.fold, found.name, found.surrogate) == (5, "RUN, fold 5", False)
    text = card(found, "M.onnx", dict.fromkeys(RANGES, 1e-7))
    assert "# RUN, fold 5: pain" in text
    assert "divided by the folds `loso`; this is fold 5." in text
    assert "neutrals" not in text.partition("## What it says")[0]
    evaluate(folds)
    found = open_source(folds / "fold-5")
    text = card(found, "M.onnx", dict.fromkeys(RANGES, 1e-7))
    assert found.report is not None
    for name, one in (
        ("PSPI, all folds", found.report["pspi"]["pooled"]),
        ("PSPI, this fold", found.report["pspi"]["folds"]["5"]),
    ):
        start = f"| {name} | {one['frames']} | {one['subjects']} | {one['mae']['value']:.3f}"
        assert start in text
    own = found.report["pspi"] | {"pooled": {**found.report["pspi"]["pooled"]}}
    own["pooled"] |= {
        "mae": {"value": 1.23456, "low": 1.0, "high": 2.0, "why": None},
        "pearson": {"value": None, "low": None, "high": None, "why": "labels are all alike"},
    }
    text = card(replace(found, report={**found.report, "pspi": own}), "M.onnx", {})
    assert "| 1.235 (1.000, 2.000) | undefined | " in text
    (folds / "predictions.parquet").rename(folds / "kept")
    try:
        found = open_source(folds / "fold-5")
        assert found.report is None
        assert found.why_none == "the report of the run was made from another predictions.parquet"
    finally:
        (folds / "kept").rename(folds / "predictions.parquet")
    (folds / "fold-5" / "result.json").rename(tmp_path / "result.json")
    with pytest.raises(ValueError, match=r"run must have ended, got no result.json with its model"):
        open_source(folds / "fold-5")
    (tmp_path / "result.json").rename(folds / "fold-5" / "result.json")


def changed(run: Path, **facts: Any) -> Any:
    source = open_source(run)
    stated = {**source.stated, **facts.pop("stated", {})}
    done = replace(source.fitted, **facts.pop("fitted", {}))
    return replace(source, run={**source.run, **facts}, stated=stated, fitted=done)


def test_a_stand_in_is_said_first(run: Path) -> None:
    text = card(changed(run, surrogate=True, sources=["unbc-surrogate"]), "M.onnx", {})
    lines = [line for line in text.partition("---\n\n")[2].splitlines() if line]
    assert lines[1] == f"> **{BANNER}**"
    assert lines[0].startswith("# ")


@pytest.mark.parametrize(
    ("weights", "said", "head"),
    [
        ("hub", "under the licence `dinov3-license`, which binds this model too", "other"),
        ("mine.pth", "The licence of the weights that the backbone began with is not", "unknown"),
    ],
)
def test_weights_of_others_bring_their_licence(
    run: Path, weights: str, said: str, head: str
) -> None:
    stated = {"name": "vit_small_patch16_dinov3", "weights": weights, "in_file": True}
    text = card(changed(run, weights="ab" * 32, stated={"backbone": stated}), "M.onnx", {})
    assert said in text
    assert text.startswith(f"---\nlicense: {head}\n")
    named = "`timm/vit_small_patch16_dinov3.lvd1689m`" if weights == "hub" else "`mine.pth` (SHA-2"
    assert named in text


def test_what_went_before_and_what_went_wrong_is_said(run: Path) -> None:
    init = {"model.safetensors": "cd" * 32, "model.json": "ef" * 32}
    told_of = changed(run, init=init, weights=None, fitted={"score": None, "collapsed": True})
    text = card(told_of, "M.onnx", {})
    assert f"went on from another's model (SHA-256 of its weights `{'cd' * 32}`)" in text
    assert "concordance undefined. At the end of training its predictions had collapsed" in text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["RUN", "--out", "M.pt"], 2, "out must be a file ending in .onnx, got M.pt"),
        (["RUN", "--out", "none/M.onnx"], 2, "out must be in a folder that is there, got none/M"),
        (["RUN", "--out", "M.onnx"], 1, "run must be the folder of a run, or a fold of one, got"),
    ],
)
def test_the_command_names_what_is_wrong(
    arguments: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        found = cli.run(["export-model", *arguments])
    except SystemExit as ended:
        found = ended.code
    assert found == code
    assert f"pain3d export-model: {said}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
