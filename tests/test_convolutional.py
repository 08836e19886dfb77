"""A ConvNeXt as the backbone of a model: timm's features as tokens, and every job done with it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from assets.torchvision_ready import declare
from scripts import cli
from tests import learning
from tests.cohort import cohort
from tests.learning import told
from tests.runs import make
from vitpain.ablation import models
from vitpain.data.batch import Batch
from vitpain.explain import saliency
from vitpain.export import onnx_file
from vitpain.export.card import card
from vitpain.export.source import open_source
from vitpain.model import backbone, build, files
from vitpain.model.config import ModelConfig
from vitpain.train import begin
from vitpain.train.config import Run
from vitpain.train.finetune import Division, finetune

NAME, DIM = "test_convnext", 64
"""The smallest ConvNeXt of timm, as deep as all of them."""
PLAIN = ModelConfig(backbone=NAME, size=64, hidden=16, variant="plain", tune="all")
REFERENCE = replace(PLAIN, variant="reference")


def pictures(count: int = 2, size: int = 64, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


def theirs(seed: int = 3) -> Any:
    """timm's network with a classifier, no weight of it 0."""
    declare()
    import timm

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        made = timm.create_model(NAME, pretrained=False)
        for one in made.parameters():
            one.add_(0.1 * torch.randn_like(one))
    return made.eval()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    save_file(theirs().state_dict(), path)
    return path


def test_tokens_are_the_features_of_timm_and_its_places_row_by_row(weights: Path) -> None:
    """By hand: the map, its mean, the norm of the head."""
    model = build.build(PLAIN, weights, 0).eval()
    network, given = theirs(), pictures()
    # Of the weights' own card, not those of ImageNet.
    with torch.no_grad():
        places = network.forward_features((given - 0.5) / 0.5)
        mean = network.head.norm(places.mean((2, 3), keepdim=True)).flatten(1)
        seen: list[Tensor] = []
        hook = model.heads.register_forward_pre_hook(lambda _, tokens: seen.append(tokens[0]))
        model(given, given[:, None], torch.ones(2, 1, dtype=torch.bool))
        hook.remove()
    assert places.shape == (2, DIM, 2, 2)
    rows = [mean, *(places[:, :, at // 2, at % 2] for at in range(4))]
    torch.testing.assert_close(seen[0], torch.stack(rows, 1), rtol=0, atol=1e-5)
    assert backbone.patch(model.backbone) == 32


@torch.no_grad()
def test_a_reference_is_compared_place_by_place() -> None:
    model = build.build(REFERENCE, "none", 0).eval()
    face, neutral = pictures(), pictures(seed=1)[:, None]
    there = torch.ones(2, 1, dtype=torch.bool)
    said = model(face, neutral, there)
    assert not torch.equal(said.pspi, model(face, 1.0 - neutral, there).pspi)
    alone = model(face[1:], neutral[1:], there[1:])
    torch.testing.assert_close(said.pspi[1:], alone.pspi, rtol=0, atol=1e-5)
    plain = build.build(PLAIN, "none", 0).eval()
    assert torch.equal(plain(face, neutral, there).pspi, plain(face, 1.0 - neutral, ~there).pspi)


def test_all_of_it_trains_and_blocks_add_at_once() -> None:
    model = build.build(PLAIN, "none", 0)
    scales = [one for name, one in model.named_parameters() if name.endswith(".gamma")]
    assert len(scales) >= 4
    for one in scales:
        assert torch.equal(one, torch.full_like(one, backbone.FRESH_SCALE))
    output = model(pictures(), pictures()[:, None], torch.ones(2, 1, dtype=torch.bool))
    sum(one.sum() for one in output).backward()
    without = [name for name, one in model.named_parameters() if one.grad is None]
    assert without == []
    groups = build.groups(model, 1.0, 0.5, 0.1)
    inside = sum(len(one["params"]) for one in groups if one["name"].startswith("backbone"))
    assert inside == len(list(model.backbone.parameters()))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tune": "lora"}, f"tune must be all where the backbone is {NAME}, got lora"),
        (
            {"variant": "distilled"},
            f"variant must be plain or reference where the backbone is {NAME}, got distilled",
        ),
        ({"size": 80}, "size must be a multiple of the patch of 32, got 80"),
        ({"backbone": f"{NAME}.no_such"}, f"weights that timm knows by that tag, got {NAME}.no"),
    ],
)
def test_what_it_cannot_be_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build.build(replace(PLAIN, **changed), "none", 0)


def test_weights_are_those_of_imagenet_1k(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked: list[tuple[str, ...]] = []

    def download(*place: str) -> str:
        asked.append(place)
        return str(weights)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    model = build.build(PLAIN, "hub", 0)
    known = theirs().state_dict()
    for name, value in model.backbone.network.state_dict().items():
        assert torch.equal(value, known[name]), name
    assert backbone.card("convnext_small")["tag"] == "fb_in1k"
    assert backbone.card("convnext_small.fb_in22k")["tag"] == "fb_in22k"
    # Other families keep timm's choice.
    assert backbone.card("deit3_small_patch16_224.fb_in22k_ft_in1k")["tag"] == "fb_in22k_ft_in1k"
    assert backbone.normalisation(replace(PLAIN, backbone="convnext_small")) == backbone.IMAGENET
    with pytest.raises(ValueError, match=r"must hold the weights of convnext_small, got "):
        build.build(replace(PLAIN, backbone="convnext_small"), "hub", 0)
    places = [f"timm/{NAME}.r160_in1k", "timm/convnext_small.fb_in1k"]
    assert asked == [(place, "model.safetensors") for place in places]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("head.norm.bias"), "got no head.norm.bias$"),
        (lambda state: state.update(odd=torch.zeros(2)), "got odd of 2 that it has not$"),
        (
            lambda state: state.update({"stem.0.bias": torch.zeros(3)}),
            "got stem.0.bias of 3 where 24 is wanted$",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path: Path, change: Any, said: str) -> None:
    state = theirs().state_dict()
    change(state)
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=rf"w.safetensors must hold the weights of {NAME}, {said}"):
        build.build(PLAIN, tmp_path / "w.safetensors", 0)


@pytest.mark.parametrize("config", [PLAIN, REFERENCE], ids=["plain", "reference"])
def test_a_model_comes_back_to_the_bit(tmp_path: Path, weights: Path, config: ModelConfig) -> None:
    model = build.build(config, weights, 4)
    files.save(model, tmp_path / "model", {})
    found = files.load(tmp_path / "model")
    assert (found.config, found.origin) == (config, weights.name)
    pairs = zip(model.named_parameters(), found.named_parameters(), strict=True)
    for (name, one), (other_name, other) in pairs:
        assert name == other_name
        assert torch.equal(one, other), name
    assert files.facts(tmp_path / "model")[0]["backbone"]["in_file"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pretrained run, the data it learnt from beside it."""
    out = tmp_path_factory.mktemp("run")
    data = make(out / "data", learning.DATA)
    learning.train(data, out / "run", learning.ONCE, first=begin.fresh(PLAIN, "none"))
    return out / "run"


def test_a_run_goes_on_by_folds_and_answers(tmp_path: Path, run: Path) -> None:
    people = cohort(tmp_path / "people")
    first = begin.of_run(run, {"backbone": NAME}, None)
    finetune(
        Division(people, only=(1,)), first, learning.ONCE,
        Run(tmp_path / "folds", **learning.EVERY), told(),
    )  # fmt: skip
    said = tmp_path / "said.parquet"
    # A picture drawn of what counted, from the tokens of the map.
    code = cli.run(
        ["predict", str(people), "--run", str(tmp_path / "folds"), "--out", str(said),
         "--overlay", str(tmp_path / "drawn")]
    )  # fmt: skip
    assert code == 0
    rows = pq.read_table(said).to_pylist()
    assert len(rows) == 30
    assert all(0.0 < row["pspi_hat"] < 16.0 for row in rows)
    assert len(list((tmp_path / "drawn").iterdir())) == 30


def test_what_counted_is_shown_without_attention(run: Path) -> None:
    model = files.load(run / "model")
    faces = pictures().mul(255).byte()
    none = torch.zeros(2, 0, 3, 64, 64, dtype=torch.uint8)
    empty = torch.zeros(2, 0)
    batch = Batch(
        faces, none, empty.bool(), empty, empty, empty, torch.arange(2), empty.long()
    )  # fmt: skip
    found = saliency.maps(model, batch)
    assert set(found) == {"grad_cam", "au4", "au6", "au7", "au9", "au10", "au43"}
    assert all(one.shape == (2, 2, 2) for one in found.values())
    torch.testing.assert_close(found["au4"].sum((1, 2)), torch.ones(2))


def test_it_is_exported_and_its_card_says_what_it_is(tmp_path: Path, run: Path) -> None:
    # Within the tolerance of torch, or it raises.
    apart = onnx_file.write(files.load(run / "model"), tmp_path / "m.onnx", {})
    assert max(apart.values()) < 1e-4
    text = card(open_source(run), "m.onnx", apart)
    assert f"on the convolutional network `{NAME}`: it looks at the face alone" in text


def test_models_of_a_study_are_named() -> None:
    assert tuple(models.MODELS) == ("reference", "plain", "convnext_small")
    asked = [models.model(name, "vit_mini_patch16_dinov3", 96) for name in models.MODELS]
    assert [one.backbone for one in asked] == [*["vit_mini_patch16_dinov3"] * 2, "convnext_small"]
    assert [one.variant for one in asked] == ["reference", "plain", "plain"]
    assert {one.size for one in asked} == {96}
    assert asked[2].tune == "all"
    # Heads are of one shape.
    assert len({(one.hidden, one.dropout) for one in asked}) == 1
    with pytest.raises(
        ValueError, match="model must be reference, plain, convnext_small, got resnet18"
    ):
        models.model("resnet18", "vit_mini_patch16_dinov3", 96)
