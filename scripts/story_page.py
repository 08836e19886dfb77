"""The page of `make story`: every step with its time, what was reached, pictures of each stage."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from generator.preview.contact import GAP, LABEL, TILE, TOP
from vitpain.evaluate.page import document
from vitpain.evaluate.report import BANNER
from vitpain.evaluate.table import NONE, Table
from vitpain.evaluate.told import Picture, Section

RUNS = {"pretrained": "pre-trained: unseen people", "finetuned": "fine-tuned: unseen subjects"}
SHOWN = {"mae": "MAE", "pearson": "Pearson", "icc": "ICC(3,1)", "ccc": "concordance"}
WHOSE = {"right": "their own", "other": "another person's", "none": "none"}
LOOK = "checks/saliency_of_faces_in_pain.png"
"""What `explain` draws of where a model looks."""
READ = (
    "a frame of the stand-in, read with its neutral by the mean of five folds, four of which have"
    " seen this subject"
)
WIDEST, HIGHEST = 1152, TOP + 6 * (TILE + LABEL + GAP)
"""Pixels of a picture that are shown: of the contact sheet six people."""
OPENING = (
    "Everything below was made by one command, on this machine, from nothing: people, pictures,"
    " labels, models. The sizes are tiny; the figures show that every part works, and how well"
    " something so small can do.",
    "The full reports lie beside this page, in pretrained/report and finetuned/report.",
)


def page(out: Path, figures: Mapping[str, Any]) -> str:
    """Build the page of a story that has ended in `out`."""
    shown = [
        Section("Steps", _steps(figures), ()),
        Section("What was reached", _reached(figures), ()),
        Section("Whose neutral", _neutrals(figures), ()),
        *(
            Section(title, None, (_picture(out, place, caption),))
            for title, place, caption in (
                ("People", "preview/contact.png", "neutral, then pain by PSPI"),
                ("Where it looks", f"pretrained/{LOOK}", "on people it has not seen"),
                ("One frame read", "read.png", READ),
            )
        ),
    ]
    return document("The story: from nothing to a pain estimator", BANNER, OPENING, shown)


def _steps(figures: Mapping[str, Any]) -> Table:
    rows = tuple(
        (one["step"], f"{one['seconds']:.1f}", f"pain3d {' '.join(one['command'])}")
        for one in figures["steps"]
    )
    total = ("All", f"{figures['seconds']:.1f}", "")
    head = ("step", "seconds", "command")
    last = frozenset({len(rows)})
    return Table("Steps", head, (*rows, total), strong=last, left=frozenset({0, 2}))


def _reached(figures: Mapping[str, Any]) -> Table:
    rows = []
    for run, text in RUNS.items():
        report = figures[run]
        pspi, pain = report["pspi"]["pooled"], report["detection"]["pspi>=1"]["pooled"]
        cells = [_cell(pspi[name]) for name in SHOWN]
        rows.append((text, str(pspi["subjects"]), *cells, _cell(pain["auroc"]), _cell(pain["f1"])))
        for guess, found in report["baselines"].items():
            rows.append((f"guess: {guess}", "", _cell(found["mae"]), *[""] * (len(SHOWN) + 1)))
    head = ("model", "people", *SHOWN.values(), "AUROC, PSPI ≥ 1", "F1, PSPI ≥ 1")
    note = "In brackets the 95 % interval over people."
    return Table("What was reached", head, tuple(rows), (note,))


def _neutrals(figures: Mapping[str, Any]) -> Table:
    rows = []
    for run, text in RUNS.items():
        for whose, name in WHOSE.items():
            found = figures[run]["conditions"].get(whose)
            if found is not None:
                cells = (_cell(found["pspi"][name]) for name in SHOWN)
                rows.append((text, name, *cells))
    return Table(
        "Whose neutral", ("model", "neutral", *SHOWN.values()), tuple(rows), left=frozenset({0, 1})
    )


def _cell(value: Mapping[str, Any]) -> str:
    if value["value"] is None:
        return NONE
    between = "" if value["low"] is None else f" [{value['low']:.2f}, {value['high']:.2f}]"
    return f"{value['value']:.2f}{between}"


def _picture(out: Path, place: str, caption: str) -> Picture:
    """The top of a picture of the story, no wider than the page."""
    image = cv2.imdecode(np.frombuffer((out / place).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None, place
    image = image[:HIGHEST]
    share = min(1.0, WIDEST / image.shape[1])
    if share < 1.0:
        size = (WIDEST, round(share * image.shape[0]))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".png", image)[1].tobytes()
    return Picture(place, caption, data, data)
