"""What a model is: its backbone, what of it learns, and which of three variants."""

from dataclasses import dataclass
from typing import Literal

Variant = Literal["reference", "plain", "distilled"]
Tune = Literal["lora", "all"]


@dataclass(frozen=True)
class ModelConfig:
    """All that decides a model's shape; it is stored beside the weights."""

    backbone: str = "vit_large_patch16_dinov3"
    """Of timm a ConvNeXt or a vision transformer with a class token; or small ones for random
    weights: `vit_mini_patch8_dinov3`, `vit_mini_patch16_dinov3`, `vit_tiny_patch8_dinov3`."""
    size: int = 224
    """Side of the pictures in pixels, a multiple of the backbone's patch."""
    variant: Variant = "reference"
    """`reference` compares with neutrals, `plain` sees the face alone, `distilled` is taught by a
    model that sees heat maps too."""
    student: Literal["plain", "reference"] = "plain"
    """What `distilled` teaches; the other variants ignore it."""
    tune: Tune = "lora"
    """`lora` adapts a frozen backbone, `all` trains it whole."""
    rank: int = 8
    """Of the matrices that LoRA adds."""
    alpha: float = 16.0
    """What LoRA adds counts `alpha` / `rank` times."""
    lora_dropout: float = 0.0
    """Above 0 the adapters' products are made apart from the backbone's, which is slower."""
    adapters: Literal["shared", "two"] = "shared"
    """Whether face and neutral are adapted alike."""
    fusion_heads: int = 8
    """Heads of the attention from face to neutral, fewer where the backbone is not so divisible."""
    hidden: int = 256
    """Width of the heads that read the features."""
    dropout: float = 0.1
    """Within the heads."""
    neutral_dropout: float = 0.1
    """Share of faces that do without their neutrals in training, so that the model can."""

    def __post_init__(self) -> None:
        """Refuse what no model can be."""
        least = {"size": 16, "rank": 1, "fusion_heads": 1, "hidden": 1}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise ValueError(f"{name} must be at least {low}, got {getattr(self, name)}")
        for name in ("lora_dropout", "dropout", "neutral_dropout"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must be from 0 to below 1, got {getattr(self, name)}")
        if not self.alpha > 0.0:
            raise ValueError(f"alpha must be above 0, got {self.alpha}")
        if self.adapters == "two" and self.tune == "all":
            raise ValueError("adapters must be shared where tune is all, got two")

    @property
    def sees_neutral(self) -> bool:
        """Whether neutrals change what the trained model says."""
        inner = self.student if self.variant == "distilled" else self.variant
        return inner == "reference"
