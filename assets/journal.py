"""What a training run says: lines of JSON in `log.jsonl`, and curves for TensorBoard.

Each trainer names its own kinds of lines; a `warning` is a text. What a killed run wrote after its
last checkpoint is cut off, so that lines read as if it had never been killed.
"""

import json
import math
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from types import TracebackType

import numpy as np
from jaxtyping import UInt8
from torch.utils.tensorboard import summary

from assets.atomic import told_full
from assets.curves import Curves

LOG, CURVES = "log.jsonl", "tb"


class Journal:
    """Writes the log and the curves of a run's folder."""

    def __init__(self, folder: Path, step: int, size: int) -> None:
        """Go on after a step, when the log held `size` bytes.

        Raises ValueError where it holds fewer: somebody has changed it.
        """
        path = folder / LOG
        there = path.stat().st_size if path.exists() else 0
        if there < size:
            rule = f"at least the {size} bytes of the checkpoint"
            raise ValueError(f"{path} must have {rule}, got {there}")
        # Curves are hidden from this step on: what was said at the checkpoint's own stays.
        self._curves = Curves(folder / CURVES, step + 1 if step else 0)
        self._path = path
        self._file = open(path, "ab")
        self._file.truncate(size)
        # Else `size` would count what was cut off until the next line is written.
        self._file.seek(size)

    def __enter__(self) -> "Journal":
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close both; where the disk is full, as an error of its own only if there is no other."""
        with suppress(OSError) if error is not None else nullcontext(), ExitStack() as both:
            both.callback(self._curves.close)
            both.enter_context(told_full(self._path))
            both.callback(self._file.close)

    def line(self, kind: str, step: int, figures: Mapping[str, float | int | None]) -> None:
        """Write figures after a step; what is undefined is null, and no point of a curve.

        Raises ValueError that names a figure which is no finite number.
        """
        for name, value in figures.items():
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{kind} {name} must be finite, got {value} after step {step}")
        shown = {name: _short(value) for name, value in figures.items()}
        self._write({"kind": kind, "step": step, **shown})
        for name, value in figures.items():
            if value is not None:
                self._curves.add(summary.scalar(f"{kind}/{name}", value), step)
        # Who looks on sees a line when it is written.
        self._curves.flush()

    def warn(self, step: int, text: str) -> None:
        """Write a text that the user should see."""
        self._write({"kind": "warning", "step": step, "text": text})
        self._curves.add(summary.text("warning", text), step)

    def picture(self, step: int, name: str, pixels: UInt8[np.ndarray, "height width 3"]) -> None:
        """Show a picture beside the curves."""
        self._curves.add(summary.image(name, pixels, dataformats="HWC"), step)

    def size(self) -> int:
        """Bytes of the log so far, all of them written, and the curves that belong to them."""
        self._file.flush()
        self._curves.flush()
        return self._file.tell()

    def _write(self, row: Mapping[str, object]) -> None:
        with told_full(self._path):
            self._file.write(f"{json.dumps(row, allow_nan=False)}\n".encode())
            self._file.flush()


def _short(value: float | int | None) -> float | int | None:
    """Six digits: more would be noise."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
