"""What a run begins with: whose faces and labels, which weights, which networks it is to train."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from generator.gan2d import folder, plan, weights
from generator.gan2d.config import GanConfig
from generator.gan2d.faces import Labels
from generator.gan2d.folder import GAN, Gan, Network, Saw
from generator.gan2d.machine import Machine, named
from generator.gan2d.network import Critic, Generator
from generator.gan2d.plan import Division, Plan
from generator.origin import Origin, origin
from generator.provenance import source
from generator.shards.derived import Registered
from generator.shards.manifest import content_hash


@dataclass(frozen=True)
class Wanted:
    """What to train on, and how it is divided."""

    data: Path
    init: Path | None = None
    """Folder of a network to begin with."""
    subjects: Path | None = None
    """List of the people to train on, one a line."""
    folds: Division | None = None
    sweep: bool = False
    """Measure at which AU45 eyes are closed, also where the labels tell."""

    def __post_init__(self) -> None:
        """Refuse two ways of saying who trains."""
        if self.subjects is not None and self.folds is not None:
            raise ValueError("subjects must be left out where folds say who trains, got both")


@dataclass(frozen=True, eq=False)
class Begin:
    """What is wanted, where faces come from, and the run whose network all networks begin with."""

    wanted: Wanted
    origin: Origin
    before: Gan | None

    @property
    def init(self) -> Path | None:
        """Folder of that run."""
        return self.wanted.init

    @property
    def registered(self) -> Registered | None:
        """How the faces were aligned."""
        return None if self.origin.derived is None else self.origin.derived.registered

    def networks(self) -> tuple[Generator, Critic] | None:
        """Generator and critic to begin with, None for random ones."""
        if self.before is None or self.init is None:
            return None
        one = self.before.networks[0]
        return (
            weights.generator(self.init, self.before, one),
            weights.critic(self.init, self.before, one),
        )


def begin(wanted: Wanted, config: GanConfig) -> Begin:
    """Open data and weights, and hold them to each other.

    Raises ValueError where the faces were painted by a network, or a run begins with another's
    network and they were not registered as that one's, or it has other options or several.
    """
    at = origin(wanted.data)
    if at.derived is not None and at.derived.step == "augment2d":
        # Their people trained and were seen by networks that nothing here would remember.
        rule = "faces that nobody painted"
        raise ValueError(f"{wanted.data} must be {rule}, got a set of augment2d")
    if wanted.init is None:
        return Begin(wanted, at, None)
    begun = Begin(wanted, at, folder.opened(wanted.init))
    _check_faces(begun)
    _check_options(begun, config)
    return begun


def _check_faces(begun: Begin) -> None:
    assert begun.before is not None
    place, before = begun.origin.data.folder, begun.before.registered
    if begun.registered is None:
        rule = "registered (pain3d register) where a run begins with another's network"
        raise ValueError(f"{place} must be {rule}, got faces as they were")
    if before not in (None, begun.registered):
        rule = f"registered as the faces that trained {begun.init}, {before}"
        raise ValueError(f"{place} must be {rule}, got {begun.registered}")


def _check_options(begun: Begin, config: GanConfig) -> None:
    before, init = begun.before, begun.init
    assert before is not None
    assert init is not None
    if len(before.networks) != 1:
        rule = "one network, trained without folds, to begin with"
        raise ValueError(f"{init} must hold {rule}, got {len(before.networks)}")
    for name in ("size", "width", "blocks"):
        if getattr(config, name) != getattr(before.config, name):
            rule = f"{getattr(before.config, name)} as in {init / GAN}"
            raise ValueError(f"{name} must be {rule}, got {getattr(config, name)}")
    if config.aus and config.aus != before.aus:
        rule = f"{', '.join(map(str, before.aus))} as in {init / GAN}"
        raise ValueError(f"aus must be {rule}, got {', '.join(map(str, config.aus))}")


def planned(wanted: Wanted, people: Sequence[str], seed: int) -> tuple[Plan, ...]:
    """Networks to train; raises ValueError for a list or folds that leave somebody out."""
    if wanted.folds is not None:
        try:
            return plan.by_fold(wanted.folds, people, seed)
        except ValueError as error:
            raise ValueError(f"{wanted.data}: {error}") from error
    if wanted.subjects is None:
        return plan.alone(people)
    try:
        text = wanted.subjects.read_text()
    except (OSError, UnicodeDecodeError) as error:
        rule = "a text that names people, one a line"
        raise ValueError(f"{wanted.subjects} must be {rule}, got {error}") from error
    return plan.alone(plan.listed(text, people, str(wanted.subjects)))


def stated(
    begun: Begin, config: GanConfig, labels: Labels, plans: tuple[Plan, ...], where: Machine
) -> Gan:
    """What is known of a run when it begins; `config` has no open option.

    Raises ValueError where a network is to paint somebody whom the one it begins with has seen.
    """
    at, before = begun.origin, begun.before
    people = tuple(sorted({name for one in plans for name in one.trained_on}))
    seen = () if before is None else (*before.before, before.saw)
    init = None
    if before is not None:
        done = before.networks[0].done
        assert done is not None
        init = (done.generator, done.critic or "")
    gan = Gan(
        format=folder.FORMAT,
        config=config,
        folds=begun.wanted.folds,
        registered=begun.registered,
        surrogate=at.surrogate or (before is not None and before.surrogate),
        saw=Saw(at.source, content_hash(at.data.folder), labels.source, people),
        before=seen,
        init=init,
        made_with=f"{named(where.device)}, {source('assets', 'generator')}",
        networks=tuple(Network(one.name, one.fold, one.trained_on, one.paints) for one in plans),
    )
    for one in gan.networks:
        hidden = sorted(set(gan.seen(one, at.source)) & set(one.paints or ()))
        if hidden:
            rule = "people whom the network that it begins with has not seen"
            raise ValueError(f"network {one.name} must paint {rule}, got {hidden[0]}")
    return gan


def held(gan: Gan) -> Gan:
    """What a run that goes on must have as it began."""
    return replace(gan, made_with="", networks=tuple(replace(n, done=None) for n in gan.networks))
