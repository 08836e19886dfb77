"""What there is to tell of a registration: pictures left out and why, and figures by person."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa

from generator.importers.notes import refused as _refused
from generator.producer import Note, by_topic
from generator.shards.derived import Derived
from generator.shards.manifest import json_bytes
from generator.shards.record import Registration

Topic = Literal["unreadable", "landmarks", "misfit", "turned", "missing"]
TEXTS: dict[Topic, str] = {
    "unreadable": "pictures left out: not readable",
    "landmarks": "pictures left out: landmarks",
    "misfit": "pictures left out: no face fits",
    "turned": "pictures left out: turned too far",
    "missing": "pictures without their neutral",
}
FITTED = "fitted"
"""Topic of the note that sums up what was fitted of a person."""
REPORT = "register_report.json"
MEASURED = ("error", "mirrored", "filled")


def note(topic: Topic, key: str, rule: str, value: object) -> Note:
    """Note something of a picture; it counts where it is left out."""
    return Note(topic, key, rule, str(value)[:300], int(topic != "missing"))


def refused(topic: Topic, key: str, error: ValueError) -> Note:
    """Note what an error of the form `WHAT must be RULE, got VALUE` says of a picture."""
    told = _refused("unreadable", key, error)
    return note(topic, key, told.rule, told.value)


def summed(person: str, fits: Sequence[Registration]) -> Note:
    """Sum up the fits of a person's pictures."""
    sums = {
        "count": float(len(fits)),
        "yaw": float(np.sum([abs(one.pose.yaw) for one in fits])),
        **{name: float(np.sum([getattr(one, name) for one in fits])) for name in MEASURED},
    }
    return Note(FITTED, person, "", json.dumps(sums))


def report(derived: Derived, notes: Sequence[Note], rows: pa.Table, pictures: int) -> bytes:
    """The report of a registration: its figures, people, then every picture that is told of."""
    fits = {item.file: json.loads(item.value) for item in notes if item.topic == FITTED}
    content = {
        "derived": asdict(derived),
        "figures": figures(notes, rows, pictures),
        "people": {person: _means(fit) for person, fit in fits.items()},
        "notes": by_topic(notes, get_args(Topic), "key"),
    }
    return json_bytes(content)


def figures(notes: Sequence[Note], rows: pa.Table, pictures: int) -> dict[str, Any]:
    """Counts of what was registered and of every topic, and means over all pictures."""
    topics = Counter(item.topic for item in notes)
    fits = [json.loads(item.value) for item in notes if item.topic == FITTED]
    total = {name: float(sum(fit[name] for fit in fits)) for name in ("count", "yaw", *MEASURED)}
    return {
        "pictures in the data set": pictures,
        "pictures registered": rows.num_rows,
        "people": len(rows.column("identity").unique()),
        **{TEXTS[topic]: topics[topic] for topic in get_args(Topic)},
        **_means(total),
    }


def _means(sums: dict[str, float]) -> dict[str, float]:
    count = max(sums["count"], 1.0)
    return {
        "mean yaw from the front, degrees": float(np.degrees(sums["yaw"] / count)),
        "mean misfit, shares of the eyes' distance": sums["error"] / count,
        "mean share mirrored": sums["mirrored"] / count,
        "mean share filled": sums["filled"] / count,
    }
