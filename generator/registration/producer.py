"""Registration as a producer of samples: another data set's pictures, aligned to each other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version

import pyarrow as pa

from assets import flame, manifest
from assets.population import Split
from generator.origin import origin
from generator.producer import Note, Producer
from generator.provenance import DECIDING, source, vectors
from generator.registration.aligned import registered
from generator.registration.config import RegisterConfig, derived, stated
from generator.registration.face_model import load
from generator.registration.notes import REPORT, note, report, summed
from generator.shards.card import About
from generator.shards.derived import about_derived
from generator.shards.record import Registration, Sample
from render import device

SHIPPED = ("anny_head.npz", "registration.npz")


def make_person(config: RegisterConfig, index: int) -> Iterator[Sample | Note]:
    """Samples and notes of one person, one picture in memory at a time.

    A neutral that cannot be registered is nobody's: the pictures after it have none.
    """
    lost: set[str] = set()
    fits: list[Registration] = []
    for sample in origin(config.data).samples(index):
        made = registered(sample, config)
        if isinstance(made, Note):
            lost.add(sample.record.key)
            yield made
            continue
        if made.record.neutral_key in lost:
            made = replace(made, record=replace(made.record, neutral_key=None))
            rule = "must have a neutral of its person and view"
            yield note("missing", made.record.key, rule, "one that was left out")
        assert made.record.registration is not None
        fits.append(made.record.registration)
        yield made
    yield summed(origin(config.data).people[index], fits)


def splits(config: RegisterConfig) -> list[Split]:
    """Split of everybody."""
    return list(origin(config.data).splits)


def pictures(config: RegisterConfig, people: Sequence[int]) -> int:
    """How many pictures the data set has of some people."""
    return origin(config.data).pictures(people)


def made_with(config: RegisterConfig) -> dict[str, str]:
    """What decides bytes beside what every data set states: code, files and processor."""
    entries = manifest.entries()
    found = {
        "source": f"sha256:{source(*DECIDING)}",
        "vectors": vectors(),
        "scipy": version("scipy"),
        "warp": version("warp-lang"),
        **{name: f"sha256:{entries[name].sha256}" for name in SHIPPED},
    }
    if config.head == "flame":
        found["flame"] = f"sha256:{flame.load().sha256}"
        found["flame_licence"] = flame.facts()["licence"]
    return found


def prepare(config: RegisterConfig) -> None:
    """Compile kernels and build the face once: what is missing stops the job before it begins."""
    device.prepare("cpu")
    load(config.head)


def about(config: RegisterConfig) -> About:
    """What the card says."""
    return about_derived(derived(config))


def beside(config: RegisterConfig, notes: Sequence[Note], rows: pa.Table) -> dict[str, bytes]:
    """The report, which lies with the data set."""
    whole = origin(config.data)
    total = whole.pictures(range(len(whole.people)))
    return {REPORT: report(derived(config), notes, rows, total)}


PRODUCER = Producer(
    make_person, splits, pictures, made_with, prepare, about=about, stated=stated, beside=beside
)
