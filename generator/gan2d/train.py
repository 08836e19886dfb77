"""Training one network: the critic at every step, the generator at every fifth.

A killed run goes on from its last checkpoint and ends with the same weights, on one machine with
the same number of threads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor, nn

from assets.journal import Journal
from assets.streams import stream
from generator.config import HIGHEST_SEED
from generator.gan2d import checkpoint, losses, sheet
from generator.gan2d.checkpoint import Progress
from generator.gan2d.config import GanConfig, Run
from generator.gan2d.draws import Draw, Draws
from generator.gan2d.faces import Faces
from generator.gan2d.machine import Machine
from generator.gan2d.network import Critic, Generator
from generator.gan2d.painter import Painter, to_tensor

CHECKPOINT = "checkpoint.safetensors"
MOMENTUM = 0.99
"""Of the moving mean of the attention."""
LOWEST, HIGHEST = 0.05, 0.95
"""Beyond these means the attention is as good as saturated: all is painted anew, or nothing is."""
SETTLED = 100
"""Steps of the generator before the attention is judged."""
SHOWN = 6
"""Faces of a sheet."""


@dataclass(frozen=True)
class Told:
    """Who hears of a run: faces that were cut, steps done and in all, and texts."""

    faces: Callable[[int, int], None]
    steps: Callable[[int, int], None]
    say: Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Lesson:
    """What one network learns from."""

    name: str
    faces: Faces
    rows: Int64[np.ndarray, " chosen"]
    """Faces of its people."""
    shown: Int64[np.ndarray, " shown"]
    """Faces for sheets: of people it does not see, where there are any."""
    aus: tuple[int, ...]


class Training:
    """A generator and a critic with all that a step needs."""

    def __init__(
        self,
        lesson: Lesson,
        config: GanConfig,
        where: Machine,
        begin: tuple[Generator, Critic] | None,
    ) -> None:
        """Begin with the weights of another run, or with random ones by the seed and name."""
        self.lesson, self.config, self.where = lesson, config, where
        first = stream(config.seed, -1, f"gan weights {lesson.name}").integers(HIGHEST_SEED)
        torch.manual_seed(int(first))
        count = len(lesson.aus)
        made = (
            Generator(count, config.width, config.blocks),
            Critic(count, config.size, config.width),
        )
        if begin is not None:
            for one, other in zip(made, begin, strict=True):
                one.load_state_dict(other.state_dict())
        self.generator, self.critic = (where.placed(one) for one in made)
        self._quick = where.quick(self.generator), where.quick(self.critic)
        self.networks: dict[str, nn.Module] = {
            "generator": self.generator,
            "critic": self.critic,
        }
        self.optimisers: dict[str, torch.optim.Optimizer] = {
            name: torch.optim.Adam(
                one.parameters(),
                config.learning_rate,
                (0.5, 0.999),
                fused=where.device.type == "cuda",
            )
            for name, one in self.networks.items()
        }
        self.draws = Draws(config.seed, lesson.name, len(lesson.rows), config.batch, count)
        self.steps = config.epochs * self.draws.steps
        self.progress = Progress()
        self._sums: dict[str, list[Tensor]] = {}

    def painter(self) -> Painter:
        """The generator as it is now, for sheets."""
        return Painter(self.generator, self.where)

    def step(self) -> None:
        """One step of the critic, and of the generator where it is its turn."""
        at = self.progress.step
        rate = self.config.learning_rate * self._share(at)
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = rate
        real, aus, wanted, mix = self._batch(self.draws.step(at))
        generator, critic = self._quick
        with self.where.numbers():
            with torch.no_grad():
                fake = generator(real, wanted).picture
            terms = losses.of_critic(critic, self.critic, real, aus, fake, mix)
        self._follow("critic", terms)
        if (at + 1) % self.config.critic_steps == 0:
            # The critic is only looked through: its own gradients are not wanted.
            self.critic.requires_grad_(False)
            with self.where.numbers():
                terms, painted = losses.of_generator(generator, critic, real, aus, wanted)
            self._follow("generator", terms)
            self.critic.requires_grad_(True)
            self._note("attention", painted.attention.detach().mean())
        self.progress.step += 1

    def _follow(self, name: str, terms: Mapping[str, Tensor]) -> None:
        self.optimisers[name].zero_grad(set_to_none=True)
        torch.stack(list(terms.values())).sum().backward()
        self.optimisers[name].step()
        for term, value in terms.items():
            self._note(f"{name}_{term}", value.detach())

    def _note(self, name: str, value: Tensor) -> None:
        self._sums.setdefault(name, []).append(value)

    def figures(self) -> dict[str, float]:
        """Means since they were last asked for; the attention joins its moving mean."""
        found = {name: float(torch.stack(values).mean()) for name, values in self._sums.items()}
        if "attention" in self._sums:
            kept = MOMENTUM ** len(self._sums["attention"])
            before = self.progress.attention
            self.progress.attention = kept * before + (1.0 - kept) * found["attention"]
        self._sums = {}
        return found

    def _share(self, step: int) -> float:
        """Of the learning rate: 1, then down a line to 0 over the last epochs."""
        falling = self.config.decay * self.draws.steps
        return min(1.0, (self.steps - step) / falling) if falling else 1.0

    def _batch(self, draw: Draw) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        faces, rows, device = self.lesson.faces, self.lesson.rows, self.where.device
        real = to_tensor(faces.take(rows[draw.faces]), device)
        mirrored = torch.from_numpy(draw.mirrored).to(device)[:, None, None, None]
        real = torch.where(mirrored, real.flip(3), real)
        real = real.contiguous(memory_format=torch.channels_last)
        wanted = np.clip(faces.aus[rows[draw.wanted]] + draw.moved, 0.0, 1.0)
        arrays: list[Float32[np.ndarray, ...]] = [faces.aus[rows[draw.faces]], wanted, draw.mix]
        aus, targets, mix = (torch.from_numpy(one).to(device) for one in arrays)
        return real, aus, targets, mix

    def save(self, folder: Path, log_bytes: int) -> None:
        """Write a checkpoint."""
        self.progress.log_bytes = log_bytes
        checkpoint.save(folder / CHECKPOINT, self.networks, self.optimisers, self.progress)


def train(training: Training, folder: Path, run: Run, told: Told) -> None:
    """Train to the end, from the checkpoint that lies in the folder if there is one."""
    folder.mkdir(exist_ok=True)
    if (folder / CHECKPOINT).is_file():
        training.progress = checkpoint.load(
            folder / CHECKPOINT, training.networks, training.optimisers
        )
    progress = training.progress
    told.steps(progress.step, training.steps)
    with Journal(folder, progress.step, progress.log_bytes) as journal:
        while progress.step < training.steps:
            training.step()
            told.steps(1, training.steps)
            step, last = progress.step, progress.step == training.steps
            saves = step % run.checkpoint_every == 0 or last
            # A checkpoint ends a line, so that sums need not be kept.
            if step % run.log_every == 0 or saves:
                journal.line("train", step, training.figures())
                _watch(training, told)
            if step % run.sheet_every == 0 or last:
                shown = training.lesson.faces.take(training.lesson.shown)
                drawn = sheet.of_all(training.painter(), shown, training.lesson.aus)
                journal.picture(step, "each AU at 1", drawn)
            if saves:
                training.save(folder, journal.size())


def _watch(training: Training, told: Told) -> None:
    """Say once where the attention saturates, which is mostly a sign of wrong AUs."""
    progress, name = training.progress, training.lesson.name
    if progress.step < SETTLED * training.config.critic_steps:
        return
    mean = progress.attention
    for near, found in (("0: everything is painted anew", mean < LOWEST),
                        ("1: nothing is painted", mean > HIGHEST)):  # fmt: skip
        if found and near not in progress.warned:
            progress.warned.append(near)
            told.say(f"{name}: the attention's mean, {mean:.3f}, is near {near}; check the AUs")
