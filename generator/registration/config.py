"""What decides the bytes of a registered data set."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from generator.importers.config import SMALLEST_SIDE
from generator.origin import origin
from generator.registration.face_model import HeadName
from generator.shards.codec import HIGHEST_SIDE
from generator.shards.derived import DERIVED, Derived, Registered
from generator.shards.manifest import content_hash


@dataclass(frozen=True)
class RegisterConfig:
    """A data set, and how its faces are aligned."""

    data: Path
    """The data set."""
    mode: Registered
    """3d: drawn from the front through a fitted head; 2d: turned, moved and scaled in the plane."""
    size: int = 256
    """Side of the square pictures, pixels, 32 to 4096."""
    head: HeadName = "anny"
    """Whose shapes are fitted: our own, or those of the FLAME file that was added (by pain3d assets
    add flame PATH)."""
    people_per_shard: int = 1
    """People a tar file, 1 or more."""

    def __post_init__(self) -> None:
        """Refuse what cannot be made, naming option, rule and value."""
        if not SMALLEST_SIDE <= self.size <= HIGHEST_SIDE:
            rule = f"from {SMALLEST_SIDE} to {HIGHEST_SIDE}"
            raise ValueError(f"size must be {rule}, got {self.size}")
        if self.people_per_shard < 1:
            raise ValueError(f"people_per_shard must be at least 1, got {self.people_per_shard}")

    @property
    def members(self) -> tuple[str, ...]:
        """Suffixes of the members that every sample has."""
        return ("jpg", "json")


def derived(config: RegisterConfig) -> Derived:
    """How the set is made, as `config.json` states it.

    Raises ValueError where the data set is none, or its faces are registered or painted already.
    """
    source = origin(config.data)
    before = source.derived
    if before is not None and before.registered is not None:
        got = f"one that was registered ({before.registered})"
        raise ValueError(f"{config.data} must be a data set that is not registered, got {got}")
    return Derived(
        step="register",
        data=content_hash(config.data),
        source=source.source,
        surrogate=source.surrogate,
        registered=config.mode,
        size=config.size,
        people_per_shard=config.people_per_shard,
        head=config.head,
    )


def stated(config: RegisterConfig) -> dict[str, Any]:
    """What `config.json` says: the data set stands there by its hash."""
    return {DERIVED: asdict(derived(config))}
