"""What a notebook needs of this room: frames to learn from, models, what they read in pictures."""

from collections.abc import Sequence
from pathlib import Path

import torch

from vitpain.data.frames import Frames, open_frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import PairConfig, Pairs
from vitpain.data.stream import Streaming, stream_batches
from vitpain.model.files import load as load_model
from vitpain.predict.predict import Asked, listed, predict
from vitpain.predict.readers import Readers, open_run
from vitpain.predict.reading import Given
from vitpain.predict.table import Row

__all__ = [
    "Frames", "Loader", "Loading", "PairConfig", "Pairs", "Readers", "Streaming", "load_model",
    "open_frames", "open_readers", "read_pain", "stream_batches",
]  # fmt: skip


def open_readers(run: Path, device: str = "cpu") -> Readers:
    """The models of a run of `pretrain` or `finetune` that has ended.

    Raises ValueError where the folder is no run, has not ended, or its backbone is not in it.
    """
    return open_run(run, None, torch.device(device), bf16=False)


def read_pain(readers: Readers, inputs: Sequence[Path], neutrals: Sequence[Path] = ()) -> list[Row]:
    """What a run's models read in pictures, folders, videos and data sets: a row a face.

    `neutrals` are pictures of the same person at rest. A row has `pspi_hat` (0-16), `p1` to `p3`
    (that PSPI is at least 1 to 3), `au4_hat` ... (FACS 0-5, AU43 0-1), or `error` with the reason
    why nothing was read. Raises ValueError where there is nothing to read, or no neutral can be.
    """
    asked = Asked(listed(inputs), Given(tuple(neutrals)), Loading(16, 0))
    return predict(asked, readers, lambda done, total: None)
