"""What a training run says: lines and curves that go on where the checkpoint was, whatever came."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from assets import journal
from assets.journal import Journal

FULL = """
import resource, signal, sys
from pathlib import Path
from assets.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
with Journal(Path(sys.argv[1]), 0, 0) as said:
    for step in range(99):
        said.line("train", step, {"loss": 1.0})
"""


def test_a_log_goes_on_where_its_checkpoint_was(tmp_path: Path) -> None:
    with journal.Journal(tmp_path, 0, 0) as log:
        log.line("train", 2, {"total": 1.23456789, "gradient": 2.0})
        size = log.size()
        log.line("train", 4, {"total": 9.0, "gradient": 9.0})
        log.warn(4, "lost")
    with journal.Journal(tmp_path, 2, size) as log:
        log.line("val", 4, {"score": None, "frames": 7})
        log.line("train", 4, {"total": 0.5, "gradient": 1.0})
    rows = [json.loads(line) for line in (tmp_path / journal.LOG).read_text().splitlines()]
    assert rows == [
        {"kind": "train", "step": 2, "total": 1.23457, "gradient": 2.0},
        {"kind": "val", "step": 4, "score": None, "frames": 7},
        {"kind": "train", "step": 4, "total": 0.5, "gradient": 1.0},
    ]
    shown = EventAccumulator(str(tmp_path / journal.CURVES))
    shown.Reload()
    points = [(one.step, pytest.approx(one.value)) for one in shown.Scalars("train/total")]
    assert points == [(2, 1.23456789), (4, 0.5)]
    assert "val/score" not in shown.Tags()["scalars"]
    with pytest.raises(ValueError, match=r"log.jsonl must have at least the 9999 bytes"):
        journal.Journal(tmp_path, 9, 9999)


def test_a_killed_process_keeps_the_curves_of_its_checkpoint(tmp_path: Path) -> None:
    """Up to its checkpoint's step and with it; what came later is said anew."""
    code = (
        "import os, signal\nfrom pathlib import Path\n"
        "from assets.journal import Journal\n"
        f"it = Journal(Path({str(tmp_path)!r}), 0, 0)\n"
        "for step in (0, 1, 2): it.line('train', step, {'loss': float(step)})\n"
        "print(it.size(), flush=True)\n"
        "it.line('train', 3, {'loss': -1.0}); it.size(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    size = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    with journal.Journal(tmp_path, 2, int(size)) as again:
        again.line("train", 3, {"loss": 3.0})
    events = EventAccumulator(str(tmp_path / journal.CURVES))
    events.Reload()
    found = [(event.step, event.value) for event in events.Scalars("train/loss")]
    assert found == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0)]
    rows = [json.loads(line) for line in (tmp_path / journal.LOG).read_text().splitlines()]
    assert [(row["step"], row["loss"]) for row in rows] == found


def test_pictures_and_texts_are_shown(tmp_path: Path) -> None:
    with Journal(tmp_path, 0, 0) as said:
        said.picture(3, "faces", np.full((4, 6, 3), 7, np.uint8))
        said.warn(3, "they spread little")
    events = EventAccumulator(str(tmp_path / journal.CURVES))
    events.Reload()
    (shown,) = events.Images("faces")
    assert (shown.step, shown.height, shown.width) == (3, 4, 6)
    (told,) = events.Tensors("warning/text_summary")
    assert told.tensor_proto.string_val == [b"they spread little"]


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    """In one place: no thread says it before, in words of its own."""
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Traceback")
    assert "Exception in thread" not in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert "the disk is full; what was finished is kept: free space, then --resume" in last
    assert last.endswith(f"'{tmp_path / journal.CURVES}/events.out.tfevents.000000'")
