"""The classifier's network: its head, its weights from a file or none, and its folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from assets.torchvision_ready import declare
from vitpain.classifier import model as files
from vitpain.classifier.model import Classifier, Given, Origin, build, card, load, origin, save

NAME = "test_convnext"


@pytest.fixture(autouse=True)
def _same_numbers() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def made(given: Given = "none", name: str = NAME) -> Classifier:
    return build(origin(name, given), 6).eval()


def test_the_head_is_1024_units_and_six_classes() -> None:
    found = made()
    shapes = [
        (one.in_features, one.out_features) for one in found.head if isinstance(one, nn.Linear)
    ]
    assert shapes == [(64, 1024), (1024, 6)]
    # Without what lies between them the two layers would be one.
    assert isinstance(found.head[1], nn.ReLU)


def test_the_thesis_network_is_what_imagenet_1k_alone_has_trained() -> None:
    first = origin("convnext_small", "none")
    assert first.name == "convnext_small.fb_in1k"
    assert card(first.name)["mean"] == (0.485, 0.456, 0.406)
    # Who names weights gets those.
    assert origin("convnext_small.in12k", "none").name == "convnext_small.in12k"


def test_it_is_the_network_of_timm_on_normalised_pictures_and_the_head() -> None:
    """By hand: normalise, timm's map, the mean over it, timm's norm, the head."""
    found, pictures = made(), torch.rand(2, 3, 64, 64)
    known = card(NAME)
    mean, std = (torch.tensor(known[name]).reshape(1, 3, 1, 1) for name in ("mean", "std"))
    encoder = found.backbone
    with torch.no_grad():
        maps = encoder.forward_features((pictures - mean) / std)  # pyright: ignore
        pooled = maps.mean((2, 3), keepdim=True)
        features = encoder.head.norm(pooled).flatten(1)  # pyright: ignore
        wanted = found.head(features)
        torch.testing.assert_close(found(pictures), wanted)


def test_blocks_of_random_weights_are_awake() -> None:
    """Layer scale as ConvNeXt begins with would change features by a millionth."""
    found, pictures = made(), torch.rand(1, 3, 32, 32)
    scales = [value for name, value in found.backbone.named_parameters() if name.endswith("gamma")]
    assert len(scales) >= 4
    with torch.no_grad():
        before = found.backbone(pictures)
        for one in scales:
            one.zero_()
        assert (found.backbone(pictures) - before).abs().max() > 1e-3


def test_weights_of_a_file_are_taken_but_for_its_classifier(tmp_path: Path) -> None:
    declare()
    import timm

    whole = timm.create_model(NAME, pretrained=False, num_classes=1000)
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(whole.state_dict(), path)
    found = made(path)
    state = whole.state_dict()
    assert {"head.fc.weight", "head.fc.bias"} == state.keys() - found.backbone.state_dict().keys()
    for name, value in found.backbone.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert (
        origin(NAME, path).facts["sha256"]
        == origin(NAME, path.rename(tmp_path / "x.safetensors")).facts["sha256"]
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda state: state.pop("stem.0.bias"), "got no stem.0.bias"),
        (lambda state: state.update(odd=torch.zeros(2)), "got odd of 2 that it has not"),
        (
            lambda state: state.update({"stem.0.bias": torch.zeros(3)}),
            "got stem.0.bias of 3 where 24 is wanted",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path: Path, change, text: str) -> None:
    state = {name: value.clone() for name, value in made().backbone.state_dict().items()}
    change(state)
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(state, path)
    with pytest.raises(ValueError, match=rf"{path} must hold the weights of {NAME}, {text}"):
        made(path)


def test_what_is_no_network_or_no_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"model must be a network of timm, such as .*, got nope"):
        origin("nope", "none")
    with pytest.raises(
        ValueError, match=r"weights that timm knows by its tag, got convnext_small\.x"
    ):
        origin("convnext_small.x", "none")
    with pytest.raises(ValueError, match=r"model must take pictures of any size, .* got vit_tiny"):
        origin("vit_tiny_patch16_224", "none")
    for wrong in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(ValueError, match=f"imagenet, none or a file .* got {wrong}"):
            origin(NAME, wrong)
    with pytest.raises(ValueError, match="must be none or a file for convnext_atto_rms, for which"):
        origin("convnext_atto_rms", "imagenet")


def test_weights_out_of_reach_say_what_to_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(place: str, name: str) -> str:
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", nothing)
    with pytest.raises(ValueError, match=r"huggingface.co/timm/convnext_small.fb_in1k .*--weights"):
        origin("convnext_small", "imagenet")


def test_a_folder_gives_the_same_classifier_back(tmp_path: Path) -> None:
    found, pictures = made(), torch.rand(2, 3, 32, 32)
    facts = {"network": NAME, "classes": 6}
    save(found, tmp_path / "model", facts)
    again = load(tmp_path / "model")
    assert not again.training
    with torch.no_grad():
        assert torch.equal(again(pictures), found(pictures))
    with pytest.raises(ValueError, match="must be a folder of a classifier, got none of"):
        load(tmp_path)
    save(found, tmp_path / "other", {**facts, "classes": 5})
    with pytest.raises(ValueError, match=r"got head.2.bias of 6 where 5 is wanted"):
        load(tmp_path / "other")
    (tmp_path / "other" / files.FACTS).write_text('{"format": "pain3d vitpain 1"}')
    with pytest.raises(ValueError, match=r"must be of a classifier \(pain3d classifier 1\)"):
        load(tmp_path / "other")


def test_random_weights_have_no_file() -> None:
    assert origin(NAME, "none") == Origin(NAME, "none", None)
    assert origin(NAME, "none").facts == {"network": NAME, "weights": "none", "sha256": None}
