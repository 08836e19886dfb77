"""What critic and generator are trained by: WGAN-GP, AUs, attention and cycle.

Weights are GANimation's (Pumarola et al. 2018, section 4 and released code), where the error of the
AUs is a mean over batch and AUs. One term is ours: the attention's mean is held within a band. Left
alone it ends near 1, where nothing is painted, as long as colours are off by more than a hundredth:
0.94 after 2,500 steps on 64 pixels.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from generator.gan2d.network import Judged, Painted

CONDITION = 160.0
PENALTY = 10.0
CYCLE = 10.0
ATTENTION = 0.1
# The released weight, 1e-5, is of a sum over batch and pixels: 25 pictures of 128 pixels. A map of
# half the size has half the sum.
SMOOTH, SMOOTH_SIZE = 1e-5 * 25, 128
LOWEST, HIGHEST = 0.3, 0.7
"""Means of the attention that cost nothing."""
HELD = 100.0
"""Of the square beyond the band. The critic's slope has length 1 over a whole picture and pulls the
attention to 1, some 40 times as hard as an error of the cycle; a tenth of this did not hold it.
"""

Pictures = Float[Tensor, "batch 3 height width"]
AUs = Float[Tensor, "batch aus"]
Terms = dict[str, Tensor]
"""Parts of a loss by name, each weighted: their sum is what is made small."""


def of_critic(
    critic: nn.Module, plain: nn.Module, real: Pictures, aus: AUs, fake: Pictures, mix: Tensor
) -> Terms:
    """The critic's loss; `mix` [batch] are numbers 0-1, where between real and fake the gradient
    is held to length 1.

    `plain` is the critic uncompiled: a compiled one has no second derivative.
    """
    seen: Judged = critic(real)
    painted: Judged = critic(fake)
    share = mix[:, None, None, None]
    between = (share * real + (1.0 - share) * fake).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(plain(between).score.sum(), between, create_graph=True)
    length = slope.float().flatten(1).norm(dim=1)
    return {
        "real": -seen.score.mean(),
        "fake": painted.score.mean(),
        "penalty": PENALTY * ((length - 1.0) ** 2).mean(),
        "condition": CONDITION * ((seen.aus - aus) ** 2).mean(),
    }


def of_generator(
    generator: nn.Module, critic: nn.Module, real: Pictures, aus: AUs, wanted: AUs
) -> tuple[Terms, Painted]:
    """The generator's loss for painting the wanted AUs and then the face's own again, and what it
    painted first.
    """
    there: Painted = generator(real, wanted)
    judged: Judged = critic(there.picture)
    back: Painted = generator(there.picture, aus)
    attention = torch.cat([there.attention, back.attention])
    terms = {
        "score": -judged.score.mean(),
        "condition": CONDITION * ((judged.aus - wanted) ** 2).mean(),
        "cycle": CYCLE * (back.picture - real).abs().mean(),
        "attention": ATTENTION * 2.0 * attention.mean(),
        "smooth": SMOOTH * SMOOTH_SIZE / real.shape[-1] * variation(attention) / len(real),
        "held": HELD * beyond(attention.mean()) ** 2,
    }
    return terms, there


def beyond(mean: Float[Tensor, ""]) -> Float[Tensor, ""]:
    """How far a mean of the attention lies outside of its band."""
    return (mean - HIGHEST).clamp(min=0.0) + (LOWEST - mean).clamp(min=0.0)


def variation(maps: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, ""]:
    """Total variation, summed over pixels and batch."""
    down = (maps[:, :, 1:] - maps[:, :, :-1]).abs().sum()
    return down + (maps[:, :, :, 1:] - maps[:, :, :, :-1]).abs().sum()
