"""The loop: batches in the order of the seed, steps of AdamW, trials, checkpoints, the best epoch.

Every draw depends on the seed and the step alone, and a checkpoint holds all that goes from step to
step: a run that was killed and resumed ends with the weights of one that was not.
"""

import shutil
import time
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from assets import atomic
from assets.journal import Journal
from generator.shards.manifest import json_bytes
from vitpain.data.batch import Batch
from vitpain.model import build, files, losses
from vitpain.model.build import Model
from vitpain.model.losses import LossConfig
from vitpain.train import checkpoint, collapse, fitted, schedule, selection
from vitpain.train.checkpoint import Progress
from vitpain.train.config import Run, TrainConfig
from vitpain.train.fitted import MODEL, RESULT, Fitted, Told, Work
from vitpain.train.machine import Machine, sow
from vitpain.train.selection import Best

BEST = "best-{:06d}"


def fit(
    model: Model, work: Work, config: TrainConfig, run: Run, machine: Machine, told: Told
) -> Fitted:
    """Fit a model from where its folder is; the best epoch's weights lie in `folder/model` then.

    Raises ValueError where a loss is not finite, or the checkpoint is damaged or of another model;
    what the last checkpoint holds is kept.
    """
    done = ended(work.folder, machine)
    if done is not None:
        return done
    if machine.main:
        work.folder.mkdir(parents=True, exist_ok=True)
        atomic.remove_temporary(work.folder)
    machine.wait()
    try:
        return _Fit(model, work, config, run, machine, told).go_on()
    finally:
        machine.release(model)


def ended(folder: Path, machine: Machine) -> Fitted | None:
    """How the fit of a folder ended, None where it has not; no checkpoint is left of one that has.

    A kill right at the end may have left one.
    """
    done = fitted.finished(folder)
    if done is not None and machine.main:
        (folder / checkpoint.NAME).unlink(missing_ok=True)
    return done


def rates(config: TrainConfig) -> tuple[float, float, float]:
    """Learning rate of the heads, the backbone's share of it, weight decay."""
    assert config.backbone_share is not None, "decided by what the model begins with"
    return config.learning_rate, config.backbone_share, config.weight_decay


class _Fit:
    """One fit's model and optimiser, and how far they are."""

    def __init__(
        self,
        model: Model,
        work: Work,
        config: TrainConfig,
        run: Run,
        machine: Machine,
        told: Told,
    ) -> None:
        model.to(machine.device)
        self.model, self.work, self.config = model, work, config
        self.run, self.machine, self.told = run, machine, told
        self.trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
        names = {id(parameter): name for name, parameter in self.trained.items()}
        groups = build.groups(model, *rates(config))
        self.names = [names[id(one)] for group in groups for one in group["params"]]
        self.optimiser = torch.optim.AdamW(groups, fused=machine.device.type == "cuda")
        self.heights = [group["lr"] for group in self.optimiser.param_groups]
        self.path = work.folder / checkpoint.NAME
        self.done = Progress()
        if self.path.exists():
            self.done = checkpoint.load(self.path, self.trained, self.optimiser, self.names)
        self.steps = config.epochs * work.feed.steps
        self.loss = LossConfig(aus=config.au_weight, consistency=config.consistency)
        self.together = machine.together(model)
        self.learnt, self.since = 0, time.monotonic()
        self.begun = self.since - self.done.seconds

    def go_on(self) -> Fitted:
        """Do the steps that are left, and write the best weights and how it went."""
        done, work = self.done, self.work
        self.told.steps(done.step, self.steps)
        journal = Journal(work.folder, done.step, done.log_bytes) if self.machine.main else None
        with journal or nullcontext():
            self._tidy()
            for batch in work.feed.batches(done.step) if done.step < self.steps else ():
                self._step(batch)
                self.told.steps(1, self.steps)
                last = done.step == self.steps
                if done.step % self.run.log_every == 0 or last:
                    self._log(journal)
                epoch, rest = divmod(done.step, work.feed.steps)
                tried = rest == 0 and (epoch % self.config.validate_every == 0 or last)
                if tried:
                    self._try(epoch, journal)
                if tried or done.step % self.run.checkpoint_every == 0:
                    self._save(journal)
        return self._finish()

    def _step(self, batch: Batch) -> None:
        config, done = self.config, self.done
        sow(config.seed, f"step {self.machine.rank}", done.step)
        factor = schedule.factor(config, done.step, self.steps)
        for group, height in zip(self.optimiser.param_groups, self.heights, strict=True):
            group["lr"] = height * factor
        self.model.train()
        self.optimiser.zero_grad(set_to_none=True)
        with self.machine.numbers():
            parts = losses.step(self.together, batch.to(self.machine.device), self.loss)
        self.machine.accelerator.backward(parts["total"])
        norm = nn.utils.clip_grad_norm_(self.trained.values(), config.clip)
        self.optimiser.step()
        # Added up where they are: reading a number makes a GPU wait for its CPU.
        for name, value in {**parts, "gradient": norm}.items():
            before = done.sums.get(name)
            now = value.detach().to(torch.float64)
            done.sums[name] = now if before is None else before.to(now.device) + now
        done.counted += 1
        done.step += 1
        self.learnt += 1

    def _means(self) -> dict[str, float]:
        """Means over the steps since the log's last line and over processes.

        Raises ValueError where one is not finite: nothing after that is worth keeping.
        """
        done = self.done
        names = sorted(done.sums)
        if not names:
            return {}
        sums = torch.stack([done.sums[name] for name in names])
        if self.machine.world > 1:
            sums = self.machine.mean(sums)
        done.sums = dict(zip(names, sums.unbind(), strict=True))
        means = (sums / done.counted).tolist()
        for name, mean in zip(names, means, strict=True):
            if not torch.isfinite(torch.tensor(mean)):
                where = f"steps {done.step - done.counted + 1} to {done.step}"
                raise ValueError(f"{name} must be finite, got {mean} in {where}")
        return dict(zip(names, means, strict=True))

    def _log(self, journal: Journal | None) -> None:
        done, now = self.done, time.monotonic()
        figures: dict[str, float | int | None] = {**self._means()}
        figures["learning_rate"] = self.optimiser.param_groups[0]["lr"]
        figures["pairs_per_second"] = self.learnt * self.config.batch / (now - self.since)
        figures["seconds"] = now - self.begun
        if journal is not None:
            journal.line("train", done.step, figures)
        done.sums, done.counted, self.learnt, self.since = {}, 0, 0, now

    def _try(self, epoch: int, journal: Journal | None) -> None:
        """Try the model on validation subjects; keep it where it is the best so far."""
        done, folder, start = self.done, self.work.folder, time.monotonic()
        self.model.eval()
        found = self.work.trial(self.model)
        if journal is not None:
            figures = {"epoch": epoch, "score": found.score, "spread": found.spread}
            journal.line("val", done.step, {**figures, **found.figures})
        done.collapsed = collapse.collapsed(found.spread)
        # While the learning rate still rises, little has been learnt by anybody.
        risen = done.step > self.config.warm_up * self.steps
        if done.collapsed and risen and not done.warned:
            assert found.spread is not None
            done.warned, text = True, collapse.warning(epoch, found.spread)
            self.told.say(text)
            if journal is not None:
                journal.warn(done.step, text)
        if selection.better(done.best, epoch, found.score):
            done.best = Best(epoch, found.score)
            if self.machine.main:
                self._write(folder / BEST.format(epoch))
        # A trial counts for no rate of learning.
        self.since += time.monotonic() - start

    def _write(self, folder: Path) -> None:
        """Write the model as it is, with what it was made from."""
        # A kill may have left a part of it.
        shutil.rmtree(folder, ignore_errors=True)
        best = asdict(self.done.best) if self.done.best else None
        files.save(self.model, folder, {**self.work.facts, "best": best, "rule": selection.RULE})

    def _save(self, journal: Journal | None) -> None:
        done = self.done
        self._means()
        done.seconds = time.monotonic() - self.begun
        if journal is not None:
            done.log_bytes = journal.size()
            checkpoint.save(self.path, self.trained, self.optimiser, self.names, done)
            self._tidy()
        self.machine.wait()

    def _tidy(self) -> None:
        """Remove models that the checkpoint does not speak of."""
        kept = BEST.format(self.done.best.epoch) if self.done.best else ""
        if self.machine.main:
            for path in self.work.folder.glob(BEST.format(0).replace("0", "[0-9]")):
                if path.name != kept:
                    shutil.rmtree(path)

    def _finish(self) -> Fitted:
        done, folder = self.done, self.work.folder
        assert done.best is not None
        result = Fitted(
            epoch=done.best.epoch,
            score=done.best.score,
            epochs=self.config.epochs,
            steps=self.steps,
            pairs=self.steps * self.config.batch,
            seconds=round(done.seconds, 1),
            collapsed=done.collapsed,
        )
        if self.machine.main:
            best = folder / BEST.format(done.best.epoch)
            # Not there: a run that was killed after this line.
            if best.exists():
                best.rename(folder / MODEL)
            atomic.write(folder / RESULT, json_bytes(asdict(result)))
            self.path.unlink(missing_ok=True)
        self.machine.wait()
        return result
