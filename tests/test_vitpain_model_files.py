"""Models on disk: the same bits back, and what is damaged or another's named by file and key."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.learning import MODEL
from vitpain.model import backbone, build, files

KINDS = [
    {},
    {"variant": "plain"},
    {"adapters": "two"},
    {"variant": "distilled"},
    {"variant": "distilled", "student": "reference", "adapters": "two"},
    {"tune": "all"},
    {"variant": "distilled", "tune": "all"},
]


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of the backbone, as somebody trained them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(9)
        made = backbone.create(MODEL, "none")
    path = tmp_path_factory.mktemp("weights") / "backbone.safetensors"
    save_file(made.state_dict(), path)
    return path


def moved(model: build.Model) -> build.Model:
    """What trains, as after some steps."""
    drawn = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for one in model.parameters():
            if one.requires_grad:
                one.add_(torch.randn(one.shape, generator=drawn))
    return model


def saved(folder: Path, weights: backbone.Weights, **changed: Any) -> build.Model:
    model = moved(build.build(replace(MODEL, **changed), weights, 4))
    files.save(model, folder, {"seed": 4})
    return model


@pytest.mark.parametrize("changed", KINDS, ids=str)
@pytest.mark.parametrize("trained", [False, True])
def test_a_model_comes_back_to_the_bit(
    tmp_path: Path, frozen: Path, changed: dict[str, Any], trained: bool
) -> None:
    given = frozen if trained else None
    model = saved(tmp_path / "model", frozen if trained else "none", **changed)
    found = files.load(tmp_path / "model", given)
    assert (type(found), found.config, found.origin) == (type(model), model.config, model.origin)
    assert not any(one.training for one in found.modules())
    pairs = zip(model.named_parameters(), found.named_parameters(), strict=True)
    for (name, one), (other_name, other) in pairs:
        assert name == other_name
        assert one.requires_grad == other.requires_grad, name
        assert torch.equal(one, other), name
    kept = load_file(tmp_path / "model" / files.TENSORS)
    whole = not trained or changed.get("tune") == "all"
    wanted = {name for name, one in model.named_parameters() if whole or one.requires_grad}
    assert set(kept) == wanted
    stated, config = files.facts(tmp_path / "model")
    assert config == model.config
    assert stated["facts"] == {"seed": 4}
    assert stated["backbone"] == {
        "name": MODEL.backbone,
        "weights": "backbone.safetensors" if trained else "none",
        "sha256": None if whole else files.frozen_hash(model),
        "in_file": whole,
    }


def test_a_frozen_backbone_is_held_to_its_hash(tmp_path: Path, frozen: Path) -> None:
    folder = tmp_path / "model"
    model = saved(folder, frozen)
    known = files.frozen_hash(model)
    # What trains has no part in it; the smallest change of what is frozen has.
    assert files.frozen_hash(moved(model)) == known
    with pytest.raises(
        ValueError,
        match=rf"model must be given the weights of its backbone {MODEL.backbone} "
        rf"\(backbone.safetensors, sha256 {known}\), got none$",
    ):
        files.load(folder)
    tensors = load_file(frozen)
    tensors["blocks.0.norm1.bias"][0] += 1e-6
    save_file(tensors, tmp_path / "other.safetensors")
    with pytest.raises(
        ValueError, match=rf"must be given the backbone it was trained on, sha256 {known}, got \w+"
    ):
        files.load(folder, tmp_path / "other.safetensors")


def test_weights_of_the_hub_are_fetched_again(
    tmp_path: Path, frozen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backbone.files, "fetch", lambda name, card: frozen)
    model = saved(tmp_path / "model", "hub")
    assert not files.facts(tmp_path / "model")[0]["backbone"]["in_file"]
    found = files.load(tmp_path / "model")
    pairs = zip(model.parameters(), found.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    # A file of the same weights does as well.
    files.load(tmp_path / "model", frozen)


def rewritten(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Any:
    def damage(folder: Path) -> None:
        tensors = load_file(folder / files.TENSORS)
        save_file(change(tensors), folder / files.TENSORS)

    return damage


def stating(**changed: Any) -> Any:
    def damage(folder: Path) -> None:
        path = folder / files.FACTS
        stated = json.loads(path.read_text())
        for name, value in changed.items():
            where, _, field = name.partition("__")
            if field:
                stated[where] = stated[where] | {field: value}
            else:
                stated[where] = value
        path.write_text(json.dumps(stated))

    return damage


def cut(folder: Path) -> None:
    path = folder / files.TENSORS
    path.write_bytes(path.read_bytes()[:-10])


def remove(name: str) -> Any:
    return lambda folder: (folder / name).unlink()


QUERIES = "heads.queries"
DAMAGE = [
    (cut, "model.safetensors must be a whole file of tensors, got "),
    (remove(files.TENSORS), "model.safetensors must be a whole file of tensors, got "),
    (remove(files.FACTS), "must be a folder of a trained model, got none of model.json"),
    (
        rewritten(lambda one: {name: one[name] for name in one if name != QUERIES}),
        f"model.safetensors must hold the weights of model.json beside it, got no {QUERIES}$",
    ),
    (
        rewritten(lambda one: one | {QUERIES: torch.ones(6, 95)}),
        f"got {QUERIES} of 6x95 where 6x96 is wanted$",
    ),
    (
        rewritten(lambda one: one | {"extra": torch.ones(())}),
        "got extra of a number that it has not$",
    ),
    (stating(model__hidden=17), "got heads.au_weight of 6x16 where 6x17 is wanted and 8 more$"),
    (stating(model__backbone="vit_mini_patch8_dinov3"), "of 96x3x16x16 where 96x3x8x8 is wanted"),
    (stating(model__variant="plain"), "got fusion.* that it has not and "),
    (stating(model__variant="other"), "variant must be reference or plain or distilled, got 'oth"),
    (stating(model__rank="8"), "rank must be of type int, got '8'"),
    (stating(model__size=True), "size must be of type int, got True"),
    (stating(model__rank=0), "rank must be at least 1, got 0"),
    (stating(model__depth=3), "must give a model's adapters, alpha, .*, got "),
    (stating(model=None), "must give a model's adapters, alpha, .*, got None"),
    (stating(backbone={"name": "x"}), "must say which backbone, got "),
    (stating(format="pain3d vitpain 9"), "must have the format 'pain3d vitpain 1', got another"),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGE, ids=[text[:40] for _, text in DAMAGE])
def test_damage_is_named(tmp_path: Path, damage: Callable[[Path], None], said: str) -> None:
    saved(tmp_path / "model", "none", tune="all")
    damage(tmp_path / "model")
    with pytest.raises(ValueError, match=said) as raised:
        files.load(tmp_path / "model")
    if "rank must be at least" not in said:
        assert str(tmp_path / "model") in str(raised.value)


def test_the_facts_are_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(files.atomic, "write", lambda path, _: written.append(path.name))
    saved(tmp_path / "model", "none")
    assert written == [files.TENSORS, files.FACTS]


def test_adapters_alone_are_small(tmp_path: Path, frozen: Path) -> None:
    model = saved(tmp_path / "model", frozen, adapters="two")
    kept = load_file(tmp_path / "model" / files.TENSORS)
    assert sum(name.startswith("neutral_backbone.") for name in kept) == 2 * 2 * 4
    assert all(".lora_" in name or name.startswith(("heads.", "fusion.")) for name in kept)
    assert model.origin == "backbone.safetensors"
