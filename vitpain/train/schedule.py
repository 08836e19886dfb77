"""Learning rate over a run: a straight rise, then half a cosine down to a share of its height."""

import math

from vitpain.train.config import TrainConfig


def factor(config: TrainConfig, step: int, steps: int) -> float:
    """What learning rates are multiplied by at a step, counted from 0, of `steps`.

    1 at the last step of the warm-up, `lowest` at the last step of all.
    """
    rise = round(config.warm_up * steps)
    if step < rise:
        return (step + 1) / rise
    # The full height is the end of the rise, or the first step where there is none.
    top = max(rise - 1, 0)
    wave = 0.5 * (1.0 + math.cos(math.pi * (step - top) / max(steps - 1 - top, 1)))
    return config.lowest + (1.0 - config.lowest) * wave
