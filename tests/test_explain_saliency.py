"""Maps of what a model looks at: each is what it says it is, read where it is computed."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from assets.facs import PAIN_AUS
from vitpain.data.batch import Batch, unit
from vitpain.explain import saliency
from vitpain.explain.saliency import Watch
from vitpain.model import build
from vitpain.model.config import ModelConfig
from vitpain.model.distilled import Distilled

MINI = ModelConfig(backbone="vit_mini_patch16_dinov3", size=64, hidden=16, tune="all")
PLAIN = ModelConfig(backbone="vit_tiny_patch16_224", size=32, hidden=16, variant="plain")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return build.build(MINI, "none", 3).eval()


def batch(size: int, count: int = 3, references: int = 1, seed: int = 0) -> Batch:
    rng = torch.Generator().manual_seed(seed)

    def pictures(*shape: int) -> Tensor:
        return torch.randint(0, 256, (*shape, 3, size, size), generator=rng, dtype=torch.uint8)

    return Batch(
        pictures(count),
        pictures(count, references),
        torch.ones(count, references, dtype=torch.bool),
        torch.zeros(count),
        torch.zeros(count, 6),
        torch.zeros(count, 0, size, size, dtype=torch.uint8),
        torch.arange(count),
        torch.arange(count)[:, None].expand(count, references).clone(),
    )


def unfused(model: nn.Module) -> list[nn.Module]:
    layers = [layer for layer in model.modules() if hasattr(layer, "fused_attn")]
    for layer in layers:
        layer.fused_attn = False  # pyright: ignore[reportAttributeAccessIssue]
    return layers


@pytest.mark.parametrize("config", [MINI, PLAIN], ids=["dinov3", "vit"])
@pytest.mark.parametrize("fused", [True, False], ids=["torch's", "timm's own"])
def test_every_block_is_watched(config: ModelConfig, fused: bool) -> None:
    net = build.build(config, "none", 0).eval().backbone
    layers = unfused(net) if not fused else []
    pictures = torch.rand(2, 3, config.size, config.size)
    with torch.no_grad():
        alone = net.forward_features(pictures)
        with Watch(net) as watch:
            watched = net.forward_features(pictures)
    tokens = watched.shape[1]
    assert [tuple(one.shape) for one in watch.weights] == [(2, tokens, tokens)] * len(net.blocks)
    for one in watch.weights:
        torch.testing.assert_close(one.sum(-1), torch.ones(2, tokens))
        assert (one >= 0).all()
    torch.testing.assert_close(watched, alone, atol=1e-5, rtol=1e-4)
    # Whoever had no torch in it has none again.
    assert not any(layer.fused_attn for layer in layers)
    assert len(layers) == (0 if fused else len(net.blocks))


def test_the_weights_are_those_of_the_first_block(model: nn.Module) -> None:
    net = build.build(PLAIN, "none", 0).eval().backbone
    pictures = torch.rand(2, 3, 32, 32)
    with Watch(net) as watch, torch.no_grad():
        net.forward_features(pictures)
    block = net.blocks[0]
    with torch.no_grad():
        tokens = net._pos_embed(net.patch_embed(pictures))
        qkv = block.attn.qkv(block.norm1(net.norm_pre(tokens)))
        query, key, _ = qkv.unflatten(-1, (3, block.attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
    by_hand = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1).mean(1)
    torch.testing.assert_close(watch.weights[0], by_hand)


def test_masks_of_both_kinds_are_kept_to() -> None:
    rng = torch.Generator().manual_seed(0)
    query, key, value = torch.randn(3, 2, 4, 5, 8, generator=rng)
    allowed = torch.rand(5, 5, generator=rng) > 0.4
    allowed[:, 0] = True
    for mask in (None, allowed, torch.randn(4, 5, 5, generator=rng)):
        expected = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        with Watch(nn.Identity()) as watch:
            found = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        torch.testing.assert_close(found, expected)
    assert (watch.weights[0].shape) == (2, 5, 5)


def test_a_backbone_that_hides_its_attention_is_named(
    model: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch, "__enter__", lambda self: super(Watch, self).__enter__())
    hidden = build.build(MINI, "none", 0).eval()
    unfused(hidden)
    text = "vit_mini_patch16_dinov3 must have 5 attentions that torch computes, got 1"
    with pytest.raises(ValueError, match=text):
        saliency.maps(hidden, batch(64))


@pytest.mark.parametrize("adapters", ["shared", "two"])
def test_maps_lie_on_the_grid_and_are_attention(adapters: str) -> None:
    config = ModelConfig(backbone=MINI.backbone, size=64, hidden=16, adapters=adapters, rank=2)
    made = saliency.maps(build.build(config, "none", 0).eval(), batch(64))
    assert set(made) == set(saliency.TEXTS)
    for name, one in made.items():
        assert one.shape == (3, 4, 4), name
        assert (one >= 0).all()
    for au in PAIN_AUS:
        torch.testing.assert_close(made[f"au{au}"].sum((1, 2)), torch.ones(3))
    # What is left is attention to the class token and to registers.
    assert (made["class_token"].sum((1, 2)) < 1).all()
    assert (made["rollout"].sum((1, 2)) < 1).all()


def test_faces_are_looked_at_apart_from_neutrals(model: nn.Module) -> None:
    """A face's maps are those of the face alone in its batch, whatever stands beside it."""
    whole = saliency.maps(model, batch(64, 3, 2))
    first = Batch(*(part[:1] for part in batch(64, 3, 2)))
    for name, one in saliency.maps(model, first).items():
        torch.testing.assert_close(whole[name][:1], one, atol=1e-5, rtol=1e-3)
    other = batch(64, 3, 2)
    other = other._replace(neutrals=other.neutrals.flip(0))
    moved = saliency.maps(model, other)
    for name in ("class_token", "rollout"):
        torch.testing.assert_close(moved[name], whole[name], atol=1e-6, rtol=1e-4)
    for name in ("cross", "difference", "grad_cam"):
        assert not torch.allclose(moved[name], whole[name], atol=1e-6, rtol=1e-3), name


def test_maps_of_neutrals_need_a_neutral_for_every_face(model: nn.Module) -> None:
    given = batch(64)
    given.has_neutral[1] = False
    without = set(saliency.TEXTS) - {"cross", "difference"}
    assert set(saliency.maps(model, given)) == without
    assert set(saliency.maps(model, batch(64, references=0))) == without
    plain = build.build(PLAIN, "none", 0).eval()
    assert set(saliency.maps(plain, batch(32, references=0))) == without


def test_cross_is_what_the_fusion_sees(model: nn.Module) -> None:
    given = batch(64, 2, 2)
    made = saliency.maps(model, given)
    net = saliency.seeing(model)
    with torch.no_grad():
        pictures = torch.cat([unit(given.face), unit(given.neutrals).flatten(0, 1)])
        tokens = net.tokens(net.backbone, (pictures - net.mean) / net.std)
        face, others = net.fusion.norm(tokens[:2]), net.fusion.norm(tokens[2:])
        query = net.fusion.query(face[:, 0]).unflatten(-1, (net.fusion.heads, -1))
        key = net.fusion.key(others).unflatten(-1, (net.fusion.heads, -1)).unflatten(0, (2, 2))
        scores = torch.einsum("bhd,brthd->brht", query, key) / query.shape[-1] ** 0.5
        by_hand = scores.softmax(-1).mean((1, 2))[:, 1:]
    torch.testing.assert_close(made["cross"].flatten(1), by_hand, atol=1e-6, rtol=1e-4)


def test_rollout_is_its_slow_twin() -> None:
    rng = np.random.default_rng(0)
    weights = rng.random((4, 2, 7, 7))
    weights /= weights.sum(-1, keepdims=True)
    blocks = [torch.from_numpy(one) for one in weights]
    found = saliency.rollout(blocks).numpy()
    for at in range(2):
        # From a token through every path of blocks, back from the class token.
        share = np.zeros(7)
        share[0] = 1.0
        for block in weights[::-1]:
            before = np.zeros(7)
            for to in range(7):
                for source in range(7):
                    stays = 0.5 if source == to else 0.0
                    before[source] += share[to] * (0.5 * block[at, to, source] + stays)
            share = before
        np.testing.assert_allclose(found[at], share)
    np.testing.assert_allclose(found.sum(-1), 1)


def test_grad_cam_is_that_written_by_hand(model: nn.Module) -> None:
    given = batch(64, 4)
    net = saliency.seeing(model)
    kept: list[Tensor] = []

    def keep(_: nn.Module, __: object, normed: Tensor) -> None:
        normed.retain_grad()
        kept.append(normed)

    hook = net.heads.norm.register_forward_hook(keep)
    said = net(unit(given.face), unit(given.neutrals), given.has_neutral)
    hook.remove()
    said.pspi.sum().backward()
    (tokens,) = kept
    assert tokens.grad is not None
    # Selvaraju 2017, eq. 1 and 2: weights are the gradient's mean over places.
    weights = tokens.grad[:, 1:].mean(1)
    by_hand = torch.einsum("bd,bpd->bp", weights, tokens[:, 1:]).clamp(min=0).detach()
    net.zero_grad()
    found = saliency.grad_cam(model, given)
    assert found.max() > 0
    torch.testing.assert_close(found.flatten(1), by_hand, atol=1e-7, rtol=1e-3)
    assert torch.equal(found, saliency.maps(model, given)["grad_cam"])
    # Nothing is left behind: no gradient, no hook.
    assert all(one.grad is None for one in net.parameters())
    assert not net.heads.norm._forward_hooks
    assert not net.heads._forward_pre_hooks


def test_of_a_distilled_model_the_student_is_looked_at() -> None:
    config = ModelConfig(
        backbone=MINI.backbone, size=32, hidden=16, tune="all", variant="distilled"
    )
    model = build.build(config, "none", 0).eval()
    assert isinstance(model, Distilled)
    given = batch(32, references=0)
    for name, one in saliency.maps(model, given).items():
        torch.testing.assert_close(one, saliency.maps(model.student, given)[name])
