"""What a person does in a sequence: pain, blinks, smiles and talk, looks and turns of the head.

Times are in frames, 30 a second as in UNBC's video; angles in radians.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

from assets.facs import AUS, CENTRAL, CLOSED
from generator.companions import draw_confounder
from generator.expression import draw_gaze
from generator.pain import WHOLE
from generator.surrogate import coding
from generator.surrogate.episode import PLACE, Course, Episode, draw_episode, draw_waves

# Frames of one episode of pain, about, and at least; of what lies between two of anything.
EPISODE, SHORTEST_EPISODE = 40.0, 6
REST, LONG = 60.0, (10.0, 70.0)
# Frames between blinks (at least, and more on average) and of one: the lids close faster than they
# open.
BETWEEN_BLINKS, BLINK, CLOSING = (20.0, 70.0), (5.0, 9.0), 0.35
FIXATION = (12.0, 60.0)
SYLLABLE = (6.0, 10.0)
"""Frames of one opening of the mouth in talk."""
# Slow turns of the head: deviations of yaw, pitch and roll, and their periods in frames.
SWAY, PERIODS, WAVES = np.radians((3.5, 2.5, 1.8)), (80.0, 500.0), 3
FLINCH = np.radians((5.0, 4.0, 3.0))
"""Deviation of the turn away from the worst pain."""
FURTHEST = np.radians((14.0, 10.0, 8.0))


@dataclass(frozen=True, eq=False)
class Act:
    """A sequence before it is drawn: a row a frame, columns `AUS`.

    `left` and `right` are what the face does, blinks too; `codes` what a coder writes of it.
    `gaze` is yaw and pitch of the left and the right eye against the head, `turn` yaw, pitch and
    roll of the head against where it is at rest.
    """

    left: Course
    right: Course
    codes: coding.Codes
    gaze: Float32[np.ndarray, "frames 2 2"]
    turn: Float64[np.ndarray, "frames 3"]


def act(frames: int, in_pain: int, rng: np.random.Generator) -> Act:
    """Make what a person does in `frames` frames, `in_pain` of which a coder gives a PSPI."""
    left, right = np.zeros((frames, len(AUS))), np.zeros((frames, len(AUS)))
    turn = _sway(frames, rng)
    busy = np.zeros(frames, bool)
    for first, count in _stretches(frames, in_pain, rng):
        episode = draw_episode(rng)
        time = _time(episode, first, count, frames)
        for whole, side in zip((left, right), episode.at(time), strict=True):
            np.maximum(whole, side, out=whole)
        during = (time > 0) & (time < 1)
        busy |= during
        apex = float(max(episode.left.max(), episode.right.max())) / 5.0
        turn += apex * rng.standard_normal(3) * FLINCH * _bump(time)[:, None]
    _beside(left, right, busy, rng)
    codes = coding.coded(left, right)
    _blinks(left, right, rng)
    return Act(left, right, codes, _gaze(frames, rng), np.clip(turn, -FURTHEST, FURTHEST))


def _stretches(frames: int, in_pain: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """First frame and frames of every stretch with a PSPI above 0; none touches another."""
    if in_pain == 0:
        return []
    rest = frames - in_pain
    most = max(1, min(in_pain // SHORTEST_EPISODE, rest))
    count = int(np.clip(rng.poisson(in_pain / EPISODE), 1, most))
    lengths = _cut(in_pain, count, SHORTEST_EPISODE if count > 1 else in_pain, rng)
    # A free frame stands between two stretches; before the first and after the last may be none.
    gaps = _cut(rest - (count - 1), count + 1, 0, rng)
    found, at = [], 0
    for length, gap in zip(lengths, gaps[:-1], strict=True):
        at += gap
        found.append((at, length))
        at += length + 1
    return found


def _cut(total: int, parts: int, least: int, rng: np.random.Generator) -> list[int]:
    """Cut a whole number into parts of at least `least` that sum to it, evenly over all ways."""
    free = total - parts * least
    ends = np.sort(rng.choice(free + parts - 1, parts - 1, replace=False))
    bounds = np.concatenate([[-1], ends, [free + parts - 1]])
    return [int(least + gap - 1) for gap in np.diff(bounds)]


def _time(episode: Episode, first: int, count: int, frames: int) -> Float64[np.ndarray, " frames"]:
    """Time of the episode (0-1) in the middle of each frame, so that `count` frames have a PSPI."""
    begin, end = episode.seen
    return begin + (np.arange(frames) + 0.5 - first) * (end - begin) / count


def _bump(time: Float64[np.ndarray, " frames"]) -> Float64[np.ndarray, " frames"]:
    """A smooth hill over an episode, 0 outside."""
    held = np.clip(time, 0.0, 1.0)
    return np.sin(np.pi * held) ** 2


def _beside(
    left: Course, right: Course, busy: Bool[np.ndarray, " frames"], rng: np.random.Generator
) -> None:
    """Add, in place, expressions without pain where there is room between episodes."""
    frames = len(busy)
    at = float(rng.exponential(REST))
    while at < frames:
        length = LONG[0] + (LONG[1] - LONG[0]) * float(rng.random())
        name, aus = draw_confounder(WHOLE, rng)
        waves, weak = draw_waves(rng), float(rng.uniform(0.75, 1.0))
        syllable = float(rng.uniform(*SYLLABLE))
        first, last = int(np.ceil(at - 0.5)), min(int(np.floor(at + length - 0.5)), frames - 1)
        if last >= first and not busy[first : last + 1].any():
            middle = np.arange(first, last + 1) + 0.5
            share = waves.at((middle - at) / length)
            if name == "talking":
                share = share * (0.15 + 0.85 * np.sin(np.pi * middle / syllable) ** 2)[:, None]
            for au, level in aus.items():
                column = level * share[:, PLACE[au]]
                left[first : last + 1, PLACE[au]] += column
                same = au in CENTRAL or au == 45
                right[first : last + 1, PLACE[au]] += column * (1.0 if same else weak)
        at += length + float(rng.exponential(REST))


def _blinks(left: Course, right: Course, rng: np.random.Generator) -> None:
    """Close the lids, in place, for some frames every few seconds; what raises them lets go."""
    frames, lids, raised = len(left), PLACE[45], PLACE[5]
    middle = np.arange(frames) + 0.5
    at = float(rng.exponential(BETWEEN_BLINKS[1]))
    while at < frames:
        length = float(rng.uniform(*BLINK))
        time = (middle - at) / length
        shut = np.minimum(time / CLOSING, (1.0 - time) / (1.0 - CLOSING)) * 1.25 * CLOSED
        for side in (left, right):
            np.maximum(side[:, lids], np.clip(shut, 0.0, CLOSED), out=side[:, lids])
        at += length + BETWEEN_BLINKS[0] + float(rng.exponential(BETWEEN_BLINKS[1]))
    for side in (left, right):
        side[:, PLACE[43]] = side[:, lids] >= CLOSED
        side[side[:, lids] > 0, raised] = 0.0


def _gaze(frames: int, rng: np.random.Generator) -> Float32[np.ndarray, "frames 2 2"]:
    """Where the eyes look: one place after the other."""
    gaze = np.zeros((frames, 2, 2), np.float32)
    at = 0
    while at < frames:
        held = int(rng.uniform(*FIXATION))
        gaze[at : at + held] = draw_gaze(rng).array
        at += held
    return gaze


def _sway(frames: int, rng: np.random.Generator) -> Float64[np.ndarray, "frames 3"]:
    """Slow turns of the head about its rest."""
    low, high = np.log(PERIODS)
    turn = np.zeros((frames, 3))
    for _ in range(WAVES):
        period = np.exp(rng.uniform(low, high, 3))
        phase = 2 * np.pi * (np.arange(frames)[:, None] / period + rng.random(3))
        turn += SWAY * np.sqrt(2 / WAVES) * np.sin(phase)
    return turn
