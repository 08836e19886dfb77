"""What keeps Kandinsky 2.2 from painting: weights, inputs, memory and numbers, each error named."""

import io
import json
import logging
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch
from safetensors.torch import load_file, save_file

from assets.kandinsky_parts import OF_DIFFUSERS, OF_TRANSFORMERS, PARTS
from generator.diffusion.machine import Machine, machine
from generator.diffusion.painter import Painter
from generator.portrait.settings import Settings
from tests import tiny_kandinsky
from tests.tiny_kandinsky import AROUND, ASKED, HINT, PICTURE, folders

SETTINGS = Settings(steps=5)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_kandinsky.write(tmp_path_factory.mktemp("kandinsky"), norm="spatial")


@pytest.fixture(scope="module")
def painter(tiny: Path) -> Painter:
    return Painter(folders(tiny), SETTINGS)


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny, tmp_path / "parts")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the libraries log to one of their handlers."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    libraries = [logging.getLogger(name) for name in ("diffusers", "transformers")]
    for name in libraries:
        name.addHandler(handler)
    yield said
    for name in libraries:
        name.removeHandler(handler)


def test_a_scheduler_that_is_none_is_named(copy: Path) -> None:
    folder = folders(copy)["prior"] / "scheduler"
    (folder / "scheduler_config.json").write_text('{"num_train_timesteps": "many"}')
    with pytest.raises(ValueError, match=r"scheduler must be what UnCLIPScheduler reads; fetch"):
        Painter(folders(copy), SETTINGS)


def test_settings_that_cannot_be_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for steps in (0, 201):
        with pytest.raises(ValueError, match=f"steps must be between 1 and 200, got {steps}"):
            Settings(steps=steps)
    with pytest.raises(ValueError, match="dtype must be auto, float32 or bfloat16 on a cpu, got"):
        Settings(dtype="float16")
    with pytest.raises(ValueError, match="offload must be left out on a cpu"):
        Settings(offload=True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        ValueError, match="device must be cpu where torch finds no CUDA device, got"
    ):
        machine(Settings(device="cuda"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert machine(Settings(device="cuda", offload=True)) == Machine(
        torch.device("cuda"), torch.float16, True
    )
    assert machine(Settings(dtype="bfloat16")) == Machine(CPU, torch.bfloat16, False)
    assert machine(Settings()) == Machine(CPU, torch.float32, False)


@pytest.mark.parametrize("network", ["unet", "movq"])
def test_memory_of_the_gpu_that_does_not_suffice_is_one_line_with_the_way_out(
    tiny: Path, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = Painter(folders(tiny, "prior", "depth"), Settings(steps=1))

    def full(*given: Any, **named: Any) -> NoReturn:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nSee docs")

    part = getattr(painter._decoders["depth"], network)
    monkeypatch.setattr(part, "forward" if network == "unet" else "decode", full)
    text = (
        r"cpu must have more memory: CUDA out of memory. Tried to allocate 2 GiB. \(--offload, or "
        r"--dtype float16, or another device\)"
    )
    with pytest.raises(ValueError, match=text) as error:
        painter.portrait(*ASKED, HINT, 3)
    assert "\n" not in str(error.value)


def changed(path: Path, **values: torch.Tensor | None) -> None:
    """Have a file hold other weights; None takes one away."""
    held = {name: value for name, value in load_file(path).items() if name not in values}
    held |= {name: value for name, value in values.items() if value is not None}
    save_file(held, path, metadata={"format": "pt"})


def colour(value: float) -> dict[str, torch.Tensor]:
    """Weights of the last layer of movq by which every pixel has one value."""
    return {
        "decoder.conv_out.weight": torch.zeros(3, 32, 3, 3),
        "decoder.conv_out.bias": torch.full((3,), value),
    }


def test_numbers_that_ran_over_and_pictures_of_one_colour_are_named(copy: Path) -> None:
    movq = copy / PARTS["depth"].name / "movq" / OF_DIFFUSERS
    for value, rule in (
        (float("nan"), "must be finite, got NaN or infinity: "),
        (float("inf"), "must be finite, got NaN or infinity: "),
        (-1.0, r"must show more than one colour, got \[0, 0, 0\] all over: "),
        (0.0, r"must show more than one colour, got \[128, 128, 128\] all over: "),
    ):
        changed(movq, **colour(value))
        painter = Painter(folders(copy, "prior", "depth"), Settings(steps=1))
        with pytest.raises(ValueError, match=f"the portrait {rule}the weights may be damaged"):
            painter.portrait(*ASKED, HINT, 3)
        with pytest.raises(ValueError, match=f"the turned {rule}"):
            painter.turned(*ASKED, HINT, PICTURE, HINT, 3)
        for dtype, way in ((torch.float16, "bfloat16 or float32"), (torch.bfloat16, "float32")):
            painter.machine = Machine(CPU, dtype, False)
            assert painter._way() == f"try --dtype {way}"
    unet = copy / PARTS["inpaint"].name / "unet" / OF_DIFFUSERS
    changed(unet, **{"conv_out.bias": torch.full((8,), float("nan"))})
    painter = Painter(folders(copy, "prior", "inpaint"), Settings(steps=1))
    with pytest.raises(ValueError, match="the surroundings must be finite, got NaN or infinity"):
        painter.surroundings(*ASKED, PICTURE, AROUND, 3)


def test_inputs_that_cannot_be_painted_are_named(painter: Painter) -> None:
    long = "a" * 600
    for asked in ((long, "smile"), ("portrait", long)):
        with pytest.raises(ValueError, match="prompt must have at most 512 tokens, got 602: aaa"):
            painter.portrait(*asked, HINT, 3)
    rule = "the sides of a picture must be multiples of 64 pixels, got 64 x 120"
    with pytest.raises(ValueError, match=rule):
        painter.portrait(*ASKED, HINT[:, :120], 3)
    with pytest.raises(ValueError, match=rule):
        painter.surroundings(*ASKED, PICTURE[:, :120], AROUND[:, :120], 3)


@pytest.mark.parametrize(
    ("file", "kind", "key"),
    [
        (f"{PARTS['depth'].name}/unet/{OF_DIFFUSERS}", "UNet2DConditionModel", "conv_out.bias"),
        (f"{PARTS['inpaint'].name}/movq/{OF_DIFFUSERS}", "VQModel", "decoder.conv_out.bias"),
        (f"{PARTS['prior'].name}/prior/{OF_DIFFUSERS}", "PriorTransformer", "clip_std"),
        (
            f"{PARTS['prior'].name}/text_encoder/{OF_TRANSFORMERS}",
            "CLIPTextModelWithProjection",
            "text_projection.weight",
        ),
    ],
)
def test_weights_that_are_missing_left_over_or_of_another_shape_are_named(
    copy: Path,
    file: str,
    kind: str,
    key: str,
    logged: io.StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    whole = load_file(copy / file)[key]
    folder = (copy / file).parent
    changed(copy / file, **{key: None})
    with pytest.raises(
        ValueError, match=f"{folder} must hold exactly the .* {kind}, got missing"
    ) as e:
        Painter(folders(copy), SETTINGS)
    assert str(e.value).endswith(f"missing keys: {key}")
    changed(copy / file, **{key: whole, "more.weight": torch.zeros(2)})
    with pytest.raises(
        ValueError, match=f"{folder} must hold exactly the .* {kind}, got unexp"
    ) as e:
        Painter(folders(copy), SETTINGS)
    assert str(e.value).endswith("unexpected keys: more.weight")
    changed(copy / file, **{key: torch.zeros(3, 5), "more.weight": None})
    with pytest.raises(ValueError, match=rf"{folder} must hold .*weights of a {kind}.*{key}") as e:
        Painter(folders(copy), SETTINGS)
    assert "\n" not in str(e.value)
    said = capfd.readouterr()
    assert (said.out, said.err, logged.getvalue()) == ("", "", "")


def test_a_file_that_is_gone_or_garbage_is_named(copy: Path) -> None:
    unet = copy / PARTS["depth"].name / "unet"
    file = unet / OF_DIFFUSERS
    data = file.read_bytes()
    file.write_bytes(data[:1000])
    with pytest.raises(ValueError, match=f"{unet} must hold the weights of a UNet2DCondition"):
        Painter(folders(copy), SETTINGS)
    file.rename(file.with_suffix(".bin"))
    with pytest.raises(ValueError, match=f"{unet} must hold the weights of a UNet2DCondition"):
        Painter(folders(copy), SETTINGS)


def test_loading_is_silent_asks_no_network_and_leaves_the_libraries_as_they_were(
    tiny: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged: io.StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from transformers.utils import logging as told

    def refused(*given: Any) -> NoReturn:
        raise AssertionError(f"the network was asked for {given}")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    filters = {
        name: [list(handler.filters) for handler in logging.getLogger(name).handlers]
        for name in ("diffusers", "transformers")
    }
    bars = told.is_progress_bar_enabled()
    painter = Painter(folders(tiny), Settings(steps=1))
    painter.portrait(*ASKED, HINT, 3)
    painter.surroundings(*ASKED, PICTURE, AROUND, 3)
    said = capfd.readouterr()
    assert (said.out, said.err, logged.getvalue()) == ("", "", "")
    assert told.is_progress_bar_enabled() == bars
    assert not torch.are_deterministic_algorithms_enabled()
    for name, before in filters.items():
        assert [list(h.filters) for h in logging.getLogger(name).handlers] == before


def test_what_the_libraries_log_that_is_not_known_comes_through(
    copy: Path, logged: io.StringIO
) -> None:
    path = copy / PARTS["depth"].name / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"other": 1}))
    Painter(folders(copy, "prior", "depth"), SETTINGS)
    assert "'other': 1" in logged.getvalue()
