"""Which AU45 is a closed eye with a network: by the labels that trained it, or measured."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from assets import atomic
from generator.gan2d import sweep
from generator.gan2d.faces import Faces, spread
from generator.gan2d.folder import Closed, Gan
from generator.gan2d.painter import Painter
from generator.gan2d.plan import Plan
from generator.shards.manifest import json_bytes

THESIS = 0.4
"""AU45, of 1, at which eyes are closed after training on OpenFace's labels (thesis, eq. 12)."""
SWEEP = "sweep.json"
MOST = 64
"""Faces of a sweep."""
OPEN = 0.1
"""AU45, of 1, below which eyes are open: OpenFace seldom says exactly 0."""


def ruled(gan: Gan) -> Closed | None:
    """The AU45 by what labels trained the networks; None: to be measured."""
    if 45 not in gan.aus:
        return Closed(None, "no AU45")
    if gan.saw.labels == "openface":
        return Closed(THESIS, "thesis")
    if {one.labels for one in (gan.saw, *gan.before)} == {"target"}:
        return Closed(1.0, "labels")
    return None


def settled(
    gan: Gan, plan: Plan, painter: Painter, faces: Faces, place: Path, asked: bool
) -> Closed:
    """Settle it for a network; what was measured lies in its folder as `sweep.json`."""
    known = ruled(gan)
    if known is not None and not asked:
        return known
    try:
        found = sweep.sweep(painter, faces.take(_open_eyed(faces, plan, gan.aus)), gan.aus)
    except ValueError as error:
        text = " ".join(str(error).split())
        atomic.write(place / SWEEP, json_bytes({"network": plan.name, "not measured": text}))
        return known or Closed(None, "not measured")
    atomic.write(place / SWEEP, json_bytes({"network": plan.name, **asdict(found)}))
    return known or Closed(found.closed, "sweep")


def _open_eyed(faces: Faces, plan: Plan, aus: tuple[int, ...]) -> np.ndarray:
    """Faces with open eyes, of those whom the network paints, spread over people."""
    rows = faces.of(plan.paints or faces.people)
    rows = rows[faces.aus[rows, aus.index(45)] < OPEN]
    return rows[spread(len(rows), MOST)]
