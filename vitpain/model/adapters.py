"""Low-rank adapters of a frozen backbone: by peft, folded into the product that they adapt."""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from assets.torchvision_ready import declare
from vitpain.model.config import ModelConfig

NAME = "default"
"""What peft calls the adapters."""


class Adapted(torch.autograd.Function):
    """`x (weight + scale up down)^T + bias`, one product; gradients of x, down and up alone.

    The sum is made in the weight's own precision and rounded once to that of x, as any weight that
    trains in mixed precision is. The gradient of the whole weight, a third of all the work in
    these layers, is never made: those of `down` and `up` come from products `rank` wide.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        down: Tensor,
        up: Tensor,
        scale: float,
    ) -> Tensor:
        """Keep x, the folded weight and the factors."""
        with torch.autocast(x.device.type, enabled=False):
            folded = (weight.to(up.dtype) + scale * (up @ down)).to(x.dtype)
            ctx.save_for_backward(x, folded, down, up)
            ctx.scale = scale
            return nn.functional.linear(x, folded, None if bias is None else bias.to(x.dtype))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Of x by the folded weight; of the factors by each other."""
        x, folded, down, up = ctx.saved_tensors
        (y,) = gradients
        with torch.autocast(x.device.type, enabled=False):
            y = y.to(x.dtype)
            rows, rows_x = y.reshape(-1, y.shape[-1]), x.reshape(-1, x.shape[-1])
            of_x = y @ folded if ctx.needs_input_grad[0] else None
            narrow = rows @ up.to(x.dtype)
            of_down = ctx.scale * (narrow.mT @ rows_x).to(down.dtype)
            of_up = ctx.scale * (rows.mT @ (rows_x @ down.to(x.dtype).mT)).to(up.dtype)
        return of_x, None, None, of_down, of_up, None


def targets(backbone: Any) -> list[str]:
    """Full names of the linear layers of attention in every block, and of nothing else.

    A bare `proj` would adapt the patch embedding too. Raises ValueError where there are none.
    """
    found = [
        name
        for name, module in backbone.blocks.named_modules(prefix="blocks")
        if isinstance(module, nn.Linear) and name.split(".")[2:3] == ["attn"]
    ]
    if not found:
        raise ValueError(f"backbone must have linear attention layers, got {type(backbone)}")
    return found


def add(backbone: Any, config: ModelConfig) -> None:
    """Freeze the backbone and adapt its attention, in place; as yet that changes no output."""
    declare()
    from peft import LoraConfig, inject_adapter_in_model
    from timm.models.eva import EvaAttention

    backbone.requires_grad_(False)
    for module in backbone.modules():
        # Else timm reads the layer's weight around its adapter.
        if isinstance(module, EvaAttention) and module.q_bias is not None:
            module.qkv_bias_separate = True
    plan = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,  # pyright: ignore[reportArgumentType]
        lora_dropout=config.lora_dropout,
        target_modules=targets(backbone),
    )
    plan._register_custom_module({nn.Linear: _folded()})
    inject_adapter_in_model(plan, backbone, NAME)


def twin(module: Any) -> Any:
    """A second module of the same frozen tensors, with what trains of its own, at first equal."""
    shared = [*module.buffers()]
    shared += [parameter for parameter in module.parameters() if not parameter.requires_grad]
    return copy.deepcopy(module, {id(tensor): tensor for tensor in shared})


def merge(module: nn.Module) -> None:
    """Put plain linear layers with the adapters' sums in the place of adapted ones, in place.

    Frozen tensors stay as they are: a twin may share them.
    """
    for parent, name, layer in list(_adapted(module)):
        base = layer.get_base_layer()
        plain = nn.Linear(base.in_features, base.out_features, device="meta")
        with torch.no_grad():
            plain.weight = nn.Parameter(base.weight + layer.get_delta_weight(NAME), False)
        plain.bias = base.bias
        setattr(parent, name, plain)


def _adapted(module: nn.Module) -> Iterator[tuple[nn.Module, str, Any]]:
    for parent in module.modules():
        for name, child in parent.named_children():
            if isinstance(child, _folded()):
                yield parent, name, child


@cache
def _folded() -> type[nn.Module]:
    """Peft's linear layer, whose forward pass is one product wherever nothing is dropped."""
    declare()
    from peft.tuners.lora.layer import Linear

    class Folded(Linear):
        def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            dropping = self.training and not isinstance(self.lora_dropout[NAME], nn.Identity)
            if dropping or self.disable_adapters or self.merged:
                return super().forward(x, *args, **kwargs)
            if torch.is_autocast_enabled(x.device.type):
                x = x.to(torch.get_autocast_dtype(x.device.type))
            base, scale = self.base_layer, self.scaling[NAME]
            down, up = self.lora_A[NAME].weight, self.lora_B[NAME].weight
            return Adapted.apply(x, base.weight, base.bias, down, up, scale)

    return Folded
