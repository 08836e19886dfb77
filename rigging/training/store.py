"""People on disk, each prepared once by any number of processes; samples made in their turn.

`people.json` holds the options that decide them and hashes of the head model and the teacher, so
that runs which differ in other options may share a folder, and none learns from stale people.
Memory holds the topologies and a few samples, however many people there are.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

import safetensors
import safetensors.numpy

from assets import atomic, manifest
from assets.streams import stream
from rigging.registration import topologies
from rigging.training import folder, sample
from rigging.training.config import Run, TrainConfig
from rigging.training.items import SPLITS, Item, Split
from rigging.training.people import Done, People, Report, Spread
from rigging.training.sample import Laid, Person, Sample

STATED = "people.json"
DECIDING = ("people", "unseen", "ages", "seed")
HEAD = "anny_head.npz"
ROOT = Path(__file__).parents[2]
TEACHER = (
    "assets/head.py", "assets/lips.py",
    "rigging/features.py", "rigging/jaw.py", "rigging/muscles.py", "rigging/tissue.py",
)  # fmt: skip
"""What decides a person's vertices, landmarks and fields."""
AHEAD = 2
"""Samples a thread that are made before their turn."""


def path_of(run: Run, split: Split, person: int) -> Path:
    """Where a person lies."""
    return run.people / f"{split}-{person:06d}.safetensors"


def teacher_sha256() -> str:
    """One SHA-256 over names and bytes of the files of `TEACHER`."""
    digest = hashlib.sha256()
    for name in TEACHER:
        one = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
        digest.update(f"{name}\0{one}\n".encode())
    return digest.hexdigest()


def prepare(config: TrainConfig, run: Run, people: People, spread: Spread, report: Report) -> None:
    """Prepare the people who are not there.

    Raises ValueError where those of others stand there, or those of another head model or teacher.
    """
    run.people.mkdir(parents=True, exist_ok=True)
    stated = {name: getattr(config, name) for name in DECIDING} | {"aus": list(sample.AUS)}
    made_with = {"head_model": manifest.entries()[HEAD].sha256, "teacher": teacher_sha256()}
    folder.hold(run.people / STATED, stated | made_with)
    everybody: list[tuple[Split, int]] = [
        (split, person)
        for split, count in zip(SPLITS, (config.people, config.unseen), strict=True)
        for person in range(count)
    ]
    missing = [one for one in everybody if not path_of(run, *one).exists()]
    report(len(everybody) - len(missing), len(everybody))
    work = partial(_prepare, run, people)
    spread(work, missing, run.workers, lambda done: report(done, len(everybody)))


def _prepare(run: Run, people: People, task: tuple[Split, int], done: Done) -> None:
    split, person = task
    head = (people.seen if split == "seen" else people.unseen)(person)
    atomic.write(path_of(run, split, person), safetensors.numpy.save(sample.store(head)))
    done(1)


def person(run: Run, split: Split, number: int, mirrored: bool) -> Person:
    """Read one person. Raises ValueError for a file that is damaged or gone."""
    path = path_of(run, split, number)
    try:
        stored = safetensors.numpy.load_file(path)
        return Person.of(stored, mirrored)
    except (safetensors.SafetensorError, FileNotFoundError, KeyError) as error:
        rule = "a person as it was prepared; remove it and --resume"
        raise ValueError(f"{path} must be {rule}, got {error}") from error


@lru_cache(maxsize=16)
def laid(name: str, eigenvectors: int) -> Laid:
    """A topology, ready for samples."""
    return sample.lay(topologies.load(name), eigenvectors)


def read(config: TrainConfig, run: Run, item: Item) -> Sample:
    """Make a sample: the same for ever."""
    who = person(run, item.split, item.person, item.mirrored)
    made = sample.make(who, laid(item.topology, config.eigenvectors))
    if item.noise is None:
        return made
    return sample.disturbed(
        made, config, stream(config.seed, -1, f"rig noise to {item.order}", item.noise)
    )


def _ready(config: TrainConfig, run: Run, item: Item) -> tuple[Sample, object]:
    """Make a sample, and have it compute what the network will be shown."""
    made = read(config, run, item)
    return made, made.features


class Feed:
    """Samples in their order, made by threads ahead of their turn."""

    def __init__(self, config: TrainConfig, run: Run, order: Callable[[int], Item]) -> None:
        """Make nothing yet; `order` says which item comes at a place."""
        self._config, self._run, self._order = config, run, order
        self._ahead = AHEAD * run.workers
        self._pool = ThreadPoolExecutor(run.workers)
        self._waiting: deque[tuple[int, Item, Future[tuple[Sample, object]]]] = deque()

    def __enter__(self) -> "Feed":
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """Make no more."""
        self._pool.shutdown(cancel_futures=True)

    def take(self, place: int, end: int) -> tuple[Item, Sample]:
        """The sample at a place, when those at all places before `end` will come after it."""
        while self._waiting and self._waiting[0][0] != place:
            self._waiting.popleft()[2].cancel()
        following = self._waiting[-1][0] + 1 if self._waiting else place
        for ahead in range(following, min(place + 1 + self._ahead, end)):
            item = self._order(ahead)
            made = self._pool.submit(_ready, self._config, self._run, item)
            self._waiting.append((ahead, item, made))
        _, item, made = self._waiting.popleft()
        return item, made.result()[0]
