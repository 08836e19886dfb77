"""The denoising loop on a depth hint, with latents that are known put back at every step.

With nothing known it is diffusers' `KandinskyV22ControlnetPipeline`, with a known picture of which
nothing is kept its `KandinskyV22ControlnetImg2ImgPipeline`, to the last bit. Between them lies what
neither does: what is kept is put back after every step, noised to that step's level, as inpainting
by diffusers does it.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from generator.diffusion.weights import Decoder

GUIDANCE = 4.0
"""How far noise is led from the negative prompt to the positive one: the default of all decoders of
Kandinsky 2.2, which their model cards leave as it is."""
STRENGTH = 0.9
"""Share of the steps that a known picture goes back by. What is unknown in it then begins as noise
to 99.7 % of its spread, free to become anything, and keeps 7 % of the colours it was given."""
CELL = 8
"""Pixels a side of a latent."""


@dataclass(frozen=True, eq=False)
class Told:
    """What leads the network: embeddings of both prompts, and the depth hint, 0 to 1."""

    positive: Float[Tensor, "1 dim"]
    negative: Float[Tensor, "1 dim"]
    hint: Float[Tensor, "1 3 height width"]


@dataclass(frozen=True, eq=False)
class Known:
    """Latents of a picture that is known in part, and how far each is kept, 0 to 1."""

    latents: Float[Tensor, "1 4 rows columns"]
    keep: Float[Tensor, "1 1 rows columns"]


def kept(keep: Float[Tensor, "1 1 height width"]) -> Float[Tensor, "1 1 rows columns"]:
    """How far a latent is kept: as far as the least kept pixel of it and of those beside it.

    A latent is made of the pixels around it too; diffusers grows what inpainting repaints as far.
    """
    return 1 - nn.functional.max_pool2d(1 - keep, 3 * CELL, CELL, CELL)


def denoise(
    decoder: Decoder, told: Told, steps: int, generator: torch.Generator, known: Known | None = None
) -> Float[Tensor, "1 4 rows columns"]:
    """Paint latents in `steps` steps, from noise or from what is known.

    Noise is drawn where the generator is, in the order in which diffusers draws it.
    """
    unet, scheduler = decoder.unet, decoder.scheduler
    device, dtype = told.hint.device, told.hint.dtype
    scheduler.set_timesteps(steps, device=device)
    times = scheduler.timesteps
    if known is not None:
        # At least the last one, so that a single step paints too.
        times = times[-max(int(steps * STRENGTH), 1) :]
    rows, columns = (side // CELL for side in told.hint.shape[-2:])
    noise = torch.randn((1, 4, rows, columns), generator=generator, dtype=dtype).to(device)
    if known is None:
        latents = noise * scheduler.init_noise_sigma
    else:
        latents = scheduler.add_noise(known.latents, noise, times[:1])
    lead = {
        "image_embeds": torch.cat([told.negative, told.positive]),
        "hint": torch.cat([told.hint, told.hint]),
    }
    for step, time in enumerate(times):
        both = torch.cat([latents, latents])
        predicted = unet(both, time, encoder_hidden_states=None, added_cond_kwargs=lead)[0]
        away, variance = _led(predicted)
        if scheduler.config.variance_type in ("learned", "learned_range"):
            away = torch.cat([away, variance], dim=1)
        latents = scheduler.step(away, time, latents, generator=generator).prev_sample
        if known is not None:
            level = known.latents
            if step + 1 < len(times):
                level = scheduler.add_noise(level, noise, times[step + 1 : step + 2])
            latents = known.keep * level + (1 - known.keep) * latents
    return latents


def _led(
    predicted: Float[Tensor, "2 8 rows columns"],
) -> tuple[Float[Tensor, "1 4 rows columns"], Float[Tensor, "1 4 rows columns"]]:
    """Noise led away from the negative prompt, and the variance that the positive one predicts."""
    noise, variance = predicted.split(4, dim=1)
    negative, positive = noise.chunk(2)
    return negative + GUIDANCE * (positive - negative), variance[1:]
