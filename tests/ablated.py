"""Small studies for the tests: coloured sets of real, painted and drawn people, aligned alike."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from assets.population import Split
from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.producer import Producer
from generator.shards import manifest
from generator.shards.card import About
from generator.shards.derived import DERIVED, Derived, about_derived
from generator.shards.record import Sample
from tests import cohort, fake_producer, painted
from tests.runs import here, ignore
from vitpain.ablation.arms import Arm
from vitpain.ablation.config import StudyConfig
from vitpain.ablation.plan import Cell, plan
from vitpain.ablation.sources import Source, Sources
from vitpain.ablation.study import Study, begun

CONFIG = StudyConfig(
    models=("plain",),
    only=(1,),
    seeds=1,
    mode="2d",
    side=32,
    backbone="vit_mini_patch16_dinov3",
    size=32,
    weights="none",
    epochs=1,
    first_epochs=1,
    batch=16,
    learning_rate=1e-3,
    device="cpu",
)
"""Seconds a cell."""


@dataclass(frozen=True)
class AlignedConfig(GenerateConfig):
    """Ellipses, and what they are said to be registered from; `size` may be another's."""

    source: str = "unbc"
    data: str = "sha256:" + "0" * 64
    side: int = 32


REAL = AlignedConfig(
    identities=cohort.PEOPLE,
    pain_per_identity=6,
    confounders=2,
    views=1,
    size=32,
    people_per_shard=5,
    annotations=(),
)
DRAWN = replace(
    REAL,
    identities=20,
    pain_per_identity=11,
    confounders=1,
    source="3d",
    people_per_shard=20,
    pspi=",".join(map(str, range(17))),
)
"""Frames of PSPI 0 that are `pain` are among them."""


def _derived(config: AlignedConfig) -> Derived:
    people, source = config.people_per_shard, config.source
    return Derived("register", config.data, source, False, "2d", config.side, people, "anny")


def _stated(config: AlignedConfig) -> dict[str, Any]:
    return {DERIVED: asdict(_derived(config))}


def _about(config: AlignedConfig) -> About:
    return about_derived(_derived(config))


def _person(config: Any, index: int) -> list[Sample]:
    made = cohort if config.source != "3d" else fake_producer
    return [painted.coloured(one) for one in made.make_person(config, index)]


def _splits(config: Any) -> Sequence[Split]:
    return cohort.splits(config) if config.source != "3d" else fake_producer.splits(config)


NATIVE = replace(fake_producer.PRODUCER, make_person=_person, splits=_splits)
ALIGNED = replace(NATIVE, stated=_stated, about=_about)


def made(out: Path, config: AlignedConfig, producer: Producer[Any] = ALIGNED) -> Path:
    """Make a set in this process."""
    with here():
        generate(config, producer, Run(out), ignore)
    return out


def sources(folder: Path, **drawn: Any) -> Sources:
    """Real, painted and drawn sets that are aligned, in a folder; `drawn` changes the last."""
    real = made(folder / "real", REAL)
    twod = painted.painted(folder / "gan", registered="2d")
    threed = made(folder / "mesh", replace(DRAWN, **drawn))
    return Sources(
        Source("real", "real", real), (Source("gan", "2d", twod), Source("mesh", "3d", threed))
    )


def natively(folder: Path) -> Sources:
    """Real and drawn sets as they were, and smaller ones of all but the last of everybody's
    pictures, which could not be registered.
    """
    fewer = replace(ALIGNED, make_person=lambda config, index: _person(config, index)[:-1])
    found = []
    for name, config in (("real", REAL), ("mesh", replace(DRAWN, pain_per_identity=4))):
        native = made(folder / f"{name}-native", replace(config, size=48), NATIVE)
        aligned = replace(config, data=manifest.content_hash(native))
        kind = "real" if name == "real" else "3d"
        found.append(Source(name, kind, made(folder / name, aligned, fewer), native))
    return Sources(found[0], (found[1],))


def study(
    out: Path, there: Sources, arms: Sequence[Arm], config: StudyConfig = CONFIG
) -> tuple[Study, tuple[Cell, ...]]:
    """Plan a study and begin its folder."""
    planned = plan(config, arms, there)
    out.mkdir(exist_ok=True)
    return begun(out, config, arms, there, planned), planned.cells
