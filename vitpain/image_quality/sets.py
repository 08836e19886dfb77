"""The data sets that are compared: real ones, and generated ones each beside what it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from generator.shards.derived import Derived, read_derived, stands_in
from generator.shards.folder import CONFIG
from generator.shards.manifest import content_hash
from vitpain.data.frames import Frames, open_frames


@dataclass(frozen=True)
class Named:
    """A data set of registered faces, by the name that its columns have."""

    name: str
    frames: Frames
    derived: Derived

    @property
    def stands_in(self) -> bool:
        """Whether it was made from what stands in for UNBC-McMaster."""
        return stands_in(self.frames.sets[0].config)

    @cached_property
    def identity(self) -> np.ndarray:
        """Of every row, who is shown."""
        return self.frames.column("identity")

    @cached_property
    def hurting(self) -> Int64[np.ndarray, " rows"]:
        """Rows of PSPI above 0: in a generated set what a network painted, nothing else."""
        return np.flatnonzero(self.frames.pspi > 0.0)

    @cached_property
    def resting(self) -> Int64[np.ndarray, " rows"]:
        """Rows of PSPI 0: in a generated set inputs as they are, at its size."""
        return np.flatnonzero(self.frames.pspi == 0.0)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Rows by their keys."""
        return {key: row for row, key in enumerate(self.frames.index.column("key").to_pylist())}


@dataclass(frozen=True)
class Compared:
    """A generated set, and the real set that was registered alike."""

    made: Named
    real: Named


def named_folders(texts: Sequence[str], option: str) -> dict[str, Path]:
    """Read `NAME=FOLDER`s. Raises ValueError for another form and a name that comes twice."""
    found: dict[str, Path] = {}
    for text in texts:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise ValueError(f"{option} must be NAME=FOLDER, got {text!r}")
        if name in found:
            raise ValueError(f"{option} must have different names, got {name} twice")
        found[name] = Path(folder)
    return found


def open_compared(real: Mapping[str, Path], made: Mapping[str, Path]) -> list[Compared]:
    """Open generated sets, each with the real one that was registered alike.

    Raises ValueError that names set and rule where a set is of another kind or not registered, two
    sets have one name, no real set or several were registered like a generated one, or none of
    those like a real one.
    """
    if not real or not made:
        missing = "generated" if real else "real"
        raise ValueError(f"{missing} must be one data set or more, got none")
    twice = sorted(real.keys() & made.keys())
    if twice:
        raise ValueError(f"names must be different, got {twice[0]} for a real and a generated set")
    photographs = [_real(name, folder) for name, folder in real.items()]
    found = [_beside(_made(name, folder), photographs) for name, folder in made.items()]
    used = {one.real.name for one in found}
    for name in real:
        if name not in used:
            rule = "a generated set that was registered alike"
            raise ValueError(f"real set {name} must have {rule}, got none")
    return found


def _opened(name: str, folder: Path) -> tuple[Frames, Derived | None]:
    frames = open_frames([folder])
    return frames, read_derived(frames.sets[0].config, str(folder / CONFIG))


def _real(name: str, folder: Path) -> Named:
    frames, derived = _opened(name, folder)
    if derived is None or derived.registered is None:
        rule = "registered (pain3d register)"
        raise ValueError(f"real set {name} must be {rule}, got {folder}, which is not")
    if derived.step == "augment2d":
        raise ValueError(f"real set {name} must be photographs, got generated ones in {folder}")
    return Named(name, frames, derived)


def _made(name: str, folder: Path) -> Named:
    frames, derived = _opened(name, folder)
    if derived is None or derived.step != "augment2d":
        rule = "made by pain3d augment2d"
        raise ValueError(f"generated set {name} must be {rule}, got {folder}, which is not")
    if derived.registered is None:
        rule = "of registered faces"
        raise ValueError(f"generated set {name} must be {rule}, got {folder}, which is not")
    found = Named(name, frames, derived)
    if len(found.hurting) == 0:
        raise ValueError(f"generated set {name} must have pictures of PSPI above 0, got none")
    return found


def _beside(made: Named, photographs: Sequence[Named]) -> Compared:
    """Find the real set that a generated one was made from, or failing that the one alike.

    A set with OpenFace's labels joined is another one by its hash, of the same pictures.
    """
    way = made.derived.registered
    alike = [one for one in photographs if one.derived.registered == way]
    hashes = [content_hash(one.frames.sets[0].folder) for one in alike]
    if made.derived.data in hashes:
        return Compared(made, alike[hashes.index(made.derived.data)])
    if len(alike) == 1:
        return Compared(made, alike[0])
    got = ", ".join(f"{one.name} ({one.derived.registered})" for one in photographs)
    rule = f"the real set that it was made from, or exactly one registered alike ({way})"
    raise ValueError(f"generated set {made.name} must have {rule}, got {got}")
