"""A student who sees the picture, taught by a model that sees how far each action unit moved it."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from vitpain.model.output import Output
from vitpain.model.vitpain import ViTPain

MAPS = 6
"""Heat maps of the AUs of PSPI, in the order of `assets.facs.PAIN_AUS`."""


class Taught(NamedTuple):
    """What student and teacher say of the same faces."""

    student: Output
    teacher: Output


class HeatPatches(nn.Module):
    """A patch embedding to which the heat maps add, at first nothing."""

    def __init__(self, patches: Any) -> None:
        """For timm's embedding of the same pictures."""
        super().__init__()
        self.patches = patches
        proj = patches.proj
        self.heat = nn.Conv2d(MAPS, proj.out_channels, proj.kernel_size, proj.stride, bias=False)
        nn.init.zeros_(self.heat.weight)

    def forward(self, x: Float[Tensor, "batch 9 height width"]) -> Tensor:
        """Channels: the picture's three and then the maps."""
        warm = self.heat(x[:, 3:])
        seen = self.patches(x[:, :3])
        return seen + (warm.flatten(2).mT if seen.ndim == 3 else warm.permute(0, 2, 3, 1))

    @property
    def patch_size(self) -> tuple[int, int]:
        """Side of a patch, as timm asks for it."""
        return self.patches.patch_size


class Distilled(nn.Module):
    """Student and teacher; what is saved to be used, and what answers, is the student."""

    def __init__(self, student: ViTPain, teacher: ViTPain) -> None:
        """The teacher is given its eyes for heat here."""
        super().__init__()
        self.config = student.config
        self.origin = student.origin
        self.student = student
        self.teacher = teacher
        teacher.backbone.patch_embed = HeatPatches(teacher.backbone.patch_embed)

    def forward(
        self,
        face: Float[Tensor, "batch 3 height width"],
        neutrals: Float[Tensor, "batch references 3 height width"],
        has_neutral: Bool[Tensor, "batch references"],
        heat: Float[Tensor, "batch 6 height width"] | None = None,
    ) -> Output | Taught:
        """The student's output; with heat maps (0-1, 1 is 25.5 mm) its teacher's beside it."""
        student = self.student(face, neutrals, has_neutral)
        if heat is None:
            return student
        return Taught(student, self.teacher(torch.cat([face, heat], 1), neutrals, has_neutral))
