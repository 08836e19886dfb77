"""What decides the bytes of a painted data set: faces, networks, how many of each level."""

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from generator.config import HIGHEST_SEED, file_hash
from generator.gan2d import folder as networks
from generator.gan2d.folder import Gan, Network
from generator.origin import Origin, origin
from generator.shards.derived import DERIVED, Derived
from generator.shards.manifest import content_hash
from generator.shards.record import TRANSLATED

NEEDED = (4, 6, 7, 9, 10)
"""AUs that every network must paint; and AU43, or AU45 in its place."""


@dataclass(frozen=True)
class SynthConfig:
    """What to paint."""

    data: Path
    """Registered data set."""
    gan: Path
    """Folder of networks, finished."""
    per_level: int = 100
    """Pictures a person, fold and PSPI level, 1 or more."""
    seed: int = 0
    """Of lists and inputs, 0 to 2**63 - 1."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where to paint; bytes are promised on the CPU."""
    people_per_shard: int = 1
    """People a tar file, 1 or more."""

    def __post_init__(self) -> None:
        """Refuse what cannot be painted, naming option, rule and value."""
        for name in ("per_level", "people_per_shard"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.seed <= HIGHEST_SEED:
            raise ValueError(f"seed must be 0 to {HIGHEST_SEED}, got {self.seed}")

    @property
    def members(self) -> tuple[str, ...]:
        """Suffixes of the members that every sample has."""
        return ("jpg", "json")

    # Read once a process, and never sent to a worker.
    @property
    def origin(self) -> Origin:
        """The registered data set."""
        return origin(self.data)

    @property
    def networks(self) -> Gan:
        """What the folder of networks says."""
        return _networks(self.gan)


@cache
def _networks(gan: Path) -> Gan:
    return networks.opened(gan)


def check(config: SynthConfig) -> None:
    """Hold faces and networks to each other.

    Raises ValueError where the faces were not registered, or otherwise than those that trained the
    networks, or the networks lack an AU that lists are made of.
    """
    before = config.origin.derived
    registered = None if before is None else before.registered
    if registered is None:
        rule = "registered (pain3d register)"
        raise ValueError(f"{config.data} must be {rule}, got faces as they were")
    assert before is not None
    if before.step == "augment2d":
        rule = "photographs, registered"
        raise ValueError(f"{config.data} must be {rule}, got a set that networks painted")
    gan = config.networks
    if gan.registered not in (None, registered):
        rule = f"registered as the faces that trained {config.gan}, {gan.registered}"
        raise ValueError(f"{config.data} must be {rule}, got {registered}")
    lacking = [au for au in NEEDED if au not in gan.aus]
    if not {43, 45} & set(gan.aus):
        lacking.append(43)
    if lacking:
        rule = "the action units of PSPI, 4 6 7 9 10 and 43 or 45"
        got = f"none for AU{lacking[0]} among {', '.join(map(str, gan.aus))}"
        raise ValueError(f"networks of {config.gan} must paint {rule}, got {got}")
    # Raises where there are several.
    _ = config.origin.source
    unknown = [one for one in gan.networks if _blind(one, gan)]
    if unknown:
        rule = "measured for every network, which AU45 is a closed eye"
        raise ValueError(f"{config.gan} must have {rule}, got none for {unknown[0].name}")


def _blind(network: Network, gan: Gan) -> bool:
    """Whether nobody knows what closes eyes with a network."""
    known = network.done is not None and network.done.closed.au45 is not None
    return 45 in gan.aus and not known


def derived(config: SynthConfig) -> Derived:
    """The set as `config.json` states it."""
    before = config.origin.derived
    assert before is not None
    return Derived(
        step="augment2d",
        data=content_hash(config.data),
        source=TRANSLATED,
        surrogate=config.origin.surrogate or config.networks.surrogate,
        registered=before.registered,
        size=config.networks.config.size,
        people_per_shard=config.people_per_shard,
        head=before.head,
        csv=before.csv,
        gan=file_hash(config.gan / networks.GAN, "gan"),
        per_level=config.per_level,
        seed=config.seed,
        people=tuple(sorted({config.origin.source, *config.networks.sources})),
    )


def stated(config: SynthConfig) -> dict[str, Any]:
    """What `config.json` says."""
    return {DERIVED: asdict(derived(config))}
