"""Adapters: attention alone is adapted, adapters and heads alone change, one product as two."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.learning import MODEL
from vitpain.data.batch import Batch
from vitpain.model import adapters, backbone, build, losses
from vitpain.model.adapters import Adapted
from vitpain.model.config import ModelConfig
from vitpain.model.distilled import Distilled
from vitpain.model.losses import LossConfig
from vitpain.model.vitpain import ViTPain

VIT, WITH_BIAS = "vit_tiny_patch16_224", "vit_tiny_patch16_dinov3_qkvb"
NAMES = (MODEL.backbone, VIT, WITH_BIAS)


def make(**changed: Any) -> build.Model:
    return build.build(replace(MODEL, dropout=0.0, neutral_dropout=0.0, **changed), "none", 0)


def pictures(count: int = 2, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    face = torch.rand(count, 3, 32, 32, generator=random)
    return face, torch.rand(count, 1, 3, 32, 32, generator=random), torch.ones(count, 1).bool()


def batch(heat: int = 0) -> Batch:
    random = torch.Generator().manual_seed(3)

    def drawn(*shape: int) -> Tensor:
        return torch.randint(0, 256, shape, generator=random, dtype=torch.uint8)

    rows = torch.arange(4)
    return Batch(
        drawn(4, 3, 32, 32), drawn(4, 1, 3, 32, 32), torch.tensor([[True]] * 2 + [[False], [True]]),
        torch.tensor([0.0, 3.0, 7.0, 12.0]), torch.rand(4, 6, generator=random),
        drawn(4, heat, 32, 32), rows, rows[:, None],
    )  # fmt: skip


def is_adapter(name: str) -> bool:
    return ".lora_A." in name or ".lora_B." in name


def stir(model: nn.Module) -> None:
    """Give adapters, which begin with products of 0, weights that matter."""
    random = torch.Generator().manual_seed(4)
    for name, one in model.named_parameters():
        if is_adapter(name):
            with torch.no_grad():
                one.copy_(0.1 * torch.randn(one.shape, generator=random))


@pytest.mark.parametrize("name", NAMES)
def test_only_linear_layers_of_attention_are_adapted(name: str) -> None:
    with torch.random.fork_rng(devices=[]):
        encoder = backbone.create(replace(MODEL, backbone=name), "none")
    depth = len(encoder.blocks)
    wanted = [f"blocks.{at}.attn.{layer}" for at in range(depth) for layer in ("qkv", "proj")]
    assert sorted(adapters.targets(encoder)) == sorted(wanted)
    model = make(backbone=name)
    trained = {
        one.rpartition(".lora_")[0]
        for one, value in model.named_parameters()
        if value.requires_grad and one.startswith("backbone.")
    }
    assert trained == {f"backbone.{layer}" for layer in wanted}
    assert type(model.backbone.patch_embed.proj) is nn.Conv2d


def test_a_backbone_without_linear_attention_is_refused() -> None:
    empty = nn.Module()
    empty.blocks = nn.ModuleList([nn.Linear(2, 2)])
    with pytest.raises(ValueError, match="backbone must have linear attention layers, got <class"):
        adapters.targets(empty)


@pytest.mark.parametrize("name", NAMES)
def test_fresh_adapters_change_nothing(name: str) -> None:
    config = replace(MODEL, backbone=name)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        plain = backbone.create(config, "none").eval()
        for one in plain.parameters():
            one.add_(0.02 * torch.randn_like(one))
        given = pictures()[0]
        before = plain.forward_features(given)
        adapters.add(plain, config)
        torch.testing.assert_close(plain.forward_features(given), before, rtol=0, atol=1e-5)
        stir(plain)
        assert float((plain.forward_features(given) - before).abs().max()) > 1e-2


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"adapters": "two"},
        {"variant": "plain"},
        {"variant": "distilled"},
        {"variant": "distilled", "student": "reference", "adapters": "two"},
        {"backbone": VIT},
        {"lora_dropout": 0.1},
    ],
    ids=str,
)
def test_only_adapters_and_heads_change(changed: dict[str, Any]) -> None:
    model = make(**changed)
    before = {name: one.detach().clone() for name, one in model.named_parameters()}
    groups = build.groups(model, 1e-2, 0.5, 0.1)
    optimiser = torch.optim.AdamW(groups)
    given = batch(6 if changed.get("variant") == "distilled" else 0)
    for _ in range(2):
        optimiser.zero_grad()
        losses.step(model, given, LossConfig(consistency=0.1))["total"].backward()
        optimiser.step()
    own = (".lora_", "heads.", "fusion.", ".heat.")
    for name, one in model.named_parameters():
        trains = any(part in f".{name}" for part in own)
        assert one.requires_grad == trains, name
        assert torch.equal(one, before[name]) != trains, name


@pytest.mark.parametrize("changed", [{}, {"variant": "distilled"}, {"tune": "all"}], ids=str)
def test_what_trains_is_in_one_group_at_its_rate(changed: dict[str, Any]) -> None:
    model = make(**changed)
    groups = build.groups(model, 1e-3, 0.1, 0.2)
    where = {id(one): group for group in groups for one in group["params"]}
    trained = {name: one for name, one in model.named_parameters() if one.requires_grad}
    assert sum(len(group["params"]) for group in groups) == len(where) == len(trained)
    assert set(where) == {id(one) for one in trained.values()}
    for name, one in trained.items():
        group = where[id(one)]
        inside = "backbone." in name and ".heat." not in name
        assert group["lr"] == pytest.approx(1e-4 if inside else 1e-3), name
        vector = one.ndim == 1 or name.endswith(("queries", "cls_token", "reg_token"))
        assert group["weight_decay"] == (0.0 if vector else 0.2), name
    assert any(name.endswith("heads.queries") for name in trained)


@pytest.fixture
def layer() -> Any:
    """One of peft's layers with products that matter, float64."""
    model = make().backbone.blocks[1].attn.proj.double()
    stir(model)
    with torch.no_grad():
        model.base_layer.bias.copy_(torch.linspace(-1, 1, 96))
        random = torch.Generator().manual_seed(5)
        for one in (model.lora_A, model.lora_B):
            weight = one[adapters.NAME].weight
            weight.copy_(torch.randn(weight.shape, generator=random) * 0.1)
    return model


def test_the_folded_product_is_pefts(layer: Any) -> None:
    from peft.tuners.lora.layer import Linear

    random = torch.Generator().manual_seed(6)
    x = torch.randn(2, 5, 96, generator=random, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(2, 5, 96, generator=random, dtype=torch.float64)
    factors = [layer.lora_A[adapters.NAME].weight, layer.lora_B[adapters.NAME].weight]
    said, found = [], []
    for forward in (type(layer).forward, Linear.forward):
        y = forward(layer, x)
        said.append(y)
        found.append(torch.autograd.grad((y * weights).sum(), [x, *factors]))
    torch.testing.assert_close(*said, rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(*found, strict=True):
        assert float(theirs.abs().max()) > 0.01
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
    assert layer.scaling[adapters.NAME] == MODEL.alpha / MODEL.rank


def test_gradients_are_those_of_finite_differences() -> None:
    random = torch.Generator().manual_seed(7)

    def drawn(*shape: int, grad: bool = True) -> Tensor:
        made = torch.randn(shape, generator=random, dtype=torch.float64)
        return made.requires_grad_(grad)

    weight, bias = drawn(4, 3, grad=False), drawn(4, grad=False)
    x, down, up = drawn(2, 5, 3), drawn(2, 3), drawn(4, 2)

    def given(x: Tensor, down: Tensor, up: Tensor) -> Tensor:
        return Adapted.apply(x, weight, bias, down, up, 2.0)

    assert torch.autograd.gradcheck(given, (x, down, up))
    without = Adapted.apply(x.detach(), weight, None, down, up, 2.0)
    torch.testing.assert_close(without + bias, given(x, down, up))


def test_in_bf16_it_is_near(layer: Any) -> None:
    exact = layer.float()
    x = torch.randn(3, 7, 96, generator=torch.Generator().manual_seed(8), requires_grad=True)
    factors = [exact.lora_A[adapters.NAME].weight, exact.lora_B[adapters.NAME].weight]
    known = exact(x)
    wanted = torch.autograd.grad(known.square().sum(), [x, *factors])
    with torch.autocast("cpu", torch.bfloat16):
        said = exact(x)
    assert said.dtype == torch.bfloat16
    found = torch.autograd.grad(said.float().square().sum(), [x, *factors])
    assert [one.dtype for one in found] == [torch.float32] * 3
    for one, other in ((said, known), *zip(found, wanted, strict=True)):
        apart = float((one.float() - other).norm().detach() / other.norm().detach())
        assert 0.0 < apart < 0.01


@pytest.mark.parametrize(
    "changed", [{}, {"adapters": "two"}, {"variant": "distilled"}, {"backbone": WITH_BIAS}], ids=str
)
def test_merged_says_the_same_and_spoils_nothing(changed: dict[str, Any]) -> None:
    model = make(**changed).eval()
    stir(model)
    given = pictures()
    inner = model.student if isinstance(model, Distilled) else model
    with torch.no_grad():
        before = model(*given)
        warm = torch.rand(2, 6, 32, 32)
        taught = model(*given, warm).teacher if inner is not model else None
        adapters.merge(inner)
        for one, other in zip(inner(*given), before, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
        if taught is not None:
            # The teacher shares the student's frozen tensors.
            assert torch.equal(model(*given, warm).teacher.pspi, taught.pspi)
    assert not any(is_adapter(name) for name, _ in inner.named_parameters())


def test_two_adapters_share_what_is_frozen_alone() -> None:
    model = make(adapters="two").eval()
    assert isinstance(model, ViTPain)
    pairs = [
        (name, one, model.neutral_backbone.get_parameter(name))
        for name, one in model.backbone.named_parameters()
    ]
    for name, one, other in pairs:
        assert (one is other) != is_adapter(name), name
        assert torch.equal(one, other)
    given = pictures()
    with torch.no_grad():
        before = model(*given).pspi
        stir(model.neutral_backbone)
        assert not torch.equal(model(*given).pspi, before)
        # A face without a neutral is read by its own adapters alone.
        alone = (given[0], given[1], torch.zeros(2, 1).bool())
        first = model(*alone).pspi
        for _, _, other in pairs:
            other.mul_(2.0 if other.requires_grad else 1.0)
        assert torch.equal(model(*alone).pspi, first)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"size": 15}, "size must be at least 16, got 15"),
        ({"rank": 0}, "rank must be at least 1, got 0"),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1, got 1.0"),
        ({"alpha": 0.0}, "alpha must be above 0, got 0.0"),
        ({"tune": "all", "adapters": "two"}, "adapters must be shared where tune is all, got two"),
    ],
)
def test_a_configuration_names_its_rule(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        ModelConfig(**changed)
