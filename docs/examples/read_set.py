"""Read a data set: `python docs/examples/read_set.py DIR`."""

import sys
from pathlib import Path

from generator.api import decode, open_set

data = open_set(Path(sys.argv[1]))
print(f"{data.index.num_rows:,} pictures")
for sample in data:
    record = sample.record
    depth = decode("depth.png", sample.members["depth.png"])
    print(f"{record.key}: {record.kind}, PSPI {record.pspi}, {depth[depth > 0].mean():.2f} m away")
