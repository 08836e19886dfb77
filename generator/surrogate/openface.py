"""What OpenFace 2 might read from a sequence: the muscles' true intensities, blurred and noisy.

Layout of FeatureExtraction's CSV: names after the first begin with a blank, frames count from 1,
17 intensities `AUxx_r` (0-5) and 18 presences `AUxx_c`. AU43 is not among them. In some stretches
the face is lost: success 0, and zeros in every column of an action unit.
"""

import numpy as np
from jaxtyping import Bool, Float64

from assets.facs import AUS, OPENFACE_AUS
from generator.surrogate.episode import Course

NAMES = (
    "frame", "face_id", "timestamp", "confidence", "success",
    *(f"AU{au:02d}_r" for au in OPENFACE_AUS),
    *(f"AU{au:02d}_c" for au in (*OPENFACE_AUS[:-1], 28, 45)),
)  # fmt: skip
RATE = 30.0
# Intensities come out weaker than coded, each reader's bias its own, and jump from frame to frame.
WEAKER, BIAS, NOISE = 0.85, 0.15, 0.25
LOST, LOST_FRAMES = 1 / 80, (2, 6)
"""Chance of a frame to be the first of some without a face, and how many those are."""


def lost(frames: int, rng: np.random.Generator) -> Bool[np.ndarray, " frames"]:
    """Frames in which no face is found."""
    gone = np.zeros(frames, bool)
    for first in np.flatnonzero(rng.random(frames) < LOST):
        gone[first : first + int(rng.integers(*LOST_FRAMES, endpoint=True))] = True
    return gone


def readings(
    left: Course, right: Course, rng: np.random.Generator
) -> Float64[np.ndarray, "frames 17"]:
    """Intensities of `OPENFACE_AUS`, 0-5, from those of the muscles (columns `AUS`)."""
    true = np.maximum(left, right)[:, [AUS.index(au) for au in OPENFACE_AUS]]
    # Of three frames each: the tracker smooths.
    padded = np.pad(true, ((1, 1), (0, 0)), mode="edge")
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    bias = BIAS * rng.standard_normal(len(OPENFACE_AUS))
    noise = NOISE * rng.standard_normal(true.shape)
    return np.clip(WEAKER * smooth + bias + noise, 0.0, 5.0)


def csv(left: Course, right: Course, rng: np.random.Generator) -> bytes:
    """The CSV of a sequence."""
    gone = lost(len(left), rng)
    found = np.where(gone[:, None], 0.0, readings(left, right, rng))
    sure = np.where(gone, 0.05 + 0.3 * rng.random(len(left)), 0.98 - 0.12 * rng.random(len(left)))
    lines = [", ".join(NAMES)]
    for number, (row, confidence) in enumerate(zip(found.tolist(), sure.tolist(), strict=True)):
        present = [float(value >= 1.0) for value in row]
        values = [
            str(number + 1), "0", f"{number / RATE:.3f}", f"{confidence:.2f}",
            str(int(not gone[number])), *(f"{value:.2f}" for value in row),
            *(f"{value:.2f}" for value in (*present[:-1], 0.0, present[-1])),
        ]  # fmt: skip
        lines.append(", ".join(values))
    return ("\n".join(lines) + "\n").encode()
