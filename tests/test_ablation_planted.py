"""A study that is trained: labels that were shuffled are found to harm, and a copy of real is not.

Pictures show their class of pain by colour; those of the drawn set the colour of any class.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from generator.shards.record import Sample
from tests import ablated, fake_producer, painted
from vitpain.ablation.arms import BASE, Arm
from vitpain.ablation.cell import attempt
from vitpain.ablation.compare import compare
from vitpain.ablation.figures import PRIMARY, Difference
from vitpain.ablation.report.answer import verdict
from vitpain.ablation.sources import Source, Sources

COPY, SHUFFLED = Arm("copy"), Arm("real+shuffled", beside=("shuffled",))
LONGER = replace(
    ablated.CONFIG, only=(), epochs=20, learning_rate=3e-3, sampling="none", au_weight=0.0
)
"""Ten test people, and steps enough to learn six colours."""


def shuffled(config: Any, index: int) -> list[Sample]:
    """The labels that somebody has, and pictures of anybody's."""
    rng = np.random.Generator(np.random.Philox(key=index))
    made = fake_producer.make_person(config, index)
    return [painted.coloured(one, int(rng.integers(len(painted.COLOURS)))) for one in made]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Difference]:
    """What was found of each arm in the primary metric, held against real frames alone."""
    folder = tmp_path_factory.mktemp("planted")
    producer = replace(ablated.ALIGNED, make_person=shuffled)
    real = ablated.made(folder / "real", ablated.REAL)
    drawn = ablated.made(folder / "shuffled", ablated.DRAWN, producer)
    there = Sources(Source("real", "real", real), (Source("shuffled", "3d", drawn),))
    study, cells = ablated.study(folder / "run", there, (Arm(BASE), COPY, SHUFFLED), LONGER)
    assert [attempt(study, one, 0) for one in cells] == [None] * 15
    found = compare(study.out)
    base = next(one for one in found.estimates if (one.arm, one.metric) == (BASE, PRIMARY))
    assert base.value.value is not None
    # What is harmed must be there.
    assert base.value.value > 0.7
    return {one.arm: one for one in found.differences if one.metric == PRIMARY}


def test_shuffled_labels_are_found_to_harm(held: dict[str, Difference]) -> None:
    one = held[SHUFFLED.name]
    assert one.value.high is not None
    assert one.value.high < 0.0
    assert (one.found, verdict(one)) == (True, "worse")


def test_a_copy_of_real_frames_alone_differs_in_nothing(held: dict[str, Difference]) -> None:
    one = held[COPY.name]
    assert (one.value.value, one.value.low, one.value.high) == (0.0, 0.0, 0.0)
    assert (one.p, one.found, verdict(one)) == (1.0, False, "no difference shown")
