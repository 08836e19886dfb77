"""Parts of training: schedule, rule, warning, log, checkpoint, folder, each for itself."""

import json
import math
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from assets.repeatable import repeatable
from tests import learning
from tests.learning import MODEL, SMALL
from vitpain.train import (
    begin,
    checkpoint,
    collapse,
    config,
    opened,
    run_folder,
    schedule,
)
from vitpain.train.checkpoint import Progress
from vitpain.train.config import FINETUNE, PRETRAIN, Run, TrainConfig
from vitpain.train.machine import machine, sow
from vitpain.train.selection import Best, better


def test_presets_are_those_of_the_released_model() -> None:
    # FACTS: epochs, batch, rate, decay, clip, weight of the AUs, draws of frames in pain.
    names = ("epochs", "batch", "learning_rate", "weight_decay", "clip", "lowest", "au_weight")
    values = [[getattr(one, name) for name in names] for one in (PRETRAIN, FINETUNE)]
    assert values == [[150, 48, 1e-4, 0.1, 1, 0.01, 1.0], [50, 100, 1e-4, 0.1, 1, 0.01, 0.1]]
    assert (PRETRAIN.sampling, FINETUNE.sampling) == ("none", "double")
    assert (PRETRAIN.augment, FINETUNE.augment) == ("synthetic", "real")


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("epochs", 0, "at least 1, got 0"),
        ("batch", 0, "at least 1, got 0"),
        ("seed", -1, "at least 0, got -1"),
        ("seed", 2**63, f"at most {2**63 - 1}, got {2**63}"),
        ("warm_up", 1.5, "from 0 to 1, got 1.5"),
        ("lowest", -0.1, "from 0 to 1, got -0.1"),
        ("learning_rate", 0.0, "above 0 and finite, got 0.0"),
        ("learning_rate", math.nan, "above 0 and finite, got nan"),
        ("clip", math.inf, "above 0 and finite, got inf"),
        ("weight_decay", -1.0, "at least 0 and finite, got -1.0"),
        ("au_weight", math.nan, "at least 0 and finite, got nan"),
        ("backbone_share", 11.0, "from 0 to 10, got 11.0"),
        ("threads", 0, "at least 1, got 0"),
        ("epoch_frames", 47, "at least 48, got 47"),
    ],
)
def test_options_name_their_rules(name: str, value: float, rule: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be {rule}$".replace("+", r"\+")):
        TrainConfig(**{name: value})


def test_options_of_a_run_name_their_rules(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^workers must be at least 0, got -1$"):
        Run(tmp_path, workers=-1)
    with pytest.raises(ValueError, match=r"^checkpoint_every must be at least 1, got 0$"):
        Run(tmp_path, checkpoint_every=0)


def test_the_schedule_rises_straight_and_falls_as_a_cosine() -> None:
    given = TrainConfig(warm_up=0.1, lowest=0.01)
    rates = np.array([schedule.factor(given, step, 1001) for step in range(1001)])
    np.testing.assert_allclose(rates[:100], np.arange(1, 101) / 100)
    # torch's own, from the end of the rise to the last step.
    one = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(one, T_max=901, eta_min=0.01)
    for rate in rates[99:]:
        assert rate == pytest.approx(theirs.get_last_lr()[0], rel=1e-9)
        one.step()
        theirs.step()
    assert rates[-1] == pytest.approx(0.01)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_schedule_of_few_steps(steps: int) -> None:
    for warm_up in (0.0, 0.02, 0.5, 1.0):
        given = TrainConfig(warm_up=warm_up)
        rates = [schedule.factor(given, step, steps) for step in range(steps)]
        assert max(rates) == 1.0
        assert min(rates) >= given.lowest


def test_undefined_never_wins_and_the_earlier_of_two_equals_stays() -> None:
    scores = [None, None, -0.2, None, 0.3, 0.3, 0.1, None]
    best: Best | None = None
    kept = []
    for epoch, score in enumerate(scores, start=1):
        if better(best, epoch, score):
            best = Best(epoch, score)
            kept.append(epoch)
    assert kept == [1, 2, 3, 5]
    assert best == Best(5, 0.3)


def test_collapse_is_told_by_the_spread() -> None:
    rng = np.random.default_rng(0)
    known = rng.uniform(0, 10, 500)
    assert collapse.spread(known * 0.05 + 3, known) == pytest.approx(0.05)
    assert collapse.collapsed(collapse.spread(known * 0.05 + 3, known))
    assert not collapse.collapsed(collapse.spread(known * 0.15, known))
    # Labels that are null take no part, on either side.
    with_null, said = np.append(known, [np.nan] * 5), np.append(known, [99.0] * 5)
    assert collapse.spread(said, with_null) == pytest.approx(1.0)
    assert collapse.spread(known, np.full(500, 2.0)) is None
    assert collapse.spread(known[:1], known[:1]) is None
    assert not collapse.collapsed(None)
    assert "after epoch 3 they spread 0.050" in collapse.warning(3, 0.05)


def tiny() -> tuple[nn.Module, torch.optim.Optimizer, list[str]]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 1), nn.Linear(2, 2))
    model[2].bias.requires_grad_(False)
    named = {name: one for name, one in model.named_parameters() if one.requires_grad}
    return model, torch.optim.AdamW(list(named.values()), lr=0.01), list(named)


def trained(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: one for name, one in model.named_parameters() if one.requires_grad}


def steps(model: nn.Module, optimiser: torch.optim.Optimizer, count: int) -> None:
    for number in range(count):
        optimiser.zero_grad(set_to_none=True)
        model[:3](torch.arange(6.0).reshape(2, 3) + number).square().sum().backward()
        optimiser.step()


def test_a_checkpoint_brings_everything_back(tmp_path: Path) -> None:
    model, optimiser, names = tiny()
    steps(model, optimiser, 3)
    sums = {"total": torch.tensor(1.1, dtype=torch.float64)}
    done = Progress(3, 1.5, 77, 2, Best(1, None), True, False, sums)
    path = tmp_path / checkpoint.NAME
    checkpoint.save(path, trained(model), optimiser, names, done)
    other, again, _ = tiny()
    steps(other, again, 1)
    found = checkpoint.load(path, trained(other), again, names)
    assert found == done
    steps(model, optimiser, 2)
    steps(other, again, 2)
    for name, one in trained(model).items():
        assert torch.equal(one, trained(other)[name]), name
    # The last layer has had no gradient, so no moments: they begin at once when one comes.
    assert not any(key.startswith("optimiser.exp_avg.3.") for key in load_file(path))


def test_damage_to_a_checkpoint_is_named(tmp_path: Path) -> None:
    model, optimiser, names = tiny()
    steps(model, optimiser, 1)
    path = tmp_path / checkpoint.NAME
    checkpoint.save(path, trained(model), optimiser, names, Progress(1))
    good, tensors = path.read_bytes(), load_file(path)
    path.write_bytes(good[:500])
    with pytest.raises(ValueError, match=r"checkpoint.safetensors must be a checkpoint \("):
        checkpoint.load(path, trained(model), optimiser, names)
    header = {"format": checkpoint.FORMAT, "progress": json.dumps({"step": 1, "best": None})}
    missing = {key: one for key, one in tensors.items() if key != "weights.0.bias"}
    shaped = tensors | {"optimiser.exp_avg.0.bias": torch.zeros(5)}
    for content, said in (
        (missing, "must hold weights.0.bias, got none: it is of another model"),
        (shaped, r"optimiser.exp_avg.0.bias must have the shape \(4,\), got \(5,\)"),
        (tensors | {"weights.9": torch.zeros(1)}, "and no more, got weights.9 too"),
    ):
        save_file(content, path, header)
        with pytest.raises(ValueError, match=said):
            checkpoint.load(path, trained(model), optimiser, names)
    save_file(tensors, path, {"format": "another"})
    with pytest.raises(ValueError, match=r"must be a checkpoint \(.*got format 'another'"):
        checkpoint.load(path, trained(model), optimiser, names)


WANTED = {
    "train": {"epochs": 3, "batch": 4},
    "data": [{"manifest": "aa"}],
    "places": ["/one"],
    "versions": {"torch": "1"},
}


def test_a_folder_is_held_to_what_it_began_with(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert run_folder.begun(out) is None
    with run_folder.claimed(out, resume=False):
        run_folder.hold(out, WANTED)
        with (
            pytest.raises(ValueError, match="must have one writer, got a second: one is at work"),
            run_folder.claimed(out, resume=True),
        ):
            pass
    rule = "out must be an empty folder, or one to --resume, got .*run"
    with pytest.raises(ValueError, match=rule), run_folder.claimed(out, resume=False):
        pass
    with run_folder.claimed(out, resume=True):
        before = (out / run_folder.RUN).read_bytes()
        # Files may lie elsewhere, and be read by another version.
        run_folder.hold(out, {**WANTED, "places": ["/two"], "versions": {"torch": "2"}})
        assert (out / run_folder.RUN).read_bytes() == before
        with pytest.raises(ValueError, match=r"run.json .* train.batch was 4 and is 5"):
            run_folder.hold(out, {**WANTED, "train": {"epochs": 3, "batch": 5}})
        with pytest.raises(ValueError, match=r"data was .*aa.* and is .*bb"):
            run_folder.hold(out, {**WANTED, "data": [{"manifest": "bb"}]})
    (out / run_folder.RUN).write_text('{"format": "x"}')
    with pytest.raises(ValueError, match=r"run.json must be a run \(pain3d run 1\), got another"):
        run_folder.begun(out)


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for resume in (False, True):
        with (
            pytest.raises(ValueError, match="out must be an empty folder"),
            run_folder.claimed(tmp_path, resume),
        ):
            pass
    with (
        pytest.raises(ValueError, match="out must be a folder, got the file"),
        run_folder.claimed(tmp_path / "thesis.txt", False),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_data_is_known_by_what_it_holds(true: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(true, tmp_path / "copy")
    assert run_folder.data_facts([copy]) == run_folder.data_facts([true])
    with open(copy / "index.parquet", "ab") as file:
        file.write(b"x")
    with pytest.raises(ValueError, match=r"index.parquet must be as its manifest lists it"):
        run_folder.data_facts([copy])


def test_the_device_is_there() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ValueError, match="device must be auto or cpu where there is no CUDA"):
        machine(TrainConfig(device="cuda"))
    found = machine(replace(config.PRETRAIN, device="auto"))
    assert (found.device.type, found.bf16, found.compiled) == ("cpu", False, False)
    assert (found.rank, found.world, found.main) == (0, 1, True)
    assert found.gathered([1, 2]) == [1, 2]


def test_repeatable_leaves_torch_as_it_was() -> None:
    torch.manual_seed(3)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    with repeatable(threads + 1):
        assert torch.get_num_threads() == threads + 1
        assert torch.are_deterministic_algorithms_enabled()
        sow(1, "step 0", 5)
        one = torch.rand(3)
        sow(1, "step 0", 6)
        assert not torch.equal(torch.rand(3), one)
        sow(1, "step 0", 5)
        assert torch.equal(torch.rand(3), one)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_run_goes_on_with_the_threads_it_began_with(tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    first = learning.begin()
    open_ended = replace(SMALL, threads=None)
    given = opened.decided(open_ended, first, out)
    assert (given.threads, given.backbone_share) == (os.cpu_count(), 1.0)
    run_folder.hold(out, {"train": {"threads": 7}})
    assert opened.decided(open_ended, first, out).threads == 7
    assert opened.decided(replace(open_ended, threads=3), first, out).threads == 3
    trained = begin.Begin(MODEL, "hub")
    assert opened.decided(open_ended, trained, out).backbone_share == 0.1
