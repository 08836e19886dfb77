"""Reading `rig.safetensors`: what ships is read, and whatever could not be used is named."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
import torch

from assets import manifest
from rigging import weights
from rigging.network import Network, NetworkConfig
from rigging.training import weights as trained

Arrays = dict[str, np.ndarray]
Facts = dict[str, str]


@pytest.fixture
def shipped() -> tuple[Arrays, Facts]:
    path = manifest.verified(weights.FILE)
    with safetensors.safe_open(path, "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata())


def test_sizes_say_what_the_network_holds(tmp_path: Path) -> None:
    config = NetworkConfig(width=5, blocks=3, code=2, eigenvectors=7)
    network = Network(config, torch.tensor([[0, 1], [2, 3]]))
    path = tmp_path / weights.FILE
    trained.write(path, network, {"configuration": vars(config), "seconds": 1.5})
    found = weights.read(path)
    assert found.facts == {"configuration": vars(config), "seconds": 1.5} == trained.facts(path)
    assert (found.blocks, found.eigenvectors, found.pairs.tolist()) == (3, 7, [[0, 1], [2, 3]])
    state = network.state_dict()
    assert weights.shapes(vars(config), 2) == {name: tuple(a.shape) for name, a in state.items()}
    for name, array in found.arrays.items():
        wanted = state[name].numpy()
        assert np.array_equal(array, wanted.transpose(0, 2, 1) if name == "maps" else wanted)


def told(name: str, value: Any) -> Callable[[Arrays, Facts], object]:
    return lambda arrays, facts: facts.update({name: value})


def put(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Arrays, Facts], object]:
    return lambda arrays, facts: arrays.update({name: np.ascontiguousarray(change(arrays[name]))})


SIZES = {"width": 16, "blocks": 1, "code": 4, "eigenvectors": 64}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (told("format", "pain3d rig 0"), "must have the format 'pain3d rig 1', got 'pain3d rig 0'"),
        (lambda arrays, facts: facts.pop("format"), "must have the format .*, got None"),
        (told("figures", "{"), "must hold facts as JSON, got Expecting"),
        (lambda arrays, facts: facts.pop("configuration"), "configuration of width, .* got None"),
        (told("configuration", json.dumps(SIZES | {"blocks": 0})), "number from 1, got .*'blocks'"),
        (told("configuration", json.dumps(SIZES | {"blocks": True})), "from 1, got .*: True"),
        (told("configuration", json.dumps(SIZES | {"depth": 1})), "code, .*got .*'depth': 1"),
        (
            told("configuration", json.dumps(SIZES | {"blocks": 2})),
            "blocks.1.first.bias, .*missing",
        ),
        (
            told("configuration", json.dumps(SIZES | {"code": 5})),
            r"must be \w+ of shape .*, got \w+ of \(",
        ),
        (lambda arrays, facts: arrays.pop("pairs"), ": pairs missing and none too many"),
        (
            lambda arrays, facts: arrays.update(extra=np.zeros(1)),
            ": none missing and extra too many",
        ),
        (
            put("maps", lambda a: a.astype(np.float32)),
            r"maps must be float16 of shape \(\d+, 35, 3\), got float32",
        ),
        (
            put("enter.weight", lambda a: a.T),
            r"enter.weight must be float32 of shape \(16, 87\), got float32 of \(87, 16\)",
        ),
        (put("enter.bias", lambda a: a * np.float32("nan")), "enter.bias must be finite, got NaN"),
        (put("pairs", lambda a: a[0]), r"must be \w+ of shape \(1, .*, got"),
        (put("pairs", lambda a: a[::-1]), "pairs must be sorted by control vertex"),
        (put("pairs", lambda a: a.astype(np.int64)), r"pairs must be int32 of shape"),
        (
            put("pairs", lambda a: a + np.int32([0, 16])),
            r"pairs must be control vertices and AUs from \[0, 0\] to below \[\d+, 16\], got",
        ),
        (put("pairs", lambda a: a - a.max(0)), r"pairs must be control vertices .* got \[-"),
    ],
)
def test_a_file_that_could_not_be_used_is_named(
    tmp_path: Path,
    shipped: tuple[Arrays, Facts],
    change: Callable[[Arrays, Facts], object],
    text: str,
) -> None:
    arrays, facts = shipped
    path = tmp_path / "mine.safetensors"
    safetensors.numpy.save_file(arrays, path, facts)
    assert np.array_equal(weights.read(path).arrays["maps"], weights.load().arrays["maps"])
    change(arrays, facts)
    safetensors.numpy.save_file(arrays, path, facts)
    with pytest.raises(ValueError, match=rf"mine\.safetensors.*{text}"):
        weights.read(path)


def test_bytes_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(manifest.verified(weights.FILE).read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"mine\.safetensors must hold weights of a rig, got"):
        weights.read(path)
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        weights.read(tmp_path / "none.safetensors")


def test_reading_needs_no_torch() -> None:
    code = "import sys; from rigging import weights; weights.load(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
