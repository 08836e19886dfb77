"""Kandinsky 2.2 at its real size with random weights: how long it paints, and in how much memory.

Part of `python -m scripts.bench_texture --networks`. Random weights take as long as trained ones
and are written nowhere; what they paint is noise. The networks are of the classes that the real
files are loaded into, in the numbers and at the sizes of a picture that a user would choose.
"""

import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from assets.kandinsky_parts import PARTS
from generator.diffusion.machine import machine
from generator.diffusion.painter import Painter, Picture, Stage
from generator.diffusion.weights import Decoder, Prior, library
from generator.portrait.settings import Settings

# `prior/config.json` of kandinsky-2-2-prior, as those who trained it further saved it again
# (YiYiXu/kandinsky_prior_pokemon on the hub).
PRIOR: Mapping[str, Any] = MappingProxyType(
    {
        "num_attention_heads": 32,
        "attention_head_dim": 64,
        "num_layers": 20,
        "embedding_dim": 1280,
        "num_embeddings": 77,
        "additional_embeddings": 4,
    }
)
# The text half of laion/CLIP-ViT-bigG-14-laion2B-39B-b160k, which the model card names; as
# `text_encoder/config.json` of stabilityai/stable-cascade has it.
TEXT: Mapping[str, Any] = MappingProxyType(
    {
        "vocab_size": 49408,
        "hidden_size": 1280,
        "intermediate_size": 5120,
        "num_hidden_layers": 32,
        "num_attention_heads": 20,
        "projection_dim": 1280,
        "max_position_embeddings": 77,
        "hidden_act": "gelu",
        "bos_token_id": 49406,
        "eos_token_id": 49407,
    }
)
# `unet/config.json` of kandinsky-2-2-decoder, saved again (YiYiXu/yiyi_kandinsky_decoder); those of
# the other decoders differ from it by what `assets.kandinsky_parts` says of their U-Nets.
UNET: Mapping[str, Any] = MappingProxyType(
    {
        "down_block_types": ["ResnetDownsampleBlock2D"] + ["SimpleCrossAttnDownBlock2D"] * 3,
        "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
        "up_block_types": ["SimpleCrossAttnUpBlock2D"] * 3 + ["ResnetUpsampleBlock2D"],
        "block_out_channels": [384, 768, 1152, 1536],
        "layers_per_block": 3,
        "out_channels": 8,
        "encoder_hid_dim": 1280,
        "encoder_hid_dim_type": "image_proj",
        "cross_attention_dim": 768,
        "attention_head_dim": 64,
        "addition_embed_type_num_heads": 64,
        "resnet_time_scale_shift": "scale_shift",
    }
)
# `movq/config.json` of kandinsky-2-2-decoder, revision 9ae140d.
MOVQ: Mapping[str, Any] = MappingProxyType(
    {
        "down_block_types": ["DownEncoderBlock2D"] * 3 + ["AttnDownEncoderBlock2D"],
        "up_block_types": ["AttnUpDecoderBlock2D"] + ["UpDecoderBlock2D"] * 3,
        "block_out_channels": [128, 256, 256, 512],
        "layers_per_block": 2,
        "latent_channels": 4,
        "vq_embed_dim": 4,
        "num_vq_embeddings": 16384,
        "norm_type": "spatial",
    }
)
SCHEDULE: Mapping[str, Any] = MappingProxyType(
    {"beta_schedule": "linear", "beta_start": 0.00085, "beta_end": 0.012, "clip_sample": False}
)
PUBLISHED_GB: Mapping[str, float] = MappingProxyType(
    {"prior": 4.10, "text encoder": 2.78, "depth": 5.01, "inpaint": 5.01, "movq": 0.27}
)
"""Sizes of the files on the hub, whose weights are float32."""
PROMPTS = "portrait photograph of a woman", "smile, glasses"
PICTURES = 3
"""Pictures of a texture, each after prompts of its own."""

DecoderName = Literal["depth", "inpaint"]


def prior() -> nn.Module:
    """A prior of random weights."""
    return library("diffusers").PriorTransformer(**PRIOR)


def text_encoder() -> nn.Module:
    """A text encoder of random weights."""
    transformers = library("transformers")
    return transformers.CLIPTextModelWithProjection(transformers.CLIPTextConfig(**TEXT))


def unet(name: DecoderName) -> nn.Module:
    """The U-Net of a decoder, of random weights."""
    return library("diffusers").UNet2DConditionModel(**UNET, **dict(PARTS[name].unet))


def movq() -> nn.Module:
    """What makes pictures of latents, of random weights."""
    return library("diffusers").VQModel(**MOVQ)


def sizes_gb() -> dict[str, float]:
    """Gigabytes of each network's weights in float32, found without any memory."""
    with torch.device("meta"):
        made = {
            "prior": prior(),
            "text encoder": text_encoder(),
            "depth": unet("depth"),
            "inpaint": unet("inpaint"),
            "movq": movq(),
        }
    return {
        name: 4e-9 * sum(weight.numel() for weight in network.parameters())
        for name, network in made.items()
    }


def _tokenizer() -> Any:
    """Reads letter by letter; whatever it reads is filled up to 77 tokens."""
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    begin, end = "<|startoftext|>", "<|endoftext|>"
    numbers = {word: number for number, word in enumerate(words)}
    numbers |= {begin: TEXT["bos_token_id"], end: TEXT["eos_token_id"]}
    told = {"model_max_length": TEXT["max_position_embeddings"], "pad_token": end}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "vocab.json").write_text(json.dumps(numbers))
        (Path(folder) / "merges.txt").write_text("#version: 0.2\n")
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(told))
        return library("transformers").CLIPTokenizer.from_pretrained(folder)


@contextmanager
def _making(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Make networks there, in these numbers."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)


class Noise(Painter):
    """Paints with random weights at real size, and holds what comes out to nothing."""

    def __init__(self, name: DecoderName, settings: Settings) -> None:
        """Make the networks of a decoder and its prior; like loaded ones they begin on the CPU."""
        self.settings, self.machine = settings, machine(settings)
        diffusers = library("diffusers")
        with _making(self.machine.device, self.machine.dtype):
            made = [prior(), text_encoder(), unet(name), movq()]
        first, second, third, fourth = (network.eval().to("cpu") for network in made)
        scheduler = diffusers.UnCLIPScheduler(prediction_type="sample", clip_sample_range=10.0)
        self._prior = Prior(first, second, _tokenizer(), scheduler)
        self._decoders = {name: Decoder(third, fourth, diffusers.DDPMScheduler(**SCHEDULE))}
        self._last = None

    def embed(self) -> None:
        """Turn `PROMPTS` into embeddings, which are kept for the pictures painted after them."""
        self._last = None
        with self._painting():
            self._embedded(*PROMPTS, 0)

    def _shown(self, painted: Float[Tensor, "1 3 height width"], stage: Stage) -> Picture:
        levels = 127.5 * painted[0].float().nan_to_num().clamp(-1, 1) + 127.5
        return levels.permute(1, 2, 0).to(torch.uint8).cpu().numpy()


def measured(settings: Settings, side: int) -> dict[str, Any]:
    """Sizes, and seconds and memory of a texture and of a background, each on its own."""
    figures: dict[str, Any] = {}
    for name, size in sizes_gb().items():
        assert abs(size / PUBLISHED_GB[name] - 1) < 0.01, f"{name} has {size} GB"
        figures |= {f"GB, {name}": size, f"GB, {name}, as published": PUBLISHED_GB[name]}
    figures |= _texture(settings, side) | _background(settings, side)
    # Linux counts it in units of 1,024 bytes.
    resident = 1024e-9 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**figures, "GB, resident at most": resident}


def _texture(settings: Settings, side: int) -> dict[str, float]:
    painter = Noise("depth", settings)
    hint, picture = _shapes(side)
    keep = (hint > 0.5).astype(np.float32)
    spent = _spent(
        settings,
        {
            "prompts": painter.embed,
            "portrait": lambda: painter.portrait(*PROMPTS, hint, 0),
            "turned view": lambda: painter.turned(*PROMPTS, hint, picture, keep, 0),
        },
    )
    turned = (PICTURES - 1) * spent["s, turned view"]
    whole = PICTURES * spent["s, prompts"] + spent["s, portrait"] + turned
    return {**spent, "s, texture": whole, **_memory(settings, "texture")}


def _background(settings: Settings, side: int) -> dict[str, float]:
    painter = Noise("inpaint", settings)
    hint, picture = _shapes(side)
    spent = _spent(
        settings,
        {
            "prompts": painter.embed,
            "surroundings": lambda: painter.surroundings(*PROMPTS, picture, hint < 0.5, 0),
        },
    )
    return {"s, background": sum(spent.values()), **_memory(settings, "background")}


def _shapes(
    side: int,
) -> tuple[Float32[np.ndarray, "side side"], Picture]:
    """A hint, 0 to 1, and a picture: what they show takes no time."""
    hint = np.tile(np.linspace(0, 1, side, dtype=np.float32), (side, 1))
    return hint, np.repeat((255 * hint).astype(np.uint8)[..., None], 3, axis=2)


def _spent(settings: Settings, work: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of each, one after the other; on a GPU after a round that is not timed."""
    if settings.device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        for stage in work.values():
            stage()
    spent = {}
    for name, stage in work.items():
        begun = _now(settings)
        stage()
        spent[f"s, {name}"] = _now(settings) - begun
    return spent


def _memory(settings: Settings, what: str) -> dict[str, float]:
    """The most memory of the GPU that was in use at once."""
    if settings.device == "cpu":
        return {}
    return {f"GB of the GPU, {what}": 1e-9 * torch.cuda.max_memory_allocated()}


def _now(settings: Settings) -> float:
    """Seconds on a clock, once the GPU is done."""
    if settings.device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()
