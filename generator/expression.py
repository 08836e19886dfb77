"""The expressions of one person: a neutral, pain by PSPI target, confounders, and gaze for each.

Angles in radians. Gaze is against the head: yaw > 0 turns an eye to the person's left (the
picture's right in a frontal view), pitch > 0 up.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32

from assets.facs import BILATERAL, AUVector, complete
from assets.streams import stream
from generator.companions import draw_companions, draw_confounder
from generator.config import GenerateConfig, pspi_levels
from generator.expression_file import read_expressions
from generator.pain import EIGHTHS, WHOLE, Distribution, draw_setting, draw_targets

Kind = Literal["neutral", "pain", "confounder"]

# Spread of gaze: near the middle most of the time, wandering otherwise; then cut to what lids and
# eyes do without strain. Eyes converge as on something at arm's length to a few metres.
NEAR_SHARE = 0.6
NEAR_SPREAD, FAR_SPREAD = np.radians((3.0, 2.0)), np.radians((11.0, 6.0))
HIGHEST_GAZE = np.radians((25.0, 15.0))
CONVERGENCE = np.radians((0.3, 2.0))


@dataclass(frozen=True)
class Gaze:
    """Direction of each eyeball against the head, radians."""

    left_yaw: float
    left_pitch: float
    right_yaw: float
    right_pitch: float

    @property
    def array(self) -> Float32[np.ndarray, "eyes 2"]:
        """Rows left and right, columns yaw and pitch."""
        rows = [[self.left_yaw, self.left_pitch], [self.right_yaw, self.right_pitch]]
        return np.array(rows, dtype=np.float32)


@dataclass(frozen=True)
class Expression:
    """One expression, shared by all views of it. `name` says what a confounder shows, only."""

    kind: Kind
    aus: AUVector
    gaze: Gaze
    name: str | None = None

    @property
    def left(self) -> dict[int, float]:
        """Intensities of the person's left side."""
        return self.aus.left

    @property
    def right(self) -> dict[int, float]:
        """Intensities of the person's right side."""
        return self.aus.right

    @property
    def label(self) -> dict[int, float]:
        """The larger side of every AU."""
        return self.aus.label

    @property
    def pspi(self) -> float:
        """PSPI of the label, 0-16."""
        return self.aus.pspi


@dataclass(frozen=True)
class Style:
    """How expressions are drawn.

    `steps` a unit of intensity; `others` and `asymmetry` are the shares of expressions that get
    AUs beside pain and that differ left and right.
    """

    steps: int = WHOLE
    others: float = 0.3
    asymmetry: float = 0.0


def draw_gaze(rng: np.random.Generator, wander: bool = True) -> Gaze:
    """Draw where the eyes look; without `wander` always near straight ahead."""
    near = rng.random() < NEAR_SHARE or not wander
    turn = (NEAR_SPREAD if near else FAR_SPREAD) * rng.standard_normal(2)
    yaw, pitch = np.clip(turn, -HIGHEST_GAZE, HIGHEST_GAZE).tolist()
    low, high = CONVERGENCE.tolist()
    inward = low + (high - low) * float(rng.random())
    return Gaze(yaw - inward / 2, pitch, yaw + inward / 2, pitch)


def weaken_side(
    aus: dict[int, float], steps: int, rng: np.random.Generator
) -> tuple[dict[int, float], dict[int, float]]:
    """Make one side weaker, by up to 2 an AU: the label is what was given.

    Lids keep closing together, since a wink is no pain. At least one AU differs unless none can.
    """
    weak = dict(aus)
    able = [au for au in BILATERAL if au not in (43, 45) and aus[au] > 0.0]
    sure = able[int(rng.integers(len(able)))] if able else None
    for au in able:
        loss = int(rng.integers(1 if au == sure else 0, 2 * steps + 1)) / steps
        weak[au] = max(0.0, aus[au] - loss)
    return (dict(aus), weak) if rng.random() < 0.5 else (weak, dict(aus))


def _sided(aus: dict[int, float], style: Style, rng: np.random.Generator) -> AUVector:
    whole = complete(aus)
    if rng.random() < style.asymmetry:
        return AUVector(*weaken_side(whole, style.steps, rng))
    return AUVector(whole, dict(whole))


def draw_pain(target: float, style: Style, rng: np.random.Generator) -> AUVector:
    """Draw intensities with exactly this PSPI, uniform over all settings of the pain AUs.

    PSPI 0 is drawn as a confounder is. Raises ValueError for a target off the grid.
    """
    aus = draw_setting(target, style.steps, rng)
    if target == 0.0:
        return _sided(draw_confounder(style.steps, rng)[1], style, rng)
    if aus[43] == 1.0:
        aus[45] = 5.0
    if rng.random() < style.others:
        aus |= draw_companions(aus, style.steps, rng)
    return _sided(aus, style, rng)


@cache
def _listed(path: Path) -> tuple[AUVector, ...]:
    return read_expressions(path)


def _targets(config: GenerateConfig, index: int, steps: int) -> list[float]:
    wanted: Distribution | tuple[float, ...]
    match config.pspi:
        case "uniform" | "unbc":
            wanted = config.pspi
        case text:
            wanted = pspi_levels(text, config.continuous)
    rng = stream(config.seed, index, "pspi")
    return draw_targets(wanted, config.pain_per_identity, steps, rng)


def make_expressions(config: GenerateConfig, index: int) -> tuple[Expression, ...]:
    """Make the expressions of person `index`: the neutral, then pain, then confounders.

    Pain comes from the user's file where there is one, the same for every person; gaze is drawn
    for each expression in any case.
    """
    steps = EIGHTHS if config.continuous else WHOLE
    style = Style(steps, config.other_aus, config.asymmetry)

    def rng(stage: str, sample: int) -> np.random.Generator:
        return stream(config.seed, index, stage, sample)

    if config.expressions is not None:
        pain = list(_listed(config.expressions))
    else:
        targets = _targets(config, index, steps)
        pain = [draw_pain(target, style, rng("pain", i)) for i, target in enumerate(targets)]
    made = [Expression("neutral", AUVector.both({}), draw_gaze(rng("gaze", 0), wander=False))]
    for number, aus in enumerate(pain):
        made.append(Expression("pain", aus, draw_gaze(rng("gaze", 1 + number))))
    for number in range(config.confounders):
        draws = rng("confounder", number)
        name, aus = draw_confounder(steps, draws)
        gaze = draw_gaze(rng("confounder gaze", number))
        made.append(Expression("confounder", _sided(aus, style, draws), gaze, name))
    return tuple(made)
