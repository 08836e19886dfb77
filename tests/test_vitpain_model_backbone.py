"""Backbones of timm: called whole, weights placed strictly or refused with file, key and shapes."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from assets import torchvision_ready
from tests.learning import MODEL
from vitpain.model import backbone, build, weights
from vitpain.model.config import ModelConfig
from vitpain.train import begin

EVA, VIT, DINO = "vit_mini_patch16_dinov3", "vit_tiny_patch16_224", "vit_small_patch16_dinov3"
WITH_BIAS = "vit_tiny_patch16_dinov3_qkvb"


def config(name: str, size: int = 32) -> ModelConfig:
    return replace(MODEL, backbone=name, size=size)


def encoder(name: str, size: int = 32) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = backbone.create(config(name, size), "none")
        with torch.no_grad():
            for one in made.parameters():
                # Nothing is 0, so that what is left out is seen.
                one.add_(0.02 * torch.randn_like(one))
    return made.eval()


@pytest.fixture(scope="module")
def encoders() -> dict[str, Any]:
    return {name: encoder(name, 48) for name in (EVA, VIT, DINO)}


def pictures(size: int = 48, seed: int = 0) -> Tensor:
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(seed))


def shuffled(picture: Tensor, side: int = 16) -> Tensor:
    """Patches in the opposite order, each as it was."""
    rows = [picture.narrow(2, at, side) for at in range(0, picture.shape[2], side)]
    patches = [row.narrow(3, at, side) for row in rows for at in range(0, row.shape[3], side)]
    patches, count = patches[::-1], picture.shape[3] // side
    return torch.cat(
        [torch.cat(patches[i : i + count], 3) for i in range(0, len(patches), count)], 2
    )


@pytest.mark.parametrize("name", [EVA, VIT, DINO])
def test_features_are_those_of_timm(encoders: dict[str, Any], name: str) -> None:
    import timm

    one = encoders[name]
    if name == EVA:
        theirs = encoder(EVA, 48)
    else:
        theirs = timm.create_model(name, img_size=48, num_classes=0).eval()
        theirs.load_state_dict(one.state_dict(), strict=False)
    model = build.ViTPain(replace(config(name, 48), variant="plain"), one).eval()
    given = pictures()
    mean, std = (torch.tensor(side).view(3, 1, 1) for side in backbone.normalisation(config(name)))
    with torch.no_grad():
        whole = theirs.forward_features((given - mean) / std)
        kept = [0, *range(whole.shape[1] - 9, whole.shape[1])]
        seen: list[Tensor] = []
        hook = model.heads.register_forward_pre_hook(lambda _, tokens: seen.append(tokens[0]))
        model(given, given[:, None], torch.ones(2, 1, dtype=torch.bool))
        hook.remove()
    assert whole.shape[1] == 9 + int(one.num_prefix_tokens) == 9 + {VIT: 1}.get(name, 5)
    assert torch.equal(seen[0], whole[:, kept])


@pytest.mark.parametrize("name", [EVA, VIT, DINO])
def test_where_a_patch_is_matters(encoders: dict[str, Any], name: str) -> None:
    one, given = encoders[name], pictures()
    with torch.no_grad():
        before, after = (one.forward_features(x) for x in (given, shuffled(given)))
    assert torch.equal(shuffled(shuffled(given)), given)
    assert float((before[:, 0] - after[:, 0]).abs().max()) > 1e-3
    if name == VIT:
        with torch.no_grad():
            blind = encoder(VIT, 48)
            blind.pos_embed.zero_()
            before, after = (blind.forward_features(x) for x in (given, shuffled(given)))
        # The released model's fault: then the class token sees a bag of patches.
        torch.testing.assert_close(before[:, 0], after[:, 0], rtol=0, atol=1e-4)


def test_blocks_without_trained_weights_add_at_once() -> None:
    made = backbone.create(config(DINO), "none")
    scale = made.blocks[3].gamma_1.detach()
    assert torch.equal(scale, torch.full_like(scale, backbone.FRESH_SCALE))


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("vit_huge_patch99", 32, "backbone must be vit_mini_patch8_dinov3, .*, got vit_huge_patch"),
        ("resnet18", 32, "a ConvNeXt, or a vision transformer with a class token, got resnet18"),
        ("cait_xxs24_224", 32, "a ConvNeXt, or a vision transformer with a class token, got cait"),
        ("vit_base_patch16_siglip_224", 32, "with a class token, got vit_base_patch16_siglip"),
        ("vit_tiny_patch16_224.no_such", 32, "that timm knows by that tag, got vit_tiny"),
        (EVA, 40, "size must be a multiple of the patch of 16, got 40"),
        (VIT, 40, "size must be a multiple of the patch of 16, got 40"),
    ],
)
def test_other_backbones_are_refused(name: str, size: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        backbone.create(config(name, size), "none")


@pytest.mark.parametrize("source", ["hub", Path("weights.safetensors")])
def test_satellite_weights_are_refused(source: backbone.Weights) -> None:
    name = "vit_large_patch16_dinov3.sat493m"
    with pytest.raises(ValueError, match=f"weights of photographs, got satellite ones: {name}"):
        backbone.create(config(name), source)
    # The name without a tag means the photographs.
    assert backbone.card(ModelConfig().backbone)["tag"] == "lvd1689m"


def test_weights_out_of_reach_say_what_to_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def unreachable(*_: object) -> str:
        raise OSError("no route")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", unreachable)
    with pytest.raises(
        ValueError,
        match=r"fetch model.safetensors from https://huggingface.co/timm/vit_small_patch16_dinov3"
        r".lvd1689m \(licence: dinov3-license\) and pass --weights PATH",
    ):
        backbone.create(config(DINO), "hub")
    with pytest.raises(ValueError, match=f"none or a file for {EVA}, which no hub has, got hub"):
        backbone.create(config(EVA), "hub")


def test_weights_of_the_hub_are_placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    known = encoder(WITH_BIAS).state_dict()
    save_file(known, tmp_path / "model.safetensors")
    asked: list[tuple[str, ...]] = []

    def download(*place: str) -> str:
        asked.append(place)
        return str(tmp_path / "model.safetensors")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    made = backbone.create(config(WITH_BIAS), "hub")
    assert asked == [("timm/vit_tiny_patch16_dinov3_qkvb.eupe_lvd1689m", "model.safetensors")]
    assert all(torch.equal(one, known[name]) for name, one in made.state_dict().items())


def authors(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """DINOv3's weights as its authors name them, with what they keep beside."""
    made = {}
    for name, value in state.items():
        if name.endswith(".v_bias"):
            continue
        if name.endswith(".q_bias"):
            last = state[name.replace("q_bias", "v_bias")]
            made[name.replace("q_bias", "qkv.bias")] = torch.cat([value, 7 + value, last])
            made[name.replace("q_bias", "qkv.bias_mask")] = torch.ones(3 * len(value))
            continue
        name = name.replace("reg_token", "storage_tokens")
        made[name.replace("gamma_1", "ls1.gamma").replace("gamma_2", "ls2.gamma")] = value
    made["mask_token"] = torch.zeros(1, state["cls_token"].shape[-1])
    made["rope_embed.periods"] = torch.ones(16)
    return made


@pytest.mark.parametrize("name", [EVA, WITH_BIAS])
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_either_naming_is_read(tmp_path: Path, name: str, suffix: str) -> None:
    one = encoder(name)
    given, path = pictures(32), tmp_path / f"weights{suffix}"
    for state in (one.state_dict(), authors(one.state_dict())):
        if suffix == ".pth":
            torch.save(state, path)
        else:
            save_file(state, path)
        made = backbone.create(config(name), path).eval()
        with torch.no_grad():
            assert torch.equal(made.forward_features(given), one.forward_features(given))


def test_positions_are_resampled_and_classifiers_left_out(tmp_path: Path) -> None:
    one = encoder(VIT, 48)
    save_file({**one.state_dict(), "head.weight": torch.ones(9, 192)}, tmp_path / "a.safetensors")
    made = backbone.create(config(VIT, 96), tmp_path / "a.safetensors")
    known = nn.functional.interpolate(
        one.pos_embed[:, 1:].reshape(1, 3, 3, -1).permute(0, 3, 1, 2),
        (6, 6), mode="bicubic", antialias=True,
    )  # fmt: skip
    torch.testing.assert_close(made.pos_embed[0, 1:], known[0].flatten(1).T)
    assert torch.equal(made.pos_embed[:, 0], one.pos_embed[:, 0])


class Mine:
    """What a pickle with code in it would run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_code_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    ran, path = tmp_path / "ran", tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps({"cls_token": Mine(ran)}))
    with pytest.raises(ValueError, match=r"weights.pth must be whole and hold tensors alone, got"):
        weights.read(path)
    torch.save({"cls_token": Mine(ran)}, path)
    with pytest.raises(ValueError, match=r"weights.pth must be whole and hold tensors alone, got"):
        weights.read(path)
    assert not ran.exists()
    torch.load(path, weights_only=False)
    assert ran.exists()


def test_bad_files_of_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    for content, said in (
        ([torch.ones(1)], "must hold tensors by name, got list"),
        ({3: torch.ones(1)}, "must hold tensors by name, got one called 3"),
    ):
        torch.save(content, path)
        with pytest.raises(ValueError, match=f"weights.pth {said}"):
            weights.read(path)
    torch.save({"cls_token": "text"}, path)
    with pytest.raises(ValueError, match="must hold tensors by name, got cls_token of str"):
        backbone.create(config(EVA), path)
    path = tmp_path / "weights.safetensors"
    save_file(encoder(EVA).state_dict(), path)
    path.write_bytes(path.read_bytes()[:9999])
    with pytest.raises(ValueError, match=r"weights.safetensors must be whole and hold tensors"):
        weights.read(path)
    with pytest.raises(ValueError, match=r"must be a file that exists, got .*none.safetensors"):
        weights.read(tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match=r"must be a file ending in one of .*, got .*weights.npz"):
        weights.read(tmp_path / "weights.npz")


def test_weights_of_another_backbone_are_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    whole = encoder(EVA).state_dict()
    without = {name: value for name, value in whole.items() if name != "blocks.2.norm1.bias"}
    wide = whole | {"blocks.1.attn.proj.weight": torch.ones(96, 95)}
    for name, state, said in (
        (EVA, without, f"hold the weights of {EVA}, got no blocks.2.norm1.bias$"),
        (EVA, wide, "got blocks.1.attn.proj.weight of 96x95 where 96x96 is wanted$"),
        (EVA, whole | {"blocks.9.x": torch.ones(2)}, "got blocks.9.x of 2 that it has not$"),
        ("vit_mini_patch8_dinov3", whole, "have patches of 96x3x8x8, got .* of 96x3x16x16$"),
        (DINO, whole, "have patches of 384x3x16x16, got .*proj.weight of 96x3x16x16$"),
        ("vit_tiny_patch8_dinov3", encoder(VIT).state_dict(), "have patches of 192x3x8x8"),
        (WITH_BIAS, encoder(VIT).state_dict(), "hold the weights of"),
        (VIT, encoder(WITH_BIAS).state_dict(), f"hold the weights of {VIT}, got "),
    ):
        save_file(state, path)
        with pytest.raises(ValueError, match=rf"weights\.safetensors must .*{said}"):
            backbone.create(config(name), path)


def test_biases_that_have_no_place_are_not_dropped(tmp_path: Path) -> None:
    state = authors(encoder(EVA).state_dict())
    path = tmp_path / "weights.safetensors"
    bias = torch.zeros(3 * 96)
    bias[100] = 3.0
    # A key's bias is masked out by the authors too.
    save_file(state | {"blocks.1.attn.qkv.bias": bias}, path)
    backbone.create(config(EVA), path)
    bias[200] = 0.5
    save_file(state | {"blocks.1.attn.qkv.bias": bias}, path)
    with pytest.raises(ValueError, match=r"got blocks.1.attn.qkv.bias of up to 0.5$"):
        backbone.create(config(EVA), path)


def test_random_weights_train_whole() -> None:
    first = begin.fresh(replace(MODEL, tune="lora", adapters="two"), "none")
    assert (first.model.tune, first.model.adapters, first.share) == ("all", "shared", 1.0)
    assert all(one.requires_grad for one in first.make(0).parameters())


def test_a_seed_decides_whatever_came_before() -> None:
    one = build.build(MODEL, "none", 5)
    torch.rand(7)
    state = torch.get_rng_state()
    other, third = build.build(MODEL, "none", 5), build.build(MODEL, "none", 6)
    assert torch.equal(torch.get_rng_state(), state)
    pairs = zip(one.parameters(), other.parameters(), third.parameters(), strict=True)
    same = [(torch.equal(a, b), torch.equal(a, c)) for a, b, c in pairs]
    assert all(equal for equal, _ in same)
    assert not all(equal for _, equal in same)


def test_torchvision_is_declared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = torchvision_ready.declare()
    assert torchvision_ready.declare() is made

    def broken(name: str) -> None:
        raise RuntimeError(f"{name} is damaged")

    monkeypatch.setattr(torchvision_ready.importlib, "import_module", broken)
    torchvision_ready.declare.cache_clear()
    try:
        with pytest.raises(RuntimeError, match="torchvision is damaged"):
            torchvision_ready.declare()
    finally:
        monkeypatch.undo()
        # What was declared stays so.
        torchvision_ready.declare.cache_clear()
        assert torchvision_ready.declare() is None
