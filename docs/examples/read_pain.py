"""Read pain from a picture: `python docs/examples/read_pain.py RUN PICTURE NEUTRAL`."""

import sys
from pathlib import Path

from vitpain.api import open_readers, read_pain

run, picture, neutral = map(Path, sys.argv[1:4])
for row in read_pain(open_readers(run), [picture], [neutral]):
    if row["error"] is None:
        print(f"PSPI {row['pspi_hat']:.1f}, at least 3 with probability {row['p3']:.2f}")
    else:
        print(f"not read: {row['error']}")
