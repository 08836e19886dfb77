"""`pain3d predict`: read pain from pictures, folders of them, videos and data sets."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from scripts.figures import check_json, table, write_json
from scripts.learning import check_installed, device_of, weights_of
from scripts.options import checked, parse
from scripts.progress import Bar
from vitpain.evaluate.table import printable

if TYPE_CHECKING:
    from vitpain.data.loader import Loading
    from vitpain.predict.reading import Given

FEW = 20
"""Faces that are printed a line each; of more, so many of those that could not be read."""


@dataclass(frozen=True)
class Options:
    """Read pain from pictures, folders of pictures and videos, videos, and data sets.

    A face is found and cropped as in training. What cannot be read, or shows no face or several,
    is a row with its reason. In data sets every face is compared with its person's own neutral.
    Frames of people whom a fold of the run tested are read by that fold, all others by the mean of
    the folds; of pictures it is not known whom they show.
    """

    inputs: tyro.conf.Positional[tuple[Path, ...]]
    """Pictures (PNG, JPEG, BMP, WebP), videos, folders with such, and data sets."""
    run: Path
    """The run: a folder that pretrain or finetune has finished."""
    neutral: tuple[Path, ...] = ()
    """Pictures of the same person's face at rest, one or more; every picture is compared with
    all of them."""
    box: Annotated[str | None, tyro.conf.arg(metavar="X,Y,W,H")] = None
    """The face's square by hand, in pixels, brows to the chin of a wide open mouth (as `left`,
    `top` and `side` of OUT say it): for pictures in which none is found."""
    neutral_box: Annotated[str | None, tyro.conf.arg(metavar="X,Y,W,H")] = None
    """The same in the neutral pictures."""
    every: int = 1
    """Of videos read one frame in so many, from the first."""
    weights: str | None = None
    """Weights of a frozen backbone that is not in the run: `hub` or a file."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to work; auto takes a GPU where there is one."""
    precision: Literal["auto", "float32", "bf16"] = "auto"
    """Numbers of the forward pass: auto is bf16 on a GPU, float32 on a CPU."""
    batch: int = 16
    """Faces at once, 1 or more."""
    workers: int = 0
    """Processes that read data sets; 0 reads in the one that predicts."""
    out: Path | None = None
    """Write a row a face here: .parquet or .csv."""
    overlay: Path | None = None
    """Draw what was read: a PNG or JPEG for one picture, else a folder; empty or not there."""
    json: Path | None = None
    """Write the counts here."""


def main(arguments: list[str]) -> int:
    """Read all there is, print what was found and say where it lies."""
    options = parse(Options, "predict", arguments)
    check_json(options.json)
    check_installed("predict")
    if options.overlay is not None and find_spec("captum") is None:
        raise ValueError('predict --overlay needs captum: pip install -e ".[learn]"')
    # Imported here: these need torch.
    import torch

    from vitpain.predict.overlay import Overlays
    from vitpain.predict.predict import Asked, listed, predict
    from vitpain.predict.readers import open_run
    from vitpain.predict.table import check_out, counts, write

    start = time.monotonic()
    given, loading = checked("predict", lambda: _given(options))
    asked = Asked(listed(options.inputs), given, loading, options.every)
    if options.out is not None:
        check_out(options.out)
    overlays = None if options.overlay is None else Overlays(options.overlay, asked.several)
    device = torch.device(device_of(options.device))
    bf16 = options.precision == "bf16" or (options.precision, device.type) == ("auto", "cuda")
    weights = None if options.weights is None else weights_of(options.weights)
    readers = open_run(options.run, weights, device, bf16)
    if asked.given.neutrals and not readers.config.sees_neutral:
        text = "this run's models look at no neutral: what was given is not used"
        print(f"pain3d predict: {text}", file=sys.stderr)
    with Bar(" faces") as bar:
        rows = predict(asked, readers, bar.advance, None if overlays is None else overlays.add)
    if options.out is not None:
        write(options.out, rows)
    told = counts(rows)
    _say(rows, readers.config.sees_neutral)
    print(table({**told, "seconds": time.monotonic() - start}))
    places = [options.out, options.overlay if told["read"] else None]
    kept = ", ".join(str(place) for place in places if place is not None)
    print(f"results: {kept or 'above alone; --out FILE.parquet or FILE.csv keeps them'}")
    write_json(options.json, {**told, "run": str(options.run), "note": readers.note()})
    return 0 if told["read"] else 1


def _given(options: Options) -> "tuple[Given, Loading]":
    from vitpain.data.loader import Loading
    from vitpain.predict.reading import Given, parse_box

    box, neutral_box = (
        None if text is None else parse_box(text) for text in (options.box, options.neutral_box)
    )
    return Given(options.neutral, box, neutral_box), Loading(options.batch, options.workers)


def _say(rows: Sequence[dict[str, Any]], sees_neutral: bool) -> None:
    """A line a face where there are few, and a line for what could not be read."""
    read = [one for one in rows if one["error"] is None]
    failed = [one for one in rows if one["error"] is not None]
    for one in rows if len(rows) <= FEW else failed[:FEW]:
        print(printable(_line(one)))
    if len(rows) > FEW and len(failed) > FEW:
        print(f"and {len(failed) - FEW:,} more that were not read")
    if len(rows) > FEW:
        for note in dict.fromkeys(one["note"] for one in read if one["note"]):
            print(f"NOTE: {note}")
    alone = sum(one["neutral"] == "none" for one in read)
    if sees_neutral and alone:
        print(f"NO NEUTRAL: {alone:,} faces were read without one, which is less sure")


def _line(row: dict[str, Any]) -> str:
    if row["error"] is not None:
        return f"not read: {row['error']}"
    frame = "" if row["frame"] is None else f", frame {row['frame']}"
    levels = " ".join(f"p{level} {row[f'p{level}']:.2f}" for level in (1, 2, 3))
    aus = " ".join(
        f"{name.removesuffix('_hat').upper()} {value:.1f}"
        for name, value in row.items()
        if name.startswith("au")
    )
    neutral = {"given": "neutral given", "own": "own neutral", "none": "no neutral"}
    said = f"PSPI {row['pspi_hat']:.1f}  {levels}  {aus}  {neutral[row['neutral']]}"
    note = f"  ({row['note']})" if row["note"] else ""
    return f"{row['key'] or row['file']}{frame}: {said}{note}"
