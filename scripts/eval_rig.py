"""`pain3d eval-rig`: how close the neural rig comes to its teacher, on whom it has not seen."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from assets import atomic, head
from assets.allocation import allocate
from assets.population import parse_ages
from assets.streams import stream
from generator import pool
from generator.audit.tables import text
from generator.identity import make_identity
from generator.preview.error_sheet import sheet
from rigging import motion, rig, weights
from rigging import neural as network
from rigging.evaluation.goals import goals
from rigging.evaluation.measure import Measured, Plan, measure
from rigging.evaluation.subject import Rig, Split, Subject
from rigging.evaluation.summary import figures, summarise
from rigging.gaze import STRAIGHT
from rigging.registration import topologies
from rigging.weights import Weights
from scripts.eval_rig_tables import tables
from scripts.figures import check_json, table, write_json
from scripts.options import checked, parse
from scripts.progress import Bar

UNSEEN = 120
"""People among whom the unseen ones are the first of their age bands."""
MIRRORED = 4
"""Vectors held against their mirror images, on the first head of each topology."""


@dataclass(frozen=True)
class Options:
    """Measure how close the neural rig comes to its teacher, and say what it reaches."""

    people: int = 6
    """People of each kind, seen in training and not; age bands in turn."""
    together: int = 30
    """Vectors of several AUs a head, beside every AU alone at 1-5."""
    recovered: int = 2
    """Vectors a head from which AUs are read back."""
    seed: int = 8_000_000
    """Seed of the people who were not seen."""
    workers: int = 1
    """Processes; figures but times are the same with any number."""
    weights: Path | None = None
    """Try the rig.safetensors of a training instead of the one that ships."""
    sheet: Path | None = None
    """Draw where on the face the error lies, as a PNG."""
    json: Path | None = None
    """Write the figures here too."""

    def check(self) -> "Options":
        """Refuse counts with which nothing could be measured."""
        least = {"people": 1, "together": 1, "recovered": 1, "workers": 1, "seed": 0}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise ValueError(f"{name} must be at least {low}, got {getattr(self, name)}")
        return self


@dataclass(frozen=True)
class Crowd:
    """A set of people as `generator.identity` makes it."""

    count: int
    seed: int
    ages: str = "0-90"


@dataclass(frozen=True)
class Trial:
    """The rig on trial, made anew in every process, and the people it was trained on.

    `tried` are those by whom its training was judged, who are neither seen nor wholly unseen.
    """

    rig: Callable[[], Rig]
    seen: Crowd
    tried: Crowd


@dataclass(frozen=True)
class Task:
    """One subject: person `index` of a crowd, on a topology or (None) the head model's own."""

    rig: Callable[[], Rig]
    crowd: Crowd
    index: int
    split: Split
    topology: str | None
    eyeballs: bool
    plan: Plan


def given(path: Path | None) -> Weights:
    """The weights of a file, or those that ship."""
    return weights.load() if path is None else weights.read(path)


def neural(path: Path | None = None) -> Rig:
    """The rig of the weights in a file, or the one that ships."""
    by = given(path)
    fields = partial(network.fields, weights=by)
    return Rig(
        lambda head, left, right: motion.pose(head, fields, left, right, STRAIGHT),
        lambda mesh: rig.prepare(mesh, by).pose,
    )


def trained(path: Path | None = None) -> Trial:
    """The rig of weights, and whom they say that it was trained on.

    Raises ValueError where they do not say it as `pain3d train-rig` does.
    """
    people = given(path).facts.get("people", {})
    try:
        rig_of = partial(neural, path)
        return Trial(rig_of, Crowd(**people["seen"]), Crowd(**people["unseen"]))
    except (KeyError, TypeError) as error:
        rule = "seed, count and ages of the people seen and unseen in training"
        raise ValueError(f"the rig's weights must tell {rule}, got {people}") from error


def chosen(crowd: Crowd, count: int) -> list[int]:
    """The first people of a crowd, age bands in turn."""
    slots = allocate(crowd.count, crowd.seed, parse_ages(crowd.ages))
    before: Counter[tuple[int, int]] = Counter()
    places = []
    for index, slot in enumerate(slots):
        places.append((before[slot.band], slot.band, index))
        before[slot.band] += 1
    return [index for _, _, index in sorted(places)[:count]]


def tasks(options: Options, trial: Trial) -> list[Task]:
    """All subjects: unseen people as heads and on a training topology each, all on those held out.

    Every other person has eyeballs on their mesh, but on the topology that never has them.
    """
    unseen = Crowd(max(UNSEEN, options.people), options.seed)
    if unseen.seed in (trial.seen.seed, trial.tried.seed):
        raise ValueError(f"seed must be another than the training's, got {unseen.seed}")
    others = [name for name in topologies.NAMES if name != "anny"]
    people = chosen(unseen, options.people)
    places: list[tuple[Crowd, int, Split, str | None, bool]] = []
    for number, index in enumerate(people):
        places.append((unseen, index, "unseen_person", None, False))
        name = others[number % len(others)]
        places.append((unseen, index, "unseen_person", name, number % 2 == 0))
    held_out: tuple[tuple[Crowd, list[int], Split], ...] = (
        (trial.seen, chosen(trial.seen, options.people), "unseen_topology"),
        (unseen, people, "unseen_both"),
    )
    for crowd, indices, split in held_out:
        for number, index in enumerate(indices):
            for name in topologies.HELD_OUT:
                eyeballs = number % 2 == 0 and name == "soma"
                places.append((crowd, index, split, name, eyeballs))
    found, mirrored = [], set()
    for crowd, index, split, name, eyeballs in places:
        mirror = 0 if name in mirrored else min(MIRRORED, options.together)
        plan = Plan(together=options.together, recovered=options.recovered, mirrored=mirror)
        mirrored.add(name)
        found.append(Task(trial.rig, crowd, index, split, name, eyeballs, plan))
    return found


def work(task: Task, report: pool.Report) -> Measured:
    """Measure one subject."""
    crowd = task.crowd
    identity = make_identity(task.index, crowd.count, crowd.seed, crowd.ages)
    shape, age = identity.shape, identity.person.age_years
    person = head.load().person(shape.phenotypes, shape.changes, age)
    mapped = None if task.topology is None else topologies.load(task.topology)
    subject = Subject(task.split, person, mapped, task.eyeballs)
    rng = stream(crowd.seed, task.index, f"rig trial {subject.topology}")
    measured = measure(subject, task.rig(), task.plan, rng)
    report(1)
    return measured


def main(arguments: list[str], trial: Trial | None = None) -> int:
    """Try the rig, print the tables and write figures and sheet; goals missed are no failure."""
    options = checked("eval-rig", parse(Options, "eval-rig", arguments).check)
    for path in (options.json, options.sheet):
        check_json(path)
    start = time.monotonic()
    wanted = tasks(options, trial or trained(options.weights))
    with Bar(" heads") as bar:
        measured = pool.run(
            work, wanted, options.workers, lambda count: bar.advance(count, len(wanted))
        )
    summary = summarise(measured)
    judged = goals(summary)
    for one in tables(summary, judged):
        if one.rows:
            print(f"{text(one)}\n")
    reached = sum(goal.reached is True for goal in judged)
    ends = {"goals reached": f"{reached} of {len(judged)}", "seconds": time.monotonic() - start}
    print(table(ends))
    if options.sheet is not None:
        atomic.write(options.sheet, sheet(measured, head.load()))
    goals_told = {goal.name: asdict(goal) for goal in judged}
    write_json(options.json, {**figures(summary), "goals": goals_told})
    return 0
