"""A whole run: faces cut once, networks trained one after the other, each with its sheets."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from assets import atomic
from assets.repeatable import repeatable
from generator.gan2d import begin as beginning
from generator.gan2d import closed, folder, sheet, weights
from generator.gan2d.begin import Begin, Wanted
from generator.gan2d.config import GanConfig, Run
from generator.gan2d.draws import Draws
from generator.gan2d.faces import Faces, conditions, cut, spread
from generator.gan2d.folder import BEGUN, DONE, GAN, WEIGHTS, Done, Gan
from generator.gan2d.machine import Machine, decided, machine
from generator.gan2d.painter import Painter
from generator.gan2d.plan import Plan
from generator.gan2d.train import CHECKPOINT, SHOWN, Lesson, Told, Training, train
from generator.lock import UNFINISHED, Ends, claimed
from generator.shards.folder import difference
from generator.shards.manifest import json_bytes

SHEETS, SKIPPED = "sheets", "skipped.json"


@dataclass(frozen=True, eq=False)
class Work:
    """What all networks of a run share."""

    begun: Begin
    faces: Faces
    config: GanConfig
    where: Machine
    run: Run
    told: Told


def build(wanted: Wanted, config: GanConfig, run: Run, told: Told) -> Gan:
    """Train all networks of a run, and give what `gan.json` says in the end.

    A run that has ended is left as it is. Raises ValueError where the folder is not empty and not
    resumed or was begun otherwise, the data lacks AUs, was painted or not registered where it must
    be, people are in no fold, or somebody was seen before who is to be painted.
    """
    if config.threads is None and (run.out / BEGUN).is_file():
        config = replace(config, threads=folder.opened(run.out, BEGUN).config.threads)
    config = decided(config)
    begun = beginning.begin(wanted, config)
    if begun.before is not None:
        config = replace(config, aus=begun.before.aus)
    labels = conditions(begun.origin.data, config.labels, config.aus)
    config = replace(config, labels=labels.source)
    where = machine(config)
    with claimed(run.out, run.resume, Ends(BEGUN, GAN)):
        if (run.out / BEGUN).is_file():
            _check_options(folder.opened(run.out, BEGUN), config, run.out)
        if (run.out / GAN).is_file():
            told.say(f"{run.out} had ended already; nothing was done")
            return folder.opened(run.out)
        place = run.out / UNFINISHED / "faces"
        faces, aus = cut(begun.origin.data, labels, config.size, place, told.faces)
        config = replace(config, aus=aus)
        if wanted.sweep and 45 not in aus:
            rule = "among the action units of the condition to be swept"
            raise ValueError(f"AU45 must be {rule}, got {', '.join(map(str, aus))}")
        plans = beginning.planned(wanted, faces.people, config.seed)
        gan = beginning.stated(begun, config, labels, plans, where)
        _hold(run.out, gan)
        if faces.skipped:
            listed = [asdict(one) for one in faces.skipped]
            atomic.write(run.out / SKIPPED, json_bytes(listed))
            told.say(f"{len(listed)} pictures are left out: see {SKIPPED}")
        work = Work(begun, faces, config, where, run, _in_all(told, faces, plans, config))
        done = [_one(work, gan, plan) for plan in plans]
        networks = zip(gan.networks, done, strict=True)
        gan = replace(gan, networks=tuple(replace(one, done=its) for one, its in networks))
        folder.write(run.out, gan)
        return gan


def _in_all(told: Told, faces: Faces, plans: tuple[Plan, ...], config: GanConfig) -> Told:
    """Steps counted over all networks."""
    total = sum(_steps(one, faces, config) for one in plans)
    return replace(told, steps=lambda count, _: told.steps(count, total))


def _steps(plan: Plan, faces: Faces, config: GanConfig) -> int:
    draws = Draws(config.seed, plan.name, len(faces.of(plan.trained_on)), config.batch, 1)
    return config.epochs * draws.steps


def _check_options(before: Gan, config: GanConfig, out: Path) -> None:
    """Hold options to those of a run that goes on, before anything is cut."""
    aus = config.aus or before.aus
    changed = difference(asdict(before.config), asdict(replace(config, aus=aus)))
    if changed:
        raise ValueError(f"{out} must be resumed as it was begun, got a change: {changed}")


def _hold(out: Path, gan: Gan) -> None:
    """Write what decides the weights, or hold the run to what it began with."""
    if not (out / BEGUN).is_file():
        folder.write(out, gan, BEGUN)
        return
    before = folder.opened(out, BEGUN)
    changed = difference(*(asdict(beginning.held(one)) for one in (before, gan)))
    if changed:
        raise ValueError(f"{out} must be resumed as it was begun, got a change: {changed}")


def _one(work: Work, gan: Gan, plan: Plan) -> Done:
    """Train one network, or take it as it was trained; what came of it lies there last."""
    place = work.run.out / plan.name
    path = place / DONE
    if path.is_file():
        (place / CHECKPOINT).unlink(missing_ok=True)
        work.told.steps(_steps(plan, work.faces, work.config), 0)
        return folder.done(path)
    lesson = _lesson(plan, work.faces, gan.aus)
    with repeatable(work.config.threads or 1):
        training = Training(lesson, work.config, work.where, work.begun.networks())
        train(training, place, work.run, work.told)
        _sheets(training.painter(), lesson, place)
        facts = {"network": plan.name, "aus": list(gan.aus)}
        kept = None
        if plan.fold is None:
            kept = weights.save(place / WEIGHTS["critic"], training.critic, facts)
        written = weights.save(place / WEIGHTS["generator"], training.generator, facts)
        asked = work.begun.wanted.sweep
        eyes = closed.settled(gan, plan, training.painter(), work.faces, place, asked)
    done = Done(written, kept, eyes)
    atomic.write(path, json_bytes(asdict(done)))
    (place / CHECKPOINT).unlink()
    return done


def _lesson(plan: Plan, faces: Faces, aus: tuple[int, ...]) -> Lesson:
    """A network's faces, and for its sheets the calmest of people whom it does not see."""
    seen = set(plan.trained_on)
    others = plan.paints or tuple(name for name in faces.people if name not in seen)
    shown = _calm(faces, others or plan.trained_on)
    return Lesson(plan.name, faces, faces.of(plan.trained_on), shown, aus)


def _calm(faces: Faces, people: tuple[str, ...]) -> np.ndarray:
    """The faces whose AUs sum to least, of at most `SHOWN` people spread evenly."""
    found = []
    for at in spread(len(people), SHOWN):
        rows = faces.of([people[at]])
        found += rows[np.argsort(faces.aus[rows].sum(axis=1), kind="stable")][:1].tolist()
    return np.array(found, np.int64)


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
