"""ViTPain: one backbone for a face and its neutral, what differs between them, and heads on it."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from vitpain.model import adapters, backbone
from vitpain.model.backbone import Encoder
from vitpain.model.config import ModelConfig
from vitpain.model.fusion import Fusion
from vitpain.model.heads import Heads
from vitpain.model.output import Output


class ViTPain(nn.Module):
    """A face, with or without neutrals of the same person, to PSPI, its levels and AUs.

    `plain` looks at the face alone. Pictures are 0-1 and `size` pixels wide; they are normalised
    here. Made by `build.build`, which decides what trains.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: ModelConfig, encoder: Encoder) -> None:
        """For a backbone that is as it is to train."""
        super().__init__()
        self.config = config
        self.origin = "none"
        self.backbone = encoder
        self.neutral_backbone: Encoder = None
        self.prefix = int(encoder.num_prefix_tokens)
        dim, side = int(encoder.embed_dim), config.size // backbone.patch(encoder)
        self.fusion: Fusion | None = None
        if config.sees_neutral:
            self.fusion = Fusion(dim, _divisor(dim, config.fusion_heads), side)
            if config.adapters == "two":
                self.neutral_backbone = adapters.twin(encoder)
        self.heads = Heads(dim, config.hidden, config.dropout)
        normal = backbone.normalisation(config)
        for name, values in zip(("mean", "std"), normal, strict=True):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(
        self,
        face: Float[Tensor, "batch channels height width"],
        neutrals: Float[Tensor, "batch references 3 height width"],
        has_neutral: Bool[Tensor, "batch references"],
    ) -> Output:
        """Say what is seen; a face without any neutral is read by itself.

        Pictures 0-1. Several neutrals count alike; where `has_neutral` is false a picture's pixels
        do not matter. Channels above three are the heat maps of a teacher.
        """
        if self.fusion is None:
            return self.heads(self.tokens(self.backbone, self._normal(face)))
        batch, references = has_neutral.shape
        others = self._normal(neutrals.flatten(0, 1))
        if self.neutral_backbone is None:
            # A neutral moves nothing: its heat maps are 0.
            others = functional.pad(others, (0, 0, 0, 0, 0, face.shape[1] - 3))
            # One call: the products are twice as large, and the backbone's weights are read once.
            tokens = self.tokens(self.backbone, torch.cat([self._normal(face), others]))
            seen, others = tokens[:batch], tokens[batch:]
        else:
            seen = self.tokens(self.backbone, self._normal(face))
            # A backbone cannot be asked about no picture at all.
            others = self.tokens(self.neutral_backbone, others) if references else seen[:0]
        if self.training and self.config.neutral_dropout > 0.0:
            kept = torch.rand(batch, 1, device=face.device) >= self.config.neutral_dropout
            has_neutral = has_neutral & kept
        others = others.unflatten(0, (batch, references))
        return self.heads(seen + self.fusion(seen, others, has_neutral))

    def _normal(self, pictures: Tensor) -> Tensor:
        pixels = (pictures[:, :3] - self.mean) / self.std
        return pixels if pictures.shape[1] == 3 else torch.cat([pixels, pictures[:, 3:]], 1)

    def tokens(self, encoder: Encoder, pictures: Tensor) -> Float[Tensor, "batch tokens dim"]:
        """The class token and then the patches of pictures that are normalised.

        Register tokens are left out: they hold what the backbone keeps for itself.
        """
        every = encoder.forward_features(pictures)
        # Two slices: the gradient of an index would be added up place by place.
        return torch.cat([every[:, :1], every[:, self.prefix :]], 1)


def _divisor(dim: int, most: int) -> int:
    """The largest number of heads, up to `most`, that divides the width."""
    return max(count for count in range(1, most + 1) if dim % count == 0)
