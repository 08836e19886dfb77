"""What a run says while it learns: a line of JSON every so many steps, and curves and pictures.

`log.jsonl` holds lines of these kinds: `train`, means over the samples since the last such line;
`fit`, after least squares; `unseen` and `unseen_noisy`, a trial on unseen people. What a killed run
wrote after its last checkpoint is cut off, so that lines read as if it had never been killed.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from torch.utils.tensorboard import SummaryWriter

LOG, CURVES = "log.jsonl", "tensorboard"
Kind = Literal["train", "fit", "unseen", "unseen_noisy"]
KINDS: tuple[Kind, ...] = ("train", "fit", "unseen", "unseen_noisy")


class Journal:
    """Writes `log.jsonl` and TensorBoard's files in a run's folder."""

    def __init__(self, out: Path, step: int, size: int) -> None:
        """Go on after a step, when the log held `size` bytes.

        Raises ValueError where it holds fewer: somebody has changed it.
        """
        path = out / LOG
        there = path.stat().st_size if path.exists() else 0
        if there < size:
            rule = f"at least the {size} bytes of the checkpoint"
            raise ValueError(f"{path} must have {rule}, got {there}")
        self._file = open(path, "ab")
        self._file.truncate(size)
        # Curves are hidden from this step on: what was said at the checkpoint's own stays.
        self._curves = SummaryWriter(str(out / CURVES), purge_step=step + 1 if step else 0)

    def __enter__(self) -> "Journal":
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close both."""
        self._file.close()
        self._curves.close()

    def line(self, kind: Kind, step: int, figures: Mapping[str, float]) -> None:
        """Write figures after a step."""
        row = {"kind": kind, "step": step, **{name: _short(v) for name, v in figures.items()}}
        self._file.write(f"{json.dumps(row)}\n".encode())
        self._file.flush()
        for name, value in figures.items():
            self._curves.add_scalar(f"{kind}/{name}", value, step)

    def picture(self, step: int, name: str, pixels: UInt8[np.ndarray, "height width 3"]) -> None:
        """Show a picture beside the curves."""
        self._curves.add_image(name, pixels, step, dataformats="HWC")

    def size(self) -> int:
        """Bytes of the log so far, all of them written, and the curves that belong to them."""
        self._file.flush()
        self._curves.flush()
        return self._file.tell()


def _short(value: float) -> float:
    """Six digits: more would be noise."""
    return float(f"{value:.6g}")
