"""Accuracy and loss by epoch, of training and validation, as the thesis's figure 40 has them.

Matplotlib is imported when one is drawn, so that no other command waits for it.
"""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from vitpain.classifier.fit import Learnt
from vitpain.evaluate.plots import DARK, LIGHT, STAND_IN, Palette

PANELS = ("accuracy", "loss")


def caption(learnt: Mapping[int, Learnt]) -> str:
    """What stands below the curves."""
    mean = "; thin: a fold each, strong: their mean" if len(learnt) > 1 else ""
    return f"Accuracy and loss by epoch{mean}"


def curves(learnt: Mapping[int, Learnt], stand_in: bool) -> tuple[bytes, bytes]:
    """Draw the courses of an arm's fits by fold, as PNG in light and in dark."""
    return _drawn(learnt, stand_in, LIGHT), _drawn(learnt, stand_in, DARK)


def _drawn(learnt: Mapping[int, Learnt], stand_in: bool, colours: Palette) -> bytes:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "axes.facecolor": colours.paper,
        "axes.edgecolor": colours.help,
        "axes.labelcolor": colours.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "text.color": colours.ink,
        "xtick.color": colours.ink,
        "ytick.color": colours.ink,
        "legend.frameon": False,
        "font.size": 10,
    }
    with matplotlib.rc_context(style):
        figure = Figure((9.6, 3.6), layout="constrained", facecolor=colours.paper, dpi=120)
        canvas = FigureCanvasAgg(figure)
        for axis, name in zip(figure.subplots(1, 2), PANELS, strict=True):
            _panel(axis, name, learnt, colours)
        if stand_in:
            figure.supxlabel(STAND_IN, x=0.995, ha="right", fontsize=8, color=colours.two)
        file = io.BytesIO()
        canvas.print_png(file, metadata={"Software": None})
    return file.getvalue()


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
    axis.legend()
