"""What a model is trained to: PSPI, its levels and its action units; what is null takes no part."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from assets.facs import HIGHEST, HIGHEST_PSPI, PAIN_AUS
from vitpain.data.batch import Batch, unit
from vitpain.model.output import THRESHOLDS, Output


@dataclass(frozen=True)
class LossConfig:
    """How much each part of the loss counts. PSPI and AUs are taken as shares of their ranges."""

    pspi: float = 1.0
    aus: float = 1.0
    levels: float = 0.05
    """Cross-entropy of PSPI >= 1, 2, 3, the mean of the three."""
    consistency: float = 0.0
    """Square of the difference of PSPI and PSPI of the predicted AUs; 0 leaves them apart."""
    teaching: float = 1.0
    """Of `distilled` alone: the student's distance from what its teacher says."""

    def __post_init__(self) -> None:
        """Refuse weights below 0."""
        for name in ("pspi", "aus", "levels", "consistency", "teaching"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must be 0 or above, got {getattr(self, name)}")


def step(model: nn.Module, batch: Batch, config: LossConfig) -> dict[str, Tensor]:
    """Forward pass and `losses` of a batch, for a model of any variant.

    A `Distilled` that is given heat maps learns with its teacher, whose loss is a part too; without
    them (real pictures have none) the student learns from the labels alone.
    """
    given = (unit(batch.face), unit(batch.neutrals), batch.has_neutral)
    if not batch.heat.shape[1]:
        return losses(model(*given), batch.pspi, batch.aus, config)
    student, teacher = model(*given, batch.heat.to(torch.float32) / 255.0)
    parts = losses(student, batch.pspi, batch.aus, config)
    taught = {
        "teaching": teaching(student, teacher),
        "teacher": losses(teacher, batch.pspi, batch.aus, config)["total"],
    }
    total = parts["total"] + config.teaching * taught["teaching"] + taught["teacher"]
    return parts | taught | {"total": total}


def losses(
    output: Output,
    pspi: Float[Tensor, " batch"],
    aus: Float[Tensor, "batch 6"],
    config: LossConfig,
) -> dict[str, Tensor]:
    """The parts, unweighted, and their weighted sum `total`; labels that are NaN take no part.

    A part of which nothing is known is 0, and has gradients of 0. Nothing waits for the device.
    """
    known = ~torch.isnan(pspi)
    target = torch.nan_to_num(pspi)
    share = (output.pspi.float() - target) / HIGHEST_PSPI
    at_least = target[:, None] >= target.new_tensor(THRESHOLDS)
    cross = functional.binary_cross_entropy_with_logits(
        output.logits.float(), at_least.to(torch.float32), reduction="none"
    )
    parts = {
        "pspi": _mean(share.square(), known),
        "aus": _mean(_au_shares(output.aus, torch.nan_to_num(aus)).square(), ~torch.isnan(aus)),
        "levels": _mean(cross, known[:, None].expand_as(cross)),
    }
    apart = (output.pspi.float() - output.pspi_of_aus.float()) / HIGHEST_PSPI
    parts["consistency"] = apart.square().mean()
    return parts | {"total": _sum(parts, config)}


def teaching(student: Output, teacher: Output) -> Tensor:
    """How far a student is from its teacher, who learns nothing from it."""
    pspi = (student.pspi.float() - teacher.pspi.detach().float()) / HIGHEST_PSPI
    aus = _au_shares(student.aus, teacher.aus.detach())
    alike = functional.cosine_similarity(
        student.features.float(), teacher.features.detach().float(), dim=-1
    )
    return pspi.square().mean() + aus.square().mean() + 0.1 * (1.0 - alike).mean()


def _au_shares(
    said: Float[Tensor, "batch 6"], known: Float[Tensor, "batch 6"]
) -> Float[Tensor, "batch 6"]:
    highest = said.new_tensor([HIGHEST[au] for au in PAIN_AUS], dtype=torch.float32)
    return (said.float() - known.float()) / highest


def _mean(values: Float[Tensor, "*shape"], known: Bool[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Mean of what is known; 0 where nothing is."""
    kept = torch.where(known, values, torch.zeros_like(values))
    return kept.sum() / known.sum().clamp(min=1)


def _sum(parts: dict[str, Tensor], config: LossConfig) -> Tensor:
    return sum(
        (getattr(config, name) * value for name, value in parts.items()),
        start=torch.zeros((), device=parts["pspi"].device),
    )
