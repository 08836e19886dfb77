"""Prompts to embeddings of pictures, by diffusers' own pipeline of the prior."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from generator.diffusion.weights import Prior, library

STEPS = 25
"""Steps of the prior: the default of its pipeline, for whatever number of steps of the decoder."""
GUIDANCE = 1.0
"""None, as in the example of a portrait on the decoder's model card (`prior_guidance_scale=1.0`):
what is not wanted leads the decoder, whose two embeddings come from the two prompts."""


class Embeddings(NamedTuple):
    """Of the picture that a prompt asks for, and of the one that it does not want."""

    positive: Float[Tensor, "1 dim"]
    negative: Float[Tensor, "1 dim"]


def embed(prior: Prior, positive: str, negative: str, generator: torch.Generator) -> Embeddings:
    """Draw embeddings for two prompts, on the device on which the prior lies.

    Raises ValueError for a prompt that is longer than the text encoder reads, which the library
    would cut off.
    """
    most = prior.tokenizer.model_max_length
    for prompt in (positive, negative):
        length = len(prior.tokenizer(prompt, truncation=False, verbose=False).input_ids)
        if length > most:
            raise ValueError(f"a prompt must have at most {most} tokens, got {length}: {prompt}")
    pipeline = library("diffusers").KandinskyV22PriorPipeline(
        prior=prior.network,
        # Only asked for where there is no negative prompt, which is given here even if empty.
        image_encoder=None,
        image_processor=None,
        text_encoder=prior.text_encoder,
        tokenizer=prior.tokenizer,
        scheduler=prior.scheduler,
    )
    pipeline.set_progress_bar_config(disable=True)
    drawn = pipeline(
        positive,
        negative_prompt=negative,
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        generator=generator,
    )
    return Embeddings(drawn.image_embeds, drawn.negative_image_embeds)
