"""Data sets in the shape of registered UNBC-McMaster frames, ellipses for faces, and tiny GANs."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from generator.gan2d.begin import Wanted
from generator.gan2d.build import build
from generator.gan2d.config import GanConfig
from generator.gan2d.config import Run as GanRun
from generator.gan2d.folder import Gan
from generator.gan2d.network import Painted
from generator.gan2d.train import Told
from generator.jobs import Run, generate
from generator.shards.card import About
from generator.shards.derived import DERIVED, Derived, Registered, about_derived
from generator.shards.record import Angles, AUSources, Registration, Sample
from tests import cohort
from tests.cohort import CohortConfig
from tests.runs import ignore

TINY = GanConfig(size=32, width=4, blocks=1, epochs=1, decay=1, batch=8, threads=1)
LEFT_OUT = (23, 45)
"""Units that nobody coded: the condition is what all frames have."""


@dataclass(frozen=True)
class RegisteredConfig(CohortConfig):
    """Options of the ellipses, and how they are said to be aligned."""

    mode: Registered = "3d"
    surrogate: bool = False


CONFIG = RegisteredConfig(
    **{**asdict(cohort.CONFIG), "pain_per_identity": 5, "pspi": "0,0,4,9,12", "size": 32}
)


def derived(config: RegisteredConfig) -> Derived:
    return Derived(
        "register", "0" * 64, config.source, config.surrogate, config.mode, config.size,
        config.people_per_shard, "anny",
    )  # fmt: skip


def stated(config: RegisteredConfig) -> dict[str, Any]:
    return {DERIVED: asdict(derived(config))}


def about(config: RegisteredConfig) -> About:
    return about_derived(derived(config))


def make_person(config: RegisteredConfig, index: int) -> list[Sample]:
    made = []
    for number, sample in enumerate(cohort.make_person(config, index)):
        codes = sample.record.aus.target
        assert codes is not None
        sides = (
            {au: None if au in LEFT_OUT else value for au, value in side.items()}
            for side in (codes.left, codes.right, codes.label)
        )
        manual = AUSources(manual=type(codes)(*sides))
        # The later a frame, the less it was turned.
        pose = Angles(0.3 - 0.05 * number, 0.0, 0.0)
        record = replace(
            sample.record,
            aus=manual,
            label_source="manual",
            camera=None,
            gaze=None,
            crop=None,
            registration=Registration(config.mode, pose, 0.01, 0.1, 0.0),
        )
        made.append(replace(sample, record=record))
    return made


PRODUCER = replace(cohort.PRODUCER, make_person=make_person, stated=stated, about=about)


class Lids(torch.nn.Module):
    """Closes eyes: they are dark from AU45 = 0.6 on, and half as dark at 0.3."""

    def forward(self, pictures: torch.Tensor, aus: torch.Tensor) -> Painted:
        dark = (aus[:, 1] / 0.6).clamp(0, 1)[:, None, None, None]
        return Painted(pictures - dark, torch.zeros_like(pictures[:, :1]))


def registered(out: Path, **changed: Any) -> Path:
    """Make a registered data set of the first people of UNBC-McMaster."""
    generate(replace(CONFIG, **changed), PRODUCER, Run(out), ignore)
    return out


def gan(
    out: Path,
    data: Path,
    config: GanConfig = TINY,
    said: list[str] | None = None,
    resume: bool = False,
    **wanted: Any,
) -> Gan:
    """Train as the command does, in this process."""
    told = Told(ignore, ignore, lambda text: None if said is None else said.append(text))
    run = GanRun(out, resume, log_every=2, checkpoint_every=2, sheet_every=100)
    return build(Wanted(data, **wanted), config, run, told)
