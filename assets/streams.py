"""Random streams: one generator for each (data set seed, identity, stage, sample).

A stream depends on those four alone, so the order of work, the number of workers and the streams
already drawn from change nothing.
"""

import hashlib

import numpy as np

SEED_BITS = 64


def stream(seed: int, identity: int, stage: str, sample: int = 0) -> np.random.Generator:
    """Make the generator of one stage of one sample of one person.

    `seed` is the data set's, `identity` the person's number (use -1 for what belongs to the whole
    set), `stage` a short name such as "shape" or "expression", `sample` a count within the stage.
    Philox keyed by SHA-256 of the four. Raises ValueError for a seed outside 0 to 2**64 - 1, an
    identity below -1 or a sample below 0.
    """
    if not 0 <= seed < 2**SEED_BITS:
        raise ValueError(f"seed must be between 0 and 2**{SEED_BITS} - 1, got {seed}")
    if identity < -1:
        raise ValueError(f"identity must be at least -1, got {identity}")
    if sample < 0:
        raise ValueError(f"sample must be at least 0, got {sample}")
    # A stage name comes last and the numbers are decimal: no two tuples share a text.
    text = f"{seed} {identity} {sample} {stage}"
    digest = hashlib.sha256(text.encode()).digest()
    key = np.frombuffer(digest[:16], dtype="<u8").astype(np.uint64)
    return np.random.Generator(np.random.Philox(key=key))
