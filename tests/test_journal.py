"""What a training run says: lines and curves that go on where the checkpoint was, whatever came."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from assets import journal
from assets.curves import NAME, Curves
from assets.journal import Journal

FULL = """
import resource, signal, sys
from pathlib import Path
from tensorboard.compat.proto.summary_pb2 import Summary
from assets.curves import Curves
from assets.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
place, large = Path(sys.argv[1]), Summary(value=[Summary.Value(tag="a" * 9000)])
def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
"""
LOG_FILLS = """
with Journal(place, 0, 0) as said:
    limit(200)
    said.line("train", 1, {str(name): 1.0 for name in range(50)})
"""
CURVES_FILL = """
curves = Curves(place, 0)
limit(20_000)
while True: curves.add(large, 1)
"""
CURVES_FLUSH = """
curves = Curves(place, 0)
limit(10)
curves.flush()
"""
CURVES_CLOSE = """
curves = Curves(place, 0)
limit(10)
curves.close()
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


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (LOG_FILLS, journal.LOG),
        *((code, f"{NAME}0000000000") for code in (CURVES_FILL, CURVES_FLUSH, CURVES_CLOSE)),
    ],
)
def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path, code: str, name: str) -> None:
    """In one place: no thread says it before, in words of its own."""
    words = [sys.executable, "-c", FULL + code, str(tmp_path)]
    ended = subprocess.run(words, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Traceback")
    assert "Exception in thread" not in ended.stderr
    # The first line of an error: what closing finds full as well comes after it, and is not told.
    (told,) = [line for line in ended.stderr.splitlines() if line.startswith("OSError: ")][-1:]
    assert "the disk is full; what was finished is kept: free space and run it again" in told
    assert told.endswith(f"'{tmp_path / name}'")


def test_a_full_disk_does_not_hide_what_went_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Curves) -> None:
        raise OSError(errno.ENOSPC, "no room")

    said = Journal(tmp_path, 0, 0)
    curves = said._curves
    with monkeypatch.context() as patch:
        patch.setattr(Curves, "close", full)
        with pytest.raises(ValueError, match="the loss"), said:
            raise ValueError("the loss")
        with pytest.raises(OSError, match="no room"), Journal(tmp_path, 0, 0) as again:
            other = again._curves
    curves.close()
    other.close()


def test_what_is_no_number_is_named(tmp_path: Path) -> None:
    with Journal(tmp_path, 0, 0) as said:
        with pytest.raises(ValueError, match="train loss must be finite, got nan after step 7"):
            said.line("train", 7, {"frames": 3, "loss": float("nan")})
        assert said.size() == 0


def test_a_file_comes_after_all_that_are_there(tmp_path: Path) -> None:
    """Those of the library too, which have the second in their names, and where one was removed."""
    with SummaryWriter(str(tmp_path / journal.CURVES)) as library:
        library.add_scalar("train/loss", 5.0, 1)
        library.add_scalar("train/loss", 6.0, 2)
    for last in (7.0, 8.0):
        with Journal(tmp_path, 1, 0) as said:
            said.line("train", 2, {"loss": last})
    events = EventAccumulator(str(tmp_path / journal.CURVES))
    events.Reload()
    assert [(one.step, one.value) for one in events.Scalars("train/loss")] == [(1, 5.0), (2, 8.0)]
    first, *_ = sorted((tmp_path / journal.CURVES).iterdir())
    first.unlink()
    Journal(tmp_path, 1, 0).__exit__(None, None, None)
    assert len(list((tmp_path / journal.CURVES).iterdir())) == 3
