"""Curves, pictures and texts of a training run as files of events, which TensorBoard reads.

A run that goes on begins a file of its own; TensorBoard reads them in the order of their names and
hides what earlier ones say from the step on at which a later one begins. Written by the process
itself and not by a thread of the library, so that a full disk is an error that names the file.
"""

import re
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import (
    Event,  # pyright: ignore[reportAttributeAccessIssue]
    SessionLog,  # pyright: ignore[reportAttributeAccessIssue]
)
from tensorboard.compat.proto.summary_pb2 import (
    Summary,  # pyright: ignore[reportAttributeAccessIssue]
)
from tensorboard.summary.writer.record_writer import RecordWriter

from assets.atomic import told_full

NAME = "events.out.tfevents."
FILE = re.compile(rf"{re.escape(NAME)}(\d+)")
"""Ours, and those of the library, which have the second in their names."""
VERSION = "brain.Event:2"
"""The first in which a later file hides what an earlier one says."""


class Curves:
    """Writes a file of events into a folder, made here if it is not there."""

    def __init__(self, folder: Path, step: int) -> None:
        """Begin a file that hides what was said of `step` and later ones."""
        folder.mkdir(exist_ok=True)
        numbers = [int(one[1]) for path in folder.iterdir() if (one := FILE.match(path.name))]
        self._path = folder / f"{NAME}{max(numbers, default=-1) + 1:010d}"
        with told_full(self._path):
            self._file = open(self._path, "xb")
        self._records = RecordWriter(self._file)
        self._put(Event(step=step, file_version=VERSION))
        self._put(Event(step=step, session_log=SessionLog(status=SessionLog.START)))

    def add(self, summary: Summary, step: int) -> None:
        """Write what was found after a step, as `torch.utils.tensorboard.summary` makes it."""
        self._put(Event(step=step, summary=summary))

    def flush(self) -> None:
        """Hand all of it to the system."""
        with told_full(self._path):
            self._file.flush()

    def close(self) -> None:
        """Write what is left."""
        with told_full(self._path):
            self._file.close()

    def _put(self, event: Event) -> None:
        event.wall_time = time.time()
        with told_full(self._path):
            self._records.write(event.SerializeToString())
