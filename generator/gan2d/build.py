"""A whole run: faces cut once, networks trained one after the other, eyes swept, sheets drawn."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from assets import atomic
from generator.gan2d import folder, plan, sheet, weights
from generator.gan2d import sweep as sweeping
from generator.gan2d.config import GanConfig, Run
from generator.gan2d.faces import Faces, Labels, conditions, cut
from generator.gan2d.folder import BEGUN, GAN, WEIGHTS, Closed, Gan, Network, Saw, Shape
from generator.gan2d.machine import Machine, machine, repeatable
from generator.gan2d.network import Critic, Generator
from generator.gan2d.painter import Painter
from generator.gan2d.plan import Division, Plan
from generator.gan2d.train import CHECKPOINT, SHOWN, Lesson, Told, Training, train
from generator.lock import UNFINISHED, Ends, claimed
from generator.origin import Origin, content_hash, origin
from generator.shards import manifest
from generator.shards.derived import Registered
from generator.shards.folder import difference
from generator.shards.manifest import json_bytes

SHEETS, SWEEP = "sheets", "sweep.json"


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
    """Measure at which AU45 eyes are closed."""


def build(wanted: Wanted, config: GanConfig, run: Run, told: Told) -> Gan:
    """Train all networks of a run, and give what `gan.json` says in the end.

    Raises ValueError where the folder is not empty and not resumed or was begun otherwise, the data
    lacks AUs, was not registered where a run begins with another's network, people are in no fold,
    or somebody was seen before who is not to be seen.
    """
    if wanted.subjects is not None and wanted.folds is not None:
        raise ValueError("subjects must be left out where folds say who trains, got both")
    at = origin(wanted.data)
    where = machine(config)
    before = None if wanted.init is None else _begun(wanted.init, at, config)
    if before is not None:
        config = replace(config, aus=before.shape.aus)
    labels = conditions(at.data, config.labels, config.aus)
    with claimed(run.out, run.resume, Ends(BEGUN, GAN)):
        if (run.out / BEGUN).is_file():
            told.say(f"going on in {run.out}")
        place = run.out / UNFINISHED / "faces"
        faces, aus = cut(at.data, labels, config.size, place, told.steps)
        if faces.unlabelled:
            told.say(f"{faces.unlabelled} pictures have no AUs of {labels.source} and are left out")
        planned = _planned(wanted, faces, config)
        gan = _stated(at, config, labels, aus, planned, before, wanted)
        _hold(run.out, gan)
        begin = None if before is None else _networks(wanted.init, before)
        for number, one in enumerate(planned):
            gan = _one(gan, number, _lesson(one, faces, aus), config, where, begin, run, told)
        return _ended(gan, faces, config, where, run.out, wanted.sweep, told)


def _begun(init: Path, at: Origin, config: GanConfig) -> Gan:
    """The run to begin with, held to the data."""
    before = folder.opened(init)
    if _registered(at) is None:
        rule = "registered (pain3d register) where a run begins with another's network"
        raise ValueError(f"{at.data.folder} must be {rule}, got faces as they were")
    if len(before.networks) != 1:
        rule = "one network, trained without folds, to begin with"
        raise ValueError(f"{init} must hold {rule}, got {len(before.networks)}")
    shape = before.shape
    for name in ("size", "width", "blocks"):
        if getattr(config, name) != getattr(shape, name):
            rule = f"{getattr(shape, name)} as in {init / GAN}"
            raise ValueError(f"{name} must be {rule}, got {getattr(config, name)}")
    if config.aus and config.aus != shape.aus:
        rule = f"{', '.join(map(str, shape.aus))} as in {init / GAN}"
        raise ValueError(f"aus must be {rule}, got {', '.join(map(str, config.aus))}")
    return before


def _registered(at: Origin) -> Registered | None:
    return None if at.derived is None else at.derived.registered


def _planned(wanted: Wanted, faces: Faces, config: GanConfig) -> tuple[Plan, ...]:
    if wanted.folds is not None:
        return plan.by_fold(wanted.folds, faces.people, config.seed)
    people = faces.people
    if wanted.subjects is not None:
        try:
            text = wanted.subjects.read_text()
        except (OSError, UnicodeDecodeError) as error:
            rule = "a text that names people, one a line"
            raise ValueError(f"{wanted.subjects} must be {rule}, got {error}") from error
        people = plan.listed(text, people, str(wanted.subjects))
    return plan.alone(people)


def _stated(
    at: Origin,
    config: GanConfig,
    labels: Labels,
    aus: tuple[int, ...],
    planned: tuple[Plan, ...],
    before: Gan | None,
    wanted: Wanted,
) -> Gan:
    """What is known of a run when it begins."""
    source = at.source
    people = tuple(sorted({name for one in planned for name in one.trained_on}))
    saw = Saw(source, content_hash(at.data.folder), labels.source, people)
    seen: tuple[Saw, ...] = ()
    if before is not None:
        seen = (*before.before, before.saw)
        for one in planned:
            shown = {name for past in seen if past.source == source for name in past.people}
            hidden = sorted(shown & set(one.paints or ()))
            if hidden:
                rule = "people whom the network that it begins with has not seen"
                raise ValueError(f"network {one.name} must paint {rule}, got {hidden[0]}")
    held = {"folds": wanted.folds, "sweep": wanted.sweep, **asdict(config)}
    return Gan(
        folder.FORMAT,
        Shape(config.size, config.width, config.blocks, aus),
        _registered(at),
        at.surrogate or (before is not None and before.surrogate),
        saw,
        seen,
        json.dumps(held, sort_keys=True),
        None if before is None else before.networks[0].sha256,
        Closed(None, None),
        tuple(Network(one.name, one.fold, one.trained_on, one.paints, None) for one in planned),
    )


def _hold(out: Path, gan: Gan) -> None:
    """Write what decides the weights, or hold the run to what it began with."""
    if not (out / BEGUN).is_file():
        folder.write(out, gan, BEGUN)
        return
    before, now = (asdict(one) for one in (folder.opened(out, BEGUN), gan))
    changed = difference(json.loads(json_bytes(before)), json.loads(json_bytes(now)))
    if changed:
        raise ValueError(f"{out} must be resumed as it was begun, got a change: {changed}")


def _networks(init: Path | None, before: Gan) -> tuple[Generator, Critic]:
    assert init is not None
    one = before.networks[0]
    return weights.generator(init, before, one), weights.critic(init, before, one)


def _lesson(one: Plan, faces: Faces, aus: tuple[int, ...]) -> Lesson:
    """A network's faces, and for its sheets the calmest of people whom it does not see."""
    rows = faces.of(one.trained_on)
    seen = set(one.trained_on)
    others = one.paints or tuple(name for name in faces.people if name not in seen)
    return Lesson(one.name, faces, rows, _calm(faces, others or one.trained_on), aus)


def _calm(faces: Faces, people: tuple[str, ...]) -> np.ndarray:
    """The faces whose AUs sum to least, of at most `SHOWN` people spread evenly."""
    spread = np.linspace(0, len(people) - 1, min(SHOWN, len(people))).round().astype(int)
    found = []
    for at in np.unique(spread):
        rows = faces.of([people[at]])
        found += rows[np.argsort(faces.aus[rows].sum(axis=1), kind="stable")][:1].tolist()
    return np.array(found, np.int64)


def _one(
    gan: Gan,
    number: int,
    lesson: Lesson,
    config: GanConfig,
    where: Machine,
    begin: tuple[Generator, Critic] | None,
    run: Run,
    told: Told,
) -> Gan:
    """Train one network, or take it as it was trained."""
    place = run.out / lesson.name
    network = gan.networks[number]
    path = place / WEIGHTS["generator"]
    if not path.is_file():
        with repeatable(config.threads or 1):
            training = Training(lesson, config, where, begin)
            train(training, place, run, told)
            facts = {"network": network.name, "aus": list(gan.shape.aus)}
            _sheets(training.painter(), lesson, place)
            if network.fold is None:
                weights.save(place / WEIGHTS["critic"], training.critic, facts)
            weights.save(path, training.generator, facts)
        (place / CHECKPOINT).unlink()
    done = replace(network, sha256=manifest.checksum(path).sha256)
    networks = (*gan.networks[:number], done, *gan.networks[number + 1 :])
    return replace(gan, networks=networks)


def _sheets(painter: Painter, lesson: Lesson, place: Path) -> None:
    """A sheet an AU from 0 to 1, and one of all AUs."""
    (place / SHEETS).mkdir(exist_ok=True)
    shown = lesson.faces.take(lesson.shown)
    drawn = {f"au{au:02d}": sheet.of_au(painter, shown, lesson.aus, au) for au in lesson.aus}
    drawn["all"] = sheet.of_all(painter, shown, lesson.aus)
    for name, picture in drawn.items():
        done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        assert done
        atomic.write(place / SHEETS / f"{name}.png", data.tobytes())


def _ended(
    gan: Gan,
    faces: Faces,
    config: GanConfig,
    where: Machine,
    out: Path,
    asked: bool,
    told: Told,
) -> Gan:
    """Settle which AU45 is a closed eye, and say that the run has ended."""
    ruled = _ruled(gan)
    measured = None
    if asked or ruled is None:
        first = gan.networks[0]
        painter = Painter(where.placed(weights.generator(out, gan, first)), where)
        open_eyed = faces.of(first.paints or faces.people)
        if 45 in gan.shape.aus:
            open_eyed = open_eyed[faces.aus[open_eyed, gan.shape.aus.index(45)] == 0.0]
        with repeatable(config.threads or 1):
            measured = sweeping.sweep(painter, faces.take(open_eyed[:64]), gan.shape.aus)
        atomic.write(out / SWEEP, json_bytes(asdict(measured)))
        told.say(f"eyes are closed at AU45 = {measured.closed:g} of 1 ({SWEEP})")
    if ruled is None:
        assert measured is not None
        ruled = Closed(measured.closed, "sweep")
    gan = replace(gan, closed=ruled)
    folder.write(out, gan)
    return gan


def _ruled(gan: Gan) -> Closed | None:
    """The AU45 that stands for AU43 by what labels trained the network; None: to be measured."""
    if 45 not in gan.shape.aus:
        return Closed(None, "no AU45")
    if gan.saw.labels == "openface":
        return Closed(folder.THESIS_CLOSED, "thesis")
    if {one.labels for one in (gan.saw, *gan.before)} == {"target"}:
        return Closed(1.0, "labels")
    return None
