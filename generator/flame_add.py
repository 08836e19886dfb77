"""Add a FLAME file: read it, lay the head model on it, learn what people ask of it, keep that."""

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from assets import added, flame, flame_file
from assets.population import BANDS
from generator.flame_heads import PEOPLE, Known, Sought, growth, know, learn, seek
from generator.flame_wrap import Wrapped, wrap

OPEN = (
    "FLAME 2023 Open, CC BY 4.0: name FLAME (Li, Bolkart, Black, Li, Romero, 2017, "
    "https://flame.is.tue.mpg.de) where you show or pass on what is made of it"
)
RESEARCH = (
    "an older FLAME: research alone, under the terms that you accepted at "
    "https://flame.is.tue.mpg.de; what is made of it is bound by them"
)


def licence(name: str) -> str:
    """What a FLAME file allows, as its name tells: only names as flame2023_Open.pkl are open."""
    return OPEN if name.lower().startswith("flame2023_open") else RESEARCH


def converted(
    file: flame_file.FlameFile, people: int = PEOPLE
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of `flame.WEIGHTS`, and what was measured while they were made, by name."""
    wrapped = wrap(file)
    known = know(wrapped, people)
    added_to = growth(known)
    alone, sought = (seek(wrapped, known, field) for field in (np.zeros_like(added_to), added_to))
    learned = learn(wrapped, known, sought)
    arrays = {
        "mean": wrapped.mean.astype(np.float32),
        "basis": wrapped.basis.astype(np.float16),
        "growth": added_to.astype(np.float16),
        **{name: value.astype(np.float32) for name, value in learned.items()},
    }
    # The file is written from memory as it lies.
    arrays = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
    return arrays, measured(wrapped, known, alone, sought)


def measured(wrapped: Wrapped, known: Known, alone: Sought, sought: Sought) -> dict[str, Any]:
    """Millimetres by name: mean and 95th percentile over the face.

    `reached` is how near heads of an age come by FLAME's coefficients and the growth of children,
    `reached_alone` by the coefficients without it.
    """

    def both(lengths: np.ndarray) -> list[float]:
        return [round(1000 * float(value), 3) for value in (lengths.mean(), _most(lengths))]

    figures: dict[str, Any] = {"wrapped_mm": both(wrapped.off)}
    for key, each in (("reached_mm", sought), ("reached_alone_mm", alone)):
        figures[key] = {
            f"{low}-{high}": both(each.left[known.of(low, high + 1)]) for low, high in BANDS
        }
    return figures


def _most(lengths: np.ndarray) -> float:
    return float(np.percentile(lengths, 95))


def add(source: Path, people: int = PEOPLE) -> Mapping[str, Any]:
    """Convert a FLAME file into the user's folder, whole or not at all; gives `flame.facts`.

    `people` of the head model are sought among FLAME's.

    Raises ValueError for a file that is none of FLAME's; see `assets.flame_file.read`.
    """
    begun = time.monotonic()
    file = flame_file.read(source)
    arrays, figures = converted(file, people)
    content = save(arrays)
    known = {
        "format": flame.FORMAT,
        "source": source.name,
        "source_sha256": file.sha256,
        "licence": licence(source.name),
        "head_model": flame.head_model_sha256(),
        "sha256": hashlib.sha256(content).hexdigest(),
        **figures,
        "seconds": round(time.monotonic() - begun, 1),
    }
    with added.filling(flame.NAME) as place:
        (place / flame.WEIGHTS).write_bytes(content)
        (place / flame.FACTS).write_text(json.dumps(known, indent=1) + "\n")
    flame.load.cache_clear()
    return flame.facts()
