"""One stage of `scripts/bench_scale.py` in a process of its own, which says what it took.

`python -m scripts.scale.stage STAGE FOLDER PICTURES FILE` does a stage in the folder in which
those before it were done, and writes seconds, seconds of CPU and memory to the file as JSON. What
it imports counts for its memory and not for its time.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from assets import atomic
from generator.shards.manifest import json_bytes
from scripts.scale.making import MAKING


def found(stage: str) -> Callable[[Path, int], int]:
    """Find a stage, and import what it needs."""
    if stage in MAKING:
        return MAKING[stage]
    from scripts.scale.reading import READING

    return READING[stage]


def main() -> None:
    """Do a stage and write what it took."""
    stage, folder, pictures, file = sys.argv[1:]
    work = found(stage)
    begun, before = time.perf_counter(), time.process_time()
    done = work(Path(folder), int(pictures))
    seconds, here = time.perf_counter() - begun, time.process_time() - before
    own, others = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    took = {
        "pictures": done,
        "seconds": seconds,
        "cpu_seconds": here + others.ru_utime + others.ru_stime,
        # Linux counts it in units of 1,024 bytes.
        "mb": own.ru_maxrss * 1024 / 1e6,
        "mb_of_worker": others.ru_maxrss * 1024 / 1e6 or None,
    }
    atomic.write(Path(file), json_bytes(took))


if __name__ == "__main__":
    main()
