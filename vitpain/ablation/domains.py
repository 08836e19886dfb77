"""How far apart the sources of a study look: frames drawn alike of each, features, comparisons.

Every source gives the same number of frames of each PSPI level, so that what is compared is how
faces look and not how often they hurt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, Int64
from threadpoolctl import threadpool_limits

from generator.shards import manifest
from vitpain.ablation import gap, matched, mmd, telling
from vitpain.ablation.arms import BASE
from vitpain.ablation.figures import Stated
from vitpain.ablation.gap import Apart, Figures, Gap, Places, Shown, Told
from vitpain.ablation.plan import identity
from vitpain.ablation.stored import stored
from vitpain.data.frames import Frames, open_frames
from vitpain.explain import projection
from vitpain.image_quality import features as looking
from vitpain.image_quality.distance import fid
from vitpain.image_quality.seen import Looking, look
from vitpain.train.run_folder import data_facts

MOST = 2000
"""Frames in pain of a source that a study looks at, at most."""
FEWEST = 20
"""Frames of either source without which nothing is said of them."""
Weights = Path | Literal["none"]


@dataclass(frozen=True)
class _Source:
    """An opened source: rows that were drawn of it, in order, with their levels and people."""

    name: str
    kind: Literal["real", "2d", "3d"]
    frames: Frames
    rows: Int64[np.ndarray, " rows"]

    @property
    def level(self) -> Int64[np.ndarray, " rows"]:
        return matched.level(self.frames.pspi[self.rows])

    @property
    def people(self) -> np.ndarray:
        """Names; those of a painted face and of its photograph are one."""
        return self.frames.column("identity")[self.rows]


def measure(
    run: Path,
    backbone: str,
    weights: Weights | None,
    frames: int,
    device: str,
    seed: int = 0,
) -> Gap:
    """Compare the registered sets of a study and write what was found into its folder, once.

    Of each source up to `frames` frames in pain are drawn, and of level 0 as many as of the most
    frequent other. `backbone` and `weights` are those of
    `image_quality.features.build`. What was found before with the same sets and options is read.
    Raises ValueError where a set is not the one that the study began with, naming it, and for
    weights that are missing or another's.
    """
    if frames < len(matched.LEVELS):
        least = len(matched.LEVELS)
        raise ValueError(f"frames must be at least {least}, one a PSPI level, got {frames}")
    study = stored(run).study
    digest = manifest.checksum(weights).sha256 if isinstance(weights, Path) else weights
    asked = {
        "format": gap.FORMAT, "backbone": backbone, "weights": digest, "frames": frames,
        "seed": seed, "fewest": FEWEST,
        "sets": [[one["name"], kind, one["manifest"]] for kind, one in _stated(study)],
    }  # fmt: skip
    before = gap.read(run)
    if before is not None and before.figures.id == identity(asked):
        return before
    sources = _drawn(study, frames, seed)
    looks = Looking(looking.build(backbone, weights, seed), None, device)
    seen = [
        look(looks, one.frames, one.rows, lambda count: None).features
        for one in sources
        if len(one.rows)
    ]
    vectors = np.concatenate(seen) if seen else np.zeros((0, 0), np.float32)
    # Threads add up in an order of their own.
    with threadpool_limits(1):
        apart, told, maps = _compared(sources, vectors, seed)
    figures = Figures(
        identity(asked), looks.features.name, looks.features.sha256, vectors.shape[1], frames, seed,
        tuple(map(_shown, sources)), tuple(apart), tuple(told), tuple(maps),
    )  # fmt: skip
    number = np.repeat(np.arange(len(sources)), [len(one.rows) for one in sources])
    level = np.concatenate([one.level for one in sources])
    found = Gap(figures, Places(number, level, tuple(maps.values())))
    gap.write(found, run)
    return found


def _stated(study: Stated) -> Iterator[tuple[Any, Any]]:
    yield "real", {**study.real, "name": BASE}
    for one in study.sources:
        yield one["kind"], one


def _drawn(study: Stated, most: int, seed: int) -> list[_Source]:
    """Open the sources and draw as many frames a level of each."""
    opened: list[_Source] = []
    for kind, one in _stated(study):
        folder = Path(one["folder"])
        if data_facts([folder])[0]["manifest"] != one["manifest"]:
            rule = f"as when the study began (manifest {one['manifest']})"
            raise ValueError(f"{one['name']} must be {rule}, got another in {folder}")
        there = open_frames([folder])
        opened.append(_Source(one["name"], kind, there, np.arange(len(there))))
    counts = [matched.counted(one.frames.pspi) for one in opened]
    fewest = {level: min(has.get(level, 0) for has in counts) for level in matched.LEVELS}
    each = _highest(list(fewest.values()), most)
    rest = [has.get(0, 0) for one, has in zip(opened, counts, strict=True) if one.kind != "2d"]
    wanted = {level: min(count, each) for level, count in fewest.items()}
    drawn = []
    for one in opened:
        zeros = {} if one.kind == "2d" else {0: min(*rest, max(wanted.values()))}
        by = matched.Draw(seed, f"gap {one.name}", 0)
        rows = matched.drawn(one.rows, one.frames.pspi, {**zeros, **wanted}, by)
        drawn.append(_Source(one.name, one.kind, one.frames, rows))
    return drawn


def _highest(counts: Sequence[int], most: int) -> int:
    """How many may be drawn of any level, so that no more than `most` are in all."""
    return max(one for one in range(most + 1) if sum(min(each, one) for each in counts) <= most)


def _compared(
    sources: Sequence[_Source], vectors: Float32[np.ndarray, "frames features"], seed: int
) -> tuple[list[Apart], list[Told], dict[str, np.ndarray]]:
    """Every comparison, and the maps by what they are."""
    number = np.repeat(np.arange(len(sources)), [len(one.rows) for one in sources])
    level = np.concatenate([one.level for one in sources])
    people = np.concatenate([one.people for one in sources])
    hurting = level > 0
    pairs = [
        (at, other)
        for at, other in combinations(range(len(sources)), 2)
        if {sources[at].kind, sources[other].kind} != {"3d"}
        and {sources[at].kind, sources[other].kind} != {"2d"}
    ]
    apart, told = [], []
    for two in pairs:
        own = np.isin(number, two)
        for one in (None, 0, *matched.LEVELS):
            rows = np.flatnonzero(own & (hurting if one is None else level == one))
            first = number[rows] == two[0]
            if one is None or 0 < np.count_nonzero(first) < len(rows):
                names = (sources[two[0]].name, sources[two[1]].name)
                apart.append(_apart(names, one, vectors[rows], first, people[rows], seed))
    groups = [tuple(range(len(sources))), *pairs]
    for group in groups if len(sources) > 2 else pairs:
        rows = np.flatnonzero(hurting & np.isin(number, group))
        told.append(_told(sources, group, vectors[rows], number[rows], people[rows], seed))
    enough = len(vectors) >= projection.FEWEST
    return apart, told, dict(projection.projected(vectors, seed)) if enough else {}


def _apart(
    names: tuple[str, str],
    level: int | None,
    vectors: Float32[np.ndarray, "frames features"],
    first: np.ndarray,
    people: np.ndarray,
    seed: int,
) -> Apart:
    frames = int(np.count_nonzero(first))
    assert 2 * frames == len(first), "of every level as many are drawn of either"
    of = mmd.kernel(vectors) if frames >= FEWEST else None
    if of is None:
        return Apart(*names, level, frames, None, None, None)
    far = fid(vectors[first], vectors[~first])
    return Apart(
        *names, level, frames, mmd.mmd2(of, first), mmd.p_value(of, first, people, seed), far
    )


def _told(
    sources: Sequence[_Source],
    group: Sequence[int],
    vectors: Float32[np.ndarray, "frames features"],
    number: np.ndarray,
    people: np.ndarray,
    seed: int,
) -> Told:
    frames = len(number) // len(group)
    accuracy = telling.told(vectors, number, people, seed) if frames >= FEWEST else None
    return Told(tuple(sources[at].name for at in group), frames, accuracy, 1.0 / len(group))


def _shown(one: _Source) -> Shown:
    level = one.level
    return Shown(
        one.name,
        one.kind,
        int(np.count_nonzero(level > 0)),
        int(np.count_nonzero(level == 0)),
        len(np.unique(one.people)),
    )
