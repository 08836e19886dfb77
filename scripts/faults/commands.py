"""The commands that are harmed, each at the smallest size at which it does all that it does."""

from pathlib import Path

from scripts.faults.attempt import Asked, last_line, said
from scripts.faults.forked import Runner
from scripts.faults.promised import Target

MODEL = ("--weights", "none", "--backbone", "vit_mini_patch16_dinov3", "--size", "32")
SMALL = ("--batch", "4", "--learning-rate", "0.001", "--threads", "1", "--device", "cpu")
DRAWING = ("scripts.generate", "generator.synth3d", "generator.jobs")
JOINING = ("scripts.merge", "generator.merge")
LEARNING = (
    "assets.torchvision_ready:declare", "scripts.pretrain", "scripts.finetune",
    "vitpain.train.pretrain", "vitpain.train.finetune",
    "vitpain.train.begin", "vitpain.model.files", "timm", "peft", "torch.utils.tensorboard",
)  # fmt: skip
COMPARING = (
    *LEARNING, "scripts.ablate", "vitpain.ablation.local", "vitpain.ablation.plan",
    "vitpain.ablation.study", "generator.registration.producer",
)  # fmt: skip


def generate(workers: int = 1) -> Target:
    """Two people, a neutral and one pain expression each, 64 pixels, a person a shard."""
    arguments = (
        "--identities 2 --pain-per-identity 1 --views 1 --size 64 --annotations seg"
        f" --people-per-shard 1 --workers {workers}"
    )
    every = ("**/*",)
    return Target("generate", tuple(arguments.split()), every, every, DRAWING)


def pretrain(data: Path) -> Target:
    """Twelve steps of the smallest model, kept after each."""
    arguments = ("--data", str(data), *MODEL, *SMALL, "--hidden", "16", "--epochs", "3")
    every = ("--workers", "0", "--log-every", "2", "--checkpoint-every", "1")
    promised = ("model/model.safetensors", "predictions.parquet")
    return Target("pretrain", (*arguments, *every), promised, promised[1:], LEARNING)


def merge(parts: Path) -> Target:
    """Two parts of a person each."""
    every = ("**/*",)
    words = (str(parts / "part1"), str(parts / "part2"))
    return Target("merge", words, every, every, JOINING, resumed=False)


def finetune(real: Path) -> Target:
    """Six steps of the smallest model on each of two folds, kept after each."""
    arguments = ("--data", str(real), *MODEL, *SMALL, "--only", "1", "2")
    every = ("--epochs", "1", "--epoch-frames", "24", "--workers", "0", "--checkpoint-every", "1")
    promised = ("**/model/model.safetensors", "predictions.parquet")
    return Target("finetune", (*arguments, *every), promised, promised[1:], LEARNING)


def ablate(real: Path, arms: tuple[str, ...] = ("real", "real_classical")) -> Target:
    """Arms of one fold; frames that are not registered are so in the study first."""
    arguments = (
        "--real", str(real), "--arms", *arms, "--models", "plain",
        "--only", "1", "--seeds", "1", "--mode", "2d", "--side", "32", *MODEL, *SMALL,
        "--epochs", "2", "--first-epochs", "1", "--workers", "1",
    )  # fmt: skip
    settled = ("cells/*/predictions.parquet", "cells/*/cell.json", "sets/**/*")
    promised = (*settled, "cells/*/*/model/model.safetensors")
    return Target("ablate", arguments, promised, settled, COMPARING)


def drawn(run: Runner, room: Path) -> Path:
    """A set of six people for `pretrain` and for damages."""
    arguments = (
        "generate --identities 6 --pain-per-identity 2 --views 1 --size 64 --people-per-shard 3"
    )
    return _made(run, room / "drawn", arguments)


def damageable(run: Runner, room: Path) -> Path:
    """The smallest set with several shards and every map."""
    arguments = (
        "generate --identities 2 --pain-per-identity 1 --views 1 --size 32 --people-per-shard 1"
        " --annotations seg depth normal heat uv"
    )
    return _made(run, room / "damageable", arguments)


def parted(run: Runner, room: Path) -> Path:
    """Two parts of a set, for `merge`."""
    for part in (1, 2):
        arguments = "--identities 2 --pain-per-identity 2 --views 1 --size 64 --people-per-shard 1"
        _made(run, room / f"part{part}", f"generate {arguments} --part {part}/2")
    return room


def filmed(run: Runner, room: Path) -> Path:
    """A stand-in for real frames of ten people, as imported."""
    film = (
        "surrogate-unbc --subjects 10 --sequences 1 --frames 10 --width 96 --height 72 --pain 0.5"
    )
    raw = _made(run, room / "film", film)
    return _made(run, room / "filmed", f"import unbc {raw} --size 64")


def _made(run: Runner, out: Path, words: str) -> Path:
    """Make what is not there yet; raises ValueError that says what the command said."""
    asked = Asked((*words.split(), "--out", str(out), "--resume"), f"{out}.log", patience=900)
    if not run(asked).done:
        raise ValueError(f"{out} must be made, got {last_line(said(asked))}")
    return out
