"""Small comparisons of classifiers for the tests: a tiny network, some steps, no processes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.runs import ignore
from vitpain.classifier.classify import classify
from vitpain.classifier.config import ClassifyConfig, ClassifyRun, Compared, Synth
from vitpain.train.fitted import Told

MODEL = "test_convnext"
SMALL = ClassifyConfig(
    model=MODEL, size=32, epochs=2, batch=16, learning_rate=1e-3, threads=1, device="cpu"
)


def told(
    steps: Callable[[int, int], None] = ignore, say: Callable[[str], None] = lambda text: None
) -> Told:
    """Progress told to a test."""
    return Told(steps, ignore, say)


def compare(
    out: Path,
    real: Path,
    synth: dict[str, Path],
    config: ClassifyConfig = SMALL,
    only: tuple[int, ...] = (1,),
    heard: Told | None = None,
    **run: Any,
) -> Path:
    """Compare as the command does, with random weights, in this process."""
    compared = Compared(real, tuple(Synth(*one) for one in synth.items()), "public5", only)
    run = {"workers": 0, "checkpoint_every": 1} | run
    classify(compared, "none", config, ClassifyRun(out, **run), heard or told())
    return out
