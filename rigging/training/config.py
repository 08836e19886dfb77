"""What decides the weights of a trained rig, and what only decides how a run goes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assets.population import parse_ages
from rigging.registration import topologies

HIGHEST_SEED = 2**63 - 1
WHOLE = {
    "people": 1, "unseen": 1, "seed": 0, "steps": 1, "batch": 1, "warm_up": 0, "refit_every": 0,
    "refit_samples": 1, "width": 1, "blocks": 1, "code": 1, "eigenvectors": 2,
}  # fmt: skip
SHARES = ("own_share", "noisy_share", "refit_until")
ABOVE = ("learning_rate", "maps_rate", "clip", "ridge")
LENGTHS = ("slide", "noise")


@dataclass(frozen=True)
class TrainConfig:
    """What to train, on whom, and for how long."""

    people: int = 1000
    """People to learn from, 1 or more; balanced by age band, sex and ethnicity."""
    unseen: int = 28
    """Other people, 1 or more, who are only tried on; each on one of the topologies, in turn."""
    ages: str = "0-90"
    """Completed years of all of them, LOW-HIGH."""
    topologies: tuple[str, ...] = topologies.NAMES
    """Meshes that the people are laid on; those held out for judging are refused."""
    own_share: float = 0.5
    """Share of samples on the head model's own topology where it is among them, 0 to 1; the
    others, and it too, share the rest."""
    noisy_share: float = 0.25
    """Share of samples with errors as registration makes them, 0 to 1."""
    slide: float = 0.8
    """How far vertices of those lie from where they are said to be, along the skin, mm."""
    noise: float = 0.25
    """How far canonical places of those are off, mm."""
    seed: int = 0
    """Of people, first weights, order and noise; 0 to 2**63 - 1."""
    steps: int = 4000
    """Steps of the optimiser, 1 or more."""
    batch: int = 1
    """Samples a step, 1 or more; a sample is a person on a topology."""
    learning_rate: float = 1e-3
    """Of the encoder, by Adam, after the warm-up."""
    maps_rate: float = 0.3
    """Learning rate of the decoder's maps, as a share of the encoder's."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """How the learning rates go on: down to 1/200 in a half wave, or not at all."""
    warm_up: int = 50
    """Steps in which learning rates rise to their full height."""
    clip: float = 1.0
    """Longest gradient of the encoder that a step follows in full."""
    refit_every: int = 1000
    """Steps from one fit of the decoder's maps by least squares to the next, the last one after
    all steps and on everybody; 0 for the first fit alone."""
    refit_until: float = 0.75
    """Share of the steps, 0 to 1, after which maps are not fitted any more."""
    refit_samples: int = 400
    """Samples of such a fit, 1 or more."""
    ridge: float = 0.05
    """Weight of the maps' own squares in such a fit."""
    width: int = 16
    """Channels of the encoder, 1 or more."""
    blocks: int = 1
    """Blocks of diffusion, 1 or more."""
    code: int = 4
    """Numbers of each vertex's code, 1 or more."""
    eigenvectors: int = 64
    """Of the Laplacian, that diffusion is computed with, 2 or more."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where to train; the same weights are promised on one make of it."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, naming option, rule and value."""
        for name, low in WHOLE.items():
            _at_least(name, getattr(self, name), low)
        if self.seed > HIGHEST_SEED:
            raise ValueError(f"seed must be at most {HIGHEST_SEED}, got {self.seed}")
        for name in SHARES:
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be from 0 to 1, got {getattr(self, name)}")
        for name in (*ABOVE, *LENGTHS):
            value = getattr(self, name)
            if not (value >= 0.0 if name in LENGTHS else value > 0.0) or value > 1e6:
                rule = "at least 0" if name in LENGTHS else "above 0"
                raise ValueError(f"{name} must be {rule} and finite, got {value}")
        parse_ages(self.ages)
        self._check_topologies()

    def _check_topologies(self) -> None:
        known = ", ".join(topologies.NAMES)
        if not self.topologies:
            raise ValueError(f"topologies must be one or more of {known}, got none")
        for name in self.topologies:
            if name in topologies.HELD_OUT:
                rule = f"those for training ({known})"
                raise ValueError(f"topologies must be {rule}, got {name}, held out for judging")
            if name not in topologies.NAMES:
                raise ValueError(f"topologies must be among {known}, got {name}")
        if len(set(self.topologies)) != len(self.topologies):
            named = ", ".join(self.topologies)
            raise ValueError(f"topologies must name each thing once, got {named}")


@dataclass(frozen=True)
class Run:
    """How to train; none of it decides the weights."""

    out: Path
    """Folder of the run; empty or not there, or one to resume."""
    resume: bool = False
    """Go on with a run that was stopped."""
    workers: int = 1
    """Processes that prepare people, and threads that make samples."""
    people_folder: Path | None = None
    """Where prepared people lie, to be shared by runs; a folder in `out` if none is given."""
    log_every: int = 50
    """Steps a line of the log."""
    validate_every: int = 500
    """Steps from one trial on unseen people to the next."""
    checkpoint_every: int = 100
    """Steps that a kill may cost."""

    def __post_init__(self) -> None:
        """Refuse a run that would never work, log or save."""
        for name in ("workers", "log_every", "validate_every", "checkpoint_every"):
            _at_least(name, getattr(self, name), 1)

    @property
    def people(self) -> Path:
        """Where prepared people lie."""
        return self.out / "people" if self.people_folder is None else self.people_folder


def _at_least(name: str, value: int, low: int) -> None:
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {value}")
