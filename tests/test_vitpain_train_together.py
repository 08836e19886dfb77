"""Two processes that share every batch learn what one learns from the whole of it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests import learning
from tests.learning import lines, train
from tests.runs import ROOT, hashes, make
from vitpain.evaluate import predictions
from vitpain.evaluate.predictions import HATS
from vitpain.model import files
from vitpain.train import fitted, run_folder

PROGRAM = """
import sys
from pathlib import Path
from tests import learning
if __name__ == "__main__":
    first = learning.begin(**learning.STEADY)
    learning.train(Path(sys.argv[1]), Path(sys.argv[2]), learning.ONCE, first=first)
"""


def start(data: Path, out: Path, rank: int, port: int) -> subprocess.Popen[str]:
    """What `accelerate launch --cpu --num_processes 2` starts."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(data), str(out)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def together(data: Path, out: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = [start(data, out, rank, port) for rank in range(2)]
    try:
        said = [one.communicate(timeout=240)[1] for one in both]
    finally:
        for one in both:
            one.kill()
            one.wait()
    assert [one.returncode for one in both] == [0, 0], "\n".join(said)


@pytest.mark.slow
def test_two_processes_learn_what_one_does(tmp_path: Path) -> None:
    data = make(tmp_path / "data", learning.DATA)
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    train(data, alone, learning.ONCE, first=learning.begin(**learning.STEADY))
    together(data, shared)
    models = [dict(files.load(out / fitted.MODEL).named_parameters()) for out in (alone, shared)]
    first = dict(learning.begin(**learning.STEADY).make(0).named_parameters())
    moved = 0.0
    for name, one in models[0].items():
        torch.testing.assert_close(models[1][name], one, rtol=1e-3, atol=2e-5, msg=name)
        moved = max(moved, float((one - first[name]).detach().abs().max()))
    # What was learnt is far more than what differs.
    assert moved > 1e-3
    tables = [predictions.read(out / predictions.NAME) for out in (alone, shared)]
    known = [name for name in tables[0].column_names if name not in HATS]
    assert tables[0].select(known).equals(tables[1].select(known))
    for name in HATS:
        np.testing.assert_allclose(*(table[name] for table in tables), rtol=1e-3, atol=1e-3)
    for row, other in zip(lines(alone), lines(shared), strict=True):
        kind = row.pop("kind")
        assert other.pop("kind") == kind
        if kind == "warning":
            continue
        assert other == pytest.approx(row, rel=1e-2, abs=1e-3)
    begun = [run_folder.begun(out) or {} for out in (alone, shared)]
    assert [one["processes"] for one in begun] == [1, 2]
    names = [{name for name in hashes(out) if "tfevents" not in name} for out in (alone, shared)]
    assert names[0] == names[1]
    # One process does not go on with what two began.
    with pytest.raises(ValueError, match="processes was 2 and is 1"):
        train(data, shared, learning.ONCE, first=learning.begin(**learning.STEADY), resume=True)
