"""From data sets to rows: every frame with its person's own neutral, by who did not learn from it.

A sample that is not whole becomes a row with its reason, and the rest goes on.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
from jaxtyping import Int64, UInt8

from vitpain.data import crops
from vitpain.data.batch import Batch
from vitpain.data.frames import Frames
from vitpain.data.loader import Loader, Loading
from vitpain.data.pairs import PairConfig, Pairs
from vitpain.predict import table
from vitpain.predict.overlay import Shown, smaller
from vitpain.predict.readers import By, Readers


def read(
    frames: Frames,
    readers: Readers,
    loader: Loader,
    report: Callable[[int], None],
    draw: Callable[[Shown], None] | None = None,
) -> list[table.Row]:
    """Give rows of all frames in their order; `report` hears how many were done meanwhile.

    Neutrals are drawn as the run drew them, and a frame's crop is that of training.
    """
    config = readers.rows
    references = config.references if readers.config.sees_neutral else 0
    plan = PairConfig(readers.config.size, references, config.views, seed=config.seed)
    pairs = Pairs(frames, plan)
    found: dict[int, table.Row] = {}
    for by, chosen in readers.shared(frames).items():
        for batch in _batches(pairs, np.array(chosen, np.int64), loader):
            if isinstance(batch, Batch):
                found |= _rows(frames, batch, readers, by, draw)
                report(len(batch.rows))
            else:
                row, error = batch
                found[row] = _row(frames, row, error=table.as_text(error))
                report(1)
    return [found[row] for row in range(len(frames))]


def _batches(
    pairs: Pairs, rows: Int64[np.ndarray, " rows"], loader: Loader
) -> Iterator[Batch | tuple[int, str]]:
    """Batches of rows, and those rows that cannot be read with the reason."""
    each = loader.loading.batch
    while len(rows):
        reading = loader.batches(pairs, rows)
        stopped = False
        while not stopped:
            try:
                batch = next(reading, None)
            except ValueError:
                # The loader stops at a sample that is not whole: one by one up to behind it.
                yield from _singly(pairs, rows[:each])
                rows, stopped = rows[each:], True
            else:
                if batch is None:
                    return
                yield batch
                rows = rows[len(batch.rows) :]


def _singly(pairs: Pairs, rows: Int64[np.ndarray, " rows"]) -> Iterator[Batch | tuple[int, str]]:
    with Loader(Loading(batch=1)) as loader:
        for row in rows.tolist():
            try:
                yield from list(loader.batches(pairs, np.array([row])))
            except ValueError as error:
                yield row, str(error)


def _rows(
    frames: Frames,
    batch: Batch,
    readers: Readers,
    by: By,
    draw: Callable[[Shown], None] | None,
) -> dict[int, table.Row]:
    """Rows of a batch by the row of the frame."""
    fold, seen = by
    said = readers.read(batch, fold)
    rows: Sequence[int] = batch.rows.tolist()
    sources = frames.index.column("source").take(pa.array(rows)).to_pylist()
    made = {}
    for at, row in enumerate(rows):
        chosen = batch.neutral_rows[at].numpy()
        named = frames.keys(chosen[chosen >= 0])
        made[row] = _row(
            frames,
            row,
            neutral="own" if named else "none",
            neutrals=named,
            read_by=readers.name(fold),
            seen=seen,
            note=readers.note(sources[at]),
            **{name: float(values[at]) for name, values in said.items()},
        )
    if draw is not None:
        for at, saliency in enumerate(readers.saliency(batch, fold)):
            crop = np.ascontiguousarray(batch.face[at].numpy().transpose(1, 2, 0))
            draw(_shown(frames, rows[at], crop, saliency, made[rows[at]]))
    return made


def _row(frames: Frames, row: int, **known: object) -> table.Row:
    path = frames.paths[frames.shard[row]]
    return table.row(str(path), key=frames.keys(np.array([row]))[0], **known)


def _shown(
    frames: Frames,
    row: int,
    crop: UInt8[np.ndarray, "size size 3"],
    saliency: np.ndarray,
    said: table.Row,
) -> Shown:
    place = frames.places(np.array([row]))[0]
    record = frames.record(row)
    parsed = {"landmarks": None, "width": record.width, "height": record.height}
    if record.landmarks is not None:
        points = [list(point) for point in record.landmarks.points]
        parsed["landmarks"] = {"scheme": record.landmarks.scheme, "points": points}
    square = crops.face_square(parsed, float(place["share"]), record.key)
    return Shown(*smaller(frames.picture(row), square), crop, saliency, said)
