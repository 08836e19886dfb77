"""The benchmark of painted textures: its people, its networks, and that noise stops nothing."""

import numpy as np
import pytest
import torch

from assets import kandinsky
from generator.identity import make_identity
from generator.portrait.settings import Settings
from scripts import bench_texture, bench_texture_networks
from scripts.bench_texture import CROWD, PEOPLE, found
from scripts.bench_texture_networks import MOVQ, PRIOR, PUBLISHED_GB, TEXT, UNET, Noise

SETTINGS = Settings(steps=1)
FILL = "combining, delighting, filling"
STAGES = {"raster of a view", "laying on of a view", FILL, "projection and fill"}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of the same kinds, a few channels wide."""
    sizes = {
        "PRIOR": PRIOR | {"num_attention_heads": 2, "num_layers": 1, "embedding_dim": 8},
        "TEXT": TEXT | {
            "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
            "num_attention_heads": 2, "projection_dim": 8,
        },
        "UNET": UNET | {
            "block_out_channels": [32] * 4, "layers_per_block": 1, "encoder_hid_dim": 8,
            "cross_attention_dim": 8, "attention_head_dim": 8,
        },
        "MOVQ": MOVQ | {"block_out_channels": [32] * 4, "layers_per_block": 0},
    }  # fmt: skip
    for name, size in sizes.items():
        monkeypatch.setattr(bench_texture_networks, name, size)


def test_people_are_those_that_their_names_say() -> None:
    people = [
        make_identity(found(name), CROWD.identities, CROWD.seed, CROWD.ages) for name in PEOPLE
    ]
    assert len({one.index for one in people}) == len(PEOPLE)
    assert people[0].grooming.hair.length < 0.02
    assert people[1].grooming.hair.length > 0.2
    assert people[0].person.age_years >= 18
    assert people[2].person.age_years < 1


def test_networks_are_as_large_as_the_files() -> None:
    sizes = bench_texture_networks.sizes_gb()
    assert sizes == pytest.approx(PUBLISHED_GB, rel=0.01)
    # The hint goes through convolutions of its own, and into eight channels.
    assert sizes["depth"] > sizes["inpaint"] > 5.012


def test_pictures_become_an_albedo_stage_by_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    sitting = bench_texture.sit(found("infant"), "cpu")
    made, spent = bench_texture.laid(sitting)
    assert made.confidence.max() == 255
    assert set(spent) == STAGES
    assert min(spent.values()) > 0
    parts = 3 * spent["laying on of a view"] + spent[FILL]
    assert parts == pytest.approx(spent["projection and fill"])
    monkeypatch.setattr(kandinsky, "version", lambda _: "none")
    # What is drawn for the painter comes on top.
    assert bench_texture.painted(sitting) > spent[FILL]


@pytest.mark.usefixtures("small")
def test_noise_is_painted_and_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_texture_networks, "sizes_gb", lambda: dict(PUBLISHED_GB))
    figures = bench_texture_networks.measured(SETTINGS, 64)
    once = 3 * figures["s, prompts"] + figures["s, portrait"] + 2 * figures["s, turned view"]
    assert figures["s, texture"] == once
    assert figures["s, portrait"] > 0
    assert figures["s, background"] > 0
    assert figures["GB, depth, as published"] == 5.01
    assert not any("GPU" in name for name in figures)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_no_picture_is_refused(value: float) -> None:
    painter = Noise("depth", SETTINGS)
    torch.nn.init.constant_(painter._decoders["depth"].movq.decoder.conv_out.weight, value)
    hint = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    picture = painter.portrait(*bench_texture_networks.PROMPTS, hint, 0)
    assert picture.shape == (64, 64, 3)
    assert int(np.ptp(picture, axis=(0, 1)).max()) < 4
