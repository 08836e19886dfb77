"""One classifier, from its rows to its predictions: Adam at one rate, the last epoch's weights.

Every draw depends on the seed and the step alone, and a checkpoint holds all that goes from step to
step: a run that was killed and resumed ends with the weights of one that was not. No epoch is
chosen, as the thesis chose none: validation people are watched and decide nothing.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64
from torch import Tensor, nn
from torch.nn import functional

from assets import atomic
from assets.journal import LOG, Journal
from generator.shards.manifest import json_bytes, read_json
from vitpain.classifier import model as files
from vitpain.classifier import predictions
from vitpain.classifier.arms import Task
from vitpain.classifier.classes import Classes
from vitpain.classifier.config import ClassifyConfig
from vitpain.classifier.model import Classifier
from vitpain.data import sampling
from vitpain.data.batch import Batch, unit
from vitpain.data.loader import Loader
from vitpain.data.pairs import Pairs
from vitpain.train import checkpoint
from vitpain.train.checkpoint import Progress
from vitpain.train.fitted import MODEL, RESULT, Told
from vitpain.train.machine import Machine, sow


@dataclass(frozen=True)
class Shared:
    """What the fits of a run share."""

    pairs: Pairs
    """Faces without neutrals, not varied."""
    classes: Classes
    config: ClassifyConfig
    loader: Loader
    """Used by one after the other: learning, trying, testing."""
    machine: Machine
    told: Told
    make: Callable[[], Classifier]
    facts: dict[str, Any]
    """Stated in every model's file."""
    checkpoint_every: int


def labels(classes: Classes, pspi: Float32[Tensor, " batch"]) -> Int64[Tensor, " batch"]:
    """Class of every PSPI of a batch that lies on the CPU, all of them known."""
    return torch.from_numpy(classes.of(pspi.numpy()))


@dataclass(frozen=True)
class Learnt:
    """How a fit went: pictures of each class, loss and accuracy by epoch, what it cost."""

    pictures: list[int]
    train: list[dict[str, float]]
    val: list[dict[str, float]]
    steps: int
    seconds: float


def steps(config: ClassifyConfig, rows: int) -> int:
    """How many steps an epoch of so many pictures has."""
    return -(-rows // config.batch)


def ended(folder: Path) -> Learnt | None:
    """How the fit of a folder went; None where it has not ended.

    Raises ValueError where the file is another.
    """
    path = folder / RESULT
    if not path.is_file():
        return None
    try:
        return Learnt(**read_json(path))
    except TypeError as error:
        raise ValueError(f"{path} must be the result of a classifier, got {error}") from error


def fit(shared: Shared, task: Task, folder: Path) -> Learnt:
    """Fit a classifier from where its folder is, and write model, predictions and, last, how it
    went.

    Raises ValueError where a loss is not finite, or the checkpoint is damaged or of another model.
    """
    done = ended(folder)
    if done is None:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.remove_temporary(folder)
        model = shared.make()
        try:
            done = _Fit(shared, task, folder, model).go_on()
        finally:
            shared.machine.release(model)
    # A kill right at the end may have left one.
    (folder / checkpoint.NAME).unlink(missing_ok=True)
    return done


class _Fit:
    """One fit's model and optimiser, and how far they are."""

    def __init__(self, shared: Shared, task: Task, folder: Path, model: Classifier) -> None:
        machine, config = shared.machine, shared.config
        model.to(machine.device)
        self.shared, self.task, self.folder, self.model = shared, task, folder, model
        self.names = [name for name, _ in model.named_parameters()]
        self.optimiser = torch.optim.Adam(
            model.parameters(), config.learning_rate, fused=machine.device.type == "cuda"
        )
        # Means and variances of batch norms too, where a network has them.
        self.state: Mapping[str, Tensor] = model.state_dict()
        self.path = folder / checkpoint.NAME
        self.done = Progress()
        if self.path.exists():
            self.done = checkpoint.load(self.path, self.state, self.optimiser, self.names)
        self.epoch_steps = steps(config, len(task.train))
        self.steps = config.epochs * self.epoch_steps
        self.together = machine.together(model)
        self.begun = time.monotonic() - self.done.seconds

    def go_on(self) -> Learnt:
        """Do the steps that are left, then test and write everything."""
        done, shared = self.done, self.shared
        shared.told.steps(done.step, self.steps)
        with Journal(self.folder, done.step, done.log_bytes) as journal:
            while done.step < self.steps:
                epoch, start = divmod(done.step, self.epoch_steps)
                order = sampling.order(
                    shared.pairs.frames, self.task.train, "none", shared.config.seed, epoch
                )
                for batch in shared.loader.batches(shared.pairs, order, epoch, start):
                    self._step(batch)
                    shared.told.steps(1, self.steps)
                    last = done.step % self.epoch_steps == 0
                    if not last and done.step % shared.checkpoint_every == 0:
                        self._save(journal)
                self._watch(epoch + 1, journal)
                self._save(journal)
        return self._finish()

    def _step(self, batch: Batch) -> None:
        done, machine = self.done, self.shared.machine
        sow(self.shared.config.seed, "classify", done.step)
        label = labels(self.shared.classes, batch.pspi).to(machine.device, non_blocking=True)
        there = batch.to(machine.device)
        self.together.train()
        self.optimiser.zero_grad(set_to_none=True)
        with machine.numbers():
            logits = self.together(unit(there.face))
        loss = functional.cross_entropy(logits.float(), label)
        machine.accelerator.backward(loss)
        self.optimiser.step()
        right = (logits.detach().argmax(1) == label).sum()
        # Added up where they are: reading a number makes a GPU wait for its CPU.
        sums = {"loss": loss.detach().double() * len(label), "right": right.double()}
        for name, value in sums.items():
            before = done.sums.get(name)
            done.sums[name] = value if before is None else before.to(value.device) + value
        done.step += 1

    def _watch(self, epoch: int, journal: Journal) -> None:
        """Write an epoch's loss and accuracy, of what was learnt from while it was, as Keras does,
        and of validation people at its end.
        """
        task, sums = self.task, {name: float(value) for name, value in self.done.sums.items()}
        self._log(journal, "train", epoch, sums["loss"] / len(task.train), sums["right"])
        label, said = answers(self.shared, self.together, task.val)
        truth = said[np.arange(len(label)), label]
        right = float(np.count_nonzero(said.argmax(axis=1) == label))
        self._log(journal, "val", epoch, float(-truth.mean()), right)
        self.done.sums = {}

    def _log(self, journal: Journal, kind: str, epoch: int, loss: float, right: float) -> None:
        if not np.isfinite(loss):
            raise ValueError(f"{kind} loss must be finite, got {loss} in epoch {epoch}")
        rows = len(self.task.train if kind == "train" else self.task.val)
        figures = {"epoch": epoch, "loss": loss, "accuracy": right / rows}
        journal.line(kind, self.done.step, figures)

    def _save(self, journal: Journal) -> None:
        done = self.done
        done.seconds, done.log_bytes = time.monotonic() - self.begun, journal.size()
        checkpoint.save(self.path, self.state, self.optimiser, self.names, done)

    def _finish(self) -> Learnt:
        shared, task, folder = self.shared, self.task, self.folder
        files.save(self.model, folder / MODEL, {**shared.facts, **_facts(task)})
        label, said = answers(shared, self.together, task.test, shared.told.frames)
        table = predictions.table(shared.pairs.frames, task, label, np.exp(said))
        predictions.write(folder / predictions.NAME, table)
        count = np.bincount(
            shared.classes.of(shared.pairs.frames.pspi[task.train]), minlength=len(shared.classes)
        )
        learnt = Learnt(
            pictures=count.tolist(),
            **_courses(folder / LOG),
            steps=self.steps,
            seconds=round(self.done.seconds, 1),
        )
        atomic.write(folder / RESULT, json_bytes(asdict(learnt)))
        return learnt


@torch.no_grad()
def answers(
    shared: Shared,
    model: nn.Module,
    rows: Int64[np.ndarray, " rows"],
    report: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Int64[np.ndarray, " rows"], Float64[np.ndarray, "rows classes"]]:
    """Labels of rows, and the logarithms of the probabilities that a classifier gives each class.

    `report` hears how many rows were done since the last call, of how many.
    """
    model.eval()
    known, said = [], []
    for batch in shared.loader.batches(shared.pairs, rows):
        there = batch.to(shared.machine.device)
        with shared.machine.numbers():
            logits = model(unit(there.face))
        said.append(functional.log_softmax(logits.double(), 1).cpu().numpy())
        known.append(shared.classes.of(batch.pspi.numpy()))
        report(len(batch.pspi), len(rows))
    return np.concatenate(known), np.concatenate(said)


def _facts(task: Task) -> dict[str, Any]:
    return {"fold": task.fold, "arm": task.arm.kind, "synth": task.arm.synth}


def _courses(log: Path) -> dict[str, list[dict[str, float]]]:
    """Loss and accuracy by epoch, out of a log."""
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return {
        kind: [
            {name: row[name] for name in ("loss", "accuracy")}
            for row in rows
            if row["kind"] == kind
        ]
        for kind in ("train", "val")
    }
