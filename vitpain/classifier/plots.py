"""Accuracy and loss by epoch, of training and validation, as the thesis's figure 40 has them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from vitpain.classifier.fit import Learnt
from vitpain.evaluate.drawing import Palette, drawn

PANELS = ("accuracy", "loss")


def caption(learnt: Mapping[int, Learnt]) -> str:
    """What stands below the curves."""
    mean = "; thin: a fold each, strong: their mean" if len(learnt) > 1 else ""
    return f"Accuracy and loss by epoch{mean}"


def curves(learnt: Mapping[int, Learnt], stand_in: bool) -> tuple[bytes, bytes]:
    """Draw the courses of an arm's fits by fold, as PNG in light and in dark."""

    def draw(figure: Any, colours: Palette) -> None:
        figure.set_size_inches(9.6, 3.6)
        for axis, name in zip(figure.subplots(1, 2), PANELS, strict=True):
            _panel(axis, name, learnt, colours)

    return drawn(draw, stand_in)


def _panel(axis: Any, name: str, learnt: Mapping[int, Learnt], colours: Palette) -> None:
    """Draw one figure of every fold, and the mean of the folds."""
    sides = (("training", colours.one, "train"), ("validation", colours.two, "val"))
    for shown, colour, part in sides:
        lines = np.array([[epoch[name] for epoch in getattr(one, part)] for one in learnt.values()])
        epochs = np.arange(1, lines.shape[1] + 1)
        for line in lines if len(lines) > 1 else ():
            axis.plot(epochs, line, color=colour, lw=0.8, alpha=0.4)
        # A run of one epoch is a point.
        axis.plot(epochs, lines.mean(0), color=colour, lw=2.2, marker=".", label=shown)
    axis.set(xlabel="epoch", ylabel=name)
    axis.locator_params(axis="x", integer=True)
    if name == "accuracy":
        axis.set_ylim(0.0, 1.02)
    axis.legend(fontsize=10)
