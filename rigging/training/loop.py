"""The loop: samples in the order of the seed, a step of Adam each, trials, checkpoints, weights.

Every draw depends on the seed and on the place in the order alone, and a checkpoint holds all that
goes from step to step: a run that was killed and resumed ends with the weights of one that was
not, on the same make of device with the same number of threads.
"""

import math
import time
from dataclasses import asdict
from functools import partial
from typing import Any

import torch

from assets.commit import commit
from assets.journal import Journal
from assets.repeatable import repeatable
from rigging.training import checkpoint, items, judge, learn, store, weights
from rigging.training.checkpoint import Progress
from rigging.training.config import Run, TrainConfig
from rigging.training.learn import Learner
from rigging.training.people import People, Report
from rigging.training.store import Feed

BETAS = (0.9, 0.99)
LOWEST = 0.005
"""Where the cosine ends, as a share of the learning rate."""


def rate(config: TrainConfig, step: int) -> float:
    """Learning rate of a step, counted from 0."""
    rise = min(1.0, (step + 1) / max(config.warm_up, 1))
    if config.schedule == "constant":
        return config.learning_rate * rise
    wave = 0.5 * (1 + math.cos(math.pi * step / config.steps))
    return config.learning_rate * rise * (LOWEST + (1 - LOWEST) * wave)


def train(config: TrainConfig, run: Run, people: People, report: Report) -> dict[str, float]:
    """Train on prepared samples, from where the folder is; gives the figures of the last trial.

    Raises ValueError where the device is not there, a sample or the checkpoint is damaged, or a
    loss is not finite; what the last checkpoint holds is kept.
    """
    if (run.out / weights.NAME).exists():
        return weights.facts(run.out / weights.NAME)["figures"]
    check_device(config)
    with repeatable(torch.get_num_threads()):
        torch.manual_seed(config.seed)
        return _Training(config, run, people).go_on(report)


def check_device(config: TrainConfig) -> None:
    """Raise ValueError where the device is not there."""
    if config.device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device must be cpu where there is no CUDA, got cuda")


class _Training:
    """One run's network and optimiser, and how far they are."""

    def __init__(self, config: TrainConfig, run: Run, people: People) -> None:
        self.config, self.run, self.people = config, run, people
        for name in config.topologies:
            store.laid(name, config.eigenvectors)
        self.learner = Learner(config, learn.reach(config, run))
        self.network = self.learner.network
        named = dict(self.network.named_parameters())
        self.maps = named.pop("maps")
        groups = [{"params": list(named.values())}, {"params": [self.maps]}]
        self.optimiser = torch.optim.Adam(groups, lr=config.learning_rate, betas=BETAS)
        self.path = run.out / checkpoint.NAME
        self.done = Progress()
        if self.path.exists():
            self.done = checkpoint.load(self.path, self.network, self.optimiser)
        self.done.commits = list(dict.fromkeys([*self.done.commits, commit()]))
        self.begun = time.monotonic() - self.done.seconds

    def go_on(self, report: Report) -> dict[str, float]:
        """Do the steps that are left, and write the weights."""
        config, run, done = self.config, self.run, self.done
        report(done.step, config.steps)
        figures: dict[str, float] = {}
        with (
            Journal(run.out, done.step, done.log_bytes) as journal,
            Feed(config, run, partial(items.drawn, config, "learn")) as feed,
        ):
            if done.step == 0:
                self._fit(journal)
            self.since = time.monotonic()
            while done.step < config.steps:
                self._step(feed)
                last = done.step == config.steps
                report(1, config.steps)
                if done.step % run.log_every == 0 or last:
                    self._log(journal)
                if self._fits(done.step):
                    self._fit(journal)
                if done.step % run.validate_every == 0 or last:
                    figures = self._validate(journal)
                if done.step % run.checkpoint_every == 0 and not last:
                    self._save(journal)
        self._finish(figures)
        return figures

    def _fits(self, step: int) -> bool:
        """Whether maps are fitted after a step: now and then, and after the last one."""
        every, steps = self.config.refit_every, self.config.steps
        if not every:
            return False
        return step == steps or (step % every == 0 and step < self.config.refit_until * steps)

    def _fit(self, journal: Journal) -> None:
        """Fit the decoder's maps by least squares; what Adam knew of them is void then."""
        config, start = self.config, time.monotonic()
        size = config.people if self.done.step == config.steps else config.refit_samples
        first = config.refit_samples * (self.done.step // max(config.refit_every, 1))
        with Feed(config, self.run, partial(items.drawn, config, "fit")) as feed:
            places = range(first, first + size)
            self.learner.fit(feed.take(place, places.stop)[1] for place in places)
        self.optimiser.state.pop(self.maps, None)
        seconds = time.monotonic() - start
        journal.line("fit", self.done.step, {"samples": float(size), "seconds": seconds})
        self.since = time.monotonic()

    def _step(self, feed: Feed) -> None:
        config, done = self.config, self.done
        encoder, maps = self.optimiser.param_groups
        encoder["lr"] = rate(config, done.step)
        maps["lr"] = encoder["lr"] * config.maps_rate
        self.optimiser.zero_grad(set_to_none=True)
        names = []
        for number in range(config.batch):
            place = done.step * config.batch + number
            item, sample = feed.take(place, config.steps * config.batch)
            names.append(item.name)
            parts = self.learner.loss(sample)
            (parts["loss"] / config.batch).backward()
            for part, value in parts.items():
                done.sums[part] = done.sums.get(part, 0.0) + float(value.detach())
            done.count += 1
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.clip)
        if not torch.isfinite(norm):
            where = f"step {done.step + 1} ({'; '.join(names)})"
            raise ValueError(f"gradients must be finite, got {float(norm)} at {where}")
        self.optimiser.step()
        done.step += 1

    def _log(self, journal: Journal) -> None:
        done, now = self.done, time.monotonic()
        figures = {part: total / done.count for part, total in done.sums.items()}
        figures["learning_rate"] = rate(self.config, done.step - 1)
        figures["samples_per_second"] = done.count / (now - self.since)
        figures["seconds"] = now - self.begun
        journal.line("train", done.step, figures)
        done.sums, done.count, self.since = {}, 0, now

    def _validate(self, journal: Journal) -> dict[str, float]:
        """Try on unseen people as they are, and again with errors of registration."""
        config, run, found = self.config, self.run, {}
        for name, noisy in {"unseen": False, "unseen_noisy": True}.items():
            samples = (store.read(config, run, item) for item in items.unseen(config, noisy))
            figures, drawn = judge.judge(self.learner, samples)
            journal.line(name, self.done.step, figures)
            journal.picture(self.done.step, f"{name}/displacement", drawn)
            found |= {f"{name}.{key}": value for key, value in figures.items()}
        self.since = time.monotonic()
        return found

    def _save(self, journal: Journal) -> None:
        self.done.seconds = time.monotonic() - self.begun
        self.done.log_bytes = journal.size()
        checkpoint.save(self.path, self.network, self.optimiser, self.done)

    def _finish(self, figures: dict[str, float]) -> None:
        facts: dict[str, Any] = {
            "configuration": asdict(self.network.config),
            "training": asdict(self.config),
            "people": {split: dict(stated) for split, stated in self.people.stated.items()},
            "commit": " ".join(self.done.commits),
            "figures": figures,
            "seconds": round(time.monotonic() - self.begun, 1),
        }
        weights.write(self.run.out / weights.NAME, self.network, facts)
        self.path.unlink(missing_ok=True)
