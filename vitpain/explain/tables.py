"""What was seen as the tables of `checks.json`: a row a condition, figures with their intervals."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from assets.facs import PAIN_AUS
from vitpain.explain import figure, score
from vitpain.explain.figure import Figure
from vitpain.explain.probe import Read
from vitpain.explain.saliency import TEXTS
from vitpain.explain.seen import Seen
from vitpain.explain.shuffle import RIGHT

Row = dict[str, Any]
QUERIES = tuple(f"au{au}" for au in PAIN_AUS)
EMPTY = "no frame in which an action unit moves the skin and the map is not empty"


def features(
    seen: Seen,
    read: Mapping[str, Read],
    pspi: Float[np.ndarray, " frames"],
    people: Int[np.ndarray, " frames"],
    seed: int,
) -> dict[str, Row]:
    """What linear probes read of features, beside what the model itself says of the same frames."""
    made: dict[str, Row] = {}
    for name, one in read.items():
        found = figure.agreement(pspi, one.pspi, people, seed, one.why_no_pspi)
        identity = figure.mean(one.identity, people, seed, one.why_no_identity)
        chance = figure.mean(one.chance, people, seed, one.why_no_identity)
        made[name] = {
            "dimensions": seen.features[name].shape[1],
            "pspi_pearson": found["pearson"].told,
            "pspi_mae": found["mae"].told,
            "person_found": identity.told,
            "person_by_chance": _plain(chance),
        }
    own = figure.agreement(pspi, seen.said[RIGHT], people, seed)
    made["the model itself"] = {f"pspi_{name}": own[name].told for name in ("pearson", "mae")}
    return made


def saliency(seen: Seen, people: Int[np.ndarray, " frames"], seed: int) -> dict[str, Row]:
    """How every map but those of queries lies where any action unit moves the skin."""
    region = score.REGIONS.index("any")
    names = [name for name in TEXTS if name in seen.scores and name not in QUERIES]
    return {name: _row(seen, name, region, people, seed) for name in names}


def by_action_unit(seen: Seen, people: Int[np.ndarray, " frames"], seed: int) -> dict[str, Row]:
    """How Grad-CAM of PSPI and the query of each AU lie where that AU moves the skin."""
    made: dict[str, Row] = {}
    for region, name in enumerate(QUERIES):
        parts = {"grad_cam": "grad_cam", "query": name}
        found = {part: _row(seen, one, region, people, seed) for part, one in parts.items()}
        whole = {"frames": _frames(seen, region), "area": found["query"]["area"]}
        kept = ("energy", "times_area", "pointing")
        made[name] = whole | {part: {key: row[key] for key in kept} for part, row in found.items()}
    return made


def _row(seen: Seen, name: str, region: int, people: Int[np.ndarray, " frames"], seed: int) -> Row:
    energy, pointing, area = (one[:, region] for one in seen.scores[name])
    known = ~np.isnan(energy)
    area = np.where(known, area, np.nan)
    share = figure.mean(energy, people, seed, EMPTY)
    by_chance = figure.mean(area, people, seed, EMPTY)
    return {
        "frames": int(known.sum()),
        "empty_maps": _frames(seen, region) - int(known.sum()),
        "area": _plain(by_chance),
        "energy": share.told,
        "times_area": share.over(by_chance).told,
        "pointing": figure.mean(pointing, people, seed, EMPTY).told,
    }


def _frames(seen: Seen, region: int) -> int:
    """How many frames have the region; Grad-CAM there is of every model."""
    return int(np.count_nonzero(~np.isnan(seen.scores["grad_cam"].area[:, region])))


def _plain(one: Figure) -> float | None:
    """What needs no interval: it is of the frames, not of the model."""
    return None if np.isnan(one.value) else one.value
