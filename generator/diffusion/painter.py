"""The painter: portraits on a depth map, the same face from the side, what stands round a head.

The same prompts, inputs and seed give the same picture, on one make of device, whatever was painted
before. Noise is drawn on the CPU, so that it is the same on every device.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor

from assets.kandinsky_parts import PartName
from assets.repeatable import repeatable
from assets.streams import stream
from generator.diffusion import weights
from generator.diffusion.embedding import Embeddings, embed
from generator.diffusion.loop import GUIDANCE, Known, Told, denoise, kept
from generator.diffusion.machine import machine
from generator.portrait.settings import Settings

SIDE = 64
"""Sides of a picture are multiples of it, pixels: latents of 8, halved three times."""
FLAT = 4
"""Levels of 255 that some channel of a picture must span: no prompt asks for less."""

Picture = UInt8[np.ndarray, "height width 3"]
Stage = Literal["embedding", "portrait", "turned", "surroundings"]


def noise(seed: int, stage: Stage) -> torch.Generator:
    """The generator of what a stage draws for a seed."""
    return torch.Generator("cpu").manual_seed(int(stream(seed, -1, stage).integers(2**63)))


class Painter:
    """Networks of the parts whose folders it was given, and settings.

    Every method raises ValueError with the way out: for a side of a picture that is no multiple of
    64, a prompt that is too long, memory of the GPU that does not suffice, numbers that are not
    finite and a picture of one colour.
    """

    def __init__(self, folders: Mapping[PartName, Path], settings: Settings) -> None:
        """Load the prior, and of depth and inpaint what there is a folder of.

        Raises ValueError as `weights.network` and `machine.machine` do.
        """
        self.settings, self.machine = settings, machine(settings)
        self._prior = weights.prior(folders["prior"], self.machine.dtype)
        self._decoders = {
            name: weights.decoder(folder, self.machine.dtype)
            for name, folder in folders.items()
            if name != "prior"
        }
        self._last: tuple[tuple[str, str, int], Embeddings] | None = None

    def portrait(
        self, positive: str, negative: str, hint: Float32[np.ndarray, "height width"], seed: int
    ) -> Picture:
        """Paint what the prompts ask for on a depth hint, 0 (far) to 1 (near)."""
        return self._on_depth("portrait", positive, negative, hint, seed)

    def turned(
        self,
        positive: str,
        negative: str,
        hint: Float32[np.ndarray, "height width"],
        known: Picture,
        keep: Float32[np.ndarray, "height width"],
        seed: int,
    ) -> Picture:
        """Paint the same face from another side, where `keep` is 0; all of it where 0 everywhere.

        `known` is the picture as far as it is known; where `keep` is 1 and more than a few pixels
        from where it is less, what comes out is it, as movq gives it back. With the seed of the
        portrait, the prompts stand for the same face.
        """
        return self._on_depth("turned", positive, negative, hint, seed, (known, keep))

    def surroundings(
        self,
        positive: str,
        negative: str,
        picture: Picture,
        paint: Bool[np.ndarray, "height width"],
        seed: int,
    ) -> Picture:
        """Paint a picture where `paint` is true; elsewhere it comes out as movq gives it back."""
        _check_sides(*paint.shape)
        decoder = self._decoders["inpaint"]
        with self._painting():
            lead = self._embedded(positive, negative, seed)
            # White is painted, since diffusers 0.19.
            made = weights.library("diffusers").KandinskyV22InpaintPipeline
            pipeline = made(decoder.unet, decoder.scheduler, decoder.movq)
            pipeline.set_progress_bar_config(disable=True)
            with self.machine.running(decoder.unet, decoder.movq):
                painted = pipeline(
                    image_embeds=lead.positive.to(self.machine.device),
                    negative_image_embeds=lead.negative.to(self.machine.device),
                    image=picture,
                    mask_image=paint.astype(np.float32),
                    height=paint.shape[0],
                    width=paint.shape[1],
                    num_inference_steps=self.settings.steps,
                    guidance_scale=GUIDANCE,
                    generator=noise(seed, "surroundings"),
                    output_type="pt",
                ).images
            return self._shown(painted, "surroundings")

    def _on_depth(
        self,
        stage: Stage,
        positive: str,
        negative: str,
        hint: Float32[np.ndarray, "height width"],
        seed: int,
        draft: tuple[Picture, Float32[np.ndarray, "height width"]] | None = None,
    ) -> Picture:
        _check_sides(*hint.shape)
        decoder, running = self._decoders["depth"], self.machine.running
        with self._painting():
            lead = self._embedded(positive, negative, seed)
            told = Told(self._put(lead.positive), self._put(lead.negative), self._put(_image(hint)))
            known = None
            if draft is not None:
                with running(decoder.movq):
                    latents = decoder.movq.encode(self._put(_signed(draft[0]))).latents
                known = Known(latents, kept(self._put(torch.tensor(draft[1])[None, None])))
            with running(decoder.unet):
                latents = denoise(decoder, told, self.settings.steps, noise(seed, stage), known)
            with running(decoder.movq):
                painted = decoder.movq.decode(latents, force_not_quantize=True).sample
            return self._shown(painted, stage)

    @contextmanager
    def _painting(self) -> Iterator[None]:
        """The same bits each time: on a CPU, products of matrices differ with its threads."""
        with repeatable(1), torch.no_grad():
            yield

    def _put(self, values: Tensor) -> Tensor:
        return values.to(self.machine.device, self.machine.dtype)

    def _embedded(self, positive: str, negative: str, seed: int) -> Embeddings:
        """Embeddings of prompts; the last are kept for the next picture of the same person."""
        key = (positive, negative, seed)
        if self._last is None or self._last[0] != key:
            with self.machine.running(self._prior.network, self._prior.text_encoder):
                drawn = embed(self._prior, positive, negative, noise(seed, "embedding"))
            self._last = (key, drawn)
        return self._last[1]

    def _shown(self, painted: Float[Tensor, "1 3 height width"], stage: Stage) -> Picture:
        """The picture that movq gave, -1 to 1, as bytes, rounded as diffusers rounds."""
        if not bool(torch.isfinite(painted).all()):
            raise ValueError(f"the {stage} must be finite, got NaN or infinity: {self._way()}")
        unit = (painted * 0.5 + 0.5).clamp(0, 1).cpu().permute(0, 2, 3, 1).float().numpy()[0]
        picture = (unit * 255).round().astype(np.uint8)
        if int(np.ptp(picture, axis=(0, 1)).max()) < FLAT:
            got = f"{picture[0, 0].tolist()} all over"
            raise ValueError(
                f"the {stage} must show more than one colour, got {got}: {self._way()}"
            )
        return picture

    def _way(self) -> str:
        """What may help where numbers run over."""
        match self.machine.dtype:
            case torch.float16:
                return "try --dtype bfloat16 or float32"
            case torch.bfloat16:
                return "try --dtype float32"
            case _:
                return "the weights may be damaged; fetch them anew"


def _check_sides(height: int, width: int) -> None:
    if height % SIDE or width % SIDE or not height or not width:
        rule = f"multiples of {SIDE} pixels"
        raise ValueError(f"the sides of a picture must be {rule}, got {height} x {width}")


def _image(grey: Float32[np.ndarray, "height width"]) -> Float32[Tensor, "1 3 height width"]:
    """A grey picture in three channels."""
    return torch.tensor(grey)[None, None].repeat(1, 3, 1, 1)


def _signed(picture: Picture) -> Float32[Tensor, "1 3 height width"]:
    """A picture as movq takes it, -1 to 1."""
    values = torch.tensor(picture.astype(np.float32) / 255)
    return 2 * values.permute(2, 0, 1)[None] - 1
