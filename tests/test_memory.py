"""Memory does not grow with the data set: workers keep nothing of the people they have made."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs import ROOT

# A process of its own, because the system states the most that any child has ever used.
PROGRAM = """
import resource, sys
from pathlib import Path
from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.synth3d import PRODUCER
from tests.runs import ignore
if __name__ == "__main__":
    config = GenerateConfig(
        identities=int(sys.argv[2]), pain_per_identity=1, views=1, size=64, ages="0-90",
        people_per_shard=2,
    )
    generate(config, PRODUCER, Run(Path(sys.argv[1])), ignore)
    for whose in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF):
        print(resource.getrusage(whose).ru_maxrss)
"""


def most_used(out: Path, people: int) -> tuple[int, int]:
    """Most memory that the one worker, and the process that started it, ever held."""
    arguments = [sys.executable, "-c", PROGRAM, str(out), str(people)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    worker, parent = (int(line) for line in done.stdout.split())
    return worker, parent


@pytest.mark.slow
def test_memory_does_not_grow_with_the_data_set(tmp_path: Path) -> None:
    few, many = (most_used(tmp_path / str(people), people) for people in (12, 72))
    # A texture kept of each of the 60 more would double the worker's.
    assert many[0] < 1.1 * few[0], (few, many)
    assert many[1] < 1.1 * few[1], (few, many)
