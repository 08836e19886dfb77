"""Runs of `pain3d generate` with the fake producer, in this process and in others."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from generator import pool
from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.shards.folder import Part
from tests.fake_producer import PAUSE, PRODUCER

ROOT = Path(__file__).parents[1]
SMALL = GenerateConfig(
    identities=12, pain_per_identity=2, confounders=1, views=2, size=32, people_per_shard=2
)
ARGUMENTS = (
    "--identities 12 --pain-per-identity 2 --confounders 1 --views 2 --size 32 --people-per-shard 2"
).split()

# What runs in a process of its own; spawned workers import it anew.
PROGRAM = """
import sys
from scripts.cli import reported
from scripts.generate import main
from tests.fake_producer import PRODUCER
if __name__ == "__main__":
    sys.exit(reported("generate", lambda: main(sys.argv[1:], PRODUCER)))
"""


def ignore(done: int, total: int) -> None:
    """Report progress to nobody."""


@contextmanager
def here() -> Iterator[None]:
    """Work in this process: another takes half a second to start, and nothing else differs."""

    def run(work: Any, tasks: Any, workers: int, report: pool.Report) -> list[Any]:
        return [work(task, report) for task in tasks]

    with patch.object(pool, "run", run):
        yield


def make(
    out: Path, config: GenerateConfig = SMALL, workers: int = 0, part: Part | None = None
) -> Path:
    """Make a data set in this process, or by so many others."""
    with nullcontext() if workers else here():
        generate(config, PRODUCER, Run(out, workers or 1, False, part), ignore)
    return out


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file by its path in the folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def start(
    out: Path, *more: str, program: str = PROGRAM, pause: float = 0.0
) -> subprocess.Popen[str]:
    """Begin a run in a process of its own; every person takes `pause` seconds more."""
    environment = {**os.environ, PAUSE: str(pause), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", program, "--out", str(out), *ARGUMENTS, *more],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a run; gives its exit code and what it said on stderr."""
    _, said = process.communicate(timeout=60)
    return process.returncode, said
