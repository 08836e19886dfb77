"""Where a model looks: maps over the patches of a face, of attention, of comparison, of gradients.

Attention is read where torch computes it, whichever layer asks; Grad-CAM is captum's, on the
tokens that the heads read. Every map is 0 or above and as many patches wide as the model's grid.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from assets.facs import PAIN_AUS
from assets.torchvision_ready import declare
from vitpain.data.batch import Batch, unit
from vitpain.model import backbone
from vitpain.model.distilled import Distilled
from vitpain.model.vitpain import ViTPain

Maps = Mapping[str, Float[Tensor, "batch side side"]]

TEXTS: dict[str, str] = {
    "grad_cam": "Grad-CAM of PSPI on the patches that its head averages",
    "class_token": "attention of the class token in the last block, mean of its heads",
    "rollout": "attention of the class token through all blocks (Abnar & Zuidema 2020)",
    "cross": "attention of the face's class token to the neutral",
    "difference": "length of what the comparison with the neutral adds to a patch",
    **{f"au{au}": f"attention of the query of AU{au}" for au in PAIN_AUS},
}
"""What each map is. `cross` lies on the neutral, which is cropped as the face."""


class Watch(TorchFunctionMode):
    """Keeps the weights of every attention that a model computes meanwhile, in order, each the mean
    of its heads.

    A layer of timm that would take its own product of weights and values takes torch's meanwhile.
    """

    def __init__(self, model: nn.Module) -> None:
        """Nothing yet."""
        super().__init__()
        self.weights: list[Tensor] = []
        self._model = model
        self._apart: list[Any] = []

    def __enter__(self) -> "Watch":
        """Begin."""
        self._apart = [
            layer for layer in self._model.modules() if getattr(layer, "fused_attn", None) is False
        ]
        for layer in self._apart:
            layer.fused_attn = True
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave every layer as it was."""
        super().__exit__(kind, error, trace)
        for layer in self._apart:
            layer.fused_attn = False

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Compute an attention in full, its weights kept; leave all else as it is."""
        if func is not functional.scaled_dot_product_attention:
            return func(*args, **(kwargs or {}))
        return self._attend(*args, **(kwargs or {}))

    def _attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
    ) -> Tensor:
        # A model that answers drops nothing, and no vision transformer hides what comes later.
        assert dropout_p == 0.0
        assert not is_causal
        scores = query @ key.mT * query.shape[-1] ** -0.5
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, -torch.inf)
        elif attn_mask is not None:
            scores = scores + attn_mask
        weights = scores.softmax(-1)
        self.weights.append(weights.detach().mean(1))
        return weights @ value


class Look(NamedTuple):
    """What a pass over a batch leaves behind: weights of attentions in the order of their work,
    tokens that the heads were given, and what the comparison with the neutral added to them."""

    weights: list[Float[Tensor, "some queries keys"]]
    tokens: Float[Tensor, "batch tokens dim"]
    apart: Float[Tensor, "batch tokens dim"] | None


def seeing(model: nn.Module) -> ViTPain:
    """The network that answers: the student of a distilled model."""
    inner = model.student if isinstance(model, Distilled) else model
    assert isinstance(inner, ViTPain)
    return inner


def grid(model: ViTPain) -> int:
    """Patches in a row of the pictures."""
    return model.config.size // backbone.patch(model.backbone)


def look(model: nn.Module, batch: Batch) -> Look:
    """Pass over a batch, watching.

    Raises ValueError where the blocks of a backbone do not attend through torch.
    """
    net = seeing(model)
    there = batch.to(next(net.parameters()).device)
    kept: dict[str, Tensor] = {}

    def given(_: nn.Module, tokens: tuple[Tensor, ...]) -> None:
        kept.update(tokens=tokens[0])

    def compared(_: nn.Module, __: Any, apart: Any) -> None:
        kept.update(apart=apart)

    hooks = [net.heads.register_forward_pre_hook(given)]
    if net.fusion is not None:
        hooks.append(net.fusion.register_forward_hook(compared))
    try:
        with Watch(net) as watch, torch.no_grad():
            net(unit(there.face), unit(there.neutrals), there.has_neutral)
    finally:
        for hook in hooks:
            hook.remove()
    depth = len(net.backbone.blocks)
    passes = 1 if net.neutral_backbone is None else 2
    wanted = passes * depth + (net.fusion is not None)
    if len(watch.weights) != wanted:
        rule = f"{wanted} attentions that torch computes"
        raise ValueError(f"{net.config.backbone} must have {rule}, got {len(watch.weights)}")
    return Look(watch.weights, kept["tokens"], kept.get("apart"))


def maps(model: nn.Module, batch: Batch) -> Maps:
    """Every map of `TEXTS`; those of neutrals only where every face has one that is looked at,
    those of blocks only where the backbone's attend.

    Of several neutrals `cross` is the mean. Raises as `look` does.
    """
    net = seeing(model)
    seen = look(net, batch)
    count, side = len(batch.face), grid(net)
    blocks = [weights[:count] for weights in seen.weights[: len(net.backbone.blocks)]]
    prefix = int(net.backbone.num_prefix_tokens)
    made: dict[str, Tensor] = {}
    if blocks:
        made |= {"class_token": blocks[-1][:, 0, prefix:], "rollout": rollout(blocks)[:, prefix:]}
    if seen.apart is not None and batch.has_neutral.shape[1] and bool(batch.has_neutral.all()):
        cross = seen.weights[-1][:, 0, 1:]
        made["cross"] = cross.unflatten(0, (count, -1)).mean(1)
        made["difference"] = seen.apart[:, 1:].norm(dim=-1)
    queried = _queried(net, seen.tokens)
    made |= {f"au{au}": queried[:, at] for at, au in enumerate(PAIN_AUS)}
    found = {name: flat.float().unflatten(1, (side, side)).cpu() for name, flat in made.items()}
    return {"grad_cam": _grad_cam(net, seen.tokens), **found}


def grad_cam(model: nn.Module, batch: Batch) -> Float[Tensor, "batch side side"]:
    """Grad-CAM (Selvaraju 2017) of PSPI, by captum."""
    net = seeing(model)
    return _grad_cam(net, look(net, batch).tokens)


def rollout(blocks: list[Float[Tensor, "batch tokens tokens"]]) -> Float[Tensor, "batch tokens"]:
    """How much of each token comes to the class token, half of every block passing by it."""
    tokens = blocks[0].shape[-1]
    eye = torch.eye(tokens, device=blocks[0].device, dtype=blocks[0].dtype)
    whole = eye.expand_as(blocks[0])
    for weights in blocks:
        whole = (0.5 * weights + 0.5 * eye) @ whole
    return whole[:, 0]


def _queried(
    net: ViTPain, tokens: Float[Tensor, "batch tokens dim"]
) -> Float[Tensor, "batch aus patches"]:
    """How the queries of AUs attend to patches, as the heads compute it."""
    with torch.no_grad():
        keys = net.heads.key(net.heads.norm(tokens)[:, 1:])
        return ((net.heads.queries @ keys.mT).float() * keys.shape[-1] ** -0.5).softmax(-1)


def _grad_cam(
    net: ViTPain, tokens: Float[Tensor, "batch tokens dim"]
) -> Float[Tensor, "batch side side"]:
    """Grad-CAM from the tokens on: no gradient has to go back through the backbone."""
    declare()
    from captum.attr import LayerGradCam

    spread = _Spread(grid(net))

    def through(_: nn.Module, __: Any, normed: Any) -> Tensor:
        return spread.through(normed)

    hook = net.heads.norm.register_forward_hook(through)
    try:
        cam = LayerGradCam(lambda given: net.heads(given).pspi, spread)
        # Captum wants to see a gradient at what it is given too.
        made: Any = cam.attribute(tokens.detach().requires_grad_(), relu_attributions=True)
    finally:
        hook.remove()
    return made.detach()[:, 0].float().cpu()


class _Spread(nn.Module):
    """Patches as a picture with channels, which is what captum weighs; the values are the same."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, patches: Tensor) -> Tensor:
        return patches.mT.unflatten(-1, (self.side, self.side))

    def through(self, tokens: Tensor) -> Tensor:
        spread = self(tokens[:, 1:])
        return torch.cat([tokens[:, :1], spread.flatten(2).mT], 1)
