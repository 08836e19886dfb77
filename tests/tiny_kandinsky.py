"""Kandinsky 2.2 at a tiny size: its real classes, saved as the real parts are, with random weights.

Pictures come out about as light and red as skin, with a grain. Configurations are those of the real
parts but for sizes; files that others wrote with older releases (vocabularies, configurations of
schedulers, the index) are written here as theirs are. The real movq normalises by place ("spatial",
32 channels at least): eight times the time of "group".
"""

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from assets.kandinsky_parts import INDEX, OF_TRANSFORMERS, PARTS, PartName
from assets.torchvision_ready import declare

declare()

SKIN = (0.55, 0.2, 0.05)
"""Mean red, green and blue of what movq gives, -1 to 1."""
GRAIN = 0.15
"""How far they spread."""
TOKENS = 512
"""Prompts are read letter by letter, so that they need more tokens than the real 77."""
DIM, TRAINED = 8, 1000

ASKED = ("portrait photograph of a woman of 45 years", "smile, glasses")
"""A prompt and its negative."""
SIDES = 64, 128
ROWS, COLUMNS = np.mgrid[: SIDES[0], : SIDES[1]]
HINT = np.clip(1 - np.hypot(ROWS / 64 - 0.5, COLUMNS / 128 - 0.5), 0, 1).astype(np.float32)
PICTURE = np.stack([2 * ROWS, 200 - COLUMNS, COLUMNS + ROWS], axis=-1).astype(np.uint8)
AROUND = HINT < 0.7
"""Where a picture is painted around what is near."""

SCHEDULER = {
    "_class_name": "DDPMScheduler",
    "_diffusers_version": "0.17.0.dev0",
    "num_train_timesteps": TRAINED,
    "beta_schedule": "linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "prediction_type": "epsilon",
    "thresholding": False,
}
PRIOR_SCHEDULER = {
    "_class_name": "UnCLIPScheduler",
    "_diffusers_version": "0.17.0.dev0",
    "clip_sample": True,
    "clip_sample_range": 10.0,
    "num_train_timesteps": TRAINED,
    "prediction_type": "sample",
    "variance_type": "fixed_small_log",
}


def write(folder: Path, seed: int = 0, norm: Literal["group", "spatial"] = "group") -> Path:
    """Write the three parts into a folder, each named as its repository is."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        _write_prior(folder / PARTS["prior"].name)
        for part, channels in (("depth", 8), ("inpaint", 9)):
            _write_decoder(folder / PARTS[part].name, part, channels, norm)
    return folder


def folders(root: Path, *parts: PartName) -> dict[PartName, Path]:
    """The folders of some parts, of all where none is named."""
    return {name: root / PARTS[name].name for name in parts or tuple(PARTS)}


def _write_json(path: Path, said: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said, indent=2))


def _write_index(folder: Path, part: PartName) -> None:
    said: dict[str, Any] = {"_class_name": PARTS[part].pipeline}
    for name, component in PARTS[part].components.items():
        said[name] = [component.library, component.kind]
    if part == "prior":
        # Named by the real one too, and not read.
        said["image_encoder"] = ["transformers", "CLIPVisionModelWithProjection"]
        said["image_processor"] = ["transformers", "CLIPImageProcessor"]
    _write_json(folder / INDEX, said)


def _write_prior(folder: Path) -> None:
    from diffusers import PriorTransformer
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    vocabulary = _write_tokenizer(folder / "tokenizer")
    config = CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=DIM,
        intermediate_size=2 * DIM,
        num_hidden_layers=1,
        num_attention_heads=2,
        projection_dim=DIM,
        max_position_embeddings=TOKENS,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )
    text_encoder = CLIPTextModelWithProjection(config)
    # Fresh ones differ so little between words that a prompt would hardly tell.
    nn.init.normal_(text_encoder.text_model.embeddings.token_embedding.weight)
    config.save_pretrained(folder / "text_encoder")
    # Counted positions, which releases of the real file's time still saved.
    counted = {"text_model.embeddings.position_ids": torch.arange(TOKENS)[None]}
    saved = folder / "text_encoder" / OF_TRANSFORMERS
    save_file({**text_encoder.state_dict(), **counted}, saved, metadata={"format": "pt"})
    prior = PriorTransformer(
        num_attention_heads=2,
        attention_head_dim=DIM // 2,
        num_layers=1,
        embedding_dim=DIM,
        num_embeddings=TOKENS,
        additional_embeddings=4,
    )
    # Fresh ones are zeros, by which the pipeline multiplies what it found.
    nn.init.ones_(prior.clip_std)
    prior.save_pretrained(folder / "prior")
    _write_json(folder / "scheduler" / "scheduler_config.json", PRIOR_SCHEDULER)
    _write_index(folder, "prior")


def _write_tokenizer(folder: Path) -> int:
    """A real tokenizer of letters; gives the size of its vocabulary."""
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    _write_json(folder / "vocab.json", {word: number for number, word in enumerate(words)})
    (folder / "merges.txt").write_text("#version: 0.2\n")
    end = "<|endoftext|>"
    named = {"bos_token": "<|startoftext|>", "eos_token": end, "unk_token": end, "pad_token": end}
    _write_json(folder / "special_tokens_map.json", named)
    told = {"tokenizer_class": "CLIPTokenizer", "model_max_length": TOKENS, **named}
    _write_json(folder / "tokenizer_config.json", told)
    return len(words)


def _write_decoder(folder: Path, part: PartName, channels: int, norm: str) -> None:
    from diffusers import UNet2DConditionModel, VQModel

    unet = UNet2DConditionModel(
        in_channels=channels,
        out_channels=8,
        addition_embed_type=dict(PARTS[part].unet)["addition_embed_type"],
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        block_out_channels=(DIM, DIM),
        layers_per_block=1,
        encoder_hid_dim=DIM,
        encoder_hid_dim_type="image_proj",
        cross_attention_dim=DIM,
        attention_head_dim=DIM,
        resnet_time_scale_shift="scale_shift",
        norm_num_groups=4,
    )
    unet.save_pretrained(folder / "unet")
    wide = 32 if norm == "spatial" else DIM
    movq = VQModel(
        block_out_channels=[wide] * 4,
        down_block_types=["DownEncoderBlock2D"] * 3 + ["AttnDownEncoderBlock2D"],
        up_block_types=["AttnUpDecoderBlock2D"] + ["UpDecoderBlock2D"] * 3,
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        layers_per_block=0,
        norm_num_groups=4,
        norm_type=norm,
        num_vq_embeddings=12,
        vq_embed_dim=4,
    )
    _colour(movq)
    movq.save_pretrained(folder / "movq")
    _write_json(folder / "scheduler" / "scheduler_config.json", SCHEDULER)
    _write_index(folder, part)


def _colour(movq: nn.Module) -> None:
    """Scale and shift what movq decodes of noise to the colours of skin."""
    with torch.no_grad():
        decoded = movq.decode(torch.randn(1, 4, 16, 16), force_not_quantize=True).sample
        last = movq.decoder.conv_out
        spread, mean = torch.std_mean(decoded, dim=(0, 2, 3))
        last.weight *= (GRAIN / spread)[:, None, None, None]
        last.bias.copy_((last.bias - mean) * GRAIN / spread + torch.tensor(SKIN))
