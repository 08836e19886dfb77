"""The data sets of a study: real frames, and synthetic sources by name, all aligned alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Int64

from generator.shards import manifest
from generator.shards.derived import read_derived
from generator.shards.folder import CONFIG, read_config
from generator.shards.record import TRANSLATED
from vitpain.ablation.arms import BASE, Arm
from vitpain.ablation.config import StudyConfig
from vitpain.data.frames import Frames, open_frames
from vitpain.train.run_folder import data_facts

MADE = {"2d": f"pictures that a network painted (source {TRANSLATED})", "3d": "drawn pictures"}


@dataclass(frozen=True)
class Source:
    """A data set by the name that tables show; `native` is what it was registered from, if that is
    at hand.
    """

    name: str
    kind: Literal["real", "2d", "3d"]
    folder: Path
    native: Path | None = None

    def __str__(self) -> str:
        """As errors call it."""
        given = self.native or self.folder
        return (
            f"real ({given})" if self.kind == "real" else f"synth{self.kind} {self.name} ({given})"
        )


@dataclass(frozen=True)
class Sources:
    """Real frames, which are set 0 of what is opened, and synthetic sources in their order."""

    real: Source
    synthetic: tuple[Source, ...]

    def __post_init__(self) -> None:
        """Refuse two sources of one name; case is no difference, as it is none to some disks."""
        names = [BASE, *(one.name.lower() for one in self.synthetic)]
        twice = next((one for one in names if names.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"sources must be named once, and none {BASE}, got {twice} twice")

    @property
    def every(self) -> tuple[Source, ...]:
        """All of them, the real one first."""
        return (self.real, *self.synthetic)

    def of(self, arm: Arm) -> tuple[Source, ...]:
        """Those that an arm learns from or is tested on, the real one first."""
        return (self.real, *(one for one in self.synthetic if one.name in arm.synthetic))

    def natively(self, arm: Arm) -> bool:
        """Whether the sets of an arm are at hand as they were before they were registered."""
        return all(one.native is not None for one in self.of(arm))


def opened(sources: Sequence[Source], native: bool = False) -> Frames:
    """Open sources as sets, in their order; `native`: as they were before they were registered."""
    folders = [one.native if native else one.folder for one in sources]
    return open_frames([one for one in folders if one is not None])


def checked(sources: Sources, frames: Frames, config: StudyConfig) -> None:
    """Hold sources to their kinds and to one alignment; `frames` are all of them, opened.

    Raises ValueError that names the source.
    """
    check_kinds(sources, frames)
    for one in sources.every:
        _check_aligned(one, config)


def check_kinds(sources: Sources, frames: Frames) -> None:
    """Hold sources to their kinds, whether aligned or not. Raises ValueError that names one."""
    kind, number = frames.column("kind"), frames.column("set")
    painted = frames.column("source") == TRANSLATED
    for at, one in enumerate(sources.every):
        own = number == at
        real, made = bool((kind[own] == "real").all()), bool((kind[own] != "real").all())
        match one.kind:
            case "real":
                right, rule = real and not painted[own].any(), "photographs (kind real) alone"
            case "2d":
                right, rule = made and bool(painted[own].all()), MADE["2d"]
            case "3d":
                right, rule = made and not painted[own].any(), MADE["3d"]
        if not right:
            got = ", ".join(sorted({*frames.column("source")[own].tolist()}))
            raise ValueError(f"{one} must hold {rule}, got source {got}")


def _check_aligned(one: Source, config: StudyConfig) -> None:
    derived = read_derived(read_config(one.folder), str(one.folder / CONFIG))
    rule = f"registered as all others are, {config.mode} at {config.side} pixels"
    if derived is None or derived.registered is None:
        raise ValueError(f"{one} must be {rule}, got faces as they were")
    if (derived.registered, derived.size) != (config.mode, config.side):
        got = f"{derived.registered} at {derived.size}"
        raise ValueError(f"{one} must be {rule}, got {got}")
    if one.native is not None and manifest.content_hash(one.native) != derived.data:
        raise ValueError(f"{one} must be as when {one.folder} was made of it, got a change since")


def native_rows(
    frames: Frames, native: Frames, rows: Int64[np.ndarray, " rows"]
) -> Int64[np.ndarray, " rows"]:
    """Rows of the same samples, by set and key, in the sets as they were before."""
    places = {
        (int(at), key): row
        for row, (at, key) in enumerate(
            zip(native.column("set"), native.index.column("key").to_pylist(), strict=True)
        )
    }
    named = zip(frames.column("set")[rows], frames.keys(rows), strict=True)
    return np.array([places[int(at), key] for at, key in named], np.int64)


def manifests(sources: Sequence[Source], native: bool = False) -> dict[str, str]:
    """SHA-256 of the manifest of every source by its name, or of what it was registered from.

    Raises ValueError where an index is not the one that its manifest lists.
    """
    folders = {one.name: one.native if native else one.folder for one in sources}
    return {
        name: data_facts([folder])[0]["manifest"]
        for name, folder in folders.items()
        if folder is not None
    }


def facts(sources: Sources, frames: Frames) -> dict[str, Any]:
    """What `study.json` says of sources; `frames` are all of them, opened."""
    number = frames.column("set")
    hashes = manifests(sources.every)

    def said(at: int, one: Source) -> dict[str, Any]:
        return {
            "name": one.name,
            "folder": str(one.folder.resolve()),
            "manifest": hashes[one.name],
            "frames": int(np.count_nonzero(number == at)),
        }

    own = number == 0
    real = {
        **said(0, sources.real),
        "subjects": len(np.unique(frames.column("identity")[own])),
        "source": ", ".join(sorted({*frames.column("source")[own].tolist()})),
    }
    made = [
        {**said(at, one), "kind": one.kind} for at, one in enumerate(sources.synthetic, start=1)
    ]
    return {"real": real, "sources": made}
