"""The folder of a run: one writer, one configuration from beginning to end, whole files.

`config.json` is written first and `rig.safetensors` last; a folder without the second is
unfinished and can be resumed.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assets import atomic
from assets.one_writer import held
from rigging.training.config import Run, TrainConfig

CONFIG = "config.json"


@contextmanager
def claimed(run: Run, config: TrainConfig) -> Iterator[None]:
    """Hold `run.out`, made here if it is not there, against every other writer.

    Raises ValueError where another process holds it, where it is not empty and not resumed, and
    where it was begun with another configuration.
    """
    with held(run.out, CONFIG, lambda found: run.resume and CONFIG in found):
        hold(run.out / CONFIG, asdict(config))
        yield


def hold(path: Path, wanted: Mapping[str, Any]) -> None:
    """Write options where nothing stands, else hold them to what was written.

    Raises ValueError that names file, option and both values.
    """
    text = json.dumps(wanted, indent=1)
    if not path.exists():
        atomic.write(path, f"{text}\n".encode())
        return
    before, now = json.loads(path.read_text()), json.loads(text)
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            rule = f"{before.get(name)!r} as in {path}"
            raise ValueError(f"{name} must be {rule}, got {now.get(name)!r}")
